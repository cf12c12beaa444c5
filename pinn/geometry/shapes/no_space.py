"""NoSpace: where an ordinary equation is solved, one point without coordinates and without a boundary."""

from __future__ import annotations

import numpy as np

from pinn.geometry.shapes.pieces import Array, Piece
from pinn.geometry.shapes.shape import Shape


class NoSpace(Shape):
    """Space of dimension 0: its only point is inside, with a measure of 1."""

    @property
    def bounds(self) -> tuple[Array, Array]:
        return np.zeros(0), np.zeros(0)

    def level(self, points: Array) -> Array:
        return np.full(len(points), -1.0)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return ()

    @property
    def measure(self) -> float:
        return 1.0

    @property
    def size(self) -> float:
        return 0.0
