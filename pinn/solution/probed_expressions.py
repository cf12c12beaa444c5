"""Expressions of a probe at points: their values, and the magnitudes that their derivatives give them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pinn.derivatives.jets import plan_jets
from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import Derivative
from pinn.equations.subdomains import Subdomain
from pinn.problem.probe import Extent
from pinn.solution.solution import Solution


@dataclass(frozen=True)
class Answer:
    """value   in the expression's unit (times that of a measure, for an integral); an extreme may be infinite
    off     what the quadrature is off by, as its coarser rules say; 0 of an extreme
    size    the same of the expression's absolute value: what the value is to be measured against
    at      where an extreme is, [S], the normal there [1, S], if it is one of a boundary, and where it is seen from
    """

    value: float
    size: float
    at: tuple[float, ...] | None = None
    normal: np.ndarray | None = None
    seen: str | None = None
    off: float = 0.0


def at_points(
    solution: Solution, extent: Extent, points: np.ndarray, normals: np.ndarray | None = None, seen: str | None = None
) -> np.ndarray:
    """The expression at points [N, S] of space, at the extent's time: [N]."""

    def evaluated(subdomain: Subdomain, at: Tensor, beside: Tensor | None) -> Tensor:
        return solution.evaluation.values(at, {"": extent.compiled[subdomain.name]}, beside)[""]

    return solution.evaluation.in_subdomains(evaluated, in_time(extent, points), normals, seen)


def magnitudes(
    solution: Solution, extent: Extent, points: np.ndarray, normals: np.ndarray | None, seen: str | None
) -> np.ndarray:
    """The sum of |d expression/d derivative| U/L^n [N], U the field's magnitude and L half the domain's size.

    What vanishes by symmetry is measured against a share of it.
    """
    problem = solution.problem
    length = problem.geometry.size / 2

    def evaluated(subdomain: Subdomain, at: Tensor, beside: Tensor | None) -> Tensor:
        expression, total = extent.compiled[subdomain.name], at.new_zeros(len(at))
        plan = plan_jets([d.partial for d in expression.derivatives], len(problem.axes), problem.space)
        jets = solution.model.jets(at, plan, tuple(expression.derivatives))
        inputs = PointSet(at, beside).inputs(problem.axes, solution.model.unknowns)
        for name, slope in expression.linearise(inputs, jets).items():
            if isinstance(name, Derivative):
                magnitude = problem.scaling.fields[name.field] / length**name.partial.order
                total = total + torch.as_tensor(slope).to(at).abs().nan_to_num(0.0, 0.0) * magnitude
        return total

    return solution.evaluation.in_subdomains(evaluated, in_time(extent, points), normals, seen)


def in_time(extent: Extent, points: np.ndarray) -> np.ndarray:
    return points if extent.time is None else np.column_stack([points, np.full(len(points), extent.time)])
