"""Rows: the statements of one place, at points of space, at the instants of a slab.

A state of the fields at s instants is V [Q + 1, s, F, n]: the coefficients of every function, field by field, and of
their derivatives in time up to the order Q, in units of the fields' magnitudes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from pinn.derivatives.jets import Partial, plan_jets
from pinn.domain.domain import Domain
from pinn.domain.places import Initial, Place
from pinn.domain.point_set import PointSet, joined
from pinn.equations.compiler.compile import Derivative
from pinn.equations.statements import Statement
from pinn.geometry.points.seeds import seed_of
from pinn.problem.counts import statement_counts
from pinn.problem.problem import Problem
from pinn.training.march.units import Functions
from pinn.training.residuals.assembly import CONCENTRATED_SHARE, CONDITION_WEIGHT_SOLVED

Slopes = dict[Derivative, Tensor]  # derivative -> [s, K N]


@dataclass(frozen=True, eq=False)
class Rows:
    """Statements that share their points of space.

    points   of space alone, [K N, S], at all their ends
    scale    [F] of the fields
    """

    problem: Problem
    indices: tuple[int, ...]
    points: PointSet
    functions: Functions
    scale: Tensor

    @property
    def initial(self) -> bool:
        """Whether they hold at the first time alone."""
        return isinstance(self.statements[0].place, Initial)

    @cached_property
    def derivatives(self) -> tuple[Derivative, ...]:
        return tuple(sorted({d for statement in self.statements for d in statement.expression.derivatives}))

    @cached_property
    def statements(self) -> list[Statement]:
        return [self.problem.statements[index] for index in self.indices]

    @cached_property
    def field_of(self) -> dict[Derivative, int]:
        """The number of the output that each derivative is one of."""
        return {d: self.problem.outputs.index(d.field) for d in self.derivatives}

    @cached_property
    def values(self) -> dict[Partial, Tensor]:
        """Derivative in space -> the functions' at all ends [K N, n]; those that vanish are left out."""
        space = self.problem.space
        wanted = {in_space(d) for d in self.derivatives} | {Partial((0,) * space)}
        plan = plan_jets(wanted, space, space)
        points = self.points.points
        channels = self.functions.jets(points, plan)
        table = {partial: channels[plan.index(partial)] for partial in wanted}
        return {p: c.expand(len(points), -1).contiguous() for p, c in table.items() if c is not None}

    def weight(self, number: int) -> float:
        """Of a statement's row, its magnitude aside."""
        statement = self.statements[number]
        factor = 1.0 if statement.is_equation else CONDITION_WEIGHT_SOLVED
        return statement.weight * factor / len(self.points) ** 0.5

    def jets(self, state: Tensor) -> dict[Derivative, Tensor]:
        """Of a state, at all ends at all its instants: derivative -> [s K N]."""
        units, found = self.values, {}
        for d in self.derivatives:
            field, table = self.field_of[d], units.get(in_space(d))
            if table is None:
                found[d] = state.new_zeros(state.shape[1] * len(self.points.points))
            else:
                found[d] = (state[order_in_time(d), :, field] @ table.T).flatten() * self.scale[field]
        return found

    def inputs(self, times: Tensor) -> dict[str, Tensor]:
        """What expressions may use at all ends, at every instant [s]: name -> [s K N]."""
        points, normals, instants = self.points.points, self.points.normals, len(times)
        whole = torch.cat([points.repeat(instants, 1), times.repeat_interleave(len(points))[:, None]], dim=1)
        normals = None if normals is None else normals.repeat(instants, 1)
        return PointSet(whole, normals).inputs(self.problem.axes)

    def residuals(self, state: Tensor, times: Tensor) -> list[Tensor]:
        """Values of the statements' expressions, each [s, N], in the units that the user has."""
        inputs, jets = self.inputs(times), self.jets(state)
        values = (torch.as_tensor(one.expression.value(inputs, jets)).to(state) for one in self.statements)
        return [self.points.summed(self.at_instants(value, times).T).T for value in values]

    def slopes(self, state: Tensor, times: Tensor) -> list[Slopes]:
        """Of every statement, how its expression changes with each jet at every end."""
        inputs, jets = self.inputs(times), self.jets(state)
        return [
            {
                d: self.at_instants(torch.as_tensor(value).to(state), times)
                for d, value in one.expression.linearise(inputs, jets).items()
                if isinstance(d, Derivative)
            }
            for one in self.statements
        ]

    def at_instants(self, values: Tensor, times: Tensor) -> Tensor:
        """[s K N] or a number -> [s, K N]."""
        shape = (len(times), len(self.points.points))
        return values.expand(shape[0] * shape[1]).reshape(shape)

    def on_functions(self, slope: Tensor, derivative: Derivative) -> Tensor | None:
        """A statement's slope [s, K N] times the functions' derivative, summed over the ends: [s, N, n].

        None where the derivative of the functions vanishes. In units of the field's magnitude.
        """
        table = self.values.get(in_space(derivative))
        if table is None:
            return None
        scaled = slope * self.scale[self.field_of[derivative]]
        if self.points.weights is None:
            return scaled[:, :, None] * table
        ends = (self.points.ends, -1)
        parts = scaled.unflatten(1, ends) * self.points.weights[:, None], table.unflatten(0, ends)
        return torch.einsum("skn,knw->snw", *parts)


