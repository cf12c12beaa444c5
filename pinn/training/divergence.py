"""Divergence: which term of a loss is not finite, and where."""

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
                    point = group.points.points[bad[0]].tolist()
                    place = ", ".join(f"{a} = {c:.6g}" for a, c in zip(group.problem.axes, point, strict=True))
                    raise Divergence(
                        f"term '{name}' became {float(residual[bad[0]].detach())} at {place} in {stage}, step {step}"
                        f"{remark(group.problem)}"
                    )
        raise Divergence(f"term '{name}' became {float(value.detach())} in {stage}, step {step}")
