"""The fields of a solution as numbers that a page can draw: nodes, triangles, and values at instants."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pinn.export.sampling.grid import Array, space_grid
from pinn.export.sampling.sample import instants, sample
from pinn.figures.colours import linear_scale
from pinn.figures.solid import surface
from pinn.figures.views import at_time, displacement, drawn_quantities, leading_quantity, triangles_of, views

if TYPE_CHECKING:
    from pinn.export.sampling.solved import Solved
    from pinn.problem.problem import Problem

INSTANTS = 9  # of a problem in time
SOLID_RESOLUTION = 24  # cells along the longest side of a solid, of which the surface is drawn
SHADES = 64


@dataclass(frozen=True)
class Frame:
    """Values at one instant: quantity -> [N]."""

    label: str
    values: dict[str, Array]


@dataclass(frozen=True)
class FieldView:
    """What is drawn: points [N, 2 or 3], triangles [M, 3], frames, and the components that deform it.

    units    name of a quantity or an axis -> its unit, where it has one
    swings   whether the frames are modes, which swing, and no instants
    """

    axes: tuple[str, ...]
    points: Array
    triangles: NDArray[np.int64]
    frames: tuple[Frame, ...]
    displacement: tuple[str, ...]
    swings: bool = False
    units: dict[str, str] = field(default_factory=dict)


def field_view(solution: Solved) -> FieldView | None:
    """The fields over the plane, the (x, t) plane or the surface of a solid; None for a curve.

    More than three dimensions are seen on the plane of the first two.
    """
    problem = solution.problem
    if solution.modes and len(problem.coordinates) not in (2, 3):
        return None
    first, moved = leading_quantity(solution), displacement(solution) or ()
    first = problem.fields[0] if solution.modes else first
    names = tuple(dict.fromkeys((first, *drawn_quantities(problem), *moved)))
    dimension = len(problem.coordinates)
    if dimension in (2, 3):
        return _of_space(solution, names)
    plane = views(solution, quantities=names).representative
    if plane is None:
        return None
    frame = Frame(plane.caption, {name: plane.sample.values[name] for name in names})
    axes = (problem.coordinates[0], "t") if dimension == 1 else problem.coordinates[:2]
    return FieldView(axes, plane.plane, plane.triangles, (frame,), (), units=units_of(problem, (*axes, *names)))


def _of_space(solution: Solved, names: tuple[str, ...]) -> FieldView:
    problem = solution.problem
    solid = len(problem.coordinates) == 3
    grid = space_grid(
        problem, resolution=SOLID_RESOLUTION if solid and not hasattr(problem.geometry, "cells") else None
    )
    faces = np.concatenate([_triangles(part) for part in surface(grid)]) if solid else triangles_of(grid)
    used, triangles = np.unique(faces, return_inverse=True)
    times = [None] if problem.time is None else instants(problem.time, INSTANTS).tolist()
    seen = grid.taken(used)
    frames = [
        Frame(
            "" if time is None else at_time(problem, time), sample(solution, seen, time=time, quantities=names).values
        )
        for time in times
    ]
    if solution.modes:
        frames = [Frame(mode.label, sample(mode.solution, seen, quantities=names).values) for mode in solution.modes]
    elif solution.members:
        frames = [
            Frame(name, sample(member, seen, quantities=names).values) for name, member in solution.members.items()
        ]
    points = np.asarray(seen.points, float)
    moved = displacement(solution) or ()
    swings = bool(solution.modes)
    units = units_of(problem, (*problem.coordinates, *names))
    return FieldView(problem.coordinates, points, triangles.reshape(-1, 3), tuple(frames), moved, swings, units)


def units_of(problem: Problem, names: Iterable[str]) -> dict[str, str]:
    """Those that have one."""
    return {name: unit for name in names if (unit := problem.unit_labels.of(name))}


def _triangles(faces: NDArray[np.int64]) -> NDArray[np.int64]:
    """Faces [M, 3] or [M, 4] as triangles."""
    return faces if faces.shape[1] == 3 else np.concatenate([faces[:, [0, 1, 2]], faces[:, [0, 2, 3]]])


def as_json(view: FieldView) -> dict[str, Any]:
    """The view with arrays as base64 of little-endian numbers, and each quantity's colours over all frames."""
    from matplotlib import colormaps

    quantities = {}
    for name in view.frames[0].values:
        scale = linear_scale([frame.values[name] for frame in view.frames])
        shades = colormaps[str(scale.colours)](np.linspace(0, 1, SHADES))[:, :3]
        low, high = float(scale.norm.vmin or 0), float(scale.norm.vmax or 0)
        unit = view.units.get(name, "")
        quantities[name] = {
            "unit": unit,
            "low": low,
            "high": high,
            "shades": np.rint(255 * shades).astype(int).ravel().tolist(),
        }
    return {
        "axes": list(view.axes),
        "units": {axis: view.units.get(axis, "") for axis in view.axes},
        "dimension": view.points.shape[1],
        "points": encoded(view.points, "<f4"),
        "triangles": encoded(view.triangles, "<u4"),
        "quantities": quantities,
        "displacement": list(view.displacement),
        "swings": view.swings,
        "frames": [
            {"label": frame.label, "values": {name: encoded(values, "<f4") for name, values in frame.values.items()}}
            for frame in view.frames
        ],
    }


def encoded(values: NDArray[Any], kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode("ascii")
