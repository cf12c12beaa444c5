"""Residuals in units of the statement's own terms at each point.

A statement sum_d c_d(x) u_d = s(x) at a point x has terms of the size

    T(x)^2 = sum_d (c_d(x) U_d)^2 + s(x)^2,      U_d the root mean square of the derivative u_d over the domain,

linearised at the solution; U_d is at least SMOOTHEST of what a field of that size has that bends once over the domain
(the second derivatives of a linear field are rounding errors), and a component that vanishes has a share of its
vector's size. Its relative residual is the root mean square of r(x)/T(x) over its points. Multiplying a statement by a
positive function of the coordinates, or changing units, leaves it as it is; and a field that ignores a load has a
relative residual of about 1 where the load is stated, however small the load is beside other statements.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from pinn.derivatives.jets import Partial, plan_jets
from pinn.equations.compiler.compile import Derivative
from pinn.equations.scaling import length_factor
from pinn.problem.problem import Problem
from pinn.training.estimates.sizes import output_sizes
from pinn.training.residuals.assembly import Group, residuals
from pinn.training.residuals.model import Model

POINTS, SEED = 2000, 31_337
SMOOTHEST = 1e-2


def relative_residuals(model: Model, groups: Sequence[Group]) -> list[float]:
    """One number per statement, in the problem's order; NaN where the residual is not finite."""
    problem = groups[0].problem
    found: dict[int, float] = {}
    with torch.no_grad():
        units = derivative_sizes(problem, model)
        for group in groups:
            points = group.points.points
            weights = None if group.points.weights is None else group.points.weights.abs()
            squared = replace(group.points, weights=weights)
            like: dict[str, Any] = {"dtype": points.dtype, "device": points.device}
            jets = model.jets(points, group.plan, group.derivatives)
            zero = {d: torch.zeros_like(jet) for d, jet in jets.items()}
            for index, statement, residual in zip(
                group.indices, group.statements, residuals(model, group, jets=jets), strict=True
            ):
                inputs = group.inputs(statement, model.unknowns, slice(None))
                slopes = statement.expression.linearise(inputs, jets)
                terms = torch.as_tensor(statement.expression.value(inputs, zero), **like).expand(len(points))
                squares = torch.nan_to_num(terms.square(), nan=0.0, posinf=0.0)
                for key, slope in slopes.items():
                    if isinstance(key, Derivative):
                        squares = squares + (torch.as_tensor(slope, **like) * units[key]).square()
                missed = residual * group.magnitude(index, slopes, slice(None))
                share = torch.where(missed == 0, torch.zeros_like(missed), missed / squared.summed(squares).sqrt())
                found[index] = math.sqrt(float(share.square().mean()))
    return [found[index] for index in range(len(found))]


def derivative_sizes(problem: Problem, model: Model) -> Mapping[Derivative, float]:
    """Root mean square over the domain of every derivative that a statement asks for, at least that of a bend."""
    value = (0,) * len(problem.axes)
    fields = [Derivative(output, Partial(value)) for output in problem.outputs]
    wanted = tuple(sorted({*fields, *(d for s in problem.statements for d in s.expression.derivatives)}))
    plan = plan_jets([d.partial for d in wanted], len(problem.axes), problem.space)
    points = torch.as_tensor(problem.heldout_points(POINTS, SEED)).to(model.network.field_scale)
    jets: Mapping[Derivative, Tensor] = model.jets(points, plan, wanted)
    number = problem.subdomains.number_at(points)
    owner = {output: place for place, subdomain in enumerate(problem.subdomains) for output in subdomain.outputs}
    sizes = {}
    for derivative, values in jets.items():
        inside = values[(number == owner[derivative.field]).to(values.device)]
        sizes[derivative] = float(inside.square().mean().sqrt()) if len(inside) else 0.0
    values = {d.field: sizes[d] for d in fields}
    values = output_sizes(problem, values)
    lengths = [float(width) for width in problem.domain.half_width]
    least = {
        d: (SMOOTHEST if d.partial.order else 1.0) * values[d.field] * length_factor(d.partial, lengths, problem.space)
        for d in wanted
    }
    return {d: max(sizes[d], least[d]) for d in wanted}
