"""Points sorted to the cells whose windows reach them, in tiles of equal size: ragged cells as one tensor.

Along each axis the ends of all reaches cut the line into gaps; which cells a gap lies in is a table [gaps, L]. A point
then is in the cells that its rows of all axes' tables have in common: no comparison of every point with every cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

MOST_PAIRS = 2**24  # points times cells that are looked at at once
TILE = 32  # pairs of a cell and a point: half a tile of each cell is filled up on average


@dataclass(frozen=True, eq=False)
class Reaches:
    """What the cells reach: open boxes (low, high) [L, D], around `centre` [L, D] along axes with a period [D] > 0."""

    low: Tensor
    high: Tensor
    centre: Tensor
    period: Tensor

    def moved(self, points: Tensor, centre: Tensor) -> Tensor:
        """Points moved by whole periods to be near a centre [..., D]."""
        if not self.periodic:
            return points
        turns = torch.round((points - centre) * self.per_period)
        return points - turns.detach() * self.period

    @cached_property
    def periodic(self) -> bool:
        return bool(self.period.any())

    @cached_property
    def per_period(self) -> Tensor:
        return torch.where(self.period > 0, 1 / self.period, 0.0)

    @cached_property
    def tables(self) -> list[tuple[Tensor, Tensor]]:
        """Per axis the ends [K] in their order, and which cells [2K + 1, L] reach the gaps between and the ends."""
        found = []
        for axis, period in enumerate(self.period.tolist()):
            low, high = self.low[:, axis], self.high[:, axis]
            ends = torch.cat([low, high])
            ends = ends[torch.isfinite(ends)]
            first = self.centre[:, axis].min()
            if period:
                ends = first + torch.remainder(ends - first, period)
            ends = ends.unique()
            if not len(ends):
                found.append((ends, torch.ones(1, len(low), dtype=torch.bool, device=low.device)))
                continue
            outer = (first, first + period) if period else (ends[0] - 1, ends[-1] + 1)
            values = ends.new_empty(2 * len(ends) + 1)
            values[1::2] = ends
            values[2:-1:2] = (ends[1:] + ends[:-1]) / 2
            values[0], values[-1] = (ends[0] + outer[0]) / 2, (ends[-1] + outer[1]) / 2
            near = values[:, None]
            if period:
                near = near - torch.round((near - self.centre[:, axis]) / period) * period
            found.append((ends, (near > low) & (near < high)))
        return found

    def reached(self, points: Tensor) -> Tensor:
        """Which points [N, D] which cells reach: [N, L] of bool."""
        found = None
        for axis, (ends, table) in enumerate(self.tables):
            x = points[:, axis].detach().contiguous()
            if self.periodic and self.period[axis] > 0:
                first = self.centre[:, axis].min()
                x = first + torch.remainder(x - first, self.period[axis])
            gap = torch.searchsorted(ends, x) + torch.searchsorted(ends, x, right=True)
            found = table[gap] if found is None else found & table[gap]
        assert found is not None
        return found

    def pairs(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """(cell [P], point [P]) of all pairs of a point and a cell that reaches it, sorted by the cells."""
        size = max(1, MOST_PAIRS // len(self.low))
        found = [self.reached(chunk).T.contiguous().nonzero() for chunk in points.split(size)]
        if len(found) == 1:
            return found[0][:, 0], found[0][:, 1]
        cell = torch.cat([pairs[:, 0] for pairs in found])
        point = torch.cat([pairs[:, 1] + number * size for number, pairs in enumerate(found)])
        order = torch.argsort(cell, stable=True)
        return cell[order], point[order]

    def tiles(self, points: Tensor) -> Tiles:
        """The pairs of a point and a cell that reaches it, in tiles."""
        return in_tiles(*self.pairs(points), points, self)


def in_tiles(cell: Tensor, index: Tensor, points: Tensor, reaches: Reaches) -> Tiles:
    """Pairs (cell [P], index [P] of the point), sorted by the cells, in tiles of TILE."""
    counts = torch.bincount(cell, minlength=len(reaches.low))
    needed = (counts + TILE - 1) // TILE
    first_pair, first_tile = counts.cumsum(0) - counts, needed.cumsum(0) - needed
    tile_cell = torch.repeat_interleave(torch.arange(len(counts), device=cell.device), needed)
    number = torch.arange(len(tile_cell), device=cell.device) - first_tile[tile_cell]
    slot = number[:, None] * TILE + torch.arange(TILE, device=cell.device)
    slot = first_pair[tile_cell][:, None] + torch.minimum(slot, counts[tile_cell][:, None] - 1)
    rank = torch.arange(len(cell), device=cell.device) - first_pair[cell]
    return Tiles(tile_cell, index[slot], first_tile[cell] * TILE + rank, cell, index, points, reaches)


@dataclass(frozen=True, eq=False)
class Tiles:
    """P pairs of a point and a cell that reaches it, sorted by the cells, in B tiles of T pairs of one cell each.

    cell        [B] of the tiles
    indices     [B, T] of the points; where a cell's pairs are at their end, the last one again
    kept        [P] where among the B T entries the pairs are
    pair_cell, pair_index   [P] cell and point of the pairs
    """

    cell: Tensor
    indices: Tensor
    kept: Tensor
    pair_cell: Tensor
    pair_index: Tensor
    points: Tensor
    reaches: Reaches

    def __len__(self) -> int:
        return len(self.cell)

    @cached_property
    def near(self) -> Tensor:
        """The points [B, T, D], moved by whole periods to be near their cells."""
        return self.reaches.moved(self.points[self.indices], self.reaches.centre[self.cell][:, None])

    def chunks(self, size: int) -> Iterator[slice]:
        """So many tiles at a time."""
        return (slice(start, start + size) for start in range(0, len(self), max(size, 1)))

    def of_pairs(self, values: Tensor) -> Tensor:
        """[P, …] from values [B, T, …] at the tiles."""
        return values.flatten(0, 1)[self.kept]

    @cached_property
    def counts(self) -> list[int]:
        """Pairs of each cell [L]."""
        return torch.bincount(self.pair_cell, minlength=len(self.reaches.low)).tolist()

    def by_cell(self) -> Iterator[tuple[int, slice]]:
        """(cell, its pairs), for cells that reach some."""
        start = 0
        for cell, count in enumerate(self.counts):
            if count:
                yield cell, slice(start, start + count)
            start += count

    def split(self, most: int) -> Iterator[Tiles]:
        """A few whole cells at a time, with at most so many pairs if they are several."""
        start = end = 0
        for count in (*self.counts, most + 1):
            if end > start and end + count - start > most:
                cell, index = self.pair_cell[start:end], self.pair_index[start:end]
                yield in_tiles(cell, index, self.points, self.reaches)
                start = end
            end += count
