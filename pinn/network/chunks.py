"""Chunks: what is evaluated at many points is evaluated at some of them at a time, at fewer where memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch

from pinn.errors import ResourceError
from pinn.network.deadline import in_time

T = TypeVar("T")
FEWEST = 8  # points at once; where these do not fit, fewer do not help


def out_of_memory(error: BaseException) -> bool:
    """Whether that is what an error says: of Python, of a GPU, or of torch on the CPU, which has no type for it."""
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or (
        isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
    )


def in_chunks(evaluate: Callable[[slice], T], count: int, size: int) -> Iterator[tuple[slice, T]]:
    """(chunk, evaluate(chunk)) for all of `count` points, `size` at a time; from a shortage of memory on, half as many.

    Values at a point depend on no other point, so the results are the same up to rounding. Raises what `evaluate`
    raises, the error of the shortage where FEWEST points do not fit, and OutOfTime after a deadline.
    """
    start = 0
    while start < count:
        in_time()
        chunk = slice(start, start + size)
        try:
            found = evaluate(chunk)
        except (MemoryError, RuntimeError) as error:
            if not out_of_memory(error) or size <= FEWEST:
                raise
            found = None
        if found is None:  # the error is gone by now, and with it the tensors that it held
            size = max(FEWEST, size // 2)
            release()
            continue
        yield chunk, found
        start += size


def with_less(attempt: Callable[[float], T], size: float, least: float) -> T:
    """attempt(size), again with half of it where memory runs out, down to `least`. Raises what the last one raises."""
    while True:
        try:
            return attempt(size)
        except (MemoryError, RuntimeError) as error:
            if not out_of_memory(error) or size <= least:
                raise
        size = max(least, size / 2)
        release()


def release() -> None:
    """Give back what torch keeps of a GPU's memory for later."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


@contextmanager
def matrix_of(rows: int, columns: int, key: str) -> Iterator[None]:
    """Say how large the matrix is where memory runs out, and what in the spec makes it smaller."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        raise ResourceError(
            f"out of memory: a matrix of {rows:,} rows x {columns:,} columns x 8 bytes is "
            f"{8e-9 * rows * columns:.3g} GB; lower {key}"
        ) from None
