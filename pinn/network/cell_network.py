"""Partition of unity: many small networks on overlapping cells, blended by smooth windows.

    u(x) = scale * sum over the cells of  window_l(x) * W_l s(V_l x + b_l)

Every cell has one hidden layer of M units, the first of them constant; the windows sum to one. The blend is infinitely
smooth where s is, and exactly periodic along periodic axes. Only the output layers W_l train.
Sources: Moseley, Markham & Nissen-Meyer, Adv. Comput. Math. 49 (2023) 62 (windows); Dong & Li, Comput. Methods Appl.
Mech. Engrg. 387 (2021) 114129 (sampled hidden layers).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from pinn.derivatives.jets import JetPlan, Jets, activate
from pinn.derivatives.products import multiply
from pinn.network.activations import ACTIVATIONS
from pinn.network.field_network import FixedHardness
from pinn.network.windows import Window

ROWS = 8192  # points evaluated at once: each cell sees few of them
BOXES = ("lower", "upper", "lower_width", "upper_width")


class CellNetwork(FixedHardness, nn.Module):
    """Fields u: points [N, D] -> [N, F], and their jets.

    boxes     name -> [L, B, D]: lower, upper (faces), lower_width, upper_width (half widths of the overlaps); a cell's
              window is the product over its B boxes, of which the first is the cell itself
    weight    [L, M, D], bias [L, M]: hidden layers in the coordinates themselves
    period    [D], 0 on an axis that is not periodic
    hardness  lambda of the activation s(lambda z)/lambda
    """

    kind: ClassVar[str] = "cells"
    one_output_layer: ClassVar[bool] = False
    lower: Tensor
    upper: Tensor
    lower_width: Tensor
    upper_width: Tensor
    weight: Tensor
    bias: Tensor
    period: Tensor
    field_scale: Tensor
    hardness: Tensor

    def __init__(
        self,
        boxes: Mapping[str, Tensor],
        weight: Tensor,
        bias: Tensor,
        period: Tensor,
        field_scale: Tensor,
        activation: str,
        hardness: float = 1.0,
    ):
        super().__init__()
        for name in BOXES:
            self.register_buffer(name, boxes[name])
        self.register_buffer("weight", weight)
        self.register_buffer("bias", bias)
        self.register_buffer("period", period)
        self.register_buffer("field_scale", field_scale)
        self.register_buffer("hardness", torch.full((1,), hardness).to(weight))
        self.activation = ACTIVATIONS[activation]
        self.output = nn.Parameter(weight.new_zeros(len(weight), len(field_scale), weight.shape[1]))

    @property
    def cells(self) -> int:
        return len(self.weight)

    @property
    def units(self) -> int:
        """M, hidden units per cell."""
        return self.weight.shape[1]

    @property
    def cache_rows(self) -> int:
        return ROWS

    def local(self, points: Tensor) -> Iterator[tuple[int, Tensor, Tensor]]:
        """(cell, indices of the points its window reaches, those points moved by whole periods to be near it)."""
        low = torch.where(self.lower_width > 0, self.lower - self.lower_width, -torch.inf).amax(dim=1)
        high = torch.where(self.upper_width > 0, self.upper + self.upper_width, torch.inf).amin(dim=1)
        periodic = torch.nonzero(self.period).flatten().tolist()
        centre = (self.lower[:, 0] + self.upper[:, 0]) / 2
        for cell in range(self.cells):
            near = points
            if periodic:
                near = points.clone()
                for axis in periodic:
                    turns = torch.round((points[:, axis] - centre[cell, axis]) / self.period[axis])
                    near[:, axis] = points[:, axis] - turns.detach() * self.period[axis]
            reached = torch.nonzero(((near > low[cell]) & (near < high[cell])).all(dim=1)).flatten()
            if len(reached):
                yield cell, reached, near[reached]

    def basis_jets(self, cell: int, points: Tensor, plan: JetPlan) -> Jets:
        """Channels of window * hidden layer of one cell, [N, M] each, at points that `local` gave for it."""
        z: Jets = []
        for channel in plan.channels:
            if channel.order == 0:
                z.append(nn.functional.linear(points, self.weight[cell], self.bias[cell]) * self.hardness)
            elif channel.order == 1:
                z.append(self.weight[cell, :, channel.orders.index(1)][None] * self.hardness)
            else:
                z.append(None)
        h = [None if c is None else c / self.hardness for c in activate(plan, self.activation.derivatives, z)]
        window = self.window(cell, points, plan.order)
        return h if window.trivial else multiply(plan, window, h)

    def window(self, cell: int, points: Tensor, order: int) -> Window:
        return Window(points, self.lower[cell], self.upper[cell], self.lower_width[cell], self.upper_width[cell], order)

    def jets(self, points: Tensor, plan: JetPlan) -> Jets:
        """Channels of the fields, each [N, F]."""
        count, fields = len(points), len(self.field_scale)
        total = [points.new_zeros(count, fields) for _ in plan.channels]
        for cell, reached, near in self.local(points):
            for index, channel in enumerate(self.basis_jets(cell, near, plan)):
                if channel is not None:
                    part = nn.functional.linear(channel, self.output[cell]).expand(len(reached), -1)
                    total[index] = total[index].index_add(0, reached, part)
        return [channel * self.field_scale for channel in total]

    def forward(self, points: Tensor) -> Tensor:
        """points [N, D] -> fields [N, F], through torch's own activation functions."""
        total = points.new_zeros(len(points), len(self.field_scale))
        for cell, reached, near in self.local(points):
            z = nn.functional.linear(near, self.weight[cell], self.bias[cell])
            h = self.activation.function(z * self.hardness) / self.hardness
            window = self.window(cell, near, 0)((0,) * points.shape[1])
            assert window is not None  # only derivatives may vanish
            total = total.index_add(0, reached, window[:, None] * nn.functional.linear(h, self.output[cell]))
        return total * self.field_scale

    def pre_activations(self, points: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """(z [n, units], lambda [1]) of every cell at the points that it reaches, without the constant units."""
        for cell, _, near in self.local(points):
            gates = self.weight[cell].any(dim=1)
            yield nn.functional.linear(near, self.weight[cell, gates], self.bias[cell, gates]), self.hardness


def join(networks: list[CellNetwork], boxes: Mapping[str, Tensor]) -> CellNetwork:
    """One network of all cells of several, with windows as `boxes` says."""
    first = networks[0]
    units = max(network.units for network in networks)

    def padded(tensor: Tensor, axis: int) -> Tensor:
        missing = units - tensor.shape[axis]
        if not missing:
            return tensor
        shape = list(tensor.shape)
        shape[axis] = missing
        return torch.cat([tensor, tensor.new_zeros(shape)], dim=axis)

    joined = CellNetwork(
        boxes,
        torch.cat([padded(network.weight, 1) for network in networks]),
        torch.cat([padded(network.bias, 1) for network in networks]),
        first.period,
        first.field_scale,
        first.activation.name,
        float(first.hardness),
    )
    with torch.no_grad():
        joined.output.copy_(torch.cat([padded(network.output, 2) for network in networks]))
    return joined
