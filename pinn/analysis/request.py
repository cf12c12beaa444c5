"""Request: what to export, and where it is evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pinn.analysis.sample import Grid, Sample, instants, sample, space_grid

if TYPE_CHECKING:
    from pinn.problem import Problem
    from pinn.solution import Solution

# Instants of a time series, when nobody asks for others: eleven cut the interval into tenths.
DEFAULT_TIMES = 11


@dataclass(frozen=True)
class Request:
    """What to evaluate, and where."""

    solution: Solution
    resolution: int | None
    mesh_file: Path | str | None
    times: tuple[float, ...] | None
    quantities: tuple[str, ...] | None
    single: bool = False

    @property
    def problem(self) -> Problem:
        return self.solution.problem

    def grid(self) -> Grid:
        return space_grid(self.problem, resolution=self.resolution, mesh_file=self.mesh_file)

    def samples(self, grid: Grid) -> Iterator[tuple[float, Sample]]:
        """The solution at each instant, one at a time to bound memory; once, at 0, if the problem has no time."""
        if self.problem.time is None:
            yield 0.0, sample(self.solution, grid, quantities=self.quantities)
            return
        for instant in self.times or instants(self.problem.time, DEFAULT_TIMES):
            yield float(instant), sample(self.solution, grid, time=instant, quantities=self.quantities)
