"""Divergence: which term of a loss or of its gradient is not finite, and where."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from pinn.errors import Divergence
from pinn.training.admissible import remark
from pinn.training.assembly import Group, residuals
from pinn.training.model import Model


def require_finite(
    terms: dict[str, torch.Tensor], stage: str, step: int, groups: Sequence[Group], model: Model
) -> None:
    """Raises Divergence that names the first term that is not finite, and a point where it happens."""
    for name, value in terms.items():
        if math.isfinite(float(value.detach())):
            continue
        for group in groups:
            for statement, residual in zip(group.statements, residuals(model, group), strict=True):
                bad = torch.nonzero(~torch.isfinite(residual)).flatten()
                if statement.name == name and len(bad):
                    place = place_of(group, int(bad[0]))
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
            raise Divergence(
                f"the gradient of term '{statement.name}' is not finite at {place_of(group, first)} in {stage}, "
                f"step {step}"
                f"{remark(group.problem)}"
            )
    raise Divergence(f"the gradient is not finite in {stage}, step {step}")


def place_of(group: Group, index: int) -> str:
    """A point of a group, as a message names it."""
    point = group.points.points[index].tolist()
    return ", ".join(f"{a} = {c:.6g}" for a, c in zip(group.problem.axes, point, strict=True))
