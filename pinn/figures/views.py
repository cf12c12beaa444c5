"""What a picture shows of a solution: lines, planes and slices on which every quantity can be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pinn.export.sampling.grid import Array, Grid, space_grid, time_grid
from pinn.export.sampling.sample import Sample, instants, sample, sample_space_time, scalar_names
from pinn.figures.colours import Scale, linear_scale
from pinn.figures.names import with_unit, written

if TYPE_CHECKING:
    from pinn.export.sampling.solved import Solved
    from pinn.problem.problem import Problem

# Cells along each side of a slice through a solid, and along both axes of an (x, t) map; about a cell for two pixels.
SLICE_CELLS = 80
LINE_CELLS = 240
TIME_CELLS = 120

# Instants that are drawn as curves (1D) and as maps (2D).
CURVE_TIMES = 5
MAP_TIMES = 3

# By how much of a cell a node that lies on a point load is moved.
BESIDE = 0.25

# The share of a picture that stresses of 1/r may leave: around a load the colours end at about a twentieth of the size.
AROUND_LOADS = 0.01

# Pictures of single quantities that a run draws unasked: each takes a quarter of a second.
MOST_DRAWN = 8


@dataclass(frozen=True)
class LineView:
    """A quantity against the only space coordinate, or against time where there is none.

    `order` runs along the axis and is cut where the domain is.
    """

    sample: Sample
    label: str
    order: NDArray[np.int64]
    gaps: NDArray[np.int64]  # positions in `order` before which the domain has a gap
    caption: str = ""

    def curve(self, values: Array) -> tuple[Array, Array]:
        """x and values along the axis, NaN in the gaps so that no line crosses them."""
        x = self.sample.points[self.order, 0]
        return np.insert(x, self.gaps, np.nan), np.insert(values[self.order], self.gaps, np.nan)


@dataclass(frozen=True)
class Map:
    """A quantity over a plane: `plane` [N, 2] and `triangles` [M, 3]; `equal` when both axes are lengths."""

    sample: Sample
    labels: tuple[str, str]
    plane: Array
    triangles: NDArray[np.int64]
    equal: bool = True
    caption: str = ""

    @cached_property
    def outline(self) -> NDArray[np.int64]:
        """Edges [E, 2] of the boundary."""
        return outline(self.triangles)


@dataclass(frozen=True)
class Views:
    """The maps and the lines of one solution; a figure shows all maps side by side and all lines in one panel."""

    maps: tuple[Map, ...]
    lines: tuple[LineView, ...]

    @property
    def representative(self) -> Map | None:
        """The map that stands for all: the last instant, or the first of the mid-planes; none for a curve."""
        if not self.maps:
            return None
        return self.maps[-1] if self.maps[0].caption.startswith("t =") else self.maps[0]

    def unit(self, quantity: str) -> str:
        return self.sample.solution.problem.unit_labels.of(quantity)

    def title(self, quantity: str) -> str:
        """How it is written above a picture."""
        return written(self.sample.solution.problem, quantity)

    def named(self, quantity: str) -> str:
        """The same with its unit, where it has one."""
        return with_unit(self.sample.solution.problem, quantity)

    def scale(self, values: Sequence[Array]) -> Scale:
        """Colours of values of the solution; around loads at points they leave more of them out."""
        return linear_scale(values, *([AROUND_LOADS] if self.sample.solution.problem.loads else []))

    @property
    def sample(self) -> Sample:
        """The values behind the representative map, or behind the last curve."""
        return self.lines[-1].sample if self.representative is None else self.representative.sample


def views(solution: Solved, *, quantities: Sequence[str] | None = None) -> Views:
    """How a solution is looked at.

    No space: a curve over time. One dimension: a curve; with time the (x, t) plane and curves at five instants. Two: a
    map; with time at three instants. Three: the mid-planes. More: the plane of the first two coordinates through the
    centre. The latter two are drawn at the last instant, if there is time.
    """
    problem = solution.problem
    dimension = len(problem.coordinates)
    if not dimension:
        grid = time_grid(problem)
        order, gaps = _along(grid)
        when = problem.unit_labels.named("t")
        return Views((), (LineView(sample(solution, grid, quantities=quantities), when, order, gaps),))
    if dimension == 1:
        return _line_views(solution, quantities)
    last = None if problem.time is None else problem.time[1]
    if dimension > 2:
        planes = [(0, 1), (0, 2), (1, 2)] if dimension == 3 else [(0, 1)]
        slices = tuple(_slice(solution, plane, last, quantities) for plane in planes)
        return Views(tuple(found for found in slices if len(found.triangles)), ())
    grid = space_grid(problem)
    triangles = triangles_of(grid)
    labels = named(problem, problem.coordinates[0], problem.coordinates[1])
    if problem.time is None:
        seen = beside_loads(problem, grid, triangles)
        return Views((Map(sample(solution, seen, quantities=quantities), labels, grid.points, triangles),), ())
    maps = []
    for t in instants(problem.time, MAP_TIMES):
        values = sample(solution, grid, time=t, quantities=quantities)
        maps.append(Map(values, labels, grid.points, triangles, caption=at_time(problem, t)))
    return Views(tuple(maps), ())


def beside_loads(problem: Problem, grid: Grid, triangles: NDArray[np.int64]) -> Grid:
    """The grid with what lies on a point load moved a little towards a neighbour: a picture has no hole there."""
    points = grid.points.copy()
    for load in problem.loads:
        for node in np.flatnonzero(load.acts_at(points, problem.geometry.size)):
            others = np.setdiff1d(triangles[(triangles == node).any(axis=1)], node)
            edges = outline(triangles)
            along = np.setdiff1d(edges[(edges == node).any(axis=1)], node)  # on an edge fields are others than below it
            tried = grid.points[node] + BESIDE * (grid.points[[*along, *others]] - grid.points[node])
            inside = np.flatnonzero(problem.geometry.contains(tried, 0.0))
            if len(inside):
                points[node] = tried[inside[0]]
    return replace(grid, points=points)


def triangles_of(grid: Grid) -> NDArray[np.int64]:
    """The triangles of a plane grid, quadrilaterals cut in two, cells of second order into straight ones."""
    from pinn.geometry.meshing.triangulation import straight_cells

    cells = straight_cells(grid.cells)
    found = [cells.get("triangle", np.empty((0, 3), np.int64))]
    if "quad" in cells:
        quads = cells["quad"]
        found += [quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]
    return np.concatenate(found)


def outline(triangles: NDArray[np.int64]) -> NDArray[np.int64]:
    """Edges [E, 2] that belong to one triangle only: the boundary of the mesh."""
    edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    keys = edges[:, 0] * (int(triangles.max(initial=0)) + 1) + edges[:, 1]  # one number sorts faster than two
    _, first, count = np.unique(keys, return_index=True, return_counts=True)
    return edges[first[count == 1]]


def _line_views(solution: Solved, quantities: Sequence[str] | None) -> Views:
    problem = solution.problem
    grid = space_grid(problem)
    order, gaps = _along(grid)
    x, when = named(problem, problem.coordinates[0], "t")
    if problem.time is None:
        return Views((), (LineView(sample(solution, grid, quantities=quantities), x, order, gaps),))
    coarse = space_grid(problem, resolution=LINE_CELLS)
    flat = sample_space_time(solution, coarse, instants(problem.time, TIME_CELLS + 1), quantities=quantities)
    whole = Map(flat, (x, when), flat.points, triangles_of(flat.grid), equal=False)
    curves = tuple(
        LineView(sample(solution, grid, time=t, quantities=quantities), x, order, gaps, caption=at_time(problem, t))
        for t in instants(problem.time, CURVE_TIMES)
    )
    return Views((whole,), curves)


def _along(grid: Grid) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The order of the points along the axis, and the positions where neighbours are not joined by a cell."""
    order = np.argsort(grid.points[:, 0], kind="stable")
    rank = np.empty(len(order), int)
    rank[order] = np.arange(len(order))
    joined = np.zeros(len(order) + 1, bool)
    joined[np.sort(rank[grid.cells["line"]], axis=1)[:, 1]] = True
    return order, np.flatnonzero(~joined[1 : len(order)]) + 1


