"""Partition of unity: many small networks on overlapping cells, blended by smooth windows.

    u(x) = scale * sum over the cells of  window_l(x) * W_l s(V_l x + b_l)

Every cell has one hidden layer of M units, the first of them constant; the windows sum to one. The blend is infinitely
smooth where s is, and exactly periodic along periodic axes. Only the output layers W_l train.
Sources: Moseley, Markham & Nissen-Meyer, Adv. Comput. Math. 49 (2023) 62 (windows); Dong & Li, Comput. Methods Appl.
Mech. Engrg. 387 (2021) 114129 (sampled hidden layers).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from pinn.derivatives.jets import JetPlan, Jets
from pinn.derivatives.products import multiply
from pinn.network.activations import ACTIVATIONS
from pinn.network.cell_tiles import TILE, Reaches, Tiles
from pinn.network.field_network import FixedHardness
from pinn.network.windows import Window

ROWS = 32_768  # points sorted to their cells at once
ON_CPU, ON_CARD = (
    2**16,
    2**23,
)  # hidden units evaluated at once: a few such tensors stay in a core's cache; keep a card busy
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

    # ---- cells at points -----------------------------------------------------------------------------------------

    def reaches(self) -> Reaches:
        low = torch.where(self.lower_width > 0, self.lower - self.lower_width, -torch.inf).amax(dim=1)
        high = torch.where(self.upper_width > 0, self.upper + self.upper_width, torch.inf).amin(dim=1)
        return Reaches(low, high, (self.lower[:, 0] + self.upper[:, 0]) / 2, self.period)

    def local(self, points: Tensor) -> Iterator[tuple[int, Tensor, Tensor]]:
        """(cell, indices of the points its window reaches, those points moved by whole periods to be near it)."""
        reaches = self.reaches()
        tiles = reaches.tiles(points)
        for cell, pairs in tiles.by_cell():
            indices = tiles.pair_index[pairs]
            yield cell, indices, reaches.moved(points[indices], reaches.centre[cell])

    def window(self, cell: Tensor, points: Tensor, order: int) -> Window:
        """Of the cells [B] at points [B, T, D], near them."""
        lower, upper, lower_width, upper_width = (getattr(self, name)[cell][:, None] for name in BOXES)
        return Window(points, lower, upper, lower_width, upper_width, order)

    def activations(self, cell: Tensor, points: Tensor, order: int) -> list[Tensor]:
        """[s(lambda z)/lambda, s_1(lambda z), lambda s_2(lambda z), …] of the cells' units, [B, T, M] each."""
        z = torch.baddbmm(self.bias[cell][:, None], points, self.weight[cell].transpose(1, 2))
        if not self.hardened:
            return self.activation.derivatives(z, order)
        derivatives = self.activation.derivatives(z * self.hardness, order)
        return [derivative * self.hardness ** (n - 1) for n, derivative in enumerate(derivatives)]

    @property
    def hardened(self) -> bool:
        return bool(self.hardness != 1)

    def amplitudes(self, plan: JetPlan) -> Tensor:
        """a_c [L, C, M] of the plan's channels: a hidden unit is affine in x, so D^c s(z) = s_|c|(z) a_c."""
        found = []
        for channel in plan.channels:
            amplitude = torch.ones_like(self.bias)
            for axis, order in enumerate(channel.orders):
                if order:
                    amplitude = amplitude * self.weight[:, :, axis] ** order
            if channel.laplacians:
                amplitude = amplitude * self.weight[:, :, : plan.space].square().sum(dim=2) ** channel.laplacians
            found.append(amplitude)
        return torch.stack(found, dim=1)

    def tiles_at_once(self, columns: int = 0) -> int:
        """Tiles whose hidden units, or so many columns made of them, stay in a core's cache."""
        limit = ON_CPU if self.weight.device.type == "cpu" else ON_CARD
        return max(1, limit // (TILE * max(self.units, columns)))

    # ---- fields --------------------------------------------------------------------------------------------------

    def jets(self, points: Tensor, plan: JetPlan) -> Jets:
        """Channels of the fields, each [N, F]."""
        reaches, matrices = self.reaches(), self.amplified(plan, self.output)
        parts = [self.jets_at(reaches.tiles(chunk), plan, matrices) for chunk in points.split(ROWS)]
        return parts[0] if len(parts) == 1 else [torch.cat(channel) for channel in zip(*parts, strict=True)]

    def amplified(self, plan: JetPlan, rows: Tensor) -> Tensor:
        """[L, C, R, M] of rows [L, R, M] that the units are multiplied by: with a_c for each channel."""
        return self.amplitudes(plan)[:, :, None] * rows[:, None]

    def jets_at(self, tiles: Tiles, plan: JetPlan, rows: Tensor) -> Jets:
        parts = []
        for chunk in tiles.chunks(self.tiles_at_once()):
            cell = tiles.cell[chunk]
            parts.append(self.products(plan, self.activations(cell, tiles.near[chunk], plan.order), rows[cell]))
        return self.blended(tiles, self.window(tiles.cell, tiles.near, plan.order), plan, parts)

    def products(self, plan: JetPlan, activations: Sequence[Tensor], rows: Tensor) -> Tensor:
        """[b, T, C, R]: the plan's channels of the hidden units of b tiles, times rows [b, C, R, M]."""
        found = []
        for order, first, last in plan.by_order:
            factor = rows[:, first:last].flatten(1, 2).transpose(1, 2)
            found.append(torch.bmm(activations[order], factor).unflatten(2, (last - first, -1)))
        return torch.cat(found, dim=2)

    def blended(self, tiles: Tiles, window: Window, plan: JetPlan, parts: Sequence[Tensor]) -> Jets:
        """Channels of the fields [N, F] from those of the cells [b, T, C, F], all tiles in parts."""
        count, fields = len(tiles.points), len(self.field_scale)
        if not parts:
            return [tiles.points.new_zeros(count, fields) for _ in plan.channels]
        channels: Jets = list(torch.cat([*parts]).unbind(2))
        if not window.trivial:
            channels = multiply(plan, window, channels)
        found: Jets = []
        for channel in channels:
            total = tiles.points.new_zeros(count, fields)
            if channel is not None:
                total = total.index_add(0, tiles.pair_index, tiles.of_pairs(channel))
            found.append(total * self.field_scale)
        return found

    def forward(self, points: Tensor) -> Tensor:
        """points [N, D] -> fields [N, F], through torch's own activation functions."""
        reaches = self.reaches()
        parts = [self.values_at(reaches.tiles(chunk)) for chunk in points.split(ROWS)]
        return torch.cat(parts) * self.field_scale if len(parts) != 1 else parts[0] * self.field_scale

    def values_at(self, tiles: Tiles) -> Tensor:
        parts = []
        for chunk in tiles.chunks(self.tiles_at_once()):
            cell = tiles.cell[chunk]
            z = torch.baddbmm(self.bias[cell][:, None], tiles.near[chunk], self.weight[cell].transpose(1, 2))
            h = self.activation.function(z * self.hardness) / self.hardness
            parts.append(torch.bmm(h, self.output[cell].transpose(1, 2)))
        total = tiles.points.new_zeros(len(tiles.points), len(self.field_scale))
        if not parts:
            return total
        window = self.window(tiles.cell, tiles.near, 0)((0,) * tiles.points.shape[1])
        assert window is not None  # only derivatives may vanish
        return total.index_add(0, tiles.pair_index, tiles.of_pairs(window[..., None] * torch.cat(parts)))

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
