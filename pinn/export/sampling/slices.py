"""Slices: what a file with three coordinates can show of a domain that has more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pinn.export.sampling.grid import Array, Grid, default_resolution
from pinn.export.sampling.sample import Sample, scalar_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinn.export.sampling.solved import Solved


def central_slice(
    solution: Solved, *, resolution: int | None, time: float | None, quantities: Sequence[str] | None
) -> Sample:
    """Through the centre of the box, along the first three coordinates.

    The coordinates that are held are marks of the grid, `slice_NAME`, constant.
    """
    problem = solution.problem
    lower, upper = problem.geometry.bounds
    points, hexahedra = _box(lower[:3], upper[:3], resolution or default_resolution(problem))
    full = np.hstack([points, np.tile((lower[3:] + upper[3:]) / 2, (len(points), 1))])
    inside = np.asarray(problem.geometry.contains(full), bool)
    marks = {f"slice_{name}": full[:, 3 + index] for index, name in enumerate(problem.coordinates[3:])}
    if time is not None:
        marks["slice_t"] = np.full(len(full), time)
        full = np.column_stack([full, marks["slice_t"]])
    grid = Grid(points, {"hexahedron": hexahedra[inside[hexahedra].all(axis=1)]}, marks=marks)
    return Sample(solution, grid, full, scalar_names(problem, quantities))


def _box(lower: Array, upper: Array, cells: int) -> tuple[Array, np.ndarray]:
    """A box of cells × cells × cells hexahedra: points [N, 3], node numbers [M, 8]."""
    axes = [np.linspace(low, high, cells + 1) for low, high in zip(lower, upper, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    number = np.arange(len(points)).reshape((cells + 1,) * 3)
    corners = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)]  # VTK's order
    hexahedra = [number[i : cells + i, j : cells + j, k : cells + k].reshape(-1) for i, j, k in corners]
    return points, np.stack(hexahedra, axis=-1)