def _slice(solution: Solved, axes: tuple[int, int], time: float | None, quantities: Sequence[str] | None) -> Map:
    """A plane through the centre of the box, along two of the coordinates, cut to the domain."""
    problem = solution.problem
    shape = problem.geometry
    lower, upper = shape.bounds
    first, second = (np.linspace(lower[axis], upper[axis], SLICE_CELLS + 1) for axis in axes)
    plane = np.stack(np.meshgrid(first, second, indexing="ij"), axis=-1).reshape(-1, 2)
    points = np.tile((lower + upper) / 2, (len(plane), 1))
    points[:, axes] = plane
    number = np.arange(len(plane)).reshape(len(first), len(second))
    quads = np.stack([number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]], axis=-1).reshape(-1, 4)
    inside = shape.contains(points, tolerance=1e-9 * shape.size)
    triangles = triangles_of(Grid(plane, {"quad": quads}))
    triangles = triangles[inside[triangles].all(axis=1)]
    used, triangles = np.unique(triangles, return_inverse=True)
    label = problem.unit_labels.with_unit
    held = [
        label(f"{name} = {points[0, axis]:.3g}", name)
        for axis, name in enumerate(problem.coordinates)
        if axis not in axes
    ]
    if time is not None:
        held.append(at_time(problem, time))
    return Map(
        sample(solution, Grid(points[used], {}), time=time, quantities=quantities),
        named(problem, problem.coordinates[axes[0]], problem.coordinates[axes[1]]),
        plane[used],
        triangles.reshape(-1, 3),
        caption=", ".join(held),
    )


