"""Residuals: statements on points, in dimensionless form.

A statement e at N points gives r_e [N] = (its expression)/(its magnitude). The loss is the sum over the statements of
weight_e^2 mean(r_e^2); the held-out residual is the root of the mean over the statements of mean(r_e^2), unweighted, on
points that are never trained on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TypeVar

import torch
from torch import Tensor

from pinn.derivatives.jets import JetPlan, plan_jets
from pinn.domain.domain import Domain
from pinn.domain.point_set import PointSet, joined
from pinn.equations.compiler.compile import Derivative
from pinn.equations.scaling import SMALLEST, STEEP, term_sizes
from pinn.equations.statements import MEASURED, Statement
from pinn.geometry.points.seeds import seed_of
from pinn.network.chunks import in_chunks
from pinn.problem.first_guess import guessed_jets
from pinn.problem.problem import Problem
from pinn.training.residuals.model import Model
from pinn.training.residuals.noise import NOISY_WEIGHT, beyond_noise, weight_of_noisy

T = TypeVar("T")
FieldJets = Mapping[Derivative, Tensor]  # derivative -> [K N], at all ends of the points of a group
CONCENTRATED_SHARE = 3  # of as many points, one more lies where the data vary, if they do so in a small part

# Weight of whatever is not an equation inside the domain. Where all weights train, 1 to 3 is best (Burgers after 100
# steps of Gauss-Newton: error 3e-3, with 10: 3e-2, with 30: no front yet). Where the output layer is solved for, 10 to
# 100 are equally good, and 1 loses a digit at the edge of the hole of the plate.
CONDITION_WEIGHT_TRAINED, CONDITION_WEIGHT_SOLVED = 2.0, 30.0


@dataclass(frozen=True, eq=False)
class Group:
    """Statements that share their points.

    condition_weight   of conditions relative to equations
    offsets            statement -> what its expression equals at the points [N], instead of zero
    noisy_weight       of the noisy data with the smallest noise
    lengths            [K N, D] of the piece of the domain around each end that has features of its own, else None
    """

    problem: Problem
    indices: tuple[int, ...]
    points: PointSet
    condition_weight: float = CONDITION_WEIGHT_TRAINED
    offsets: Mapping[int, Tensor] = field(default_factory=dict)
    lengths: Tensor | None = None
    noisy_weight: float = NOISY_WEIGHT

    @property
    def statements(self) -> list[Statement]:
        return [self.problem.statements[i] for i in self.indices]

    @cached_property
    def derivatives(self) -> tuple[Derivative, ...]:
        return tuple(sorted({d for statement in self.statements for d in statement.expression.derivatives}))

    @cached_property
    def plan(self) -> JetPlan:
        return plan_jets([d.partial for d in self.derivatives], len(self.problem.axes), self.problem.space)

    @cached_property
    def terms(self) -> dict[int, Tensor]:
        """Equation -> the size of its own terms at the points [N], of those that vary by orders of magnitude."""
        scaling, units = self.problem.scaling, self.problem.units
        found, like = {}, self.points.points
        here = self.points.to(device="cpu", dtype=torch.float64)  # as for the scaling itself
        for index, statement in zip(self.indices, self.statements, strict=True):
            if index in scaling.varying:
                sizes = term_sizes(statement, here, scaling.fields, units)
                found[index] = sizes.clamp(min=SMALLEST * scaling.statements[index]).to(like)
        return found

    def magnitude(self, index: int, coefficients: Mapping[Derivative | str, Tensor], chunk: slice) -> float | Tensor:
        """What the statement's value is divided by, to make a dimensionless residual.

        With `lengths` h it is the size of the statement's own terms on them, sqrt(sum (coefficient * U / h^orders)^2)
        at each point, at the end where it is largest, where that is more than on the whole domain: a residual then
        weighs as much as the error of the field that causes it, however small the scale that it varies on. A steep
        statement has this with the half widths of the domain for lengths, where it is STEEP times more than on the
        whole domain.
        """
        whole = self.terms[index][chunk] if index in self.terms else self.problem.scaling.statements[index]
        if not self.is_local(index):
            return whole
        points, space, share_of = self.points.taken(chunk), self.problem.space, 1.0
        if self.lengths is not None:
            lengths = self.points.of(self.lengths, chunk)
        else:
            half = points.points.new_tensor(self.problem.domain.half_width)
            lengths, share_of = half.expand(len(points.points), -1), STEEP**-2
        total = torch.zeros_like(lengths[:, 0])
        for key, coefficient in coefficients.items():
            if isinstance(key, Derivative):
                orders, unit = key.partial.orders, self.problem.scaling.fields[key.field]
                share = math.prod((h**-n for h, n in zip(lengths.T, orders, strict=True)), start=total.new_ones(()))
                share = share * lengths[:, :space].pow(-2).sum(dim=1) ** key.partial.laplacians
                size = torch.as_tensor(coefficient, dtype=total.dtype, device=total.device) * unit * share
                total = total + size**2
        largest = total.unflatten(0, (points.ends, -1)).amax(dim=0)
        return torch.maximum(largest.new_ones(()) * whole**2, share_of * largest).sqrt()

    def is_local(self, index: int) -> bool:
        """Whether the statement's magnitude is another at every point."""
        return self.lengths is not None or index in self.problem.scaling.steep

    def weight(self, statement: Statement) -> float:
        if statement.is_equation:
            return statement.weight
        if statement.noise is None:
            return statement.weight * self.condition_weight
        return statement.weight * weight_of_noisy(self.problem, statement, self.noisy_weight)

    def inputs(self, statement: Statement, unknowns: Mapping[str, Tensor], chunk: slice):
        """What the statement's expression may use at the points of this chunk, at all their ends."""
        points = self.points.taken(chunk)
        extra = dict(unknowns)
        if statement.values is not None:
            extra[MEASURED] = statement.values.to(points.points)[chunk]
        return points.inputs(self.problem.axes, extra)

    def chunks(self, size: int) -> list[slice]:
        size = max(1, size // self.points.ends)
        return [slice(start, start + size) for start in range(0, len(self.points), size)]

    def in_chunks(self, evaluate: Callable[[slice], T], size: int) -> Iterator[tuple[slice, T]]:
        """(chunk, evaluate(chunk)), at most `size` of the points at a time, but all ends of a sum together."""
        return in_chunks(evaluate, len(self.points), max(1, size // self.points.ends))


def collect(
    problem: Problem,
    counts: Sequence[int],
    seed: int,
    device: torch.device,
    dtype: torch.dtype,
    condition_weight: float = CONDITION_WEIGHT_TRAINED,
    method: str = "sobol",
    domain: Domain | None = None,
    measuring: bool = False,
) -> list[Group]:
    """Groups of statements with points drawn by `method`; `counts` has one number per statement.

    Where a statement's data vary in a small part of its place (problem/scan.py), some points more lie there: those kept
    for `measuring`, or those to train on.

    All are of one drawing, with a seed for each place; in a family they lie in the same shapes.
    domain   where the points are to lie, if that is a part of the problem's
    """
    drawn_from = (domain or problem.domain).redrawn(seed)
    by_place: dict[tuple, list[int]] = {}
    for index, (statement, count) in enumerate(zip(problem.statements, counts, strict=True)):
        by_place.setdefault((statement.place, count), []).append(index)
    groups = []
    for number, ((place, count), indices) in enumerate(by_place.items()):
        of_place = seed_of(seed, number)
        points = drawn_from.sample(place, count, of_place, method)
        if place in problem.scan.concentrations:
            further = problem.scan.concentrations[place]
            points = joined([points, further.drawn(count // CONCENTRATED_SHARE, of_place, measuring, drawn_from.time)])
        points = points.to(device=device, dtype=dtype)
        groups.append(Group(problem, tuple(indices), points, condition_weight))
    return groups


def residuals(
    model: Model,
    group: Group,
    chunk: slice = slice(None),
    *,
    tape=None,
    jets: FieldJets | None = None,
) -> list[Tensor]:
    """Dimensionless residuals of the group's statements, each [N].

    `jets` may be given instead of computed, at all ends of the points.
    """
    points = group.points.taken(chunk)
    if jets is None:  # one pass over all ends, so that one tape holds them
        jets = model.jets(points.points, group.plan, group.derivatives, tape)
    found = []
    for index, statement in zip(group.indices, group.statements, strict=True):
        inputs = group.inputs(statement, model.unknowns, chunk)
        value = torch.as_tensor(statement.expression.value(inputs, jets)).to(points.points)
        whole = points.summed(value.expand(len(points.points)))
        if index in group.offsets:
            whole = whole - group.offsets[index][chunk]
        coefficients = statement.expression.linearise(inputs, jets) if group.is_local(index) else {}
        found.append(whole / group.magnitude(index, coefficients, chunk))
    return found


def jets_at(model: Model | None, group: Group) -> FieldJets:
    """The model's jets at all ends of the points of a group; those of the first guess where there is no model."""
    points = group.points.points
    if model is None:
        return guessed_jets(group.problem, group.points, group.derivatives)
    with torch.no_grad():
        return {d: jet.detach() for d, jet in model.jets(points, group.plan, group.derivatives).items()}


def residuals_alone(model: Model, group: Group, chunk: slice) -> list[Tensor]:
    """Residuals that nothing is differentiated by."""
    with torch.set_grad_enabled(model.derivatives == "autograd"):
        return [residual.detach() for residual in residuals(model, group, chunk)]


def mean_square(group: Group, residual: Tensor) -> Tensor:
    """mean(r^2) of a statement's residual [N] at the points of its group."""
    return residual.square().mean()


def loss_terms(
    model: Model,
    groups: Sequence[Group],
    mean: Callable[[Group, Tensor], Tensor] = mean_square,
    jets: Sequence[FieldJets] | None = None,
) -> dict[str, Tensor]:
    """weight^2 mean(r^2) of every statement: name -> scalar. The jets may be given, by group."""
    terms = {}
    for group, given in zip(groups, jets or [None] * len(groups), strict=True):
        for statement, residual in zip(group.statements, residuals(model, group, jets=given), strict=True):
            name = statement.name
            term = group.weight(statement) ** 2 * mean(group, residual)
            terms[name] = terms[name] + term if name in terms else term
    return terms


@torch.no_grad()
def loss_at(model: Model, groups: Sequence[Group], jets: Sequence[FieldJets]) -> float:
    """The loss where the fields have these jets, by group; the unknowns are the model's."""
    return sum(float(term) for term in loss_terms(model, groups, jets=jets).values())


def mean_squares(model: Model, groups: Sequence[Group]) -> list[float]:
    """mean(r^2) of every statement, unweighted, in the problem's order."""
    found = {}
    with torch.no_grad():
        for group in groups:
            sums = [0.0] * len(group.indices)
            for _, parts in group.in_chunks(partial(residuals_alone, model, group), model.network.cache_rows):
                sums = [
                    total + float(residual.double().square().sum()) for total, residual in zip(sums, parts, strict=True)
                ]
            found |= {index: total / len(group.points) for index, total in zip(group.indices, sums, strict=True)}
    return [found[index] for index in range(len(found))]


def heldout_residual(model: Model, groups: Sequence[Group]) -> float:
    """Root of the mean over the statements of mean(r^2); of noisy data counts what their noise does not explain."""
    squares = mean_squares(model, groups)
    unexplained = (beyond_noise(groups[0].problem, index, square) for index, square in enumerate(squares))
    return math.sqrt(sum(unexplained) / len(squares))


def point_residuals(model: Model, group: Group) -> Tensor:
    """Size of the residual at each point of a group, all its statements together: [N]."""
    parts = group.in_chunks(partial(residuals_alone, model, group), model.network.cache_rows)
    return torch.cat([torch.stack(part).square().sum(dim=0) for _, part in parts]).sqrt()
