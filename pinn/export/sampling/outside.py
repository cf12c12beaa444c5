"""Outside: which points of a mesh or a line lie outside the domain, where a solution has no values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pinn.export.sampling.grid import Array
    from pinn.geometry.shapes.shape import Shape

# Of the domain's size: how far a point may lie outside and still be on the boundary. A line is computed, to rounding; a
# file may have been written in single precision, with seven digits of coordinates that are larger than the domain.
COMPUTED, WRITTEN = 1e-9, 1e-6
CHUNK = 100_000  # points whose distances are held at once


def outside(points: Array, shape: Shape, tolerance: float) -> NDArray[np.bool_]:
    """Is each point [N, D] outside the shape by more than `tolerance` times its size?"""
    inside = np.empty(len(points), bool)
    for start in range(0, len(points), CHUNK):
        chunk = slice(start, start + CHUNK)
        inside[chunk] = shape.contains(np.asarray(points[chunk]), tolerance * shape.size)
    return ~inside
