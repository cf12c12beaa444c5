"""VTU: the mesh and the values of one instant, for ParaView."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pinn.analysis.point_data import columns, point_data
from pinn.analysis.request import Request
from pinn.analysis.sample import Array, Grid, default_resolution, instants, sample, sample_space_time
from pinn.errors import SpecError
from pinn.run.directory import write_atomic

# Cells along the time axis of an (x, t) plane.
TIME_CELLS = 200


def write_vtu(request: Request, path: Path) -> list[Path]:
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
    write_mesh(path, sampled.grid, point_data(sampled))
    return [path]


def _write_slice(request: Request, path: Path) -> list[Path]:
    """More than three dimensions: the slice through the centre of the box, along the first three coordinates.

    The coordinates that are held are arrays of the file, `slice_NAME`, constant.
    """
    problem = request.problem
    lower, upper = problem.geometry.bounds
    cells = request.resolution or default_resolution(problem)
    box = box_grid(lower[:3], upper[:3], cells)
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
    write_mesh(path, Grid(box.points, {"hexahedron": hexahedra}), point_data(sampled) | held)
    return [path]


def box_grid(lower: Array, upper: Array, cells: int) -> Grid:
    """A box of cells × cells × cells hexahedra."""
    axes = [np.linspace(low, high, cells + 1) for low, high in zip(lower, upper, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    number = np.arange(len(points)).reshape((cells + 1,) * 3)
    corners = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)]  # VTK's order
    hexahedra = np.stack(
        [number[i : cells + i, j : cells + j, k : cells + k].reshape(-1) for i, j, k in corners], axis=-1
    )
    return Grid(points, {"hexahedron": hexahedra})


def write_mesh(path: Path, grid: Grid, data: dict[str, Any]) -> None:
    import meshio

    mesh = meshio.Mesh(columns(list(grid.points.T), 3), list(grid.cells.items()), point_data=dict(data))
    write_atomic(path, mesh.write)
