"""The sum of two networks of the same fields."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pinn.derivatives.jets import JetPlan, Jets


class SumNetwork(nn.Module):
    """Fields u + v: points [N, D] -> [N, F], and their jets. It is evaluated, never trained or saved."""

    fused = False
    plain = True

    def __init__(self, first: nn.Module, second: nn.Module):
        super().__init__()
        self.first, self.second = first, second

    @property
    def field_scale(self) -> Tensor:
        return self.first.field_scale

    @property
    def cache_rows(self) -> int:
        return min(self.first.cache_rows, self.second.cache_rows)

    def forward(self, points: Tensor) -> Tensor:
        return self.first(points) + self.second(points)

    def jets(self, points: Tensor, plan: JetPlan, tape: object = None) -> Jets:
        """Channels of the fields, each [N, F] or [1, F] where it is the same at every point."""
        pairs = zip(self.first.jets(points, plan), self.second.jets(points, plan), strict=True)
        return [added(one, other) for one, other in pairs]

    def jets_by_autograd(self, points: Tensor, plan: JetPlan, space: int) -> Jets:
        first, second = (part.jets_by_autograd(points, plan, space) for part in (self.first, self.second))
        return [added(one, other) for one, other in zip(first, second, strict=True)]


def added(one: Tensor | None, other: Tensor | None) -> Tensor | None:
    """Their sum, where None stands for zero."""
    if one is None or other is None:
        return other if one is None else one
    return torch.add(one, other)
