"""Side grid: cells of a box that lie wholly inside or wholly outside a boundary, so that most points need no search.

A cell none of whose points is farther from its centre than the boundary is lies on one side. Cells are halved, from one
down to 2^DEPTH along the longest side, where the boundary is near.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
from numpy.typing import NDArray

from pinn.geometry.shapes.pieces import Array

_DEPTH = {2: 7, 3: 5}  # halvings, by dimension: 128 x 128 and 32 x 32 x 32 cells
_SPARE = 1.01  # a cell is taken this much larger, for points that rounding puts into a neighbour


class SideGrid:
    """-1 inside, 1 outside, 0 near the boundary, from the signed distance and points [B, D] that span the boundary."""

    def __init__(self, signed_distance: Callable[[Array], Array], boundary: Array):
        lower, upper = boundary.min(axis=0), boundary.max(axis=0)
        dimension = len(lower)
        self._count = 2 ** _DEPTH[dimension]
        self._width = float(np.max(upper - lower)) / self._count
        self._lower = lower
        self._side: NDArray[np.int8] = np.ones((self._count,) * dimension, dtype=np.int8)
        corners = np.zeros((1, dimension), dtype=np.int64)  # lowest fine cell of each cell that is looked at
        span = self._count
        halves = np.array(list(product((0, 1), repeat=dimension)))
        while len(corners):
            centres = lower + (corners + span / 2) * self._width
            distance = signed_distance(centres)
            radius = _SPARE * np.sqrt(dimension) * span * self._width / 2
            side = np.where(np.abs(distance) > radius, np.sign(distance), 0).astype(np.int8)
            if span == 1:
                self._side[tuple(corners.T)] = side
                break
            for corner, sign in zip(corners[side != 0], side[side != 0], strict=True):
                self._side[tuple(slice(first, first + span) for first in corner)] = sign
            span //= 2
            corners = (corners[side == 0][:, None, :] + span * halves).reshape(-1, dimension)

    def __call__(self, points: Array) -> NDArray[np.int8]:
        """Sides [N] of points [N, D]; 0 beyond the box, where nothing is known."""
        cell = np.floor((points - self._lower) / self._width).astype(np.int64)
        within = np.all((cell >= 0) & (cell < self._count), axis=1)
        found = np.zeros(len(points), dtype=np.int8)
        found[within] = self._side[tuple(cell[within].T)]
        return found
