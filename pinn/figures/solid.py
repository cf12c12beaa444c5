"""Pictures of solids: the surface in three dimensions, deformed and coloured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d.art3d import Line3DCollection, Poly3DCollection

from pinn.export.sampling.grid import Array, Grid, space_grid
from pinn.export.sampling.sample import sample
from pinn.figures.colours import linear_scale
from pinn.figures.names import written
from pinn.figures.page import BAR, Panel, beside, page
from pinn.figures.panels import FAINT, colour_bar
from pinn.figures.quantities import enlargement
from pinn.figures.views import at_time, displacement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pinn.export.sampling.solved import Solved

# Cells along the longest side: matplotlib sorts the faces one by one, a finer surface takes seconds.
RESOLUTION = 16

SIZE = (4.8, 3.6)  # inches
NUMBERS = 0.5  # inches, for the numbers of the axis that stands to the right
LIGHT = np.array([0.32, -0.6, 0.73])  # towards the light, of length 1
AMBIENT = 0.8  # brightness of what is turned away from it

# The corners of a cell's faces.
_FACES = {
    "tetra": ((0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)),
    "hexahedron": ((0, 1, 2, 3), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)),
}


@dataclass(frozen=True, eq=False)
class Solid:
    """The surface of a body at its last instant, and how far it is drawn from where it was.

    moved    [N, 3], what its displacement is enlarged to; zero where it has none
    factor   by which it is enlarged; 0 where nothing moves
    """

    grid: Grid
    values: dict[str, Array]
    moved: Array
    factor: float
    when: str


def solid_of(solution: Solved, quantities: Sequence[str]) -> Solid:
    problem = solution.problem
    components = displacement(solution) or ()
    grid = space_grid(problem, resolution=RESOLUTION)
    time = None if problem.time is None else problem.time[1]
    values = sample(solution, grid, time=time, quantities=[*dict.fromkeys((*components, *quantities))]).values
    moved = np.column_stack([values[name] for name in components]) if components else np.zeros_like(grid.points)
    moved = np.where(np.isfinite(moved), moved, 0.0)
    largest = float(np.linalg.norm(moved, axis=1).max(initial=0))
    factor = enlargement(float(np.ptp(grid.points, axis=0).max()), largest) if largest > 0 else 0.0
    return Solid(grid, values, factor * moved, factor, "" if time is None else f", {at_time(problem, time)}")


def deformed_solid(solution: Solved, components: Sequence[str]) -> Figure | None:
    """The deformed surface coloured by |displacement|; None if nothing moves."""
    solid = solid_of(solution, components)
    if not solid.factor:
        return None
    magnitude = np.linalg.norm(np.column_stack([solid.values[name] for name in components]), axis=1)
    title = f"|displacement|, deformation × {solid.factor:g}{solid.when}"
    return page([solid_panel(solution, solid, magnitude, title, "displacement")], 1)


def surface_panel(solution: Solved, name: str) -> Panel:
    """The surface coloured by a quantity, deformed where the body moves."""
    solid = solid_of(solution, [name])
    deformed = f", deformation × {solid.factor:g}" if solid.factor else ""
    title = f"{written(solution.problem, name)}{deformed}{solid.when}"
    return solid_panel(solution, solid, solid.values[name], title, name)


def solid_panel(solution: Solved, solid: Solid, values: Array, title: str, quantity: str) -> Panel:
    """A surface in three dimensions under a light, with the box of the body where it was; `quantity` has the unit."""
    problem, grid = solution.problem, solid.grid

    def paint(axes: Any) -> None:
        drawn = grid.points + solid.moved
        scale = linear_scale([values])
        colours = colormaps[str(scale.colours)]
        for faces in surface(grid):
            shade = colours(scale.norm(values[faces].mean(axis=1)))
            shade[:, :3] *= light(drawn[faces])[:, None]
            axes.add_collection3d(Poly3DCollection(drawn[faces], facecolors=shade, edgecolors=shade, linewidths=0.2))
        if solid.factor:
            edges = Line3DCollection(box_edges(grid.points), colors=FAINT, linewidths=0.7, linestyles="--")
            axes.add_collection3d(edges)
        every = np.vstack([drawn, grid.points])
        lower, upper = every.min(axis=0), every.max(axis=0)
        axes.set(xlim=(lower[0], upper[0]), ylim=(lower[1], upper[1]), zlim=(lower[2], upper[2]))
        axes.set_box_aspect(upper - lower)
        x, y, z = (problem.unit_labels.named(axis) for axis in problem.coordinates)
        axes.set(xlabel=x, ylabel=y, zlabel=z)
        axes.locator_params(nbins=4)
        for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
            axis.pane.set_visible(False)
        axes.grid(False)
        axes.set_title(title)
        mappable = ScalarMappable(scale.norm, scale.colours)
        colour_bar(mappable, beside(axes, gap=NUMBERS, share=0.7), scale, problem.unit_labels.of(quantity))

    return Panel(SIZE, paint, NUMBERS + BAR, projection="3d")


def light(faces: Array) -> Array:
    """Brightness [M] of faces [M, corners, 3] under a light from the viewer's left, above."""
    across = np.cross(faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0])
    lengths = np.linalg.norm(across, axis=1)
    towards = np.abs(across @ LIGHT) / np.where(lengths > 0, lengths, 1.0)
    return AMBIENT + (1 - AMBIENT) * towards


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
