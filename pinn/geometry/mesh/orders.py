"""How many quadrature points each cell of a mesh gets along each of its directions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from pinn.geometry.shapes.pieces import Array

Density = Callable[[Array], Array]  # points [N, D] -> quadrature points per length, area or volume wanted there [N]

MOST = 128  # along one direction of a cell: a cell that needs more is much larger than what the density resolves


def orders(
    corners: Array, sizes: Array, fewest: int, density: Density | None
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """(points along each direction, the cells that get so many), for cells with nodes [M, K, D] and measures [M]."""
    along = np.full(len(corners), fewest)
    if density is not None:
        places = np.concatenate([corners, corners.mean(axis=1, keepdims=True)], axis=1)
        wanted = density(places.reshape(-1, places.shape[2])).reshape(places.shape[:2]).max(axis=1) * sizes
        along = np.clip(np.ceil(wanted ** (1 / corners.shape[2])), fewest, max(fewest, MOST)).astype(int)
    for order in np.unique(along):
        yield int(order), np.flatnonzero(along == order)
