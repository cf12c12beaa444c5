"""Sides: half-spaces and complements, unbounded shapes of which only what lies in a box around a domain matters."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from pinn.geometry.shapes.clipping import Level
from pinn.geometry.shapes.pieces import Array, Flat, Piece, Reversed
from pinn.geometry.shapes.shape import Shape

_REACH = 1.5  # of the box's diagonal: half a side of the square that stands for a plane through the box


class HalfSpace(Shape):
    """{normal · point < offset}, seen in a box; its boundary there is one flat piece, in one dimension a point."""

    def __init__(self, normal: ArrayLike, offset: float, bounds: tuple[Array, Array]):
        vector = np.asarray(normal, dtype=float)
        length = float(np.linalg.norm(vector))
        self.normal, self.offset = vector / length, float(offset) / length
        self._bounds = bounds

    @property
    def bounds(self) -> tuple[Array, Array]:
        return self._bounds

    def level(self, points: Array) -> Array:
        """Exact signed distance."""
        return points @ self.normal - self.offset

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:  # type: ignore[override]
        lower, upper = self._bounds
        centre = (lower + upper) / 2
        foot = centre - (centre @ self.normal - self.offset) * self.normal
        along = np.linalg.svd(self.normal[None, :])[2][1:]  # [D-1, D] unit vectors in the plane
        reach = _REACH * float(np.linalg.norm(upper - lower))
        return (Flat("side", foot - reach * along.sum(axis=0), 2 * reach * along, self.normal),)

    @property
    def measure(self) -> float:
        return float("inf")


class Complement(Shape):
    """What a shape leaves of space, seen in the same box."""

    def __init__(self, shape: Shape, bounds: tuple[Array, Array]):
        self.shape = shape
        self._bounds = bounds

    @property
    def bounds(self) -> tuple[Array, Array]:
        return self._bounds

    def level(self, points: Array) -> Array:
        return -self.shape.level(points)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:  # type: ignore[override]
        return tuple(Reversed(piece) for piece in self.shape.pieces)

    @property
    def primitive_levels(self) -> tuple[Level, ...]:
        return self.shape.primitive_levels

    @property
    def measure(self) -> float:
        return float("inf")
