"""A solution evaluated at the points of a mesh: what export writes and figures draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pinn.errors import ResourceError, SpecError, did_you_mean

if TYPE_CHECKING:
    from pinn.geometry.shapes import Shape
    from pinn.problem import Problem
    from pinn.solution import Solution

Array = NDArray[np.float64]

# Points evaluated at once: 100k points with the jets of a 2×64 network stay below about 500 MB.
CHUNK = 100_000

# Cells along the longest side are `outputs.resolution` in two dimensions; a line shows sharper fronts for little, and a
# solid has so many more cells that half as many per side fill a file of about 10 MB.
_RESOLUTION_FACTOR = {1: 8, 2: 1, 3: 0.5}

# Points of a cloud that stands in for a mesh in more than three dimensions.
CLOUD_SIZE = 20_000


@dataclass(frozen=True)
class Grid:
    """Points [N, D] in space and the cells between them: cell type -> [M, corners]; no cells for a cloud.

    subdomain   number of the subdomain [N] that each point is seen from; None where there are no subdomains
    """

    points: Array
    cells: Mapping[str, NDArray[np.int64]]
    subdomain: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class Sample:
    """Values at the points of a grid; `points` [N, D or D+1] has the time last if there is one.

    The residual is the dimensionless one that training sees. Each kind of value is computed when first asked for.
    """

    solution: Solution
    grid: Grid
    points: Array
    names: tuple[str, ...] = field(default=())

    @cached_property
    def values(self) -> dict[str, Array]:
        """Fields and quantities: name -> [N]."""
        return self._evaluated(lambda points, **seen: self.solution(points, quantities=list(self.names), **seen))

    @cached_property
    def exact(self) -> dict[str, Array]:
        """Exact or reference values, of the quantities asked for that have them."""
        names = [name for name in self.names if name in self.solution.problem.exact_quantities]
        if not names:
            return {}
        everything = self._evaluated(self.solution.exact)
        return {name: everything[name] for name in names}

    @cached_property
    def error(self) -> dict[str, Array]:
        """Solution minus exact."""
        return {name: self.values[name] - exact for name, exact in self.exact.items()}

    @cached_property
    def residual(self) -> dict[str, Array]:
        """Equation name -> residual [N], dimensionless."""
        return self._evaluated(self.solution.residual)

    def _evaluated(self, evaluate: Callable[..., Mapping[str, Any]]) -> dict[str, Array]:
        """`evaluate` at the points, each seen from its subdomain where there are several."""
        if self.grid.subdomain is None:
            return in_chunks(evaluate, self.points)
        seen = self.grid.subdomain
        found: dict[str, Array] = {}
        for number in np.unique(seen):
            rows = np.flatnonzero(seen == number)
            part = in_chunks(
                lambda points, n=number: evaluate(points, subdomain=np.full(len(points), n)), self.points[rows]
            )
            for name, values in part.items():
                found.setdefault(name, np.empty(len(seen)))[rows] = values
        return found


def sample(
    solution: Solution, grid: Grid, *, time: float | None = None, quantities: Sequence[str] | None = None
) -> Sample:
    """The solution on the grid, at one time if the problem has time; all quantities unless some are named."""
    points = grid.points if time is None else np.column_stack([grid.points, np.full(len(grid.points), float(time))])
    return Sample(solution, grid, points, scalar_names(solution.problem, quantities))


def sample_space_time(
    solution: Solution, grid: Grid, times: Sequence[float] | Array, *, quantities: Sequence[str] | None = None
) -> Sample:
    """The solution over the (x, t) plane: a line grid times the instants, as quadrilaterals."""
    x, instants = grid.points[:, 0], np.asarray(times, float)
    plane = np.column_stack([np.tile(x, len(instants)), np.repeat(instants, len(x))])
    line = np.asarray(grid.cells["line"])
    below = np.concatenate([line + level * len(x) for level in range(len(instants) - 1)])
    quads = np.column_stack([below, below[:, ::-1] + len(x)])
    seen = None if grid.subdomain is None else np.tile(grid.subdomain, len(instants))
    return Sample(solution, Grid(plane, {"quad": quads}, seen), plane, scalar_names(solution.problem, quantities))


def instants(time: tuple[float, float], count: int) -> Array:
    """`count` equidistant instants from the first to the last."""
    start, end = time
    return np.linspace(start, end, count)


def in_chunks(evaluate: Callable[[Array], Mapping[str, Any]], points: Array) -> dict[str, Array]:
    """Call `evaluate` on at most CHUNK points at a time and join the results."""
    parts = [evaluate(points[start : start + CHUNK]) for start in range(0, max(len(points), 1), CHUNK)]
    return {name: np.concatenate([np.asarray(part[name], float).reshape(-1) for part in parts]) for name in parts[0]}


def scalar_names(problem: Problem, quantities: Sequence[str] | None) -> tuple[str, ...]:
    """The scalar quantities behind the names asked for: a vector or a tensor stands for its components.

    Raises SpecError for a name that the problem does not know.
    """
    if quantities is None:
        return tuple(problem.quantities)
    names: list[str] = []
    for name in quantities:
        if name in problem.quantities:
            names.append(name)
        elif name in problem.vectors:
            names += problem.vectors[name]
        elif name in problem.tensors:
            names += problem.tensors[name].values()
        else:
            known = (*problem.quantities, *problem.vectors, *problem.tensors)
            raise SpecError((), f"unknown quantity '{name}'{did_you_mean(name, known)}")
    return tuple(dict.fromkeys(names))


def space_grid(problem: Problem, *, resolution: int | None = None, mesh_file: Path | str | None = None) -> Grid:
    """A mesh of the problem's domain: the user's file, or our own with `resolution` cells along the longest side.

    A domain of more than three dimensions has no mesh: it gives a cloud of random points.
    """
    dimension = len(problem.coordinates)
    if mesh_file is not None:
        return located(read_grid(Path(mesh_file), dimension), problem)
    if dimension > 3:
        from pinn.geometry.sampling import sample_interior

        return located(Grid(sample_interior(problem.geometry, CLOUD_SIZE, seed=0), {}), problem)
    return _triangulated(problem.subdomains.partition or problem.geometry, resolution or default_resolution(problem))


@lru_cache(maxsize=4)  # export and figures ask for the same mesh, which takes a second to make
def _triangulated(shape: Shape, resolution: int) -> Grid:
    from pinn.geometry.partition import Partition
    from pinn.geometry.partition_mesh import triangulate_parts
    from pinn.geometry.triangulation import triangulate

    mesh, part = (
        triangulate_parts(shape, resolution) if isinstance(shape, Partition) else (triangulate(shape, resolution), None)
    )
    return Grid(np.asarray(mesh.points, float), {kind: np.asarray(cells) for kind, cells in mesh.cells.items()}, part)


def located(grid: Grid, problem: Problem) -> Grid:
    """The grid with the subdomain of each cell: nodes on an interface, which cells of several share, are doubled."""
    partition = problem.subdomains.partition
    if partition is None:
        return grid
    if not grid.cells:
        return Grid(grid.points, grid.cells, partition.part_of(grid.points))
    part = {kind: partition.part_of(grid.points[cells].mean(axis=1)) for kind, cells in grid.cells.items()}
    codes = {kind: cells * len(partition.parts) + part[kind][:, None] for kind, cells in grid.cells.items()}
    used = np.unique(np.concatenate([code.ravel() for code in codes.values()]))
    cells = {kind: np.searchsorted(used, code) for kind, code in codes.items()}
    return Grid(grid.points[used // len(partition.parts)], cells, used % len(partition.parts))


# Cell types that fill a domain of each dimension; a mesh file holds lower ones as well, for its boundaries.
_FILLING = {1: ("line",), 2: ("triangle", "quad"), 3: ("tetra", "hexahedron", "wedge", "pyramid")}


def default_resolution(problem: Problem) -> int:
    """Cells along the longest side, from `outputs.resolution` and the number of dimensions."""
    return max(2, round(problem.spec.outputs.resolution * _RESOLUTION_FACTOR.get(len(problem.coordinates), 0.5)))


def read_grid(path: Path, dimension: int) -> Grid:
    """A mesh from any file that meshio reads, cut to the problem's dimensions."""
    import meshio

    if not path.is_file():
        raise ResourceError(f"{path}: no such mesh file")
    try:
        mesh = meshio.read(path)
    except SystemExit as error:  # meshio exits where it should raise
        raise SpecError(("--mesh",), f"{path} is not a mesh that meshio can read") from error
    except Exception as error:
        raise SpecError(("--mesh",), f"{path} is not a mesh that meshio can read: {error}") from error
    cells: dict[str, list[NDArray[np.int64]]] = {}
    for block in mesh.cells:
        kind = block.type.rstrip("0123456789")  # triangle6 -> triangle: its corners come first
        if kind in _FILLING.get(dimension, ()):
            corners = {"line": 2, "triangle": 3, "quad": 4, "tetra": 4, "hexahedron": 8, "wedge": 6, "pyramid": 5}[kind]
            cells.setdefault(kind, []).append(np.asarray(block.data)[:, :corners])
    if not cells or mesh.points.shape[1] < dimension:
        found = ", ".join(sorted({block.type for block in mesh.cells})) or "none"
        raise SpecError(("--mesh",), f"{path} has no cells for {dimension} dimensions; its cells are: {found}")
    return Grid(
        np.asarray(mesh.points[:, :dimension], float), {kind: np.concatenate(parts) for kind, parts in cells.items()}
    )
