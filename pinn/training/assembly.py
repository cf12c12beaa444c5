"""Residuals and their rows: statements on points, in dimensionless form.

A statement e at N points gives r_e [N] = (its expression)/(its magnitude). The loss is the sum over the statements of
weight_e^2 mean(r_e^2); the held-out residual is the root of the mean over the statements of mean(r_e^2), unweighted, on
points that are never trained on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from pinn.derivatives.jets import JetPlan, plan_jets
from pinn.equations.compile import Derivative
from pinn.equations.statements import MEASURED, PointSet, Statement
from pinn.problem import Problem
from pinn.training.model import Model

# Weight of whatever is not an equation inside the domain. Where all weights train, 1 to 3 is best (Burgers after 100
# steps of Gauss-Newton: error 3e-3, with 10: 3e-2, with 30: no front yet); where the output layer is solved for, 30
# costs nothing.
CONDITION_WEIGHT = 2.0


@dataclass(frozen=True, eq=False)
class Group:
    """Statements that share their points. `condition_weight` is that of conditions relative to equations."""

    problem: Problem
    indices: tuple[int, ...]
    points: PointSet
    condition_weight: float = CONDITION_WEIGHT

    @property
    def statements(self) -> list[Statement]:
        return [self.problem.statements[i] for i in self.indices]

    @cached_property
    def derivatives(self) -> tuple[Derivative, ...]:
        return tuple(sorted({d for statement in self.statements for d in statement.expression.derivatives}))

    @cached_property
    def plan(self) -> JetPlan:
        return plan_jets([d.partial for d in self.derivatives], len(self.problem.axes), self.problem.space)

    def scale(self, statement: Statement, index: int) -> float:
        """What turns the statement's value into a dimensionless residual."""
        return 1 / self.problem.scaling.statements[index]

    def weight(self, statement: Statement) -> float:
        return statement.weight * (1.0 if statement.place.kind == "interior" else self.condition_weight)

    def inputs(self, statement: Statement, unknowns: Mapping[str, Tensor], chunk: slice, partner: bool = False):
        """What the statement's expression may use at the points of this chunk."""
        points = self.points
        chosen = points.partner if partner else points.points
        assert chosen is not None
        normals = None if points.normals is None else points.normals[chunk]
        extra = dict(unknowns)
        if statement.values is not None:
            extra[MEASURED] = statement.values.to(chosen)[chunk]
        return PointSet(chosen[chunk], normals).inputs(self.problem.axes, extra)

    def chunks(self, size: int) -> list[slice]:
        return [slice(start, start + size) for start in range(0, len(self.points), size)]


def collect(
    problem: Problem,
    counts: Sequence[int],
    seed: int,
    device: torch.device,
    dtype: torch.dtype,
    condition_weight: float = CONDITION_WEIGHT,
) -> list[Group]:
    """Groups of statements with freshly drawn points; `counts` has one number per statement."""
    by_place: dict[tuple, list[int]] = {}
    for index, (statement, count) in enumerate(zip(problem.statements, counts, strict=True)):
        by_place.setdefault((statement.place, count), []).append(index)
    groups = []
    for number, ((place, count), indices) in enumerate(by_place.items()):
        points = problem.sample(place, count, seed * 1009 + number).to(device=device, dtype=dtype)
        groups.append(Group(problem, tuple(indices), points, condition_weight))
    return groups


def residuals(
    model: Model,
    group: Group,
    chunk: slice = slice(None),
    *,
    tape=None,
    jets: Mapping[Derivative, Tensor] | None = None,
) -> list[Tensor]:
    """Dimensionless residuals of the group's statements, each [N]. `jets` may be given instead of computed."""
    points = group.points.points[chunk]
    count = len(points)
    other = None
    if group.points.partner is not None:  # one pass over both ends, so that one tape holds both
        both = torch.cat([points, group.points.partner[chunk]])
        found_jets = model.jets(both, group.plan, group.derivatives, tape)
        jets, other = ({d: jet[half] for d, jet in found_jets.items()} for half in (slice(count), slice(count, None)))
    elif jets is None:
        jets = model.jets(points, group.plan, group.derivatives, tape)
    found = []
    for index, statement in zip(group.indices, group.statements, strict=True):
        value = statement.expression.value(group.inputs(statement, model.unknowns, chunk), jets)
        if other is not None:
            value = value - statement.expression.value(group.inputs(statement, model.unknowns, chunk, True), other)
        found.append(torch.as_tensor(value).expand(count) * group.scale(statement, index))
    return found


def loss_terms(model: Model, groups: Sequence[Group]) -> dict[str, Tensor]:
    """weight^2 mean(r^2) of every statement: name -> scalar."""
    terms = {}
    for group in groups:
        for statement, residual in zip(group.statements, residuals(model, group), strict=True):
            name = statement.name
            term = group.weight(statement) ** 2 * residual.square().mean()
            terms[name] = terms[name] + term if name in terms else term
    return terms


