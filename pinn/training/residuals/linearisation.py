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
from pinn.equations.compiler.compile import Derivative
from pinn.problem.problem import Problem
from pinn.training.residuals.assembly import Group
from pinn.training.residuals.model import Model


@dataclass(frozen=True, eq=False)
class LinearisedStatement:
    """One statement linearised at N points, weighted: sum of coefficients * jets = target, in the least-squares sense.

    With r the residual, J its derivative and s the state it is linearised at: coefficients = J, target = J s - r.
    unknowns   name -> coefficient [N] of the raw unknown parameter
    target     [N], or one of each load case [N, K]
    """

    coefficients: dict[Derivative, Tensor]
    unknowns: dict[str, Tensor]
    target: Tensor

    def on_basis(self, model: Model, plan: JetPlan, basis: Sequence[Tensor | None], at: Tensor | slice) -> Tensor:
        """Rows [n, F, W] in the coefficients of basis functions whose channels [n, W] are given at the points `at`."""
        count = len(self.target[at])
        assert basis[0] is not None  # the value channel never vanishes
        rows = basis[0].new_zeros(count, len(model.outputs), basis[0].shape[1])
        for derivative, coefficient in self.coefficients.items():
            field = model.outputs.index(derivative.field)
            channel = basis[plan.index(derivative.partial)]
            if channel is not None:
                scaled = coefficient[at][:, None] * model.network.field_scale[field]
                rows[:, field].addcmul_(scaled.expand(-1, rows.shape[2]), channel.expand(count, -1))
        return rows

    def on_functions(self, model: Model, plan: JetPlan, functions: Sequence[Tensor]) -> Tensor:
        """Rows [N, n] in the coefficients of functions, vectors of all fields, from their channels [N, F, n]."""
        rows = torch.zeros_like(functions[0][:, 0])
        for derivative, coefficient in self.coefficients.items():
            channel = functions[plan.index(derivative.partial)]
            rows.addcmul_(coefficient[:, None], channel[:, model.outputs.index(derivative.field)])
        return rows

    def on_output_layer(
        self, model: Model, plan: JetPlan, hidden: Sequence[Tensor | None], functions: Sequence[Tensor] = ()
    ) -> Tensor:
        """Rows [N, F*(W+1) + n + unknowns] in the output layer, the coefficients of n functions and the unknowns.

        hidden      channels of the last hidden layer
        functions   channels of the functions of corners, where there are some
        """
        count = len(self.target)
        one = [self.target.new_ones(1, 1) if channel.order == 0 else None for channel in plan.channels]
        parts = [self.on_basis(model, plan, basis, slice(None)) for basis in (hidden, one)]
        unknowns = [self.unknowns.get(name, self.target.new_zeros(count))[:, None] for name in model.raw]
        singular = [self.on_functions(model, plan, functions)] if functions else []
        return torch.cat([torch.cat(parts, dim=2).flatten(1), *singular, *unknowns], dim=1)


def linearised(
    model: Model,
    group: Group,
    chunk: slice,
    state: Mapping[Derivative, Tensor] | None,
    end: int = 0,
    cases: Sequence[Problem] = (),
) -> list[LinearisedStatement]:
    """The group's statements linearised at one end of the chunk's points, at the jets `state` of the first end.

    `state` None stands for zero fields, which is enough for what is linear in them, as all statements with several
    ends are.
    cases   problems with the same statements but for their loads, each with a target of its own; at zero fields only
    """
    points = group.points.ends[end][1][chunk]
    count = len(points)
    jets = {d: points.new_zeros(count) for d in group.derivatives} if state is None else state
    found = []
    for index, statement in zip(group.indices, group.statements, strict=True):
        inputs = group.inputs(statement, model.unknowns, chunk, end)
        slopes = statement.expression.linearise(inputs, jets)
        factor = group.weight(statement) / math.sqrt(len(group.points)) / group.magnitude(index, slopes, chunk)
        target = -torch.as_tensor(statement.expression.value(inputs, jets)).to(points).expand(count)
        if index in group.offsets and end == 0:  # it belongs to the sum over the ends
            target = target + group.offsets[index][chunk]
        coefficients, unknowns = {}, {}
        for key, coefficient in slopes.items():
            coefficient = torch.as_tensor(coefficient, dtype=points.dtype, device=points.device).expand(count)
            if isinstance(key, Derivative):
                coefficients[key] = coefficient * factor
                target = target + coefficient * jets[key]
            else:
                unknowns[key] = coefficient * (model.units[key] * factor)
                target = target + coefficient * (model.units[key] * model.raw[key])
        if cases:
            loads = [case.statements[index].expression.value(inputs, jets) for case in cases]
            of_each = [-torch.as_tensor(load).to(points).expand(count) * factor for load in loads]
            found.append(LinearisedStatement(coefficients, unknowns, torch.stack(of_each, dim=1)))
        else:
            found.append(LinearisedStatement(coefficients, unknowns, target * factor))
    return found


CornerJets = Sequence[Sequence[Tensor]]  # of each end of the points: channels [N, F, n] of the functions of corners


def corner_jets(model: Model, group: Group, chunk: slice = slice(None)) -> CornerJets:
    """Those at the points of a group; none where the network has no such functions."""
    if model.corners is None:
        return [()] * len(group.points.ends)
    return [model.corners.function_jets(points[chunk], group.plan) for _, points in group.points.ends]


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
    network = model.mlp
    at_ends: list[list[tuple[Tensor, Tensor]]] = []
    for end, (_, everywhere) in enumerate(group.points.ends):
        points = everywhere[chunk]
        if model.derivatives == "autograd":
            hidden = [None if c is None else c.detach() for c in jets_by_autograd(network.hidden, points, group.plan)]
        else:
            hidden = network.hidden_jets(points, group.plan)
        at_ends.append(
            [
                (terms.on_output_layer(model, group.plan, hidden, corners[end]), terms.target)
                for terms in linearised(model, group, chunk, state, end, cases)
            ]
        )
    return [
        (group.points.over_ends([rows for rows, _ in ends]), group.points.over_ends([target for _, target in ends]))
        for ends in zip(*at_ends, strict=True)
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
