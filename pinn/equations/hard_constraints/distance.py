"""Distance-like functions: closed forms that vanish on chosen patches and are positive inside the domain.

Each smooth surface i that carries a patch has a polynomial F_i, zero on it with slope 1 (carriers.py); several
are joined by the product

    phi = m prod_i F_i/m_i,    m_i = max F_i over the domain,    m = min_i m_i,

which for an interval is (x - a)(b - x)/(b - a). A product is as smooth as its factors up to the corners, where the
R-equivalence (sum_i F_i^-p)^(-1/p) has unbounded second derivatives; in exchange its slope on one patch falls to zero
towards another, as that of any solution does that is smooth and zero on both.

Where a carrier also runs through the domain, as the sides of a re-entrant corner do, F_i is trimmed to the curve
itself. With t > 0 on the curve and t = 0 at its ends, and l its length,

    F = sqrt(f² + ((sqrt(t² + (f²/l)²) - t)/2)²),

which is smooth everywhere but at the two ends.
Source: Rvachev & Sheiko, Appl. Mech. Rev. 48 (1995) 151; Sukumar & Srivastava, Comput. Methods Appl. Mech. Engrg. 389
(2022) 114333, § 3 (trimming, there without l).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import cast

import numpy as np
import sympy
import torch
from sympy import Symbol

from pinn.equations.compiler.compile import evaluate
from pinn.equations.hard_constraints.carriers import Carrier, Quadric, carrier, trim
from pinn.geometry.points.sampling import sample_interior
from pinn.geometry.shapes.pieces import Array, Piece, sobol_parameters
from pinn.geometry.shapes.shape import Shape
from pinn.spec.language.bounds import exact_number
from pinn.spec.language.branches import less, select
from pinn.spec.language.expressions import symbol

SAMPLES_LOG2 = 9  # per piece, and inside: where a carrier is looked for that runs through the domain
ON = 1e-9  # of the domain's size: nearer than this is on a surface; points of a cut piece are exact to 1e-15
MET = 1e-7  # of the domain's size: pieces whose corners come so near to another surface meet it
MET_MASKED = 0.05  # the same where only scattered points of a piece are known: their distance is 0.04 at 2^9 points
EDGE_POINTS = 33  # along each edge of a surface in space


class NoDistance(ValueError):
    """No distance function can be built; the message says why."""


@dataclass(frozen=True, eq=False)
class Surface:
    """One smooth part of the boundary, or several on one carrier.

    patches    that lie on it
    distance   F, in the coordinates
    largest    m, the largest value of F in the domain
    points     [N, S] on it
    rim        [N, S] of its points where it may meet others
    """

    patches: tuple[str, ...]
    carrier: Carrier
    distance: sympy.Expr
    largest: float
    points: Array
    rim: Array
    scattered: bool

    def values(self, points: Array, space: Sequence[str]) -> Array:
        return numbers(self.distance, points, space)


def numbers(expression: sympy.Expr, points: Array, axes: Sequence[str], **extra: float) -> Array:
    """A closed form at points [N, D]: [N]."""
    tensor = torch.as_tensor(points)
    inputs = {axis: tensor[:, i] for i, axis in enumerate(axes)}
    inputs |= {name: torch.tensor(value, dtype=tensor.dtype) for name, value in extra.items()}
    return evaluate(expression, inputs, len(points), tensor).numpy()


def find_surfaces(geometry: Shape, space: Sequence[str], labels: dict[str, object]) -> list[Surface]:
    """The surfaces that carry the patches in `labels`; patches with different labels keep surfaces of their own.

    Raises NoDistance.
    """
    inside = sample_interior(geometry, 2**SAMPLES_LOG2, seed=0)
    spread = {piece: points_of(piece, geometry.dimension) for piece in geometry.pieces}
    groups: list[tuple[Carrier, list[Piece]]] = []
    for piece in geometry.pieces_of(list(labels)):
        found = carrier_of(piece)
        for other, pieces in groups:
            if np.allclose(other.quadric(inside), found.quadric(inside), rtol=0, atol=ON * geometry.size):
                pieces.append(piece)
                break
        else:
            groups.append((found, [piece]))
    surfaces = []
    for found, pieces in groups:
        others = [spread[piece] for piece in geometry.pieces if piece not in pieces]
        everywhere = np.vstack([inside, *spread.values()])
        crossing = (found.quadric(everywhere) < -ON * geometry.size).any()
        touching = any((np.abs(found.quadric(points)) < ON * geometry.size).any() for points in others)
        split = len({labels[piece.patch] for piece in pieces}) > 1
        if not (crossing or touching or split):
            surfaces.append(surface(pieces, found, quadric_expression(found.quadric, space), everywhere, spread, space))
            continue
        for piece in pieces:
            if geometry.dimension != 2:
                raise NoDistance(f"the surface of patch '{piece.patch}' also cuts through the rest of the domain")
            surfaces.append(
                surface([piece], found, trimmed(piece, found, geometry.size, space), everywhere, spread, space)
            )
    return surfaces


def carrier_of(piece: Piece) -> Carrier:
    try:
        return carrier(piece)
    except TypeError:
        raise NoDistance(f"patch '{piece.patch}' is of a kind that has no closed form here") from None


def surface(pieces, found: Carrier, distance: sympy.Expr, everywhere: Array, spread, space) -> Surface:
    return Surface(
        tuple(dict.fromkeys(piece.patch for piece in pieces)),
        found,
        distance,
        float(numbers(distance, everywhere, space).max()),
        np.vstack([spread[piece] for piece in pieces]),
        np.vstack([rim_of(piece, len(space)) for piece in pieces]),
        any(piece.scattered for piece in pieces),
    )


def quadric_expression(quadric: Quadric, space: Sequence[str]) -> sympy.Expr:
    offsets = [symbol(axis) - exact_number(o) for axis, o in zip(space, quadric.origin.tolist(), strict=True)]
    terms: list[sympy.Expr] = [exact_number(quadric.constant)]
    for i, row in enumerate(quadric.matrix.tolist()):
        terms += [exact_number(entry) * offsets[i] * offsets[j] for j, entry in enumerate(row) if entry]
    terms += [
        exact_number(entry) * offset for entry, offset in zip(quadric.vector.tolist(), offsets, strict=True) if entry
    ]
    return sympy.Add(*terms)


def trimmed(piece: Piece, found: Carrier, size: float, space: Sequence[str]) -> sympy.Expr:
    """F above; on t > 0 written as |f| times a root that does not vanish, so that it has derivatives on the curve."""
    f, t = quadric_expression(found.quadric, space), quadric_expression(trim(piece), space)
    length = exact_number(piece.measure)
    root = sympy.sqrt(t**2 + (f**2 / length) ** 2)
    along = select(less(f, exact_number(-ON * size)), -f, f) * sympy.sqrt(
        1 + (f**3 / (2 * length**2 * (root + t))) ** 2
    )
    beyond = sympy.sqrt(f**2 + ((root - t) / 2) ** 2)
    return select(less(0, t), along, beyond)


def joined(surfaces: Sequence[Surface]) -> sympy.Expr:
    """phi, the product above; 1 without surfaces."""
    smallest = min((surface.largest for surface in surfaces), default=1.0)
    return exact_number(smallest) * scaled(surfaces)


def scaled(surfaces: Sequence[Surface]) -> sympy.Expr:
    """prod_i F_i/m_i, without unit."""
    return sympy.Mul(*(surface.distance / exact_number(surface.largest) for surface in surfaces))


def meet(first: Surface, second: Surface, size: float, space: Sequence[str]) -> bool:
    """Whether two surfaces have points in common."""
    near = MET_MASKED if first.scattered or second.scattered else MET
    return any(
        len(one.rim) and float(np.min(np.abs(other.values(one.rim, space)))) < near * size
        for one, other in ((first, second), (second, first))
    )


def foot(surface: Surface, space: Sequence[str], geometry: Shape) -> dict[Symbol, sympy.Expr] | None:
    """Coordinates of the nearest point on the surface, a map that is smooth in the whole domain; None without one.

    Planes: x - n·(x - o) n. Round surfaces: radially from the centre or axis, if that lies outside the domain.
    """
    quadric, core = surface.carrier.quadric, surface.carrier.core
    symbols = [symbol(axis) for axis in space]
    if surface.carrier.is_flat:
        (axes,) = np.nonzero(quadric.vector)
        if len(axes) == 1:
            return {symbols[axes[0]]: exact_number(float(quadric.origin[axes[0]]))}
        f = quadric_expression(quadric, space)
        return {x: x - f * exact_number(n) for x, n in zip(symbols, quadric.vector.tolist(), strict=True) if n}
    if core is None:
        return None
    inside = sample_interior(geometry, 2**SAMPLES_LOG2, seed=0)
    if geometry.contains(core.foot(np.vstack([inside, surface.points]))).any():
        return None
    centre = [
        exact_number(float(p))
        + sum(
            (
                exact_number(q) * (x - exact_number(o))
                for q, x, o in zip(row, symbols, core.point.tolist(), strict=True)
                if q
            ),
            sympy.S.Zero,
        )
        for p, row in zip(core.point, core.projection.tolist(), strict=True)
    ]
    radius = sympy.sqrt(sympy.Add(*((x - q) ** 2 for x, q in zip(symbols, centre, strict=True))))
    scale = exact_number(core.radius) / radius
    return {x: cast(sympy.Expr, q + scale * (x - q)) for x, q in zip(symbols, centre, strict=True)}


def points_of(piece: Piece, dimension: int) -> Array:
    """Points [N, D] spread over a piece, none of them on its rim."""
    if dimension == 1:
        return piece.points(np.zeros((1, 0)))
    parameters = sobol_parameters(dimension - 1, SAMPLES_LOG2)
    return piece.points(parameters[piece.kept(parameters)])


def rim_of(piece: Piece, dimension: int) -> Array:
    """Points [N, D] on the ends or edges of a piece; scattered ones where it is cut along unknown lines."""
    if dimension == 1:
        return np.zeros((0, 1))
    if piece.scattered:
        return points_of(piece, dimension)
    corners = np.array(list(product((0.0, 1.0), repeat=dimension - 1)))
    if dimension == 3:
        along = np.linspace(0, 1, EDGE_POINTS)
        edges = [
            np.column_stack(pair) for end in (0.0, 1.0) for pair in ((along, end + 0 * along), (end + 0 * along, along))
        ]
        corners = np.vstack(edges)
    return piece.points(corners)
