"""Crossings: where a comparison changes, found by sampling, and whether an expression jumps there.

Between a point where the comparison holds and one where it does not, bisection closes in on the change. There the two
ends of the bracket differ by roundoff: what an expression still differs by is its jump.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import sympy
import torch
from numpy.typing import NDArray
from scipy.spatial import KDTree
from sympy import Symbol

from pinn.equations.compiler.program import Program
from pinn.geometry.points.sampling import sample_interior
from pinn.geometry.shapes.pieces import Array
from pinn.geometry.shapes.shape import Shape
from pinn.spec.language.branches import symbols_of
from pinn.spec.language.expressions import symbol

SAMPLES = 2**15  # of the domain: a disk of 1 % of its size is hit by some, and the search below goes on from them
_SEARCHES, _SEARCH_STEPS = 4, 400  # from the samples that come nearest to a change
_BRACKETS = 256
_WIDE = 2**12  # draws where a comparison depends on fields
_DECADES = 4.0  # fields and their derivatives are drawn from 1e-4 to 1e4, with both signs
_BISECTIONS = 46  # brackets shrink to about 1e-14
_EARLY = range(18, 24)  # to about 1e-6: a continuous expression differs there by far more than at the end
_LATE = range(_BISECTIONS - 6, _BISECTIONS)
_STAYS = 0.5  # of the early difference: a jump stays, |x|^p shrinks with the bracket
_ROUNDOFF = 1e-10  # of the values
_SHARE = 0.01  # of the brackets that must show a jump

Environment = dict[Symbol, Array]  # columns [B]


program_of = lru_cache(maxsize=256)(Program)  # bisections ask for the same expressions hundreds of times


@dataclass(frozen=True, eq=False)
class Samples:
    """Points of a domain, time last where there is one.

    given   values of unknown parameters and parameters
    known   points [K, D] that were found by looking for a change, to be taken along
    """

    shape: Shape
    extent: tuple[float, float] | None
    axes: tuple[str, ...]
    given: Mapping[str, float]
    known: tuple[Array, ...] = ()

    @cached_property
    def points(self) -> Array:
        return np.vstack([sample_interior(self.shape, SAMPLES, 0, self.extent), *self.known])

    def beside(self, ends: tuple[Environment, Environment]) -> Samples:
        """The samples with the ends of brackets that are none of them: those that the search found."""
        points = [np.column_stack([end[s] for s in self.letters]) for end in ends]
        new = [p for p in points if not np.all(self.points == p[0], axis=1).any()]
        return replace(self, known=(*self.known, *new)) if new else self

    @property
    def letters(self) -> tuple[Symbol, ...]:
        """Symbols of the columns."""
        return tuple(symbol(axis) for axis in self.axes)

    def others(self, *expressions: sympy.Expr) -> list[Symbol]:
        """What the expressions depend on beside coordinates and parameters: fields and derivatives."""
        known = {*self.axes, *self.given}
        found = set().union(*(symbols_of(expression) for expression in expressions))
        return sorted((s for s in found if s.name not in known), key=str)

    def values(self, expressions: Sequence[sympy.Expr], columns: Mapping[Symbol, Array]) -> list[Array]:
        """Each expression [N] at the given columns of coordinates and fields [N]."""
        count = len(next(iter(columns.values())))
        inputs = {s: torch.as_tensor(column) for s, column in columns.items()}
        inputs |= {symbol(name): torch.tensor(value, dtype=torch.float64) for name, value in self.given.items()}
        found = program_of(tuple(expressions))(inputs)
        return [torch.as_tensor(value, dtype=torch.float64).expand(count).numpy() for value in found]

    def at(self, expression: sympy.Expr, points: Array) -> Array:
        """An expression of the coordinates [N] at points [N, D]."""
        return self.values([expression], dict(zip(self.letters, points.T, strict=False)))[0]


def jumps_across(
    comparison: sympy.Expr, ends: tuple[Environment, Environment], expressions: Sequence[sympy.Expr], samples: Samples
) -> list[bool]:
    """Which of the expressions jump where the comparison changes, between the ends of its brackets."""
    rng = np.random.default_rng(1)
    count = len(next(iter(ends[0].values())))
    others = {
        s: rng.choice([-1.0, 1.0], count) * rng.uniform(0.5, 2.0, count)
        for s in samples.others(*expressions)
        if s not in ends[0]
    }
    holds, fails = (end | others for end in ends)
    above = below = np.zeros((len(expressions), count))
    differences = []
    for _ in range(_BISECTIONS):
        middle = {s: (holds[s] + fails[s]) / 2 for s in holds}
        true = samples.values([comparison], middle)[0] > 0.5
        holds = {s: np.where(true, middle[s], holds[s]) for s in holds}
        fails = {s: np.where(true, fails[s], middle[s]) for s in holds}
        above, below = (np.array(samples.values(expressions, ends)) for ends in (holds, fails))
        differences.append(np.where(np.isfinite(above - below), np.abs(above - below), 0.0))
    size = np.nanmax(np.where(np.isfinite(above), np.abs(above), 0.0), axis=1, initial=0.0)  # [E]
    space = [holds[s] for s in samples.letters[: samples.shape.dimension]]
    inside = samples.shape.contains(np.column_stack(space)) if space else np.ones(count, dtype=bool)
    early, late = (np.max([differences[k] for k in steps], axis=0) for steps in (_EARLY, _LATE))  # [E, B]
    jumping = (late > _STAYS * early) & (late > _ROUNDOFF * size[:, None]) & inside
    return [bool(row) for row in jumping.sum(axis=1) > _SHARE * max(1, inside.sum())]


def brackets(comparison: sympy.Expr, samples: Samples) -> tuple[Environment, Environment] | None:
    """Columns [B] where the comparison holds, and where it does not; None where it never changes in the domain."""
    rng = np.random.default_rng(0)
    fields = samples.others(comparison)
    if fields:
        points = samples.points[:_WIDE]
        count = (len(points), len(fields))
        drawn = rng.choice([-1.0, 1.0], count) * 10 ** rng.uniform(-_DECADES, _DECADES, count)
        columns = dict(zip((*samples.letters, *fields), np.hstack([points, drawn]).T, strict=True))
        true = samples.values([comparison], columns)[0] > 0.5
        yes, no = np.flatnonzero(true), np.flatnonzero(~true)
        pairs = min(len(yes), len(no), _BRACKETS)
        if not pairs:
            return None
        ends = [{s: column[rows] for s, column in columns.items()} for rows in (yes[:pairs], no[:pairs])]
    else:
        found = halves(comparison, samples)
        if found is None:
            return None
        inside, outside = found
        chosen = inside[rng.permutation(len(inside))[:_BRACKETS]]
        partner = outside[KDTree(outside).query(chosen)[1]]
        ends = [dict(zip(samples.letters, points.T, strict=True)) for points in (chosen, partner)]
    return ends[0], ends[1]


def halves(comparison: sympy.Expr, samples: Samples) -> tuple[Array, Array] | None:
    """Points where a comparison of the coordinates holds, and where it does not; None where one is not to be found."""
    true = samples.at(comparison, samples.points) > 0.5
    inside, outside = samples.points[true], samples.points[~true]
    if len(inside) and len(outside):
        return inside, outside
    found = _searched(comparison, samples, bool(len(inside)))
    if not len(found):
        return None
    return (inside, found) if len(inside) else (found, outside)


def _searched(comparison: sympy.Expr, samples: Samples, holds: bool) -> Array:
    """Points of the domain where a comparison a < b that `holds` at all samples does not, or the other way round."""
    from scipy.optimize import minimize  # slow to import

    a, b = comparison.args
    gap = (b - a) if holds else (a - b)  # pyright: ignore[reportOperatorIssue]
    values = samples.at(gap, samples.points)
    if not np.isfinite(values).any():
        return np.zeros((0, samples.points.shape[1]))
    nearest = np.argsort(np.where(np.isfinite(values), values, np.inf))[:_SEARCHES]
    space = samples.shape.dimension
    spread = float(np.ptp(values[np.isfinite(values)])) or 1.0

    def distance(point: NDArray) -> float:
        outside = float(samples.shape.level(point[None, :space])[0])
        return float(samples.at(gap, point[None])[0]) / spread if outside <= 0 else 1.0 + outside

    found = []
    for start in samples.points[nearest]:
        result = minimize(distance, start, method="Nelder-Mead", options={"maxiter": _SEARCH_STEPS, "xatol": 1e-12})
        if result.fun < 0 and (samples.at(comparison, result.x[None])[0] > 0.5) != holds:
            found.append(result.x)
    return np.array(found).reshape(-1, samples.points.shape[1])
