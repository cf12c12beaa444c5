"""Files that other programs read: .vtu and .xdmf for ParaView, .csv and .npz for tables, .onnx for the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pinn.analysis.sample import (
    Array,
    Grid,
    Sample,
    default_resolution,
    instants,
    sample,
    sample_space_time,
    space_grid,
)
from pinn.errors import ResourceError, SpecError, did_you_mean
from pinn.run.directory import write_atomic
from pinn.spec.parameters import complete

if TYPE_CHECKING:
    from pinn.problem import Problem
    from pinn.solution import Solution

# Instants of a time series, when nobody asks for others: eleven cut the interval into tenths.
DEFAULT_TIMES = 11

# Cells along the time axis of an (x, t) plane.
TIME_CELLS = 200

# VTK's order of a symmetric tensor's six components.
VTK_TENSOR = ("xx", "yy", "zz", "xy", "yz", "xz")

# The same six, as the nine of a full 3×3 matrix, row by row.
_FULL_TENSOR = (0, 3, 5, 3, 1, 4, 5, 4, 2)


@dataclass(frozen=True)
class _Request:
    """What to evaluate, and where."""

    solution: Solution
    resolution: int | None
    mesh_file: Path | str | None
    times: tuple[float, ...] | None
    quantities: tuple[str, ...] | None
    single: bool = False

    @property
    def problem(self) -> Problem:
        return self.solution.problem

    def grid(self) -> Grid:
        return space_grid(self.problem, resolution=self.resolution, mesh_file=self.mesh_file)

    def samples(self, grid: Grid) -> Iterator[tuple[float, Sample]]:
        """The solution at each instant, one at a time to bound memory; once, at 0, if the problem has no time."""
        if self.problem.time is None:
            yield 0.0, sample(self.solution, grid, quantities=self.quantities)
            return
        for instant in self.times or instants(self.problem.time, DEFAULT_TIMES):
            yield float(instant), sample(self.solution, grid, time=instant, quantities=self.quantities)


def export(
    solution: Solution,
    path: Path | str,
    *,
    resolution: int | None = None,
    mesh_file: Path | str | None = None,
    times: Sequence[float] | None = None,
    quantities: Sequence[str] | None = None,
    single: bool = False,
    at: Mapping[str, float] | None = None,
) -> list[Path]:
    """Write the solution in the format of the path's suffix; return the files written.

    Every field and quantity goes under its own name, with `exact_NAME` and `error_NAME` where an exact value exists,
    `residual_EQUATION` (dimensionless) when no quantities are named, and vectors and symmetric tensors as such. The
    points are those of `mesh_file`, or of our own mesh with `resolution` cells along the longest side.
    A problem with time and one space dimension becomes a .vtu on the (x, t) plane; in more dimensions a .vtu holds one
    instant, the last unless `times` names another; the other formats hold all `times`, eleven by default. An .onnx
    holds the fields as functions, in double precision unless `single`.
    Of a family of problems a file holds the member `at` these parameters, in their middle by default; an .onnx without
    `at` has them as inputs.

    Raises SpecError for an unknown suffix, quantity, instant or mesh; ResourceError when the file cannot be written.
    """
    path = Path(path)
    if path.suffix not in _WRITERS:
        raise SpecError(("--format",), f"unknown format '{path.suffix}'{did_you_mean(path.suffix, tuple(_WRITERS))}")
    if at or path.suffix != ".onnx":
        complete(at or {}, solution.problem.parameters, ("--at",))
        solution = solution.at(**(at or {}))
    if resolution is not None and resolution < 1:
        raise SpecError(("--resolution",), f"must be at least 1, got {resolution}")
    if resolution is not None and getattr(solution.problem.geometry, "cells", None):
        raise SpecError(("--resolution",), "the domain is a mesh and keeps its own nodes; name a finer one by --mesh")
    wanted = None if times is None else tuple(float(instant) for instant in times)
    if wanted is not None:
        _check_times(solution.problem, wanted, ("--times",))
    if single and path.suffix != ".onnx":
        raise SpecError(("--single",), f"belongs to --format onnx, got '{path.suffix}'; leave it out")
    names = None if quantities is None else tuple(quantities)
    request = _Request(solution, resolution, mesh_file, wanted, names, single)
    return _WRITERS[path.suffix](request, path)


def export_fields(solution: Solution, folder: Path) -> list[Path]:
    """The fields that a run leaves, as `outputs` of the spec has it; with no formats, none.

    A .vtu of a problem with time comes with a series, fields.xdmf; in more than three dimensions, where a .vtu is only
    a slice, with a cloud of points, fields.npz.
    """
    problem, outputs = solution.problem, solution.problem.spec.outputs
    formats = list(outputs.formats)
    if "vtu" in formats and problem.time is not None and "xdmf" not in formats:
        formats.append("xdmf")
    if formats and len(problem.coordinates) > 3:
        formats = list(dict.fromkeys("npz" if name == "xdmf" else name for name in [*formats, "npz"]))
    solution = solution.at()
    written: list[Path] = []
    for name in formats:
        times = None if problem.time is None or name == "vtu" else output_times(problem)
        written += export(solution, folder / f"fields.{name}", times=times, quantities=outputs.quantities)
    return written


def output_times(problem: Problem) -> tuple[float, ...] | None:
    """`outputs.times`: a number of instants, or the instants themselves; None leaves the choice to the format.

    Raises SpecError for instants that the problem does not have: call it before training, not only after.
    """
    times = problem.spec.outputs.times
    if times is None:
        return None
    path = ("outputs", "times")
    if problem.time is None:
        raise SpecError(path, "this problem has no time")
    if isinstance(times, int):
        return tuple(float(instant) for instant in instants(problem.time, max(2, times)))
    wanted = tuple(problem.scope.number(text, (*path, index)) for index, text in enumerate(times))
    _check_times(problem, wanted, path)
    return wanted


def point_data(sampled: Sample, *, full_tensors: bool = False, tensors: bool = True) -> dict[str, Array]:
    """Everything known at the points, by the names that the file will carry.

    `subdomain` counts in the order of the spec; points on an interface are there once for each side. Vectors have three
    components [N, 3], zero beyond the problem's dimensions; symmetric tensors have six in VTK's
    order XX YY ZZ XY YZ XZ, or nine when `full_tensors`.
    """
    problem, values = sampled.solution.problem, sampled.values
    data = dict(values)
    if tensors:
        for name, components in problem.vectors.items():
            if all(component in values for component in components):
                data[name] = _columns([values[component] for component in components], 3)
        for name, components in problem.tensors.items():
            if all(component in values for component in components.values()):
                six = [_tensor_component(values, components, name, pair) for pair in VTK_TENSOR]
                tensor = np.column_stack([np.zeros(len(sampled.points)) if part is None else part for part in six])
                data[name] = tensor[:, _FULL_TENSOR] if full_tensors else tensor
    data |= {f"exact_{name}": exact for name, exact in sampled.exact.items()}
    data |= {f"error_{name}": error for name, error in sampled.error.items()}
    if set(sampled.names) >= set(problem.quantities):
        data |= {f"residual_{name}": residual for name, residual in sampled.residual.items()}
    if sampled.grid.subdomain is not None:
        data["subdomain"] = sampled.grid.subdomain.astype(float)
    return data


def _tensor_component(values: dict[str, Array], components: dict[str, str], name: str, pair: str) -> Array | None:
    """A component under either order of its letters, or a quantity of that name (stress_zz of plane strain)."""
    quantity = components.get(pair) or components.get(pair[::-1]) or f"{name}_{pair}"
    return values.get(quantity)


def _columns(parts: Sequence[Array], width: int) -> Array:
    """Columns side by side, zeros up to `width`."""
    zero = np.zeros_like(parts[0])
    return np.column_stack([*parts, *[zero] * (width - len(parts))])


def _write_vtu(request: _Request, path: Path) -> list[Path]:
    problem = request.problem
    dimension, time = len(problem.coordinates), problem.time
    if dimension > 3:
        return _write_slice(request, path)
    grid = request.grid()
    if time is None:
        sampled = sample(request.solution, grid, quantities=request.quantities)
    elif dimension == 1 and request.times is None:
        rows = instants(time, (request.resolution or TIME_CELLS) + 1)
        sampled = sample_space_time(request.solution, grid, rows, quantities=request.quantities)
    else:
        wanted = request.times or (time[1],)
        if len(wanted) != 1:
            raise SpecError(
                ("--times",), f"a .vtu holds one instant, got {len(wanted)}; use --format xdmf for a series"
            )
        sampled = sample(request.solution, grid, time=wanted[0], quantities=request.quantities)
    _write_mesh(path, sampled.grid, point_data(sampled))
    return [path]


def _write_slice(request: _Request, path: Path) -> list[Path]:
    """More than three dimensions: the slice through the centre of the box, along the first three coordinates.

    The coordinates that are held are arrays of the file, `slice_NAME`, constant.
    """
    problem = request.problem
    lower, upper = problem.geometry.bounds
    cells = request.resolution or default_resolution(problem)
    box = _box_grid(lower[:3], upper[:3], cells)
    centre = np.tile((lower[3:] + upper[3:]) / 2, (len(box.points), 1))
    full = Grid(np.hstack([box.points, centre]), {})
    inside = np.asarray(problem.geometry.contains(full.points), bool)
    hexahedra = box.cells["hexahedron"]
    hexahedra = hexahedra[inside[hexahedra].all(axis=1)]
    time = None if problem.time is None else (request.times or (problem.time[1],))[0]
    sampled = sample(request.solution, full, time=time, quantities=request.quantities)
    held = {f"slice_{name}": full.points[:, 3 + index] for index, name in enumerate(problem.coordinates[3:])}
    if time is not None:
        held["slice_t"] = np.full(len(full.points), time)
    _write_mesh(path, Grid(box.points, {"hexahedron": hexahedra}), point_data(sampled) | held)
    return [path]


def _box_grid(lower: Array, upper: Array, cells: int) -> Grid:
    """A box of cells × cells × cells hexahedra."""
    axes = [np.linspace(low, high, cells + 1) for low, high in zip(lower, upper, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    number = np.arange(len(points)).reshape((cells + 1,) * 3)
    corners = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)]  # VTK's order
    hexahedra = np.stack(
        [number[i : cells + i, j : cells + j, k : cells + k].reshape(-1) for i, j, k in corners], axis=-1
    )
    return Grid(points, {"hexahedron": hexahedra})


def _write_mesh(path: Path, grid: Grid, data: dict[str, Any]) -> None:
    import meshio

    mesh = meshio.Mesh(_columns(list(grid.points.T), 3), list(grid.cells.items()), point_data=dict(data))
    write_atomic(path, mesh.write)


def _write_xdmf(request: _Request, path: Path) -> list[Path]:
    """A time series (one instant when the problem has no time); the heavy data goes into an .h5 of the same name.

    Tensors have nine components here: XDMF and VTK order six differently, nine leave no doubt.
    """
    grid = request.grid()
    if not grid.cells:
        raise SpecError(("--format",), f"no mesh in {grid.points.shape[1]} dimensions; use csv, npz or vtu (a slice)")

    def write(scratch: Path) -> None:
        with _series_writer(scratch) as series:
            series.write_points_cells(_columns(list(grid.points.T), 3), list(grid.cells.items()))
            for instant, sampled in request.samples(grid):
                series.write_data(instant, point_data=point_data(sampled, full_tensors=True))

    write_atomic(path, write)
    return [path, path.with_suffix(".h5")]


def _series_writer(path: Path):
    """meshio's writer, with the .h5 beside the .xdmf: meshio itself puts it into the working directory."""
    import h5py
    from meshio.xdmf import TimeSeriesWriter

    class Beside(TimeSeriesWriter):
        def __enter__(self):
            self.h5_filename = str(path.with_suffix(".h5"))
            self.h5_file = h5py.File(self.h5_filename, "w")
            return self

    return Beside(path)


