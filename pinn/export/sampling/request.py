"""Request: what to export, and where it is evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pinn.errors import SpecError
from pinn.export.sampling.grid import Grid, count_outside, space_grid, time_grid
from pinn.export.sampling.line import Line
from pinn.export.sampling.places import CELLS, GAUSS, NODES, cell_centres, gauss_points
from pinn.export.sampling.sample import Sample, instants, sample, scalar_names

if TYPE_CHECKING:
    from pinn.export.sampling.solved import Solved
    from pinn.problem.problem import Problem

# Instants of a time series, when nobody asks for others: eleven cut the interval into tenths.
DEFAULT_TIMES = 11


@dataclass(frozen=True)
class Frame:
    """One instant, None where there is no time: the grid to show, and the values at its nodes, in its cells, or both.

    Values in cells belong to them in the order of the grid's kinds.
    """

    time: float | None
    grid: Grid
    nodes: Sample | None
    cells: Sample | None

    @property
    def cloud(self) -> Sample:
        """The one place where there are values, for tables."""
        found = self.nodes or self.cells
        assert found is not None
        return found


@dataclass(frozen=True)
class Request:
    """What to evaluate, and where."""

    solution: Solved
    resolution: int | None = None
    mesh_file: Path | str | None = None
    line: Line | None = None
    on: tuple[str, ...] = (NODES,)
    times: tuple[float, ...] | None = None
    quantities: tuple[str, ...] | None = None
    single: bool = False

    @property
    def problem(self) -> Problem:
        return self.solution.problem

    @cached_property
    def grid(self) -> Grid:
        """The line, or the mesh. Raises SpecError where values in cells are wanted and there are none."""
        scalar_names(self.problem, self.quantities)  # an unknown name, before a mesh that takes its time
        if not self.problem.coordinates:
            if self.line is not None or self.mesh_file is not None:
                option = "--mesh" if self.line is None else "--line"
                raise SpecError((option,), "this problem has no space; its fields are curves over time")
            return time_grid(self.problem, resolution=self.resolution, times=self.times)
        if self.line is not None:
            return self.line.grid(self.problem)
        return space_grid(self.problem, resolution=self.resolution, mesh_file=self.mesh_file)

    def without_values(self) -> list[str]:
        """How many places lie outside the domain, a line for each kind that is asked for; nothing where none do."""
        if self.grid.outside is None:
            return []
        nodes = sample(self.solution, self.grid, time=None if self.instants is None else self.instants[0])
        frame, words = self.frame(nodes, None), "points" if self.line is not None else "nodes"
        found = [] if frame.nodes is None else [(words, frame.nodes)]
        if frame.cells is not None:
            found.append(("cells' centres", frame.cells))
        elif self.on == (GAUSS,):
            found = [("Gauss points", frame.cloud)]
        counts = [(words, count_outside(places.grid), len(places.points)) for words, places in found]
        return [f"{count:,} of {of:,} {words} lie outside the domain: nan" for words, count, of in counts if count]

    @property
    def instants(self) -> tuple[float, ...] | None:
        """Those of a series; None if the problem has no time, or nothing else."""
        if self.problem.time is None or not self.problem.coordinates:
            return None
        return self.times or tuple(float(instant) for instant in instants(self.problem.time, DEFAULT_TIMES))

    def frames(self) -> Iterator[Frame]:
        """The solution at each instant, once if the problem has no time; nothing is evaluated yet."""
        for instant in self.instants or (None,):
            yield self.frame(sample(self.solution, self.grid, time=instant, quantities=self.quantities), instant)

    def frame(self, sampled: Sample, time: float | None) -> Frame:
        """The values of a sample where they are asked for."""
        if self.on != (NODES,) and not sampled.grid.cells:
            dimension = sampled.grid.points.shape[1]
            raise SpecError(("--on",), f"no mesh in {dimension} dimensions, so there are only nodes; leave it out")
        if self.on == (GAUSS,):
            cloud = gauss_points(sampled)
            return Frame(time, cloud.grid, cloud, None)
        cells = cell_centres(sampled) if CELLS in self.on else None
        return Frame(time, sampled.grid, sampled if NODES in self.on else None, cells)
