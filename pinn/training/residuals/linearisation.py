"""Statements linearised at a state: the rows of the least-squares problem for an output layer.

With r the residual of a statement, J its derivative with respect to the jets and s the state, Newton's step asks for
J c = J s - r at every point, where c are the jets of the new fields, themselves linear in the output layer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.derivatives.autograd import jets_by_autograd
from pinn.derivatives.jets import JetPlan
from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import Derivative
from pinn.problem.problem import Problem
from pinn.training.residuals.assembly import Group
from pinn.training.residuals.model import Model


@dataclass(frozen=True, eq=False)
class LinearisedStatement:
    """One statement linearised at N points, weighted: sum of coefficients * jets = target, in the least-squares sense.

    With r the residual, J its derivative and s the state it is linearised at: coefficients = J, target = J s - r. Where
    a point has K ends, the jets and their coefficients are those at all ends, and the sum is over them as well.

    coefficients   derivative -> [K N], the ends' weights in them
    unknowns       name -> coefficient [N] of the raw unknown parameter
    target         [N], or one of each load case [N, L]
    ends           K
    """

    coefficients: dict[Derivative, Tensor]
    unknowns: dict[str, Tensor]
    target: Tensor
    ends: int = 1

    def on_basis(self, model: Model, plan: JetPlan, basis: Sequence[Tensor | None]) -> Tensor:
        """Rows [N, F, W] in the coefficients of basis functions, from their channels [K N, W]."""
        assert basis[0] is not None  # the value channel never vanishes
        rows = basis[0].new_zeros(len(self.target), len(model.outputs), basis[0].shape[1])
        for derivative, coefficient in self.coefficients.items():
            field = model.outputs.index(derivative.field)
            channel = basis[plan.index(derivative.partial)]
            if channel is not None:
                self.add(rows[:, field], coefficient * model.network.field_scale[field], channel)
        return rows

    def on_functions(self, model: Model, plan: JetPlan, functions: Sequence[Tensor]) -> Tensor:
        """Rows [N, n] in the coefficients of functions, vectors of all fields, from their channels [K N, F, n]."""
        rows = functions[0].new_zeros(len(self.target), functions[0].shape[2])
        for derivative, coefficient in self.coefficients.items():
            channel = functions[plan.index(derivative.partial)]
            self.add(rows, coefficient, channel[:, model.outputs.index(derivative.field)])
        return rows

    def add(self, rows: Tensor, coefficient: Tensor, channel: Tensor) -> None:
        """Add to rows [N, W] the sums over the ends of coefficient [K N] * channel [K N, W]."""
        if self.ends == 1:
            rows.addcmul_(coefficient[:, None].expand_as(rows), channel.expand_as(rows))
            return
        whole = channel.expand(len(coefficient), -1).unflatten(0, (self.ends, -1))
        rows += torch.einsum("kn,knw->nw", coefficient.unflatten(0, (self.ends, -1)), whole)

    def on_output_layer(
        self, model: Model, plan: JetPlan, hidden: Sequence[Tensor | None], functions: Sequence[Tensor] = ()
    ) -> Tensor:
        """Rows [N, F*(W+1) + n + unknowns] in the output layer, the coefficients of n functions and the unknowns.

        hidden      channels of the last hidden layer, at all ends
        functions   channels of the functions of corners, where there are some
        """
        count = len(self.target)
        one = [self.target.new_ones(1, 1) if channel.order == 0 else None for channel in plan.channels]
        parts = [self.on_basis(model, plan, basis) for basis in (hidden, one)]
        unknowns = [self.unknowns.get(name, self.target.new_zeros(count))[:, None] for name in model.raw]
        singular = [self.on_functions(model, plan, functions)] if functions else []
        return torch.cat([torch.cat(parts, dim=2).flatten(1), *singular, *unknowns], dim=1)


def linearised(
    model: Model,
    group: Group,
    chunk: slice,
    state: Mapping[Derivative, Tensor] | None,
    cases: Sequence[Problem] = (),
) -> list[LinearisedStatement]:
    """The group's statements linearised at the chunk's points, at the jets `state` of all their ends.

    `state` None stands for zero fields, which is enough for what is linear in them.
    cases   problems with the same statements but for their loads, each with a target of its own; at zero fields only
    """
    points = group.points.taken(chunk)
    like, count = points.points, len(points.points)
    jets = {d: like.new_zeros(count) for d in group.derivatives} if state is None else state
    found = []
    for index, statement in zip(group.indices, group.statements, strict=True):
        inputs = group.inputs(statement, model.unknowns, chunk)
        slopes = statement.expression.linearise(inputs, jets)
        factor = row_factor(group, index, slopes, chunk)

        def summed(value: Tensor | float) -> Tensor:
            return points.summed(torch.as_tensor(value).to(like).expand(count))

        target = -torch.as_tensor(statement.expression.value(inputs, jets)).to(like).expand(count)
        coefficients, unknowns = {}, {}
        for key, coefficient in slopes.items():
            if isinstance(key, Derivative):
                coefficients[key] = at_ends(points, coefficient, factor)
                target = target + coefficient * jets[key]
            else:
                unknowns[key] = summed(coefficient) * (model.units[key] * factor)
                target = target + coefficient * (model.units[key] * model.raw[key])
        if cases:
            loads = [case.statements[index].expression.value(inputs, jets) for case in cases]
            of_each = torch.stack([-summed(load) * factor for load in loads], dim=1)
            found.append(LinearisedStatement(coefficients, unknowns, of_each, points.ends))
            continue
        whole = points.summed(target)
        if index in group.offsets:
            whole = whole + group.offsets[index][chunk]
        found.append(LinearisedStatement(coefficients, unknowns, whole * factor, points.ends))
    return found


def row_factor(group: Group, index: int, slopes: Mapping[Derivative | str, Tensor], chunk: slice) -> float | Tensor:
    """What a statement's expression is multiplied by in a row, a number or [n]; `slopes` are its coefficients."""
    statement = group.problem.statements[index]
    return group.weight(statement) / math.sqrt(len(group.points)) / group.magnitude(index, slopes, chunk)


