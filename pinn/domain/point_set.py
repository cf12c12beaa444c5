"""PointSet: points drawn from one place.

Points are drawn on the CPU in float64, whatever a run computes in, so that they are the same on every device. They are
moved once, by `PointSet.to`, where the groups of a training are made; from there on everything at these points has
their device and their number type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class PointSet:
    """What a statement holds at: N sums over K ends, the sum of weight * expression(end) = 0.

    points    [K N, D], time last: the first ends of all sums, then the second ones, …
    normals   [K N, S] outward unit normals on a boundary, else None
    weights   [K] of the ends: 1 and -1 of a periodic place, those of a quadrature of an integral; None for one end

    Of most places a sum has one end, and is the expression at a point. The length is the number of sums.
    """

    points: Tensor
    normals: Tensor | None = None
    weights: Tensor | None = None

    @property
    def ends(self) -> int:
        """K."""
        return 1 if self.weights is None else len(self.weights)

    @property
    def single(self) -> PointSet:
        """All ends as points of their own."""
        return PointSet(self.points, self.normals)

    def inputs(self, axes: tuple[str, ...], extra: Mapping[str, Tensor] | None = None) -> dict[str, Tensor]:
        """What expressions may use at the points: name -> [K N]."""
        inputs = {axis: self.points[:, i] for i, axis in enumerate(axes)}
        if self.normals is not None:
            inputs |= {f"n{axis}": self.normals[:, i] for i, axis in enumerate(axes[: self.normals.shape[1]])}
        return inputs | dict(extra or {})

    def taken(self, chosen: slice | Tensor) -> PointSet:
        """Some of the sums, with all their ends."""
        normals = None if self.normals is None else self.of(self.normals, chosen)
        return PointSet(self.of(self.points, chosen), normals, self.weights)

    def of(self, values: Tensor, chosen: slice | Tensor) -> Tensor:
        """Of values at the points [K N, …] those at the ends of some sums [K n, …]."""
        if self.weights is None:
            return values[chosen]
        return values.unflatten(0, (self.ends, -1))[:, chosen].flatten(0, 1)

    def summed(self, values: Tensor) -> Tensor:
        """The sums of weight * value: [K n, …] -> [n, …]."""
        if self.weights is None:
            return values
        return torch.tensordot(self.weights.to(values), values.unflatten(0, (self.ends, -1)), dims=1)

    def to(self, *, device, dtype) -> PointSet:
        """On the device of a training and in its number type: the one place where points are moved."""

        def move(tensor: Tensor | None) -> Tensor | None:
            return None if tensor is None else tensor.to(device=device, dtype=dtype)

        return PointSet(self.points.to(device=device, dtype=dtype), move(self.normals), move(self.weights))

    def __len__(self) -> int:
        return self.points.shape[0] // self.ends


def joined(parts: Sequence[PointSet]) -> PointSet:
    """Sums over the ends of one place as one set."""
    first = parts[0]

    def together(tensors: Sequence[Tensor]) -> Tensor:
        return torch.cat([tensor.unflatten(0, (first.ends, -1)) for tensor in tensors], dim=1).flatten(0, 1)

    normals = None if first.normals is None else together([p.normals for p in parts if p.normals is not None])
    return PointSet(together([part.points for part in parts]), normals, first.weights)
