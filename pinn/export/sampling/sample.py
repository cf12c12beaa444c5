"""A solution evaluated at the points of a mesh: what export writes and figures draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pinn.errors import SpecError, did_you_mean
from pinn.export.sampling.grid import Array, Grid

if TYPE_CHECKING:
    from pinn.export.sampling.solved import Solved
    from pinn.problem.problem import Problem

# Points evaluated at once: 100k points with the jets of a 2×64 network stay below about 500 MB.
SAMPLE_CHUNK = 100_000


@dataclass(frozen=True)
class Sample:
    """Values at the points of a grid; `points` [N, D or D+1] has the time last if there is one.

    The residual is the dimensionless one that training sees. Each kind of value is computed when first asked for.
    """

    solution: Solved
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
    def deviation(self) -> dict[str, Array]:
        """Standard deviation from the noise of the data, where it is known."""
        if not self.solution.has_deviations:
            return {}
        return self._evaluated(lambda points, **seen: self.solution.standard_deviation(points, list(self.names)))

    @cached_property
    def residual(self) -> dict[str, Array]:
        """Equation name -> residual [N], dimensionless."""
        return self._evaluated(self.solution.residual)

    def blocks(self) -> Iterator[tuple[int, Sample]]:
        """(first row, sample) of at most SAMPLE_CHUNK points, each to be forgotten before the next: in order."""
        for start in range(0, max(len(self.points), 1), SAMPLE_CHUNK):
            rows = slice(start, start + SAMPLE_CHUNK)
            yield start, Sample(self.solution, self.grid.taken(rows), self.points[rows], self.names)

    def _evaluated(self, evaluate: Callable[..., Mapping[str, Any]]) -> dict[str, Array]:
        """`evaluate` at the points, each seen from its subdomain if there are several; NaN where it has no values."""
        seen, outside = self.grid.subdomain, self.grid.outside
        if seen is None and outside is None:
            return in_chunks(evaluate, self.points)
        number = np.zeros(len(self.points), np.int64) if seen is None else seen
        inside = np.ones(len(self.points), bool) if outside is None else ~outside
        found: dict[str, Array] = {}
        for part in np.unique(number[inside]):
            rows = np.flatnonzero(inside & (number == part))

            def evaluated(points: Array, part: int = part) -> Mapping[str, Any]:
                return evaluate(points) if seen is None else evaluate(points, subdomain=np.full(len(points), part))

            for name, values in in_chunks(evaluated, self.points[rows]).items():
                found.setdefault(name, np.full(len(number), np.nan))[rows] = values
        return found


def sample(
    solution: Solved, grid: Grid, *, time: float | None = None, quantities: Sequence[str] | None = None
) -> Sample:
    """The solution on the grid, at one time if the problem has time; all quantities unless some are named."""
    points = grid.points if time is None else np.column_stack([grid.points, np.full(len(grid.points), float(time))])
    return Sample(solution, grid, points, scalar_names(solution.problem, quantities))


def sample_space_time(
    solution: Solved, grid: Grid, times: Sequence[float] | Array, *, quantities: Sequence[str] | None = None
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
    """Call `evaluate` on at most SAMPLE_CHUNK points at a time and join the results."""
    parts = [evaluate(points[start : start + SAMPLE_CHUNK]) for start in range(0, max(len(points), 1), SAMPLE_CHUNK)]
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
