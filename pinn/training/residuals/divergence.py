"""Divergence: which term of a loss or of its gradient is not finite, and where."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from pinn.domain.point_set import PointSet
from pinn.errors import Divergence
from pinn.problem.problem import Problem
from pinn.training.residuals.admissible import remark
from pinn.training.residuals.assembly import Group, residuals
from pinn.training.residuals.model import Model


def require_finite(terms: dict[str, Tensor], stage: str, step: int, groups: Sequence[Group], model: Model) -> None:
    """Raises Divergence that names the first term that is not finite, and a point where it happens."""
    for name, value in terms.items():
        if math.isfinite(float(value.detach())):
            continue
        for group in groups:
            for statement, residual in zip(group.statements, residuals(model, group), strict=True):
                bad = torch.nonzero(~torch.isfinite(residual)).flatten()
                if statement.name == name and len(bad):
                    place = place_of(group.problem, group.points, int(bad[0]))
                    raise Divergence(
                        f"term '{name}' became {float(residual[bad[0]].detach())} at {place} in {stage}, step {step}"
                        f"{remark(group.problem)}"
                    )
        raise Divergence(f"term '{name}' became {float(value.detach())} in {stage}, step {step}")


def require_finite_gradient(stage: str, step: int, groups: Sequence[Group], model: Model) -> None:
    """Raises Divergence that names a term whose gradient is not finite, and a point that it comes from.

    The point is found by halving: of a range of points whose terms have such a gradient, one half has it too.
    """
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]

    def finite(group: Group, number: int, first: int, end: int) -> bool:
        residual = residuals(model, group, slice(first, end))[number]
        if not residual.requires_grad:
            return True
        slopes = torch.autograd.grad(residual.square().sum(), parameters, allow_unused=True)
        return all(bool(torch.isfinite(slope).all()) for slope in slopes if slope is not None)

    for group in groups:
        for number, statement in enumerate(group.statements):
            first, end = 0, len(group.points)
            if finite(group, number, first, end):
                continue
            while end - first > 1:
                middle = (first + end) // 2
                if finite(group, number, first, middle):
                    first = middle
                else:
                    end = middle
            place = place_of(group.problem, group.points, first)
            raise Divergence(
                f"the gradient of term '{statement.name}' is not finite at {place} in {stage}, step {step}"
                f"{remark(group.problem)}"
            )
    raise Divergence(f"the gradient is not finite in {stage}, step {step}")


def place_of(problem: Problem, points: PointSet, index: int) -> str:
    """A point, as a message names it; with a remark where the point or its normal is what is not finite."""
    found = points.points[index]
    place = ", ".join(f"{a} = {c:.6g}" for a, c in zip(problem.axes, found.tolist(), strict=True))
    if not torch.isfinite(found).all():
        return f"{place} (so the sampler gave this point)"
    if points.normals is not None and not torch.isfinite(points.normals[index]).all():
        return f"{place} (where the sampler gave a normal that is not finite)"
    return place
