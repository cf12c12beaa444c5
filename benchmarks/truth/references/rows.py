"""A row of a reference: what a quantity is at a point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np


class Row(NamedTuple):
    quantity: str
    at: tuple[float, ...]
    value: float


Solutions = list[list[Row]]  # one, or several where a problem has several
Reference = Callable[[int], Solutions]  # level -> solutions


def rows(quantity: str, points: Sequence[Sequence[float]], values: np.ndarray | Sequence[float]) -> list[Row]:
    """One row for each of the points [N, D] and its value [N]."""
    found = zip(points, np.asarray(values, dtype=float).tolist(), strict=True)
    return [Row(quantity, tuple(float(x) for x in point), value) for point, value in found]
