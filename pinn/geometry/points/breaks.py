"""Breaks: where on a curve a condition on the coordinates begins or ends to hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pinn.geometry.points.sampling import Where
from pinn.geometry.shapes.pieces import Array, Piece

SCAN = 257  # points of a piece among which 'where' is watched for changes, as in clipping
BISECTIONS = 60
NEAR = 1e-6  # of a piece: breaks nearer to its end, or to each other, are one


def breaks(piece: Piece, masks: Sequence[Where]) -> list[float]:
    """Parameters inside the piece at which one of the masks changes."""
    found: list[float] = []
    for mask in masks:

        def holds(parameters: Array, mask: Where = mask) -> NDArray[np.bool_]:
            return mask(piece.points(np.asarray(parameters)[:, None]))

        grid = np.linspace(0.0, 1.0, SCAN)
        inside = holds(grid)
        for index in np.flatnonzero(inside[:-1] != inside[1:]):
            low, high = grid[index], grid[index + 1]
            for _ in range(BISECTIONS):
                middle = (low + high) / 2
                low, high = (middle, high) if holds(np.array([middle]))[0] == inside[index] else (low, middle)
            found.append(float(low))
    found = [at for at in sorted(found) if NEAR < at < 1 - NEAR]
    return [at for number, at in enumerate(found) if not number or at - found[number - 1] > NEAR]
