"""The tables of a spec opened: their files read, their points put on a grid, and the functions that they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pinn.errors import SpecError
from pinn.spec.blocks.table import Table
from pinn.spec.language.tabulated import DEGREES, Tabulated, tabulated
from pinn.spec.schema import Spec
from pinn.spec.tables import column, read_columns
from pinn.units.system import UnitSystem

Array = NDArray[np.float64]
MOST_VALUES = 10_000_000
MOST_JUMPS = 12  # of one argument: as many as a domain is cut at
CLOSE = 1e-12  # of an argument's range: points of a grid that differ by rounding in their text


class OpenTable(Table):
    """A table whose file has been read: `function` is what its name means in expressions."""

    _function: Tabulated

    @property
    def function(self) -> Tabulated:
        return self._function


def with_open_tables(spec: Spec, folder: Path) -> Spec:
    """The spec with its tables read; files are relative to `folder`. Raises SpecError at a table's place."""
    tables = {name: opened(name, one, folder, spec.units_of_files) for name, one in spec.tables.items()}
    return spec.model_copy(update={"tables": tables})


def opened(name: str, table: Table, folder: Path, units: UnitSystem | None = None) -> Table:
    if isinstance(table, OpenTable):
        return table
    path = ("tables", name)
    letters = tuple(table.x)
    points, grid = on_grid(*written_numbers(table, folder, path, units), letters, path)
    for letter, own in zip(letters, points, strict=True):
        refuse_jumps(letter, own, path)
    found = OpenTable(**table.model_dump())
    found._function = tabulated(name, letters, points, grid, DEGREES[table.interpolation])
    return found


def written_numbers(
    table: Table, folder: Path, path: tuple[str, str], units: UnitSystem | None
) -> tuple[list[Array], Array]:
    """The arguments, each [N], and the values [N], from the table's file or from the spec itself."""
    if table.file is not None:
        file = folder / table.file
        columns = read_columns(file, tuple(table.x), (*path, "file"), units)
        arguments = [column(columns, letter, file, (*path, "x")) for letter in table.x]
        return arguments, column(columns, str(table.values), file, (*path, "values"))
    assert isinstance(table.x, dict)  # as the table has been read
    points = [np.array(own, float) for own in table.x.values()]
    shape = tuple(len(own) for own in reversed(points))
    if (found := shape_of(table.values)) != shape:
        needed, has = (" x ".join(map(str, sizes)) or "lists of one length" for sizes in (shape, found))
        raise SpecError((*path, "values"), f"must be {needed} numbers, by the points of x, got {has}")
    grid = np.meshgrid(*reversed(points), indexing="ij")
    return [own.ravel() for own in reversed(grid)], np.array(table.values, float).ravel()


def shape_of(values: object) -> tuple[int, ...]:
    """Lengths of lists of lists; none where they differ."""
    if not isinstance(values, tuple):
        return ()
    inner = {shape_of(entry) for entry in values}
    deep = isinstance(values[0], tuple)
    return (len(values), *next(iter(inner))) if len(inner) == 1 and (not deep or all(inner)) else ()


def on_grid(
    arguments: Sequence[Array], values: Array, letters: Sequence[str], path: tuple[str, str]
) -> tuple[list[Array], Array]:
    """Points of each argument, increasing, and the values on their grid, in the order of the arguments.

    Of one argument a value that stands twice is a jump, with the values before and after it in the order of the file.
    """
    if len(values) > MOST_VALUES:
        raise SpecError((*path, "file"), f"has {len(values):,} values; at most {MOST_VALUES:,} make a function")
    if len(arguments) == 1:
        order = np.argsort(arguments[0], kind="stable")
        if np.all(np.diff(arguments[0]) <= 0):  # downwards: what stands twice stands in the other order
            order = np.arange(len(values))[::-1]
        return [arguments[0][order]], values[order]
    points, numbers = [], []
    for own in arguments:
        distinct = np.unique(own)
        apart = np.diff(distinct, prepend=-np.inf) > CLOSE * max(float(np.ptp(distinct)), 1e-300)
        points.append(distinct[apart])
        numbers.append(np.cumsum(apart)[np.searchsorted(distinct, own)] - 1)
    shape = tuple(len(own) for own in points)
    places = np.ravel_multi_index(numbers, shape)
    if len(values) != np.prod(shape) or len(np.unique(places)) != len(values):
        words = " x ".join(f"{len(own)} of {letter}" for letter, own in zip(letters, points, strict=True))
        raise SpecError(
            (*path, "file"),
            f"is no grid: {len(values):,} rows for {words}; give a value for every combination of the arguments",
        )
    grid = np.empty(shape)
    grid.flat[places] = values
    return points, grid


def refuse_jumps(letter: str, points: Array, path: tuple[str, str]) -> None:
    """Two points at least, and none of them three times, nor more jumps than a domain is cut at."""
    if len(points) < 2:
        raise SpecError((*path, "x"), f"'{letter}' has one value only; a function needs two or more")
    repeated = np.flatnonzero(np.diff(points) == 0)
    if len(repeated) > MOST_JUMPS:
        raise SpecError(
            (*path, "x"),
            f"'{letter}' has {len(repeated)} values that stand twice, which is a jump; at most {MOST_JUMPS}",
        )
    if (thrice := np.flatnonzero(np.diff(repeated) == 1)).size:
        raise SpecError((*path, "x"), f"'{letter}' has {points[repeated[thrice[0]]]:g} three times; a jump is two")
    if repeated.size and (repeated[0] == 0 or repeated[-1] == len(points) - 2):
        raise SpecError((*path, "x"), f"'{letter}' jumps at the end of the table; leave one of the two values out")
