"""Rows: an array that is computed a few rows at a time, when they are asked for, and never held as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


class LazyRows:
    """[N] or [N, width]: `take` gives the rows of any numbers [n], [n] or [n, width]."""

    def __init__(self, take: Callable[[Numbers], NDArray], count: int, *width: int):
        self.take, self.shape = take, (count, *width)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | Numbers) -> NDArray:
        return self.take(np.arange(*rows.indices(len(self))) if isinstance(rows, slice) else np.asarray(rows))


def in_rows(take: Callable[[Numbers], NDArray], count: int, *width: int) -> NDArray[Any]:
    """Rows in place of an array, for those who index it by slices and row numbers only, as blocks and writers do."""
    return cast(NDArray[Any], LazyRows(take, count, *width))
