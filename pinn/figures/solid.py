"""The picture of a deformed solid: its surface in three dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d.art3d import Line3DCollection, Poly3DCollection

from pinn.export.sampling.grid import Grid, space_grid
from pinn.export.sampling.sample import sample
from pinn.figures.colours import linear_scale
from pinn.figures.panels import FAINT, colour_bar
from pinn.figures.quantities import enlargement
from pinn.figures.views import at_time

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pinn.export.sampling.solved import Solved

# Cells along the longest side: matplotlib sorts the faces one by one, a finer surface takes seconds.
RESOLUTION = 12

# The corners of a cell's faces.
_FACES = {
    "tetra": ((0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)),
    "hexahedron": ((0, 1, 2, 3), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)),
}


def deformed_solid(solution: Solved, components: Sequence[str]) -> Figure | None:
    """The deformed surface coloured by |displacement|, at the last instant if there is time; None if nothing moves."""
    problem = solution.problem
    grid = space_grid(problem, resolution=RESOLUTION)
    time = None if problem.time is None else problem.time[1]
    values = sample(solution, grid, time=time, quantities=components).values
    moved = np.column_stack([values[name] for name in components])
    magnitude = np.linalg.norm(moved, axis=1)
    largest = float(np.nanmax(magnitude, initial=0))
    if not np.isfinite(largest) or largest == 0:
        return None
    factor = enlargement(float(np.ptp(grid.points, axis=0).max()), largest)
    deformed = grid.points + factor * moved
    scale = linear_scale([magnitude])
    colours = colormaps[str(scale.colours)]
    figure = Figure(figsize=(6.4, 4.4))
    axes: Any = figure.add_axes((0.0, 0.03, 0.78, 0.87), projection="3d")
    for faces in surface(grid):
        shade = colours(scale.norm(magnitude[faces].mean(axis=1)))
        axes.add_collection3d(Poly3DCollection(deformed[faces], facecolors=shade, edgecolors=shade, linewidths=0.2))
    axes.add_collection3d(Line3DCollection(box_edges(grid.points), colors=FAINT, linewidths=0.7, linestyles="--"))
    every = np.vstack([deformed, grid.points])
    lower, upper = every.min(axis=0), every.max(axis=0)
    axes.set(xlim=(lower[0], upper[0]), ylim=(lower[1], upper[1]), zlim=(lower[2], upper[2]))
    axes.set_box_aspect(upper - lower)
    x, y, z = (problem.unit_labels.named(axis) for axis in problem.coordinates)
    axes.set(xlabel=x, ylabel=y, zlabel=z)
    axes.locator_params(nbins=4)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.pane.set_visible(False)
    axes.grid(False)
    when = "" if time is None else f", {at_time(problem, time)}"
    figure.suptitle(f"|displacement|, deformation × {factor:g}{when}")
    unit = problem.unit_labels.of("displacement")
    colour_bar(ScalarMappable(scale.norm, scale.colours), figure.add_axes((0.87, 0.18, 0.02, 0.6)), scale, unit)
    return figure


def surface(grid: Grid) -> list[NDArray[np.int64]]:
    """The faces that belong to one cell only: arrays [M, 3] and [M, 4]."""
    from pinn.geometry.meshing.triangulation import straight_cells

    found = []
    for kind, cells in straight_cells(grid.cells).items():
        if kind in _FACES:
            faces = np.concatenate([cells[:, corners] for corners in _FACES[kind]])
            _, first, count = np.unique(np.sort(faces, axis=1), axis=0, return_index=True, return_counts=True)
            found.append(faces[first[count == 1]])
    return found


def box_edges(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The twelve edges [12, 2, 3] of the box around the undeformed body."""
    lower, upper = points.min(axis=0), points.max(axis=0)
    corners = np.array([[(lower, upper)[bit >> axis & 1][axis] for axis in range(3)] for bit in range(8)])
    return np.array([(corners[i], corners[i | 1 << axis]) for i in range(8) for axis in range(3) if not i >> axis & 1])
