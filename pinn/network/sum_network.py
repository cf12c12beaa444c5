"""The sum of two networks of the same fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import torch
from torch import Tensor, nn

from pinn.derivatives.jets import JetPlan, Jets
from pinn.network.activations import Activation
from pinn.network.field_network import FieldNetwork, FixedHardness


class SumNetwork(FixedHardness, nn.Module):
    """Fields u + v: points [N, D] -> [N, F], and their jets. It is evaluated, never trained or saved."""

    kind: ClassVar[str] = "sum"
    one_output_layer: ClassVar[bool] = False
    first: FieldNetwork
    second: FieldNetwork

    def __init__(self, first: FieldNetwork, second: FieldNetwork):
        super().__init__()
        self.first, self.second = first, second

    @property
    def activation(self) -> Activation:
        return self.first.activation

    @property
    def field_scale(self) -> Tensor:
        return self.first.field_scale

    @property
    def cache_rows(self) -> int:
        return min(self.first.cache_rows, self.second.cache_rows)

    def pre_activations(self, points: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        yield from self.first.pre_activations(points)
        yield from self.second.pre_activations(points)

    def forward(self, points: Tensor) -> Tensor:
        return self.first(points) + self.second(points)

    def jets(self, points: Tensor, plan: JetPlan) -> Jets:
        """Channels of the fields, each [N, F] or [1, F] where it is the same at every point."""
        pairs = zip(self.first.jets(points, plan), self.second.jets(points, plan), strict=True)
        return [added(one, other) for one, other in pairs]


def added(one: Tensor | None, other: Tensor | None) -> Tensor | None:
    """Their sum, where None stands for zero."""
    if one is None or other is None:
        return other if one is None else one
    return torch.add(one, other)
