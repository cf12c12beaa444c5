"""Units of space alone: one hidden layer that does not train, and the constant 1 beside it.

s_j(x) = s(lambda (w_j . h(x) + b_j))/lambda,  j = 1 … W;      s_(W+1) = 1
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from pinn.derivatives.jets import JetPlan, Jets, activate
from pinn.network.activations import ACTIVATIONS
from pinn.network.features import InputFeatures


class SpaceUnits(nn.Module):
    """points [N, S] -> units [N, W + 1], and their jets.

    features   h, None where there is no space
    weight     [W, I], bias [W]
    hardness   lambda of the activation s
    """

    weight: Tensor
    bias: Tensor
    hardness: Tensor

    def __init__(
        self, features: InputFeatures | None, weight: Tensor, bias: Tensor, activation: str, hardness: float = 1.0
    ):
        super().__init__()
        self.features = features
        self.activation = ACTIVATIONS[activation]
        self.register_buffer("weight", weight)
        self.register_buffer("bias", bias)
        self.register_buffer("hardness", torch.full((1,), hardness).to(weight))

    @property
    def count(self) -> int:
        """W + 1."""
        return len(self.weight) + 1

    def pre_activation(self, points: Tensor) -> Tensor:
        """z [N, W]."""
        if self.features is None:
            return points.new_zeros(len(points), 0)
        return functional.linear(self.features(points), self.weight, self.bias)

    def forward(self, points: Tensor) -> Tensor:
        """points [N, S] -> [N, W + 1], through torch's own activation functions."""
        h = self.activation.function(self.pre_activation(points) * self.hardness) / self.hardness
        return torch.cat([h, h.new_ones(len(points), 1)], dim=1)

    def jets(self, points: Tensor, plan: JetPlan) -> Jets:
        """Channels of the units, each [N, W + 1] or [1, W + 1]; None where zero."""
        if self.features is None:
            return [points.new_ones(len(points), 1) if channel.order == 0 else None for channel in plan.channels]
        z: Jets = []
        for channel, h in zip(plan.channels, self.features.jets(points, plan), strict=True):
            if h is None:
                z.append(None)
            else:
                z.append(self.hardness * functional.linear(h, self.weight, None if channel.order else self.bias))
        found: Jets = []
        for channel, h in zip(plan.channels, activate(plan, self.activation.derivatives, z), strict=True):
            if h is None:
                found.append(None)
                continue
            last = h.new_zeros(len(h), 1) if channel.order else h.new_ones(len(h), 1)
            found.append(torch.cat([h / self.hardness, last], dim=1))
        return found
