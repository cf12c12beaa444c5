"""Scan: where the known data of a problem vary between the points that a solver would look at.

Sources, coefficients, given and initial values are known functions k of the coordinates. They are looked at on many
points. Where half of all deviation of k from its median lies at less than CONCENTRATED of them, points are gathered
there in proportion to the deviation; inside the domain the neighbourhood of the largest is searched again, with steps
that halve each time. A solver trains on some of these points beside its own, and is measured on others.

What is zero wherever one looks, though it is not written as zero, is named: it may be narrower than any point set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from pinn.domain.places import Interior, OnBoundary, Place
from pinn.domain.point_set import PointSet, joined
from pinn.equations.compiler.compile import Derivative
from pinn.equations.scaling import length_factor
from pinn.equations.statements import Statement
from pinn.spec.language.branches import symbols_of
from pinn.spec.language.expressions import symbol

if TYPE_CHECKING:
    from pinn.problem.problem import Problem

POINTS_LOG2 = 17  # a source as wide as 1/300 of a square's side is hit by some, 1e-5 of a boundary's length by one
CLOSER_LOG2 = 21  # on a part of a boundary, once there is something to be seen
CONCENTRATED = 0.02  # share of the points with half of the deviation; a Gaussian of width 1/8 of a square has 0.07
POOL = 4096  # points for training, and as many for measuring
NEGLIGIBLE = 1e-6  # of the largest deviation: where the data are over
UNBOUNDED = 1e3  # of the median: coefficients that grow by more are those of an axis, or like them
ROUNDS = 7  # of the search: its steps fall from the distance between points to 1/64 of it
SEED = 271_828


@dataclass(frozen=True, eq=False)
class Concentration:
    """Points of a place where its data vary: those of even numbers are for training, the others for measuring."""

    points: PointSet

    def drawn(self, count: int, seed: int, measuring: bool, extent: tuple[float, float] | None = None) -> PointSet:
        """`count` of the points, fewer where there are not so many; with t in `extent` where that is given."""
        rows = np.arange(1 if measuring else 0, len(self.points), 2)
        if extent is not None:
            moments = self.points.points[torch.as_tensor(rows), -1].numpy()
            rows = rows[(moments >= extent[0]) & (moments <= extent[1])]
        chosen = np.random.default_rng(seed).choice(rows, min(count, len(rows)), replace=False)
        return self.points.taken(torch.as_tensor(np.sort(chosen)))


@dataclass(frozen=True, eq=False)
class Scan:
    """What was seen of the known data.

    concentrations   place -> where its data vary in a small part of it
    unseen           equations whose data are zero at all points, though they are not written as zero (what is given on
                     a patch may well vanish there: x on x = 0)
    """

    concentrations: dict[Place, Concentration] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()


def scan(problem: Problem) -> Scan:
    """Look at the known data of every statement that has any; not in a family, whose data move with its parameters."""
    if problem.parameters:
        return Scan()
    concentrations: dict[Place, Concentration] = {}
    unseen: list[str] = []
    by_place: dict[Place, list[Statement]] = {}
    for statement in problem.statements:
        if varies(problem, statement) and not statement.place.listed:
            by_place.setdefault(statement.place, []).append(statement)
    for place, statements in by_place.items():
        points = problem.domain.sample(place, 2**POINTS_LOG2, SEED)
        pools = []
        for statement in statements:
            for name, values in known_data(problem, statement, points):
                weights = deviation(values)
                if name is None and not bool(values.any()):
                    unseen += [statement.name] if statement.is_equation and has_source(statement) else []
                elif 0 < share_of_half(weights) < CONCENTRATED:
                    pools.append(gathered(problem, statement, name, points, weights))
        if pools:
            concentrations[place] = Concentration(joined(pools))
    return Scan(concentrations, tuple(dict.fromkeys(unseen)))


def varies(problem: Problem, statement: Statement) -> bool:
    """Whether it depends on coordinates otherwise than through fields and normals."""
    axes = {symbol(axis) for axis in problem.axes}
    return bool(symbols_of(statement.expression.expression) & axes)


def has_source(statement: Statement) -> bool:
    """Whether what stands there with zero fields is written as anything but zero."""
    compiled = statement.expression
    return compiled.expression.xreplace(dict.fromkeys(compiled.symbols, 0)) != 0


def known_data(problem: Problem, statement: Statement, points: PointSet) -> Iterator[tuple[Derivative | None, Tensor]]:
    """(None, the value at zero fields) and (derivative, its coefficient there), each [N], where they vary."""
    guesses = {name: torch.tensor(value, dtype=torch.float64) for name, value in problem.guesses.items()}
    inputs = points.inputs(problem.axes, guesses)
    zero = {d: points.points.new_zeros(len(points)) for d in statement.expression.derivatives}
    found: dict[Derivative | None, Tensor | float] = {None: statement.expression.value(inputs, zero)}
    for key, slope in statement.expression.linearise(inputs, zero).items():
        if isinstance(key, Derivative):
            found[key] = slope
    columns = {key: torch.as_tensor(value, dtype=torch.float64) for key, value in found.items()}
    rate = growth(problem, columns, len(points))
    for key, column in columns.items():
        if column.ndim and len(column) > 1:
            yield key, torch.nan_to_num(column / rate, nan=0.0, posinf=0.0, neginf=0.0)


def growth(problem: Problem, columns: Mapping[Derivative | None, Tensor], count: int) -> Tensor:
    """What a statement grows by towards a point or an axis where its coefficients are unbounded, as with 1/r: [N].

    A statement times a positive function is the same statement: only what varies beside this growth varies. It is the
    size of the terms in one field, on the length of the domain, relative to its median; one where this is bounded.
    """
    lengths = [float(width) for width in problem.domain.half_width]
    squares: dict[str, Tensor] = {}
    for key, column in columns.items():
        if key is not None:
            size = (column * length_factor(key.partial, lengths, problem.space)).square()
            squares[key.field] = squares.get(key.field, torch.zeros(count, dtype=torch.float64)) + size
    rate = torch.ones(count, dtype=torch.float64)
    for square in squares.values():
        size = square.sqrt()
        middle = float(size.median())
        if middle > 0 and float(size.max()) > UNBOUNDED * middle:
            rate = torch.maximum(rate, size / middle)
    return rate


def deviation(values: Tensor) -> Tensor:
    """|k - its median| [N]."""
    return (values - values.median()).abs()


def share_of_half(weights: Tensor) -> float:
    """The least share of the points that has half of the sum of the weights [N]; 0 where they are all zero."""
    total = float(weights.sum())
    if not total > 0:
        return 0.0
    falling = weights.sort(descending=True).values.cumsum(0)
    return float(torch.searchsorted(falling, total / 2) + 1) / len(weights)


def gathered(
    problem: Problem, statement: Statement, name: Derivative | None, points: PointSet, weights: Tensor
) -> PointSet:
    """2 POOL points in proportion to the deviation; inside the domain, also closer together than the points given."""
    place = statement.place
    generator = np.random.default_rng(SEED)
    if not isinstance(place, Interior):
        closer = problem.domain.sample(place, 2**CLOSER_LOG2, SEED) if isinstance(place, OnBoundary) else points
        values = dict(known_data(problem, statement, closer))[name]
        return closer.taken(picked(deviation(values), generator))
    domain = problem.domain
    lower, upper = domain.bounds
    step = (upper - lower) * len(points) ** (-1 / len(lower))
    pool, sizes = points.points, weights
    middle = dict(known_data(problem, statement, points))[name].median()
    for _ in range(ROUNDS):
        centres = generator.choice(len(sizes), 2 * POOL, p=sizes.numpy() / float(sizes.sum()))
        near = pool[torch.as_tensor(centres)].numpy()
        moved = near + step * generator.standard_normal(near.shape)
        moved = moved[within(problem, place, moved)]
        found = PointSet(torch.as_tensor(moved))
        values = dict(known_data(problem, statement, found)).get(name, sizes.new_zeros(len(moved)))
        keep = torch.as_tensor(np.argsort(-sizes.numpy(), kind="stable")[: 8 * POOL])
        pool = torch.cat([pool[keep], found.points])
        sizes = torch.cat([sizes[keep], (values - middle).abs()])
        step = step / 2
    return PointSet(pool[picked(sizes, generator)])


def within(problem: Problem, place: Place, points: np.ndarray) -> np.ndarray:
    """Which points [N, D] lie in the subdomain of a place, and in its time."""
    domain, shape = problem.domain, problem.domain.over(place.subdomain)
    columns = domain.space if domain.family is None else shape.dimension
    found = shape.level(points[:, :columns]) < 0
    if domain.time is not None:
        found &= (points[:, -1] >= domain.time[0]) & (points[:, -1] <= domain.time[1])
    return found


def picked(weights: Tensor, generator: np.random.Generator) -> Tensor:
    """Numbers of 2 POOL different points, fewer where fewer have a weight, in proportion to it."""
    heavy = torch.where(weights > NEGLIGIBLE * weights.max(), weights, torch.zeros_like(weights))
    probability = heavy.numpy() / float(heavy.sum())
    count = min(2 * POOL, int((probability > 0).sum()))
    return torch.as_tensor(generator.choice(len(probability), count, replace=False, p=probability))
