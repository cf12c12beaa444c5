"""Cells: a box cut again and again into boxes that overlap a little, as a binary tree does it.

Each cut has a transition zone of one half width all along, a share of the smallest cell that lies at it, so that the
windows of the cells (`windows.py`) sum to one. On a periodic axis the two ends of the box are one cut, the seam.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

OVERLAP = (
    0.4  # half width of a transition zone, relative to the smallest cell at the cut; above 1/2 three would overlap
)
FEWEST_ON_PERIODIC = 3  # cells along a periodic axis, so that no cell overlaps itself

_numbers = count()


@dataclass(frozen=True, eq=False)
class Cell:
    """A box, and per axis the numbers of the cuts at its lower and upper face; None where nothing is beyond."""

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    cuts: tuple[tuple[int | None, int | None], ...]

    def length(self, axis: int) -> float:
        return self.upper[axis] - self.lower[axis]

    def halved(self, axis: int, share: float = 0.5) -> tuple[Cell, Cell]:
        """Two cells, cut across the axis at this share of the length."""
        cut = next(_numbers)
        position = self.lower[axis] + share * self.length(axis)
        below, above = self.cuts[axis]
        return (
            Cell(self.lower, put(self.upper, axis, position), put(self.cuts, axis, (below, cut))),
            Cell(put(self.lower, axis, position), self.upper, put(self.cuts, axis, (cut, above))),
        )


def cells_state(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """The cells as plain data."""
    return [{"lower": cell.lower, "upper": cell.upper, "cuts": cell.cuts} for cell in cells]


def cells_of(states: Sequence[Mapping[str, Any]]) -> list[Cell]:
    """Cells from plain data. Their cuts get new numbers, since those of another process may be taken here."""
    renumbered: dict[int, int] = {}

    def here(cut: int | None) -> int | None:
        return None if cut is None else renumbered.setdefault(cut, next(_numbers))

    return [
        Cell(tuple(state["lower"]), tuple(state["upper"]), tuple((here(a), here(b)) for a, b in state["cuts"]))
        for state in states
    ]


def put(values: tuple, index: int, value) -> tuple:
    return (*values[:index], value, *values[index + 1 :])


def grid(lower: Sequence[float], upper: Sequence[float], counts: Sequence[int], periodic: Sequence[int]) -> list[Cell]:
    """The box, cut into `counts` equal cells per axis."""
    seams = [(cut := next(_numbers), cut) if axis in periodic else (None, None) for axis in range(len(lower))]
    cells = [Cell(tuple(map(float, lower)), tuple(map(float, upper)), tuple(seams))]
    for axis, wanted in enumerate(counts):
        if axis in periodic:
            wanted = max(wanted, FEWEST_ON_PERIODIC)
        cells = [part for cell in cells for part in _divided(cell, axis, wanted)]
    return cells


def _divided(cell: Cell, axis: int, parts: int) -> list[Cell]:
    if parts == 1:
        return [cell]
    left = parts // 2
    first, second = cell.halved(axis, left / parts)
    return _divided(first, axis, left) + _divided(second, axis, parts - left)


def widths(cells: Sequence[Cell], fixed: Mapping[int, float] | None = None) -> tuple[Array, Array]:
    """Half widths [L, D] of the transition zones at the cells' lower and upper faces, 0 where there is no cut.

    `fixed` gives some cuts a half width of their own.
    """
    smallest: dict[int, float] = {}
    for cell in cells:
        for axis, cuts in enumerate(cell.cuts):
            for cut in cuts:
                if cut is not None:
                    smallest[cut] = min(smallest.get(cut, np.inf), cell.length(axis))
    half = {cut: OVERLAP * length for cut, length in smallest.items()} | dict(fixed or {})
    found = np.array([[[0.0 if cut is None else half[cut] for cut in cuts] for cuts in cell.cuts] for cell in cells])
    return found[:, :, 0], found[:, :, 1]


def owners(cells: Sequence[Cell], points: Array) -> NDArray[np.int64]:
    """Index of the cell that holds each point [N, D] without its overlap; -1 outside of all."""
    found = np.full(len(points), -1)
    for index, cell in enumerate(cells):
        found[np.all((points >= cell.lower) & (points <= cell.upper), axis=1)] = index
    return found
