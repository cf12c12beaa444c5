"""Points by the cells that reach them: their rows have entries in the same columns."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pinn.network.cell_tiles import MOST_PAIRS, Reaches

Together = list[tuple[list[int], Tensor]]  # (cells, indices of the points that they and no others reach)


def same_cells(touched: Tensor) -> Together:
    """Points by the set of cells that reach them, from touched [N, L]."""
    return by_bits(packed(touched), touched.device)


def together(reaches: Reaches, points: Tensor) -> Together:
    """Points [N, D] by the set of cells that reach them, a few looked at at a time."""
    chunks = points.split(max(1, MOST_PAIRS // len(reaches.low)))
    return by_bits(np.concatenate([packed(reaches.reached(chunk)) for chunk in chunks]), points.device)


def in_bunches(reaches: Reaches, points: Tensor, size: int) -> Iterator[tuple[list[list[int]], list[Tensor]]]:
    """Sets of cells, and the points of each, so many sets at a time that they have at most `size` points.

    A set with more points comes in pieces, a set without cells not at all.
    """
    members: list[list[int]] = []
    parts: list[Tensor] = []
    count = 0
    for cells, where in together(reaches, points):
        for part in where.split(size) if cells else ():
            if count + len(part) > size:
                yield members, parts
                members, parts, count = [], [], 0
            members.append(cells)
            parts.append(part)
            count += len(part)
    if parts:
        yield members, parts


def packed(touched: Tensor) -> NDArray[np.uint8]:
    return np.packbits(touched.cpu().numpy(), axis=1)


def by_bits(bits: NDArray[np.uint8], device: torch.device) -> Together:
    """From a row of bits for each point [N, bytes], cell 0 first."""
    keys = bits.view(np.dtype((np.void, bits.shape[1])))[:, 0]
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(which, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(which))[:-1])
    return [
        (np.flatnonzero(np.unpackbits(bits[start])).tolist(), torch.as_tensor(points, device=device))
        for start, points in zip(first, parts, strict=True)
    ]
