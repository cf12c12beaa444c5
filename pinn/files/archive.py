"""NumPy archives that somebody else wrote: real numbers only, no larger than their file says, never code."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

LARGEST = 2**30  # bytes of all arrays, unpacked
MOST_ARRAYS = 10_000
REAL = "iuf"  # kinds of numpy's types: integers, whole numbers from zero on, floating point


def read_npz(file: Path) -> dict[str, NDArray[np.float64]]:
    """Array name -> values of any shape. Raises ValueError for anything else, OSError where it cannot be read."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > MOST_ARRAYS:
                raise ValueError(f"has {len(members):,} arrays, at most {MOST_ARRAYS:,} are read")
            if sum(member.file_size for member in members) > LARGEST:
                raise ValueError(f"unpacks to more than {LARGEST:,} bytes")
            return {member.filename.removesuffix(".npy"): _array(archive, member) for member in members}
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ValueError(f"is damaged or no .npz file ({error}); write it again with numpy.savez") from None
    except (NotImplementedError, RuntimeError) as error:  # a way of packing that zipfile cannot undo; a password
        raise ValueError(f"cannot be unpacked ({error}); write it again with numpy.savez") from None


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[np.float64]:
    name = member.filename.removesuffix(".npy")
    with archive.open(member) as stream:
        readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
        version = npy.read_magic(stream)
        if version not in readers:
            raise ValueError(
                f"array '{name}' is in format {version}, not 1.0 or 2.0; its names are not those of numbers"
            )
        shape, by_columns, dtype = readers[version](stream)
        if dtype.kind not in REAL:
            raise ValueError(f"array '{name}' holds {_words(dtype)}, not real numbers")
        size = int(np.prod(shape, dtype=object)) * dtype.itemsize  # objects, since int64 could overflow
        content = stream.read(size + 1)  # no more than there is, whatever the header promises
        if len(content) != size:
            raise ValueError(f"array '{name}' does not have the {size:,} bytes that its shape {list(shape)} takes")
    return np.frombuffer(content, dtype).reshape(shape, order="F" if by_columns else "C").astype(float)


def _words(dtype: np.dtype) -> str:
    kinds = {"c": "complex numbers", "M": "dates", "m": "durations", "U": "text", "S": "text", "b": "true and false"}
    return "records" if dtype.names else kinds.get(dtype.kind, "objects")
