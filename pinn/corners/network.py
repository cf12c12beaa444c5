"""CornerNetwork: a perceptron and the functions of corners, as one network of fields.

    u(x) = scale * (W h(x) + b) + sum_n c_n F_n(x)

What is smooth is left to the perceptron; each function F_n is a vector of all fields with one coefficient c_n.
Sources: Strang & Fix, An Analysis of the Finite Element Method (1973), § 8.2 (singular functions beside others).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, cast

import torch
from torch import Tensor, nn

from pinn.corners.poles import PoleTable
from pinn.corners.table import CornerTable
from pinn.derivatives.jets import JetPlan, Jets, plan_jets
from pinn.network.activations import Activation
from pinn.network.field_network import FieldNetwork
from pinn.network.mlp import MLP, stack
from pinn.network.sum_network import SumNetwork, added

ROWS = 4096  # points at which the functions are evaluated at once


class CornerNetwork(nn.Module):
    """Fields u: points [N, D] -> [N, F], and their jets (a FieldNetwork).

    smooth        the perceptron
    coefficients  [n] of the functions of all corners, one corner after the other
    """

    kind: ClassVar[str] = "mlp and corners"
    one_output_layer: ClassVar[bool] = False

    def __init__(self, smooth: MLP, tables: Sequence[CornerTable | PoleTable]):
        super().__init__()
        self.smooth = smooth
        self.corners = nn.ModuleList(tables)
        count = sum(len(table) for table in tables)
        self.coefficients = nn.Parameter(smooth.field_scale.new_zeros(count))

    @property
    def tables(self) -> list[CornerTable | PoleTable]:
        return cast(list[CornerTable | PoleTable], list(self.corners))  # ModuleList forgets the type of its items

    @property
    def of_corners(self) -> list[Tensor]:
        """The coefficients of each corner."""
        return list(self.coefficients.split([len(table) for table in self.tables]))

    @property
    def activation(self) -> Activation:
        return self.smooth.activation

    @property
    def field_scale(self) -> Tensor:
        return self.smooth.field_scale

    @property
    def cache_rows(self) -> int:
        return ROWS

    @property
    def learned_hardness(self) -> list[Tensor]:
        return self.smooth.learned_hardness

    def hardness_columns(self) -> dict[str, float]:
        return self.smooth.hardness_columns()

    def pre_activations(self, points: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        return self.smooth.pre_activations(points)

    def function_jets(self, points: Tensor, plan: JetPlan) -> list[Tensor]:
        """Channels [N, F, n] of all functions."""
        found = [table.jets(points, plan) for table in self.tables]
        return [torch.cat(channels, dim=2) for channels in zip(*found, strict=True)]

    def forward(self, points: Tensor) -> Tensor:
        """points [N, D] -> fields [N, F], the perceptron's through torch's own activation functions."""
        return self.smooth(points) + self.singular(points, plan_jets([], points.shape[1]))[0]

    def singular(self, points: Tensor, plan: JetPlan) -> list[Tensor]:
        """Channels [N, F] of what the corners make of the fields."""
        return combined(self.tables, self.coefficients, points, plan)

    def jets(self, points: Tensor, plan: JetPlan) -> Jets:
        """Channels of the fields, each [N, F]."""
        return self.with_corners(list(smooth_jets(self.smooth, points, plan)), points, plan)

    def with_corners(self, smooth: Jets, points: Tensor, plan: JetPlan) -> Jets:
        """Channels of the fields, from those of the perceptron."""
        return [added(one, other) for one, other in zip(smooth, self.singular(points, plan), strict=True)]


def smooth_jets(network: MLP, points: Tensor, plan: JetPlan) -> Tensor:
    """Channels [C, N, F] of a perceptron, so many points at a time as its caches take."""
    chunks = points.split(network.cache_rows)
    return torch.cat([stack(network.jets(chunk, plan), len(chunk)) for chunk in chunks], dim=1)


def combined(
    tables: Sequence[CornerTable | PoleTable], coefficients: Tensor, points: Tensor, plan: JetPlan
) -> list[Tensor]:
    """Channels [N, F] of the functions of all corners times coefficients [n], one corner after the other."""
    of_corners = coefficients.split([len(table) for table in tables])
    found = [table.combined(points, plan, own) for table, own in zip(tables, of_corners, strict=True)]
    return [torch.stack(channels).sum(dim=0) for channels in zip(*found, strict=True)]


class CornerSum(SumNetwork):
    """The sum of two networks with functions of the same corners, which are evaluated once: a solution's correction."""

    first: CornerNetwork
    second: CornerNetwork

    def forward(self, points: Tensor) -> Tensor:
        smooth = self.first.smooth(points) + self.second.smooth(points)
        return smooth + self.singular(points, plan_jets([], points.shape[1]))[0]

    def jets(self, points: Tensor, plan: JetPlan) -> Jets:
        """Channels of the fields, each [N, F]."""
        smooth = [smooth_jets(one.smooth, points, plan) for one in (self.first, self.second)]
        pairs = zip(smooth[0] + smooth[1], self.singular(points, plan), strict=True)
        return [added(one, other) for one, other in pairs]

    def singular(self, points: Tensor, plan: JetPlan) -> list[Tensor]:
        """Channels [N, F] of what the corners make of the fields."""
        return combined(self.first.tables, self.first.coefficients + self.second.coefficients, points, plan)


def sum_of(first: FieldNetwork, second: FieldNetwork) -> SumNetwork:
    """The sum of two networks; `second` has the functions of the corners of `first`, if either has any."""
    both = isinstance(first, CornerNetwork) and isinstance(second, CornerNetwork)
    return CornerSum(first, second) if both else SumNetwork(first, second)