def in_space(derivative: Derivative) -> Partial:
    return Partial(derivative.partial.orders[:-1], derivative.partial.laplacians)


def order_in_time(derivative: Derivative) -> int:
    return derivative.partial.orders[-1]


def orders_in_time(problem: Problem) -> tuple[int, ...]:
    """Of every output, the highest derivative in time that a statement asks for."""
    asked = [d for statement in problem.statements for d in statement.expression.derivatives]
    return tuple(max((order_in_time(d) for d in asked if d.field == name), default=0) for name in problem.outputs)


def draw_rows(
    problem: Problem, functions: Functions, scale: Tensor, interior: int, boundary: int, seed: int
) -> list[Rows]:
    """Rows of all statements at fresh points of space, in proportion to `interior` and `boundary`."""
    space = replace(problem.domain, time=None)
    counts = statement_counts(problem, interior, boundary, initial=interior, domain=space)
    by_place: dict[tuple[Place, int], list[int]] = {}
    for index, (statement, count) in enumerate(zip(problem.statements, counts, strict=True)):
        by_place.setdefault((statement.place, count), []).append(index)
    found = []
    for number, ((place, count), indices) in enumerate(by_place.items()):
        points = sampled(problem, space, place, count, seed_of(seed, number))
        points = points.to(device=scale.device, dtype=scale.dtype)
        found.append(Rows(problem, tuple(indices), points, functions, scale))
    return found


def sampled(problem: Problem, space: Domain, place: Place, count: int, seed: int) -> PointSet:
    """Points of a place [N, S], some more where the data vary at any time."""
    method = problem.spec.sampling.method
    if isinstance(place, Initial):
        return in_space_alone(problem.domain.sample(place, count, seed, method))
    points = space.sample(place, count, seed, method)
    if place not in problem.scan.concentrations:
        return points
    further = problem.scan.concentrations[place].drawn(count // CONCENTRATED_SHARE, seed, measuring=False)
    return joined([points, in_space_alone(further)])


def in_space_alone(points: PointSet) -> PointSet:
    """Without the time."""
    return PointSet(points.points[:, :-1], points.normals, points.weights)


def root_mean_square(parts: Sequence[Tensor]) -> float:
    """Of each part's root mean square the largest."""
    return max((float(part.square().mean().sqrt()) for part in parts), default=0.0)


def typical(slopes: Mapping[Derivative, Tensor]) -> dict[Derivative, float]:
    """Root mean square of every slope over points and instants."""
    return {d: float(slope.square().mean().sqrt()) for d, slope in slopes.items()}
