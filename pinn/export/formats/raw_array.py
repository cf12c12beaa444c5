"""Raw array: numbers at a known place in a binary file, written a few rows at a time and in any order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

FLOAT = np.dtype("<f8")
INTEGER = np.dtype("<i8")
ROWS_AT_ONCE = 100_000  # of points and cells while they are converted


@dataclass(frozen=True)
class RawArray:
    """[rows, width] numbers of one type from byte `offset` on."""

    dtype: np.dtype
    rows: int
    width: int
    offset: int

    @property
    def size(self) -> int:
        """Bytes."""
        return self.rows * self.width * self.dtype.itemsize

    def put(self, stream: BinaryIO, row: int, values: NDArray) -> None:
        """Write values [n] or [n, width] from that row on."""
        stream.seek(self.offset + row * self.width * self.dtype.itemsize)
        stream.write(np.ascontiguousarray(values, self.dtype).data)