def _write_csv(request: _Request, path: Path) -> list[Path]:
    """One line per point, and per instant: coordinates first, then every scalar, with 17 digits."""
    grid = request.grid()
    coordinates = [*request.problem.coordinates, *(["t"] if request.problem.time is not None else [])]

    def write(scratch: Path) -> None:
        with scratch.open("w", encoding="utf-8") as stream:
            for index, (_, sampled) in enumerate(request.samples(grid)):
                data = point_data(sampled, tensors=False)
                if index == 0:
                    stream.write(",".join([*coordinates, *data]) + "\n")
                np.savetxt(stream, np.column_stack([sampled.points, *data.values()]), delimiter=",", fmt="%.17g")

    write_atomic(path, write)
    return [path]


def _write_npz(request: _Request, path: Path) -> list[Path]:
    """`points` [N, D], `cells_TYPE` [M, corners], then every name: [N] or [N, 3 or 6], after `times` [T]: [T, N, …]."""
    grid = request.grid()
    series = [(instant, point_data(sampled)) for instant, sampled in request.samples(grid)]
    arrays: dict[str, Any] = {"points": grid.points}
    arrays |= {f"cells_{kind}": cells for kind, cells in grid.cells.items()}
    if request.problem.time is None:
        arrays |= series[0][1]
    else:
        arrays["times"] = np.array([instant for instant, _ in series])
        arrays |= {name: np.stack([data[name] for _, data in series]) for name in series[0][1]}
    write_atomic(path, lambda scratch: np.savez_compressed(scratch, **arrays))
    return [path]


