"""Export: a solution in files that other programs read, by the suffix of their name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pinn.errors import SpecError, did_you_mean
from pinn.export.formats.registry import TABLES, WRITERS
from pinn.export.sampling.line import Line
from pinn.export.sampling.places import GAUSS, NODES, PLACES
from pinn.export.sampling.request import Request
from pinn.export.sampling.sample import instants
from pinn.spec.parameters import complete

if TYPE_CHECKING:
    from pinn.export.sampling.solved import Solved
    from pinn.problem.problem import Problem


# Of our own mesh: as many as exports are measured with (results/benchmarks/large_export.md).
MOST_POINTS = 5_000_000


def export(
    solution: Solved,
    path: Path | str,
    *,
    resolution: int | None = None,
    mesh_file: Path | str | None = None,
    line: Line | None = None,
    on: Sequence[str] = (NODES,),
    times: Sequence[float] | None = None,
    quantities: Sequence[str] | None = None,
    single: bool = False,
    at: Mapping[str, float] | None = None,
    say: Callable[[str], None] | None = None,
) -> list[Path]:
    """Write the solution in the format of the path's suffix; return the files written.

    Every field and quantity goes under its own name, with `exact_NAME` and `error_NAME` where an exact value exists,
    `standard_deviation_NAME` where the data have noise, `residual_EQUATION` (dimensionless) when no quantities are
    named, and vectors and symmetric tensors as such. The points are those of `mesh_file`, of our own mesh with
    `resolution` cells along the longest side, or of a `line`.
    Outside the domain there are no values, but nan; `say` is told how many points of a file or a line lie there.
    `on` is nodes (point data), cells (cell data, at their centres), both, or gauss: a cloud of Gauss points.
    A problem with time and one space dimension becomes a .vtu on the (x, t) plane, one without space a line along t, in
    every format; in more dimensions a .vtu holds one
    instant, the last unless `times` names another; the other formats hold all `times`, eleven by default. An .onnx
    holds the fields as functions, in double precision unless `single`.
    Of a family of problems a file holds the member `at` these parameters, in their middle by default; an .onnx without
    `at` has them as inputs.

    Raises SpecError for an unknown suffix, quantity, instant, place or mesh; ResourceError when the file cannot be
    written.
    """
    path = Path(path)
    if path.suffix not in WRITERS:
        raise SpecError(("--format",), f"unknown format '{path.suffix}'{did_you_mean(path.suffix, tuple(WRITERS))}")
    if at or path.suffix != ".onnx":
        complete(at or {}, solution.problem.parameters, ("--at",))
        solution = solution.at(**(at or {}))
    wanted = None if times is None else tuple(float(instant) for instant in times)
    names = None if quantities is None else tuple(quantities)
    request = Request(solution, resolution, mesh_file, line, tuple(dict.fromkeys(on)), wanted, names, single)
    _check(request, path.suffix)
    files = WRITERS[path.suffix](request, path)
    if say is not None and path.suffix != ".onnx":
        for words in request.without_values():
            say(words)
    return files


def _check(request: Request, suffix: str) -> None:
    """Raises SpecError for options that do not go together."""
    if request.resolution is not None:
        if request.resolution < 1:
            raise SpecError(("--resolution",), f"must be at least 1, got {request.resolution}")
        if getattr(request.problem.geometry, "cells", None):
            message = "the domain is a mesh and keeps its own nodes; name a finer one by --mesh"
            raise SpecError(("--resolution",), message)
        if (points := points_of_mesh(request.problem, request.resolution)) > MOST_POINTS:
            message = f"{request.resolution} cells along the longest side make about {points:.1e} points"
            raise SpecError(("--resolution",), f"{message}; at most {MOST_POINTS:,} are made, a --mesh may have more")
    if request.line is not None and (request.mesh_file is not None or request.resolution is not None):
        raise SpecError(("--line",), "has points of its own; leave out --mesh and --resolution")
    if request.times is not None:
        _check_times(request.problem, request.times, ("--times",))
    if request.single and suffix != ".onnx":
        raise SpecError(("--single",), f"belongs to --format onnx, got '{suffix}'; leave it out")
    _check_places(request, suffix)


def points_of_mesh(problem: Problem, resolution: int) -> float:
    """About how many points our own mesh of the bounding box has; of more than three dimensions it is a slice."""
    if not problem.coordinates:
        return resolution + 1.0
    lower, upper = (np.asarray(bound, float)[:3] for bound in problem.geometry.bounds)
    sides = upper - lower
    cells = np.full(len(sides), resolution) if len(problem.coordinates) > 3 else resolution * sides / sides.max()
    return float(np.prod(cells + 1.0))


def _check_places(request: Request, suffix: str) -> None:
    on = request.on
    for place in on:
        if place not in PLACES:
            raise SpecError(("--on",), f"unknown place '{place}'{did_you_mean(place, PLACES)}")
    if not on or (GAUSS in on and len(on) > 1):
        raise SpecError(("--on",), f"is nodes, cells, nodes,cells or gauss, got '{','.join(on)}'")
    if len(on) > 1 and suffix in TABLES:
        raise SpecError(("--on",), f"a table has one kind of rows, got {','.join(on)}; choose one, or use vtu or xdmf")
    if request.line is not None and on != (NODES,):
        raise SpecError(("--on",), "a line has only its points; leave --on out")


def export_fields(solution: Solved, folder: Path) -> list[Path]:
    """The fields that a run leaves, as `outputs` of the spec has it; with no formats, none.

    A .vtu of a problem with space and time comes with a series, fields.xdmf unless another is wanted; in more than
    three dimensions, where a .vtu is only a slice, with a cloud of points, fields.npz.
    """
    problem, outputs = solution.problem, solution.problem.spec.outputs
    formats = list(outputs.formats)
    if (
        "vtu" in formats
        and problem.coordinates
        and problem.time is not None
        and not {"xdmf", "pvd", "vtkhdf"} & set(formats)
    ):
        formats.append("xdmf")
    if formats and len(problem.coordinates) > 3:
        formats = list(
            dict.fromkeys("npz" if name in ("xdmf", "pvd", "vtkhdf") else name for name in [*formats, "npz"])
        )
    solution = solution.at()
    written: list[Path] = []
    for name in formats:
        series = problem.time is not None and problem.coordinates and name != "vtu"
        times = output_times(problem) if series else None
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
