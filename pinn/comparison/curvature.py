"""What an activation can carry of the curvature that the equations speak of, measured on a run's network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import sympy
import torch
from torch import Tensor

from pinn.comparison.energy_form import energy_form
from pinn.comparison.equation_jacobian import (
    equation_gradient_share,
    equations_at,
    jacobian_by_order,
    jacobian_figures,
)
from pinn.derivatives.jets import Partial
from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import Derivative, evaluate
from pinn.equations.subdomains import Subdomain
from pinn.export.sampling.grid import Array
from pinn.network.activations import ACTIVATIONS, INFINITE
from pinn.problem.problem import Problem
from pinn.solution.solution import Solution
from pinn.spec.language.expressions import symbol
from pinn.training.residuals.assembly import residuals
from pinn.training.residuals.model import Model, new_network

REFERENCE_HIDDEN, REFERENCE_SEED = (32, 32), 0  # of the untrained network that every activation is measured on
JACOBIAN_POINTS = 64  # the rank is at most 64 per equation; a point costs a reverse pass per equation and order
RESIDUAL_POINTS = 2000
LINE_POINTS = 1001  # finite differences on a 1000th of the domain: truncation near 1e-5, rounding near 1e-9
HOMOGENEOUS = 1e-12  # dimensionless: equations whose value is smaller at zero fields are satisfied by zero fields


def diagnose(solution: Solution, reference: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Everything about one run; `trained` is what the equations say to the weights of the run's own network.

    reference   what `reference_figures` found, where that is known already
    """
    problem = solution.problem
    line = second_derivative_on_line(solution)
    floor, variance = residual_figures(problem, solution.model)
    return {
        "smoothness_order": smoothness_order(problem),
        "required_order": required_order(problem),
        **(reference or reference_figures(problem)),
        "residual_floor": floor,
        "residual_variance": variance,
        "curvature_mismatch": relative_difference(line.computed, line.differences),
        "curvature_error": None if line.exact is None else relative_difference(line.computed, line.exact),
        "trained": weight_figures(problem, solution.model),
    }


def reference_figures(problem: Problem) -> dict[str, Any]:
    """Of an untrained network, two layers of 32 with the run's activation: the same for every method and seed."""
    model = reference_model(problem)
    return {**weight_figures(problem, model), "energy_form": energy_form(problem, model)}


def smoothness_order(problem: Problem) -> float:
    """The highest order of derivatives that the activation has: bounded, and not zero almost everywhere."""
    activation = ACTIVATIONS[problem.spec.network.activation.name]
    order = min(activation.order, activation.smoothness + 1)
    return math.inf if order >= INFINITE else order


def required_order(problem: Problem) -> int:
    """The highest order of derivatives in an equation."""
    return max((s.expression.order for s in problem.statements if s.is_equation), default=0)


def reference_model(problem: Problem) -> Model:
    """An untrained network with the problem's activation, of one size for all."""
    generator = torch.Generator().manual_seed(REFERENCE_SEED)
    network = new_network(problem, REFERENCE_HIDDEN, generator, torch.device("cpu"), torch.float64)
    return Model(problem, network)


def weight_figures(problem: Problem, model: Model) -> dict[str, Any]:
    """What the equations say to the weights of a model."""
    figures = jacobian_figures(jacobian_by_order(model, equations_at(problem, model, JACOBIAN_POINTS)))
    return {
        "jacobian_rank": figures.rank,
        "jacobian_rows": figures.rows,
        "jacobian_norm": figures.norm,
        "jacobian_norm_by_order": figures.by_order,
        "equation_gradient_share": equation_gradient_share(problem, model),
    }


def residual_figures(problem: Problem, model: Model) -> tuple[float | None, float | None]:
    """(|r| / |f|, variance of r) of all equations at points never trained on, f their value at zero fields.

    A floor of 1 means that training has done no more for the equations than zero fields would; None where f = 0.
    """
    group = equations_at(problem, model, RESIDUAL_POINTS)
    if not group.indices:
        return None, None
    zero = {d: group.points.points.new_zeros(len(group.points)) for d in group.derivatives}
    with torch.no_grad():
        source = torch.stack(residuals(model, group, jets=zero))
        found = group.in_chunks(partial(residuals, model, group), model.network.cache_rows)
        parts = [torch.stack(part) for _, part in found]
    residual = torch.cat(parts, dim=1)  # [E, N]
    size = float(source.square().mean().sqrt())
    floor = float(residual.square().mean().sqrt()) / size if size > HOMOGENEOUS else None
    return floor, float(residual.var(dim=1, correction=0).mean())


@dataclass(frozen=True)
class LineCurvature:
    """The second derivative of one field along the first coordinate, at points [N, D] of a line through the domain.

    computed      from the network's jets
    differences   central differences of the field's values
    exact         where a closed form is known
    """

    field: str
    points: Array
    computed: Array
    differences: Array
    exact: Array | None


def second_derivative_on_line(solution: Solution) -> LineCurvature:
    """u_xx of the leading field through the interior point nearest to the centre of those of a low-discrepancy set.

    That point is off the axes of symmetry, where solutions tend to vanish.
    """
    problem = solution.problem
    field = curved_field(problem)
    lower, upper = problem.bounds
    inside = problem.heldout_points(64, 0)
    through = inside[np.argmin((((inside - problem.domain.centre) / problem.domain.half_width) ** 2).sum(axis=1))]
    points = np.tile(through, (LINE_POINTS, 1))
    points[:, 0] = np.linspace(lower[0], upper[0], LINE_POINTS)
    step = points[1, 0] - points[0, 0]
    contained = problem.geometry.contains(points[:, : problem.space], tolerance=1e-9 * problem.geometry.size)
    values = solution(points, [field])[field]
    differences = (values[:-2] - 2 * values[1:-1] + values[2:]) / step**2
    kept = contained[:-2] & contained[1:-1] & contained[2:]
    middle = points[1:-1][kept]
    derivative = second_derivative(problem, field)
    computed = solution.derivatives(middle, [derivative])[derivative]
    return LineCurvature(field, middle, computed, differences[kept], exact_second_derivative(problem, field, middle))


def curved_field(problem: Problem) -> str:
    """The first field with a known solution, else the first."""
    return next((name for name in problem.fields if name in problem.exact_quantities), problem.fields[0])


def second_derivative(problem: Problem, field: str) -> Derivative:
    """Along the first coordinate."""
    return Derivative(field, Partial((2,) + (0,) * (len(problem.axes) - 1)))


def exact_second_derivative(problem: Problem, field: str, points: Array) -> Array | None:
    """Of the closed form, at points [N, D]: [N]; None where there is none."""
    if field not in problem.exact[problem.subdomains[0].name]:
        return None

    def evaluated(subdomain: Subdomain, points: Tensor) -> dict[str, Tensor]:
        expression = sympy.diff(problem.exact[subdomain.name][field], symbol(problem.axes[0]), 2)
        return {field: evaluate(expression, PointSet(points).inputs(problem.axes), len(points), points)}

    return problem.subdomains.piecewise(torch.as_tensor(points), evaluated)[field].numpy()


def relative_difference(value: Array, reference: Array) -> float:
    """|value - reference| / |reference|, the difference itself where the reference is zero."""
    size = float(np.linalg.norm(reference))
    difference = float(np.linalg.norm(value - reference))
    return difference / size if size > 0 else difference
