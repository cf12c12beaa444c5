"""Tables on tensors: the splines of `pinn.spec.language.tabulated` and their derivatives at many points at once."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from pinn.spec.language.tabulated import MARGIN, Piece


class TableOperation:
    """A derivative of a table as an operation: arguments [N] -> values [N], NaN outside."""

    def __init__(self, piece: Piece, orders: Sequence[int]):
        self.piece = piece
        self.arrays: list[Tensor] = [torch.as_tensor(piece.coefficients).flatten()]
        for axis, order in zip(piece.axes, orders, strict=True):
            powers = range(order, axis.degree + 1)
            factors = torch.tensor([float(math.perm(power, order)) for power in powers], dtype=torch.float64)
            self.arrays += [
                torch.as_tensor(axis.breaks),
                torch.as_tensor(axis.polynomials)[..., order:] * factors,
                torch.as_tensor(axis.first),
            ]
        self.moved: dict[tuple[torch.dtype, torch.device], list[Tensor]] = {}

    def __call__(self, *arguments: Tensor) -> Tensor:
        arguments = tuple(torch.broadcast_tensors(*arguments))
        shape, like = arguments[0].shape, arguments[0]
        coefficients, *rest = self.on(like)
        numbers = torch.zeros(like.numel(), 1, dtype=torch.int64, device=like.device)  # of products of splines [N, K]
        weights = like.new_ones(like.numel(), 1)
        inside = torch.ones(like.numel(), dtype=torch.bool, device=like.device)
        for k, argument in enumerate(arguments):
            breaks, polynomials, first = rest[3 * k : 3 * k + 3]
            place = argument.reshape(-1)
            margin = MARGIN * (breaks[-1] - breaks[0])
            at_low, at_high = self.piece.open[k]
            if at_low:
                inside = inside & (place >= breaks[0] - margin)
            if at_high:
                inside = inside & (place <= breaks[-1] + margin)
            place = torch.minimum(torch.maximum(place, breaks[0]), breaks[-1])
            interval = torch.bucketize(place.detach(), breaks[1:-1].contiguous(), right=True)
            offset = (place - breaks[interval])[:, None]
            own = polynomials[interval]  # [N, d + 1, powers]
            splines = own[..., -1]
            for power in range(own.shape[-1] - 2, -1, -1):
                splines = splines * offset + own[..., power]
            count = self.piece.axes[k].count
            positions = first[interval][:, None] + torch.arange(own.shape[1], device=like.device)
            numbers = (numbers[:, :, None] * count + positions[:, None, :]).flatten(1)
            weights = (weights[:, :, None] * splines[:, None, :]).flatten(1)
        found = (coefficients[numbers] * weights).sum(dim=1)
        return torch.where(inside, found, torch.full_like(found, math.nan)).reshape(shape)

    def on(self, like: Tensor) -> list[Tensor]:
        """The arrays as an argument needs them."""
        key = (like.dtype, like.device)
        if key not in self.moved:
            self.moved[key] = [
                array.to(device=like.device, dtype=like.dtype if array.is_floating_point() else None)
                for array in self.arrays
            ]
        return self.moved[key]