def _write_onnx(request: _Request, path: Path) -> list[Path]:
    """The network itself, from coordinates to fields, for onnxruntime and others."""
    for option, value in (
        ("--mesh", request.mesh_file),
        ("--resolution", request.resolution),
        ("--times", request.times),
        ("--quantities", request.quantities),
    ):
        if value is not None:
            raise SpecError((option,), "an .onnx file computes all fields at any point; leave the option out")
    try:
        from pinn.analysis.onnx_export.file import write_onnx
    except ModuleNotFoundError as error:
        raise ResourceError(f"{error.name} is not installed; pip install 'jetpinn[onnx]'") from None
    write_onnx(request.solution, path, np.float32 if request.single else np.float64)
    return [path]


_WRITERS: dict[str, Callable[[_Request, Path], list[Path]]] = {
    ".vtu": _write_vtu,
    ".xdmf": _write_xdmf,
    ".csv": _write_csv,
    ".npz": _write_npz,
    ".onnx": _write_onnx,
}
FORMATS = tuple(suffix.lstrip(".") for suffix in _WRITERS)


def _check_times(problem: Problem, times: tuple[float, ...], path: tuple[str, ...]) -> None:
    if problem.time is None:
        raise SpecError(path, "this problem has no time")
    if not times:
        raise SpecError(path, "name at least one instant")
    start, end = problem.time
    margin = 1e-9 * (end - start)  # so that 0.1 + 0.2 may stand for 0.3
    for instant in times:
        if not start - margin <= instant <= end + margin:
            raise SpecError(path, f"{instant:g} is outside the problem's time, {start:g} to {end:g}")
