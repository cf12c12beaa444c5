"""Translation of a problem to DeepXDE: its data object, its conditions, its derivatives.

Every statement stays the expression it is; its jets come from dde.grad.jacobian and dde.grad.hessian, DeepXDE's nested
reverse-mode differentiation with its cache. `field = value` becomes a PointSetBC, which is what DirichletBC and IC are
at given points; any other condition is an object with the two methods that DeepXDE asks of a boundary condition, and
is evaluated at its own points only (OperatorBC would evaluate it at all). Nothing is scaled; loss weights are 1 but for
the user's own.

The points are drawn from the exact geometry: DeepXDE's own CSG keeps few points on curved boundaries and knows no named
patches. Equations are collocated inside the domain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from pinn.baselines.output_transform import prescribed_value
from pinn.equations.compiler.compile import Derivative, evaluate
from pinn.equations.statements import MEASURED, Statement
from pinn.problem.problem import Problem
from pinn.training.residuals.assembly import Group

Unknowns = Mapping[str, Tensor]


@dataclass(frozen=True)
class Translation:
    """A problem as DeepXDE knows it.

    data       dde.data.PDE
    names      of the terms of its loss, in its order: the equations, then the conditions
    weights    of these terms
    """

    data: object
    names: tuple[str, ...]
    weights: tuple[float, ...]


def translate(
    deepxde: ModuleType, problem: Problem, groups: Sequence[Group], unknowns: Unknowns, satisfied: frozenset[int]
) -> Translation:
    """dde.data.PDE for the statements of the groups, at their points; those in `satisfied` are left out."""
    inside = [group for group in groups if group.statements[0].is_equation]
    equations = [statement for group in inside for statement in group.statements]
    points = inside[0].points.points.cpu().numpy() if inside else np.zeros((0, len(problem.axes)))

    def residuals(x: Tensor, y: Tensor) -> list[Tensor]:
        axes = {axis: x[:, k] for k, axis in enumerate(problem.axes)}
        return [
            column(equation.expression.value({**axes, **unknowns}, jets_of(deepxde, problem, equation, x, y)), x)
            for equation in equations
        ]

    stated = [
        (group, number, statement)
        for group in groups
        if group not in inside
        for number, statement in zip(group.indices, group.statements, strict=True)
        if number not in satisfied
    ]
    conditions = [condition(deepxde, problem, group, statement, unknowns) for group, _, statement in stated]
    everything = [*equations, *(statement for *_, statement in stated)]
    data = deepxde.data.PDE(
        Collocation(points), residuals if equations else None, conditions, num_domain=len(points), num_boundary=0
    )
    return Translation(data, tuple(s.name for s in everything), tuple(s.weight**2 for s in everything))


def column(value: Tensor | float, like: Tensor) -> Tensor:
    """A residual as DeepXDE wants it, [N, 1]."""
    return torch.as_tensor(value, dtype=like.dtype, device=like.device).expand(len(like))[:, None]


def jets_of(
    deepxde: ModuleType, problem: Problem, statement: Statement, x: Tensor, y: Tensor
) -> dict[Derivative, Tensor]:
    """The derivatives that the statement needs, [N], of the fields y [N, F] at x [N, D]."""
    return {d: derivative(deepxde, problem, d, x, y) for d in statement.expression.derivatives}


def derivative(deepxde: ModuleType, problem: Problem, wanted: Derivative, x: Tensor, y: Tensor) -> Tensor:
    """One derivative [N]: two orders at a time, first by hessian of the field, then by hessian of what came out."""
    spaces = [[]]
    for _ in range(wanted.partial.laplacians):
        spaces = [[*axes, k, k] for axes in spaces for k in range(problem.space)]
    own = [axis for axis, count in enumerate(wanted.partial.orders) for _ in range(count)]
    total = None
    for axes in spaces:
        remaining, current, component = [*own, *axes], y, problem.fields.index(wanted.field)
        while len(remaining) >= 2:
            i, j, *remaining = remaining
            current, component = deepxde.grad.hessian(current, x, component=component, i=i, j=j), 0
        if remaining:
            current, component = deepxde.grad.jacobian(current, x, i=component, j=remaining[0]), 0
        part = current[:, component]
        total = part if total is None else total + part
    assert total is not None
    return total


@dataclass(frozen=True, eq=False)
class Collocation:
    """What dde.data.PDE asks of a geometry: points inside, here those of the exact geometry."""

    points: np.ndarray

    @property
    def dim(self) -> int:
        return self.points.shape[1]

    def random_points(self, n: int, random: str = "") -> np.ndarray:
        return self.points[:n]


def condition(deepxde: ModuleType, problem: Problem, group: Group, statement: Statement, unknowns: Unknowns):
    """The statement as a boundary condition of DeepXDE."""
    points = group.points.points
    for component, field in enumerate(problem.fields):
        value = prescribed_value(statement, field, (*problem.axes, MEASURED))
        if value is not None and group.points.ends == 1:
            values = evaluate(value, group.inputs(statement, {}, slice(None)), len(points), points)
            return deepxde.icbc.PointSetBC(points.cpu().numpy(), values[:, None].contiguous(), component)
    return StatedCondition(deepxde, problem, group, statement, unknowns)


@dataclass(frozen=True, eq=False)
class StatedCondition:
    """Any statement at the points of its group; a periodic one at both ends of its points."""

    deepxde: ModuleType
    problem: Problem
    group: Group
    statement: Statement
    unknowns: Unknowns

    def collocation_points(self, X: np.ndarray) -> np.ndarray:
        return self.group.points.points.cpu().numpy()

    def error(self, X: np.ndarray, inputs: Tensor, outputs: Tensor, beg: int, end: int, aux_var=None) -> Tensor:
        jets = jets_of(self.deepxde, self.problem, self.statement, inputs, outputs)
        points = self.group.points
        ours = {d: jet[beg : beg + len(points.points)] for d, jet in jets.items()}
        value = self.statement.expression.value(self.group.inputs(self.statement, self.unknowns, slice(None)), ours)
        return points.summed(column(value, points.points))
