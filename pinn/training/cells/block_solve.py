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
    squares = [like.new_zeros(size) for size in sizes]  # of the columns, as far as their rows have been in a front
    first = elimination_places(rows, sizes)
    own: list[list[BlockRows]] = [[] for _ in sizes]  # rows by the block that is eliminated first of theirs
    passed: list[list[BlockRows]] = [[] for _ in sizes]  # what is left of fronts, likewise
    for part in rows:
        own[min(part.entries, key=first.__getitem__)].append(part)
    eliminated: list[tuple[int, list[int], Tensor]] = []
    square = 0.0
    for block in first:
        mine = own[block] + passed[block]
        others = sorted({k for part in mine for k in part.entries} - {block}, key=first.__getitem__)
        columns = [block, *others]
        front, count = assembled(own[block], passed[block], columns, sizes, like)
        measured = front[:count, :-1].square().sum(dim=0).split([sizes[k] for k in columns])
        for k, part in zip(columns, measured, strict=True):
            squares[k] += part
        scales = column_scales(squares[block].sqrt())  # all rows with entries in the block have been in a front by now
        triangle = damped_triangle(front, sizes[block], damping(sizes[block], like.dtype, regularisation) * scales)
        eliminated.append((block, others, triangle[: sizes[block]]))
        rest = triangle[sizes[block] :]
        if others:
            widths = [sizes[k] for k in others]
            entries = dict(zip(others, rest[:, sizes[block] : -1].split(widths, dim=1), strict=True))
            passed[others[0]].append(BlockRows(entries, rest[:, -1]))
        else:
            square += float(rest[:, -1].square().sum())
    found: dict[int, Tensor] = {}
    for block, others, triangle in reversed(eliminated):
        size = sizes[block]
        right = triangle[:, -1]
        if others:
            right = right - triangle[:, size:-1] @ torch.cat([found[k] for k in others])
        found[block] = torch.linalg.solve_triangular(triangle[:, :size], right[:, None], upper=True)[:, 0]
    return [found[k] for k in range(len(sizes))], math.sqrt(square)


def elimination_places(rows: Sequence[BlockRows], sizes: Sequence[int]) -> dict[int, int]:
    """Block -> its place in the order of elimination, the first block first."""
    supports = [set(support) for support in {tuple(sorted(part.entries)) for part in rows}]
    return {block: place for place, block in enumerate(elimination_order(supports, len(sizes)))}


def assembled(
    own: Sequence[BlockRows], passed: Sequence[BlockRows], columns: Sequence[int], sizes: Sequence[int], like: Tensor
) -> tuple[Tensor, int]:
    """A front over these blocks and the right-hand side, with room for the damping below: [n, W + 1].

    own   rows of the system itself: so many are the first rows of the front
    """
    starts, width = {}, 0
    for block in columns:
        starts[block] = width
        width += sizes[block]
    counts = [sum(len(part.target) for part in parts) for parts in (own, passed)]
    front = like.new_zeros(max(sum(counts) + sizes[columns[0]], width + 1), width + 1)
    at = 0
    for part in (*own, *passed):
        end = at + len(part.target)
        for block, entries in part.entries.items():
            front[at:end, starts[block] : starts[block] + sizes[block]] = entries
        front[at:end, width] = part.target
        at = end
    return front, counts[0]


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