def mean_squares(model: Model, groups: Sequence[Group]) -> list[float]:
    """mean(r^2) of every statement, unweighted, in the problem's order."""
    found = {}
    with torch.no_grad():
        for group in groups:
            sums = [0.0] * len(group.indices)
            for part in group.chunks(model.network.cache_rows):
                if model.derivatives == "autograd":
                    with torch.enable_grad():
                        parts = residuals(model, group, part)
                else:
                    parts = residuals(model, group, part)
                sums = [
                    total + float(residual.detach().double().square().sum())
                    for total, residual in zip(sums, parts, strict=True)
                ]
            found |= {index: total / len(group.points) for index, total in zip(group.indices, sums, strict=True)}
    return [found[index] for index in range(len(found))]


def heldout_residual(model: Model, groups: Sequence[Group]) -> float:
    squares = mean_squares(model, groups)
    return math.sqrt(sum(squares) / len(squares))


def point_residuals(model: Model, group: Group) -> Tensor:
    """Size of the residual at each point of a group, all its statements together: [N]."""
    with torch.no_grad():
        parts = (residuals(model, group, part) for part in group.chunks(model.network.cache_rows))
        squares = [torch.stack([residual.square() for residual in part]).sum(dim=0) for part in parts]
    return torch.cat(squares).sqrt()


def linear_rows(
    model: Model, group: Group, chunk: slice, state: Mapping[Derivative, Tensor] | None
) -> list[tuple[Tensor, Tensor]]:
    """Rows of the statements linearised at the jets `state`, in the weights of the output layer.

    For each statement (A [N, F*(W+1) + unknowns], b [N]), weighted, so that the Newton step's coefficients c solve
    A c = b in the least-squares sense: with r the residual and J its derivative at the state, A = J and
    b = J c_state - r.
    `state` None stands for zero fields (enough for a linear problem).
    """
    network = model.network
    pieces = [(group.points.points, False)]
    if group.points.partner is not None:
        pieces.append((group.points.partner, True))
    blocks: list[tuple[Tensor, Tensor]] = []
    for all_points, partner in pieces:
        points = all_points[chunk]
        count = len(points)
        if model.derivatives == "autograd":
            hidden = network.hidden_jets_by_autograd(points, group.plan, model.space)
        else:
            hidden = network.hidden_jets(points, group.plan)
        one = points.new_ones(count, 1)
        assert hidden[0] is not None  # the value channel never vanishes
        width = hidden[0].shape[1]
        jets = {d: points.new_zeros(count) for d in group.derivatives} if state is None else state
        part = []
        for index, statement in zip(group.indices, group.statements, strict=True):
            inputs = group.inputs(statement, model.unknowns, chunk, partner)
            expression = statement.expression
            factor = group.scale(statement, index) * group.weight(statement) / math.sqrt(len(group.points))
            rows = points.new_zeros(count, len(model.fields) * (width + 1) + len(model.raw))
            value = torch.as_tensor(expression.value(inputs, jets)).to(points)
            target = -value.expand(count)
            for key, coefficient in expression.linearise(inputs, jets).items():
                coefficient = torch.as_tensor(coefficient, dtype=points.dtype, device=points.device).expand(count)
                if not isinstance(key, Derivative):
                    name = list(model.raw).index(key)
                    unit = model.units[key]
                    rows[:, len(model.fields) * (width + 1) + name] += coefficient * unit
                    target = target + coefficient * unit * model.raw[key]
                    continue
                field = model.fields.index(key.field)
                start = field * (width + 1)
                coefficient = coefficient[:, None]
                scaled = coefficient * network.field_scale[field]
                channel = hidden[group.plan.index(key.partial)]
                if channel is not None:
                    rows[:, start : start + width].addcmul_(scaled.expand(-1, width), channel.expand(count, -1))
                if key.partial.order == 0:
                    rows[:, start + width : start + width + 1] += scaled * one
                target = target + coefficient[:, 0] * jets[key]
            part.append((rows * factor, target * factor))
        blocks = part if not partner else [
            (rows - other, target - shift) for (rows, target), (other, shift) in zip(blocks, part, strict=True)
        ]  # fmt: skip
    return blocks


def set_coefficients(model: Model, coefficients: Tensor) -> None:
    """Put coefficients as `linear_rows` orders them into the output layer and the unknowns."""
    network = model.network
    last = network.linears[-1]
    size = len(model.fields) * (last.in_features + 1)
    table = coefficients[:size].reshape(len(model.fields), -1)
    with torch.no_grad():
        last.weight.copy_(table[:, :-1])
        last.bias.copy_(table[:, -1])
        for raw, value in zip(model.raw.values(), coefficients[size:], strict=True):
            raw.copy_(value)
