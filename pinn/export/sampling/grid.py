"""Grid: the points where a solution is evaluated, and the cells between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pinn.errors import SpecError
from pinn.export.sampling.outside import CHUNK, WRITTEN, outside

if TYPE_CHECKING:
    from pinn.geometry.shapes.shape import Shape
    from pinn.problem.problem import Problem

Array = NDArray[np.float64]
CellsByKind = Mapping[str, NDArray[np.int64]]

# Cells along the longest side are `outputs.resolution` in two dimensions; a line shows sharper fronts for little, and a
# solid has so many more cells that half as many per side fill a file of about 10 MB.
_RESOLUTION_FACTOR = {0: 8, 1: 8, 2: 1, 3: 0.5}

# Points of a cloud that stands in for a mesh in more than three dimensions.
CLOUD_SIZE = 20_000


@dataclass(frozen=True)
class Grid:
    """Points [N, D] in space and the cells between them: cell kind -> [M, nodes]; no cells for a cloud.

    subdomain   number of the subdomain [N] that each point is seen from; None where there are no subdomains
    marks       what else is known of each point: name -> [N], such as the arc length along a line
    outside     is each point outside the domain [N]? It then has no values; None where nobody asked
    """

    points: Array
    cells: CellsByKind
    subdomain: NDArray[np.int64] | None = None
    marks: Mapping[str, Array] = field(default_factory=dict)
    outside: NDArray[np.bool_] | None = None

    def taken(self, rows: slice | NDArray[np.int64]) -> Grid:
        """Some of the points, without cells."""
        return Grid(
            self.points[rows],
            {},
            None if self.subdomain is None else self.subdomain[rows],
            {name: values[rows] for name, values in self.marks.items()},
            None if self.outside is None else self.outside[rows],
        )


def count_outside(grid: Grid) -> int:
    """How many of its points lie outside the domain."""
    if grid.outside is None:
        return 0
    chunks = (grid.outside[start : start + CHUNK] for start in range(0, len(grid.points), CHUNK))
    return sum(int(np.count_nonzero(chunk)) for chunk in chunks)


def space_grid(problem: Problem, *, resolution: int | None = None, mesh_file: Path | str | None = None) -> Grid:
    """A mesh of the problem's domain: the user's file, or our own with `resolution` cells along the longest side.

    A domain of more than three dimensions has no mesh: it gives a cloud of random points. Raises SpecError for a file
    with no node in the domain.
    """
    dimension = len(problem.coordinates)
    if mesh_file is not None:
        from pinn.export.sampling.mesh_grid import read_grid

        grid = read_grid(Path(mesh_file), dimension)
        beyond = outside(grid.points, problem.geometry, WRITTEN)
        if beyond.all():
            raise SpecError(("--mesh",), f"no node of {mesh_file} lies in the domain")
        return located(replace(grid, outside=beyond if beyond.any() else None), problem)
    if dimension > 3:
        from pinn.geometry.points.sampling import sample_interior

        return located(Grid(sample_interior(problem.geometry, CLOUD_SIZE, seed=0), {}), problem)
    return _triangulated(problem.subdomains.partition or problem.geometry, resolution or default_resolution(problem))


def time_grid(problem: Problem, *, resolution: int | None = None, times: Sequence[float] | None = None) -> Grid:
    """A line along the time, for a problem without space: `resolution` cells, or between the `times`."""
    assert problem.time is not None
    count = resolution or default_resolution(problem)
    points = np.linspace(*problem.time, count + 1) if times is None else np.array(times, dtype=float)
    nodes = np.arange(len(points))
    return Grid(points[:, None], {"line": np.column_stack([nodes[:-1], nodes[1:]])})


@lru_cache(maxsize=4)  # export and figures ask for the same mesh, which takes a second to make
def _triangulated(shape: Shape, resolution: int) -> Grid:
    from pinn.geometry.meshing.partition import triangulate_parts
    from pinn.geometry.meshing.triangulation import triangulate
    from pinn.geometry.shapes.partition import Partition

    mesh, part = (
        triangulate_parts(shape, resolution) if isinstance(shape, Partition) else (triangulate(shape, resolution), None)
    )
    return Grid(np.asarray(mesh.points, float), {kind: np.asarray(cells) for kind, cells in mesh.cells.items()}, part)


def located(grid: Grid, problem: Problem) -> Grid:
    """The grid with the subdomain of each cell: nodes on an interface, which cells of several share, are doubled.

    A node that belongs to no cell stays, in the subdomain that it lies in.
    """
    partition = problem.subdomains.partition
    if partition is None:
        return grid
    count = len(partition.parts)
    part = {kind: partition.part_of(grid.points[cells].mean(axis=1)) for kind, cells in grid.cells.items()}
    codes = {kind: cells * count + part[kind][:, None] for kind, cells in grid.cells.items()}
    loose = np.ones(len(grid.points), bool)
    for cells in grid.cells.values():
        loose[cells] = False
    loose_nodes = np.flatnonzero(loose)
    lying = loose_nodes * count + partition.part_of(grid.points[loose_nodes]) if len(loose_nodes) else loose_nodes
    used = np.unique(np.concatenate([lying, *(code.ravel() for code in codes.values())]))
    cells = {kind: np.searchsorted(used, code) for kind, code in codes.items()}
    return replace(grid.taken(used // count), cells=cells, subdomain=used % count)


def default_resolution(problem: Problem) -> int:
    """Cells along the longest side, from `outputs.resolution` and the number of dimensions."""
    return max(2, round(problem.spec.outputs.resolution * _RESOLUTION_FACTOR.get(len(problem.coordinates), 0.5)))
