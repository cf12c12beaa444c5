"""Sparse linear least squares by Householder QR on blocks of columns (multifrontal QR).

    minimise |A c - b|^2 + mu^2 |D c|^2,      D = diag(column norms of A)

The columns come in blocks (one per cell of a partition), and each row has entries in a few blocks only. The blocks are
eliminated one after another: all rows that touch block k form a front, QR of the front gives the rows of R for block k,
and what is below goes on as new rows of the blocks left. The order is by minimum degree, so that fronts stay small.
Sources: Björck, Numerical Methods for Least Squares Problems (1996), § 6.5; Davis, Direct Methods for Sparse Linear
Systems (2006), § 7.1 (the order).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.training.output_layer.damped_qr import column_scales, damped_triangle, damping


@dataclass(frozen=True, eq=False)
class BlockRows:
    """Rows with entries in the blocks `entries`: {block: [N, width of the block]}, and their right-hand side [N]."""

    entries: dict[int, Tensor]
    target: Tensor


def solve_blocks(
    rows: Sequence[BlockRows], sizes: Sequence[int], regularisation: float | None = None
) -> tuple[list[Tensor], float]:
    """Coefficients of every block [size of the block], and the residual norm |A c - b|.

    `regularisation` is mu relative to the size of A; None takes a few rounding errors of the numbers' type.
    """
    like = rows[0].target
    squares = [like.new_zeros(size) for size in sizes]
    for part in rows:
        for block, entries in part.entries.items():
            squares[block] += entries.square().sum(dim=0)
    scales = [column_scales(square.sqrt()) for square in squares]
    fronts = [BlockRows({k: a / scales[k] for k, a in part.entries.items()}, part.target) for part in rows]
    eliminated: list[tuple[int, list[int], Tensor]] = []
    square = 0.0
    for block in elimination_order([set(part.entries) for part in rows], len(sizes)):
        mine = [front for front in fronts if block in front.entries]
        fronts = [front for front in fronts if block not in front.entries]
        others = sorted({k for front in mine for k in front.entries} - {block})
        triangle = reduce(mine, [block, *others], sizes, damping(sizes[block], like.dtype, regularisation), like)
        eliminated.append((block, others, triangle[: sizes[block]]))
        rest = triangle[sizes[block] :]
        if others:
            entries = dict(
                zip(others, rest[:, sizes[block] : -1].split([sizes[k] for k in others], dim=1), strict=True)
            )
            fronts.append(BlockRows(entries, rest[:, -1]))
        else:
            square += float(rest[:, -1].square().sum())
    found: dict[int, Tensor] = {}
    for block, others, triangle in reversed(eliminated):
        size = sizes[block]
        right = triangle[:, -1]
        if others:
            right = right - triangle[:, size:-1] @ torch.cat([found[k] for k in others])
        found[block] = torch.linalg.solve_triangular(triangle[:, :size], right[:, None], upper=True)[:, 0]
    return [found[k] / scales[k] for k in range(len(sizes))], math.sqrt(square)


def reduce(rows: Sequence[BlockRows], columns: Sequence[int], sizes: Sequence[int], mu: float, like: Tensor) -> Tensor:
    """R [columns + 1, columns + 1] or shorter, of the rows over these blocks, with the first block damped."""
    starts, width = {}, 0
    for block in columns:
        starts[block] = width
        width += sizes[block]
    count = sum(len(part.target) for part in rows)
    first = sizes[columns[0]]
    front = like.new_zeros(max(count + first, width + 1), width + 1)
    at = 0
    for part in rows:
        end = at + len(part.target)
        for block, entries in part.entries.items():
            front[at:end, starts[block] : starts[block] + sizes[block]] = entries
        front[at:end, width] = part.target
        at = end
    return damped_triangle(front, first, mu)


def elimination_order(supports: Sequence[set[int]], count: int) -> list[int]:
    """Blocks by minimum degree: first the one that the fewest others share rows with."""
    neighbours = {block: set[int]() for block in range(count)}
    for support in supports:
        for block in support:
            neighbours[block] |= support
    for block, others in neighbours.items():
        others.discard(block)
    order = []
    while neighbours:
        block = min(neighbours, key=lambda k: (len(neighbours[k]), k))
        others = neighbours.pop(block)
        for other in others:
            neighbours[other] |= others
            neighbours[other] -= {block, other}
        order.append(block)
    return order
