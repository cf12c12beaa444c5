"""Splitting: a sector whose functions vary too fast for one series, as several of the same material."""

from __future__ import annotations

import math

from pinn.corners.symbol import cuts, singular_angles, symbol_roots
from pinn.corners.wedge import Edge, Row, Sector, Wedge


def split(wedge: Wedge) -> Wedge:
    """The same wedge with sectors cut where their equations' symbol asks for it.

    At a cut fields and normal derivatives below the equations' order go on. Where fields have different weights nothing
    is cut: there the conditions at a cut would not be just these.
    """
    if any(wedge.weights):
        return wedge
    sectors: list[Sector] = []
    edges: list[Edge] = []
    for number, sector in enumerate(wedge.sectors):
        edges.append(wedge.edges[number])
        roots = symbol_roots(sector.equations, wedge.order)
        assert roots is not None  # an elliptic one, else there would be no wedge
        at = cuts(sector.low, sector.high, singular_angles(roots, sector.low, sector.high))
        at = [angle for angle in at if sector.start < angle < sector.end]
        bounds = [sector.start, *at, sector.end]
        for part in range(len(bounds) - 1):
            low = sector.low if part == 0 else bounds[part]
            high = sector.high if part == len(at) else bounds[part + 1]
            if part:
                edges.append(Edge(bounds[part], continuity(sector, bounds[part])))
            sectors.append(Sector(bounds[part], bounds[part + 1], sector.outputs, sector.equations, low, high))
    edges += wedge.edges[len(wedge.sectors) :]
    return Wedge(tuple(sectors), tuple(edges), wedge.weights)


def continuity(sector: Sector, angle: float) -> tuple[Row, ...]:
    """[d^m u_f / dn^m] = 0 for m below the order of the equations, n across the ray at this angle."""
    nx, ny = -math.sin(angle), math.cos(angle)
    highest = max(row.order for row in sector.equations)
    rows = []
    for field in range(len(sector.outputs)):
        for m in range(highest):
            derivative = {(m - k, k): math.comb(m, k) * nx ** (m - k) * ny**k for k in range(m + 1)}
            terms = {
                (side, field, orders): sign * value
                for side, sign in ((0, 1.0), (1, -1.0))
                for orders, value in derivative.items()
                if value
            }
            rows.append(Row(terms, m))
    return tuple(rows)
