"""Rows that reach many cells, as those of integrals do, in pieces of one cell and its neighbours each.

A row (a_1, …, a_k) c = b is as good as the rows

    sqrt(k) (a_j c + s_j - s_(j-1)) = sqrt(k) b/k,        s_0 = s_k = 0,

with slacks s of its own: at the minimum over them every piece misses r/k, and their squares add up to r^2. So no front
of the elimination gets the columns of all cells.
Source: Adlers & Björck, Matrix stretching for sparse least squares problems, Numer. Linear Algebra Appl. 7 (2000) 51.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.network.cell_basis import CellBasis
from pinn.training.cells.block_solve import BlockRows


@dataclass(frozen=True, eq=False)
class Pieces:
    """Which pieces the N sums of a group have: each end belongs to the first of the cells that reach it.

    place     where the basis' pairs of a cell and an end are among the pieces' entries
    entries   (sum, owner, cell) of each entry, sorted
    """

    place: Tensor
    entries: list[tuple[int, int, int]]

    def rows(self, at_pairs: Tensor, unknowns: Tensor | None, border: int) -> list[list[dict[int, Tensor]]]:
        """Of each sum its pieces, {block: [1, W]}, from the rows at the pairs [P, W].

        unknowns   [N, U] columns of the block `border`, which the first piece of a sum takes
        """
        whole = at_pairs.new_zeros(len(self.entries), at_pairs.shape[1]).index_add_(0, self.place, at_pairs)
        found: list[list[dict[int, Tensor]]] = []
        last = (-1, -1)
        for (number, owner, cell), row in zip(self.entries, whole, strict=True):
            if number != last[0]:
                found.append([])
            if (number, owner) != last:
                found[-1].append({})
            found[-1][-1][cell] = row[None]
            last = number, owner
        if unknowns is not None:
            for pieces, columns in zip(found, unknowns, strict=True):
                pieces[0][border] = columns[None]
        return found


def pieces_of(basis: CellBasis, sums: int, cells: int) -> Pieces:
    """Those of as many sums, whose ends are the points of the basis."""
    cell, end = basis.tiles.pair_cell, basis.tiles.pair_index
    owner = torch.full_like(basis.tiles.points[:, 0], cells, dtype=torch.long)
    owner = owner.scatter_reduce(0, end, cell, "amin")
    keys, place = ((end % sums * cells + owner[end]) * cells + cell).unique(return_inverse=True)
    return Pieces(place, [(key // cells**2, key // cells % cells, key % cells) for key in keys.tolist()])


def stretched(pieces: Sequence[dict[int, Tensor]], target: Tensor, slack: int) -> list[BlockRows]:
    """The rows of one sum's pieces, {block: [1, W]}, with its slacks as the block of that number."""
    count = len(pieces)
    factor = math.sqrt(count)
    share = target.reshape(1) * (factor / count)
    found = []
    for number, piece in enumerate(pieces):
        entries = {block: factor * row for block, row in piece.items()}
        if count > 1:
            ties = target.new_zeros(1, count - 1)
            if number < count - 1:
                ties[0, number] = factor
            if number:
                ties[0, number - 1] = -factor
            entries[slack] = ties
        found.append(BlockRows(entries, share))
    return found
