"""The windowed units of all cells at some points, evaluated once, to be combined again and again.

    D^d (w h) = sum over the ways to share d between the factors of  (D^J w) a_(d-J) s_|d-J|

with windows w, activations s_n and amplitudes a of the units: only s_0, s_1, … are kept, [tiles, points, units] each.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from pinn.derivatives.jets import JetPlan, Jets, Partial
from pinn.derivatives.products import shares
from pinn.network.cell_network import CellNetwork
from pinn.network.cell_tiles import Tiles


class CellBasis:
    """The functions window * unit of cells and their jets, at P pairs of a point and a cell.

    tiles   the pairs; all of some points [N, D] where these are given instead
    """

    def __init__(self, network: CellNetwork, tiles: Tiles | Tensor, plan: JetPlan):
        self.network, self.plan = network, plan
        self.tiles = tiles if isinstance(tiles, Tiles) else network.reaches().tiles(tiles)
        self.window = network.window(self.tiles.cell, self.tiles.near, plan.order)
        self.chunks = [*self.tiles.chunks(network.tiles_at_once())]
        self.activations = [
            network.activations(self.tiles.cell[chunk], self.tiles.near[chunk], plan.order) for chunk in self.chunks
        ]
        self.amplitudes = network.amplitudes(plan)

    def fields(self) -> Jets:
        """Channels of the network's fields, each [N, F]."""
        network, rows = self.network, self.network.amplified(self.plan, self.network.output)
        parts = [
            network.products(self.plan, activations, rows[self.tiles.cell[chunk]])
            for chunk, activations in zip(self.chunks, self.activations, strict=True)
        ]
        return network.blended(self.tiles, self.window, self.plan, parts)

    def derivative(self, partial: Partial) -> Tensor:
        """D^d (window * unit) [P, M], in the order of the tiles' pairs."""
        return self.combined({partial: self.amplitudes.new_ones(len(self.tiles.points))})

    def combined(self, coefficients: Mapping[Partial, Tensor]) -> Tensor:
        """Sum over derivatives of coefficient [N] * D^d (window * unit): [P, M], in the order of the tiles' pairs."""
        plan, tiles = self.plan, self.tiles
        onto: list[Tensor | None] = [None] * len(plan.channels)  # what multiplies each channel of the units
        for partial, coefficient in coefficients.items():
            here = coefficient[tiles.indices]
            for count, orders, rest in shares(partial, plan.space):
                factor, channel = self.window(orders), plan.index(rest)
                if factor is not None:
                    term = here * (factor if count == 1 else count * factor)
                    known = onto[channel]
                    onto[channel] = term if known is None else known + term
        found = self.amplitudes.new_empty(len(tiles.kept), self.network.units)
        orders = [
            (order, first, last)
            for order, first, last in plan.by_order
            if any(factor is not None for factor in onto[first:last])
        ]
        stacked = {
            order: torch.stack(
                [tiles.near.new_zeros(()).expand(tiles.indices.shape) if f is None else f for f in onto[first:last]],
                dim=2,
            )
            for order, first, last in orders
        }
        start, width = 0, tiles.indices.shape[1]
        ends = torch.searchsorted(
            tiles.kept, torch.tensor([chunk.stop * width for chunk in self.chunks], device=tiles.kept.device)
        )
        for chunk, activations, end in zip(self.chunks, self.activations, ends.tolist(), strict=True):
            total = None
            for order, first, last in orders:
                factor = stacked[order][chunk]
                if order:
                    factor = torch.bmm(factor, self.amplitudes[tiles.cell[chunk], first:last])
                if total is None:
                    total = activations[order] * factor
                else:
                    total.addcmul_(activations[order], factor)
            if total is None:
                found[start:end] = 0.0
            else:
                torch.index_select(
                    total.flatten(0, 1), 0, tiles.kept[start:end] - chunk.start * width, out=found[start:end]
                )
            start = end
        return found
