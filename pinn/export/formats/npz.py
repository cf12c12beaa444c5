"""npz: numpy arrays by name."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray

from pinn.export.formats.raw_array import FLOAT, INTEGER, ROWS_AT_ONCE, RawArray
from pinn.export.sampling.point_data import blocks, layout
from pinn.export.sampling.request import Request
from pinn.files.writing import write_atomic


def write_npz(request: Request, path: Path) -> list[Path]:
    """`points` [N, D], `cells_KIND` [M, nodes], then every name: [N] or [N, 3 or 6], after `times` [T]: [T, N, …].

    Names are those of the spec, without units, as programs ask for them.

    With values in cells or at Gauss points, the points are theirs, and there are no cells.
    """
    write_atomic(path, lambda scratch: _write(request, scratch))
    return [path]


def _write(request: Request, path: Path) -> None:
    """Each array grows in a file of its own, which then goes into the archive: memory is bounded."""
    times = request.instants
    with tempfile.TemporaryDirectory(dir=path.parent) as folder, ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for index, frame in enumerate(request.frames()):
            cloud = frame.cloud
            if index == 0:
                _add(archive, Path(folder), "points", cloud.grid.points)
                for kind, cells in cloud.grid.cells.items():
                    if kind != "vertex":
                        _add(archive, Path(folder), f"cells_{kind}", cells, INTEGER)
                if times is not None:
                    _add(archive, Path(folder), "times", np.array(times))
                arrays = {
                    name: _begun(Path(folder) / f"{number}.npy", times, len(cloud.points), width)
                    for number, (name, width) in enumerate(layout(cloud, units=False).items())
                }
            for start, block in blocks(cloud, layout(cloud, units=False), units=False):
                for name, values in block.items():
                    file, array = arrays[name]
                    with file.open("r+b") as stream:
                        array.put(stream, index * len(cloud.points) + start, values)
        for name, (file, _) in arrays.items():
            _put(archive, file, name)


def _begun(file: Path, times: tuple[float, ...] | None, rows: int, width: int) -> tuple[Path, RawArray]:
    """A .npy file that has its header only, and its rows, those of all instants."""
    shape = (*(() if times is None else (len(times),)), rows, *(() if width == 1 else (width,)))
    with file.open("wb") as stream:
        _write_header(stream, FLOAT, shape)
        offset = stream.tell()
    return file, RawArray(FLOAT, rows * (1 if times is None else len(times)), width, offset)


def _add(archive: ZipFile, folder: Path, name: str, values: NDArray, dtype: np.dtype = FLOAT) -> None:
    file = folder / "whole.npy"
    with file.open("wb") as stream:
        _write_header(stream, dtype, values.shape)
        for start in range(0, len(values), ROWS_AT_ONCE):
            stream.write(np.ascontiguousarray(values[start : start + ROWS_AT_ONCE], dtype).data)
    _put(archive, file, name)


def _put(archive: ZipFile, file: Path, name: str) -> None:
    """The file as an array of the archive, without a date: equal values make equal archives."""
    member = ZipInfo(f"{name}.npy")
    member.compress_type, member.file_size = ZIP_DEFLATED, file.stat().st_size  # which decides on 64 bits for its size
    with file.open("rb") as source, archive.open(member, "w") as target:
        shutil.copyfileobj(source, target)


def _write_header(stream: BinaryIO, dtype: np.dtype, shape: tuple[int, ...]) -> None:
    description: Any = {"descr": dtype.str, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_2_0(stream, description)
