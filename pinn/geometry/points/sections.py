"""Sections: straight cuts through a plane domain, with Gauss points on the stretches that lie inside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pinn.geometry.points.quadrature import Quadrature, on_unit_interval
from pinn.geometry.shapes.pieces import Array
from pinn.geometry.shapes.shape import GeometryError, Shape

LOOKS = 2000  # at as many places one looks whether the cut is inside: shorter holes are not seen
PANELS = 40  # of Gauss points on each stretch inside, gathered at its ends, which may be corners
GAUSS = 6  # in each panel


@dataclass(frozen=True)
class Section:
    """From `start` to `end`; the normal points to the right of that way."""

    start: tuple[float, float]
    end: tuple[float, float]

    @property
    def normal(self) -> Array:
        along = np.subtract(self.end, self.start)
        return np.array([along[1], -along[0]]) / np.linalg.norm(along)

    def at(self, shares: Array) -> Array:
        """Points [N, 2] at shares [N] of the way."""
        return np.asarray(self.start) + np.asarray(shares)[:, None] * np.subtract(self.end, self.start)

    def stretches(self, shape: Shape) -> list[tuple[float, float]]:
        """First and last share of each part of the way that lies in the shape or on its boundary."""
        from scipy.optimize import brentq  # slow to import

        slack = 1e-9 * shape.size

        def level(share: float) -> float:
            return float(shape.level(self.at(np.array([share])))[0]) - slack

        shares = np.linspace(0.0, 1.0, LOOKS + 1)
        inside = shape.level(self.at(shares)) <= slack
        ends = [0.0] if inside[0] else []
        for k in np.flatnonzero(inside[1:] != inside[:-1]):
            ends.append(float(brentq(level, shares[k], shares[k + 1], xtol=1e-14)))  # type: ignore[arg-type]  # with full_output it is a pair
        if inside[-1]:
            ends.append(1.0)
        return list(zip(ends[::2], ends[1::2], strict=True))

    def quadrature(self, shape: Shape, panels: float = 1.0) -> Quadrature:
        """Points, weights and normals, with a share of the panels.

        Raises GeometryError where nothing of the cut is inside.
        """
        length = float(np.linalg.norm(np.subtract(self.end, self.start)))
        share, weight = on_unit_interval(max(1, round(panels * PANELS)), GAUSS, graded=True)
        points, weights = [], []
        for first, last in self.stretches(shape):
            points.append(self.at(first + (last - first) * share))
            weights.append((last - first) * length * weight)
        if not points:
            raise GeometryError((), "nothing of the line is inside the domain")
        every = np.concatenate(points)
        return Quadrature(every, np.concatenate(weights), np.tile(self.normal, (len(every), 1)))
