"""Deadline: the moment after which long work is broken off, asked about by whatever takes long.

A step of a stage begins before a run's time limit and may end long after it. While a deadline is set, work that goes
piece by piece asks `in_time` between two pieces, and a factorisation, which cannot be broken off, asks `require_time`
for the seconds that it will take before it begins.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from time import perf_counter

import torch

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)
TRIAL_ROWS, TRIAL_COLUMNS = 1200, 400  # of the factorisation whose speed is taken for that of all: about 10 ms


class OutOfTime(Exception):
    """The deadline has passed, or would pass before a factorisation ends."""


@contextmanager
def deadline(moment: float) -> Iterator[None]:
    """Let work be broken off after `moment`, in seconds of `perf_counter`."""
    token = _deadline.set(moment)
    try:
        yield
    finally:
        _deadline.reset(token)


def in_time() -> None:
    """Raises OutOfTime after the deadline."""
    if perf_counter() > _deadline.get():
        raise OutOfTime


def require_time(operations: float) -> None:
    """Raises OutOfTime where a factorisation of so many operations would end after the deadline."""
    if _deadline.get() < math.inf and perf_counter() + operations / speed() > _deadline.get():
        raise OutOfTime


def of_qr(rows: int, columns: int) -> float:
    """Operations of Householder QR without Q: 2 n^2 (m - n/3). Source: Golub & Van Loan, 4th ed., § 5.2.2."""
    return 2.0 * columns**2 * (max(rows, columns) - columns / 3)


def of_cholesky(columns: int) -> float:
    """Operations of Cholesky's factorisation: n^3/3. Source: Golub & Van Loan, 4th ed., § 4.2.5."""
    return columns**3 / 3


@cache
def speed() -> float:
    """Operations per second of QR in double precision on this machine, from one small factorisation."""
    matrix = torch.linspace(0.0, 1.0, TRIAL_ROWS * TRIAL_COLUMNS, dtype=torch.float64).reshape(TRIAL_ROWS, -1).sin()
    torch.linalg.qr(matrix, mode="r")  # the first call loads what it needs
    begun = perf_counter()
    torch.linalg.qr(matrix, mode="r")
    return of_qr(TRIAL_ROWS, TRIAL_COLUMNS) / (perf_counter() - begun)
