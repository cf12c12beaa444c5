"""Fitting a network to a field that is given: values and gradients at points, by Gauss-Newton.

    minimise  sum over the fields of  |u - u*|^2/|u*|^2 + beta^2 |grad u - grad u*|^2/|grad u*|^2

with gradients in units of the domain's half widths. Both are statements, linear in the network's outputs, so the
solvers of equations serve as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import sympy
import torch
from torch import Tensor

from pinn.derivatives.jets import Partial
from pinn.domain.places import Interior
from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import CompiledExpression, Derivative
from pinn.equations.statements import Statement
from pinn.geometry.points.sampling import sample_boundary
from pinn.network.mlp import MLP
from pinn.problem.problem import Problem
from pinn.spec.blocks.solver import GaussNewtonOptions
from pinn.spec.language.expressions import symbol
from pinn.training.all_weights.gauss_newton import BOUNDARY_SHARE, GaussNewton
from pinn.training.output_layer.variable_projection import output_size, solve_output_layer
from pinn.training.residuals.assembly import Group
from pinn.training.residuals.jacobian import count_weights
from pinn.training.residuals.model import Model
from pinn.training.run.run import Run

GRADIENT_WEIGHT = 0.1  # beta: a piecewise linear field has values to h^2 and gradients to h only, and both should count
FEWEST_POINTS, MOST_POINTS = 1000, 10_000
ROWS_PER_WEIGHT = 2  # equations for each weight: between the points nothing holds the field
ROWS_PER_OUTPUT_WEIGHT = 4  # where that is more
SEED = 311


def first_jet(problem: Problem) -> list[Derivative]:
    """Value and gradient of every field."""
    dimension = len(problem.axes)
    orders = [tuple(int(i == axis) for i in range(dimension)) for axis in range(-1, dimension)]
    return [Derivative(name, Partial(order)) for name in problem.fields for order in orders]


def target_points(problem: Problem, network: MLP) -> Tensor:
    """Where the field is fitted: [N, D], inside and, a fifth as many, on the boundary."""
    model = Model(problem, network)
    per_point = len(problem.axes) + 1
    wanted = max(
        ROWS_PER_WEIGHT * count_weights(model) // (len(problem.fields) * per_point),
        ROWS_PER_OUTPUT_WEIGHT * output_size(model) // len(problem.fields),
    )
    count = min(max(wanted, FEWEST_POINTS), MOST_POINTS)
    inside = problem.heldout_points(count, SEED)
    edge = max(2 * len(problem.geometry.patches), round(BOUNDARY_SHARE * count))
    boundary = sample_boundary(problem.geometry, problem.geometry.patches, edge, SEED, None, problem.time).points
    return torch.as_tensor(np.vstack([inside, boundary]))


def sizes(problem: Problem, field: Mapping[Derivative, Tensor]) -> dict[str, tuple[float, float]]:
    """Root mean squares of every field and of its gradient in units of the half widths: name -> (value, gradient).

    1 stands for 0, so that nothing is divided by it.
    """
    found = {}
    for name in problem.fields:
        squares = [0.0, 0.0]
        for derivative, values in field.items():
            if derivative.field == name:
                squares[derivative.partial.order] += float((values * unit(problem, derivative)).square().mean())
        found[name] = tuple(square**0.5 or 1.0 for square in squares)
    return found


def unit(problem: Problem, derivative: Derivative) -> float:
    """What makes a derivative of the first order one per half width; 1 for a value."""
    return float(np.prod(problem.domain.half_width ** np.array(derivative.partial.orders)))


def field_problem(problem: Problem, field: Mapping[Derivative, Tensor], unknowns: Mapping[str, Tensor]) -> Problem:
    """The problem whose statements are `u` and `grad u`, weighted as above; what they equal, groups say as offsets.

    Unknown parameters keep their values and are no unknowns here.
    """
    known = {symbol(name): sympy.Float(float(value.detach()), 17) for name, value in unknowns.items()}
    found = sizes(problem, field)
    statements = []
    for derivative in field:
        compiled = problem.derivative(derivative, problem.subdomains[0])
        expression = cast(sympy.Expr, compiled.expression.xreplace(known))
        order = derivative.partial.order
        weight = (GRADIENT_WEIGHT if order else 1.0) * unit(problem, derivative) / found[derivative.field][order]
        fixed = CompiledExpression(expression, compiled.symbols, (), compiled.closed)
        statements.append(Statement(str(derivative), fixed, Interior(), weight))
    spec = problem.spec.model_copy(update={"unknowns": {}})
    fitted = replace(problem, spec=spec, statements=tuple(statements), ansatz=None, posed=(), pointwise=False)
    magnitudes = fitted.scaling.statements  # residuals are divided by them
    weighted = (replace(s, weight=s.weight * size) for s, size in zip(statements, magnitudes, strict=True))
    return replace(fitted, statements=tuple(weighted))


@dataclass(frozen=True, eq=False)
class TargetField:
    """The field to keep: its first jet at points [N, D], each [N], and the unknown parameters that go with it."""

    problem: Problem
    points: Tensor
    field: Mapping[Derivative, Tensor]
    unknowns: Mapping[str, Tensor]


class FieldFit(GaussNewton):
    """Stage: Gauss-Newton on the weights of `network`, which is changed in place."""

    name = "field_fit"

    def __init__(self, target: TargetField, network: MLP, seconds: float):
        problem = field_problem(target.problem, target.field, target.unknowns)
        scale = network.field_scale
        offsets = {index: values.to(scale) for index, values in enumerate(target.field.values())}
        self.group = Group(problem, tuple(offsets), PointSet(target.points.to(scale)), offsets=offsets)
        run = Run(problem, scale.device, scale.dtype, SEED, seconds, 0.0)
        run.model = self.model = Model(problem, network)
        # Eliminating the output layer costs three QR factorisations per damping and gains nothing after the first step.
        super().__init__(GaussNewtonOptions(resample=0, variable_projection=False), run)

    def draw(self, model: Model) -> list[Group]:
        return [self.group]

    def solve_output(self) -> None:
        """Only the output layer, by linear least squares."""
        solve_output_layer(self.model, [self.group])

    def fit(self, iterations: int) -> int:
        """The output layer, which a change of the activation leaves far off, then all layers by Gauss-Newton steps.

        Returns how many of the steps lowered the misfit; it ends early where three in a row do not.
        """
        accepted = 0
        self.solve_output()
        self.damping, self.losses, self.rejections = 0.0, [], 0
        for _ in range(iterations):
            finished = self.step().finished
            accepted += self.rejections == 0
            if finished:
                break
        return accepted