def drawn_quantities(problem: Problem) -> tuple[str, ...]:
    """What is drawn: what `outputs.quantities` names; else at most MOST_DRAWN, the likely wishes first.

    Fields, what has an exact value, the von Mises stress, tensors other than strain, then the other definitions. The
    exported files hold all of them.
    """
    if problem.spec.outputs.quantities is not None:
        return scalar_names(problem, problem.spec.outputs.quantities)
    tensors = [name for key, parts in problem.tensors.items() if key != "strain" for name in parts.values()]
    wished = [*problem.fields, *problem.exact_quantities, "von_mises", *tensors, *problem.quantities]
    return tuple(name for name in dict.fromkeys(wished) if name in problem.quantities)[:MOST_DRAWN]


def named(problem: Problem, first: str, second: str) -> tuple[str, str]:
    """Two axes by their names, with their units where they have some."""
    return problem.unit_labels.named(first), problem.unit_labels.named(second)


def at_time(problem: Problem, time: float) -> str:
    """t = 0.5, or t = 0.5 s."""
    return problem.unit_labels.with_unit(f"t = {time:.3g}", "t")


def displacement(solution: Solved) -> tuple[str, ...] | None:
    """The components of `displacement`, if the problem has that vector in as many dimensions as space, two or three."""
    problem = solution.problem
    components = tuple(problem.vectors.get("displacement", ()))
    if len(components) != len(problem.coordinates) or len(components) not in (2, 3):
        return None
    return components if all(name in problem.quantities for name in components) else None


def leading_quantity(solution: Solved) -> str:
    """What a summary shows: what the spec asks for first, else von Mises stress, else what has an exact value."""
    problem = solution.problem
    asked = problem.spec.outputs.quantities
    if asked:
        return scalar_names(problem, asked)[0]
    if "von_mises" in problem.quantities:
        return "von_mises"
    return next((name for name in problem.quantities if name in problem.exact_quantities), problem.quantities[0])
