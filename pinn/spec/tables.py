"""Tables: numbers of a .csv, .npz, .vtu or .msh file as columns, for measured data and for reference solutions."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pinn.errors import SpecError, did_you_mean
from pinn.files.archive import read_npz
from pinn.files.csv_table import read_csv
from pinn.units.dimension import Dimension
from pinn.units.measure import UnitError, unit_of
from pinn.units.system import UnitSystem

Columns = dict[str, NDArray[np.float64]]
WITH_UNIT = re.compile(r"(.*\S) \[([^\[\]]+)\]")  # heat_flux [mW mm^-2], as exports have it
LARGEST_FILE = 2**30


def read_columns(
    file: Path,
    axes: Sequence[str],
    path: Sequence[str | int],
    units: UnitSystem | None = None,
    wanted: Callable[[str], Dimension | None] = lambda column: None,
) -> Columns:
    """Every column of the file, each [N].

    units   of the spec, where it has some: a column called `T [degC]` is T, and converted; else it is called as it is
    wanted  column -> what it must measure, where that is known

    An .npz may hold a grid instead: one array per axis and fields of shape [len of the last axis, …, len of the first];
    it is unrolled. Of a mesh these are its nodes and its point data, a vector v as v_x, v_y, v_z. Raises SpecError with
    `path` for a file that cannot be read as numbers.
    """
    if not file.is_file():
        raise SpecError(path, f"no such file: {file}")
    if file.stat().st_size > LARGEST_FILE:
        raise SpecError(path, f"{file} is larger than 1 GiB")
    readers = {
        ".csv": lambda file, _: read_csv(file),
        ".npz": _read_npz,
        ".vtu": _read_mesh,
        ".vtk": _read_mesh,
        ".msh": _read_mesh,
    }
    if file.suffix not in readers:
        raise SpecError(path, f"cannot read '{file.suffix}' files{did_you_mean(file.suffix, list(readers))}")
    try:
        columns = in_units(readers[file.suffix](file, axes), units, wanted)
    except SpecError as error:
        raise SpecError(path, " ".join(error.message.split())[:400]) from None
    except (OSError, ValueError, KeyError, UnicodeDecodeError, SystemExit) as error:
        raise SpecError(path, f"{file}: {' '.join(str(error).split())[:200]}") from None
    if not columns or not all(len(column) for column in columns.values()):
        raise SpecError(path, f"{file} holds no numbers")
    for name, column in columns.items():
        bad = np.flatnonzero(~np.isfinite(column))
        if len(bad):
            raise SpecError(path, f"{file}: column '{name}' has {column[bad[0]]} in row {bad[0] + 1}")
    return columns


def in_units(columns: Columns, units: UnitSystem | None, wanted: Callable[[str], Dimension | None]) -> Columns:
    """The columns with units in their names under the names alone, in the units of the spec. Raises SpecError."""
    found: Columns = {}
    for name, values in columns.items():
        header = WITH_UNIT.fullmatch(name) if units is not None else None
        if units is None or header is None:
            found[name] = values
            continue
        try:
            unit = unit_of(header[2])
        except UnitError as error:
            raise SpecError((), f"column '{name}': {error}") from None
        if (must := wanted(header[1])) is not None and must != unit.dimension:
            raise SpecError((), f"column '{name}' must be in a unit such as {units.label(must) or 1}")
        found[header[1]] = units.numbers(values, unit)
    return found


def column(columns: Columns, name: str, file: Path, path: Sequence[str | int]) -> NDArray[np.float64]:
    """One column by name, its unit left out or not. Raises SpecError where there is none."""
    if name not in columns and (header := WITH_UNIT.fullmatch(name)):
        name = header[1]
    if name not in columns:
        raise SpecError(path, f"{file} has no column '{name}'{did_you_mean(name, list(columns))}")
    return columns[name]


def _read_npz(file: Path, axes: Sequence[str]) -> Columns:
    arrays = read_npz(file)
    missing = [axis for axis in axes if axis not in arrays]
    if missing:
        raise SpecError((), f"{file} has no array '{missing[0]}'{did_you_mean(missing[0], list(arrays))}")
    if single := [name for name, array in arrays.items() if array.ndim == 0]:
        raise SpecError((), f"{file}: array '{single[0]}' is one number, not a column")
    fields = {name: array for name, array in arrays.items() if name not in axes}
    grid = tuple(len(arrays[axis]) for axis in reversed(axes))
    if fields and all(array.shape == grid for array in fields.values()) and len(grid) > 1:
        mesh = np.meshgrid(*(arrays[axis] for axis in reversed(axes)), indexing="ij")
        columns = {axis: values.ravel() for axis, values in zip(reversed(axes), mesh, strict=True)}
        return columns | {name: array.ravel() for name, array in fields.items()}
    if len({array.shape for array in arrays.values()}) > 1 or next(iter(arrays.values())).ndim != 1:
        shapes = ", ".join(f"{name} {list(array.shape)}" for name, array in arrays.items())
        raise SpecError((), f"{file}: arrays must be columns of one length, or fields on a grid; got {shapes}")
    return arrays


def _read_mesh(file: Path, axes: Sequence[str]) -> Columns:
    import contextlib
    import io

    import meshio

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):  # meshio prints
        mesh = meshio.read(file)
    columns = {axis: np.asarray(mesh.points[:, k], dtype=float) for k, axis in enumerate(axes[:3])}
    for name, array in mesh.point_data.items():
        values = np.asarray(array, dtype=float).reshape(len(mesh.points), -1)
        if values.shape[1] == 1:
            columns[name] = values[:, 0]
        elif values.shape[1] <= 3:  # a vector, of which ParaView wants three components
            columns |= {f"{name}_{'xyz'[k]}": values[:, k] for k in range(values.shape[1])}
    return columns