def at_ends(points: PointSet, coefficient: Tensor | float, factor: float | Tensor) -> Tensor:
    """A coefficient at all ends [K n], times the factor of its row and the weight of its end."""
    like = points.points
    whole = torch.as_tensor(coefficient, dtype=like.dtype, device=like.device).expand(len(like))
    if points.weights is None:
        return whole * factor
    return (whole.unflatten(0, (points.ends, -1)) * points.weights[:, None] * factor).flatten()


CornerJets = Sequence[Tensor]  # channels [K N, F, n] of the functions of corners, at all ends of the points


def corner_jets(model: Model, group: Group, chunk: slice = slice(None)) -> CornerJets:
    """Those at the points of a group; none where the network has no such functions."""
    if model.corners is None:
        return ()
    return model.corners.function_jets(group.points.of(group.points.points, chunk), group.plan)


def linear_rows(
    model: Model,
    group: Group,
    chunk: slice,
    state: Mapping[Derivative, Tensor] | None,
    corners: CornerJets | None = None,
    cases: Sequence[Problem] = (),
) -> list[tuple[Tensor, Tensor]]:
    """Rows of the statements linearised at the jets `state`, in the weights of the output layer.

    For each statement (A [N, F*(W+1) + n + unknowns], b [N]), weighted, so that the Newton step's coefficients c solve
    A c = b in the least-squares sense.
    corners   as `corner_jets` gives them for the chunk, where they are known
    cases     load cases, of which b has a column each [N, K]
    """
    corners = corner_jets(model, group, chunk) if corners is None else corners
    network, points = model.mlp, group.points.of(group.points.points, chunk)
    if model.derivatives == "autograd":
        hidden = [None if c is None else c.detach() for c in jets_by_autograd(network.hidden, points, group.plan)]
    else:
        hidden = network.hidden_jets(points, group.plan)
    return [
        (terms.on_output_layer(model, group.plan, hidden, corners), terms.target)
        for terms in linearised(model, group, chunk, state, cases)
    ]


def show_case(model: Model, number: int) -> None:
    """Let the model's network be the solution of one of its load cases."""
    set_coefficients(model, model.loaded[number])


def set_coefficients(model: Model, coefficients: Tensor) -> None:
    """Put coefficients as `linear_rows` orders them into the output layer and the unknowns."""
    network = model.mlp
    last = network.linears[-1]
    size = len(model.outputs) * (last.in_features + 1)
    table = coefficients[:size].reshape(len(model.outputs), -1)
    with torch.no_grad():
        if model.corners is not None:
            model.corners.coefficients.copy_(coefficients[size : size + len(model.corners.coefficients)])
            size += len(model.corners.coefficients)
        last.weight.copy_(table[:, :-1])
        last.bias.copy_(table[:, -1])
        for raw, value in zip(model.raw.values(), coefficients[size:], strict=True):
            raw.copy_(value)
