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

End = tuple[float, Tensor]  # sign and points [N, D]


@dataclass(frozen=True, eq=False)
class PointSet:
    """What a statement holds at: the sum over the ends of sign * expression(points) = 0.

    points    [N, D], time last, of the first end, whose sign is 1
    normals   [N, S] outward unit normals on a boundary, else None
    further   the other ends: of a periodic place the points [N, D] opposite, with the sign -1
    """

    points: Tensor
    normals: Tensor | None = None
    further: tuple[End, ...] = ()

    @property
    def ends(self) -> tuple[End, ...]:
        """(sign, points [N, D]) of every end."""
        return ((1.0, self.points), *self.further)

    @property
    def stacked(self) -> Tensor:
        """The points of all ends, one end after the other."""
        return torch.cat([points for _, points in self.ends]) if self.further else self.points

    def inputs(self, axes: tuple[str, ...], extra: Mapping[str, Tensor] | None = None) -> dict[str, Tensor]:
        """What expressions may use at the points of the first end: name -> [N]."""
        inputs = {axis: self.points[:, i] for i, axis in enumerate(axes)}
        if self.normals is not None:
            inputs |= {f"n{axis}": self.normals[:, i] for i, axis in enumerate(axes[: self.normals.shape[1]])}
        return inputs | dict(extra or {})

    def at_end(self, number: int) -> PointSet:
        """The points of one end alone."""
        return PointSet(self.ends[number][1], self.normals)

    def taken(self, chosen: slice | Tensor) -> PointSet:
        """Some of the points, at all ends."""
        normals = None if self.normals is None else self.normals[chosen]
        return PointSet(self.points[chosen], normals, tuple((sign, points[chosen]) for sign, points in self.further))

    def over_ends(self, values: Sequence[Tensor]) -> Tensor:
        """The sum of sign * value, with a value [N] for each end."""
        total = values[0]
        for (sign, _), value in zip(self.further, values[1:], strict=True):
            total = total + sign * value
        return total

    def to(self, *, device, dtype) -> PointSet:
        """On the device of a training and in its number type: the one place where points are moved."""

        def move(tensor: Tensor) -> Tensor:
            return tensor.to(device=device, dtype=dtype)

        normals = None if self.normals is None else move(self.normals)
        return PointSet(move(self.points), normals, tuple((sign, move(points)) for sign, points in self.further))

    def __len__(self) -> int:
        return self.points.shape[0]


def joined(parts: Sequence[PointSet]) -> PointSet:
    """Sets of points of one place as one."""
    first = parts[0]
    normals = None if first.normals is None else torch.cat([p.normals for p in parts if p.normals is not None])
    further = tuple(
        (sign, torch.cat([part.further[number][1] for part in parts])) for number, (sign, _) in enumerate(first.further)
    )
    return PointSet(torch.cat([part.points for part in parts]), normals, further)
