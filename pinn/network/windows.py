"""Windows: smooth bumps on overlapping boxes that sum to one.

Along one axis the window of a box [a, b] with half widths v, w of its transition zones is

    step((x - a)/v) * step((b - x)/w),        step(z) = 1/(1 + exp(-q(z))),   q(z) = 1/(1 - z) - 1/(1 + z)

and in more dimensions it is the product over the axes. The step is 0 left of -1, 1 right of +1, infinitely smooth, and
step(z) + step(-z) = 1: two boxes that share a face and its zone have windows that sum to one.
Source: Melenk & Babuška, Comput. Methods Appl. Mech. Engrg. 139 (1996) 289 (partitions of unity).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

EDGE = 1 - 1e-3  # beyond it the step differs from 0 or 1 by exp(-500)


def smooth_step(z: Tensor, order: int) -> list[Tensor]:
    """[step(z), step'(z), ...] up to the derivative of `order` <= 4."""
    inner = z.clamp(-EDGE, EDGE)
    right, left = 1 / (1 - inner), 1 / (1 + inner)
    # q and its derivatives: q_k = k! (right^(k+1) - (-1)^k left^(k+1))
    q, r, l = [right - left], right, left
    for k in range(1, order + 1):
        r, l = r * right, l * left
        q.append(math.factorial(k) * (r - (-1) ** k * l))
    value = torch.sigmoid(q[0])
    g = value * torch.sigmoid(-q[0])  # 1 - value would cancel near the upper end
    odd = 1 - 2 * value
    s = [value, g, g * odd, g * (1 - 6 * g), g * odd * (1 - 12 * g)]  # derivatives of the sigmoid
    found = [torch.where(z >= EDGE, 1.0, torch.where(z <= -EDGE, 0.0, value))]
    if order >= 1:
        found.append(s[1] * q[1])
    if order >= 2:
        found.append(s[2] * q[1] ** 2 + s[1] * q[2])
    if order >= 3:
        found.append(s[3] * q[1] ** 3 + 3 * s[2] * q[1] * q[2] + s[1] * q[3])
    if order >= 4:
        found.append(
            s[4] * q[1] ** 4 + 6 * s[3] * q[1] ** 2 * q[2] + s[2] * (3 * q[2] ** 2 + 4 * q[1] * q[3]) + s[1] * q[4]
        )
    inside = (z.abs() < EDGE).to(z)
    return [found[0], *(derivative * inside for derivative in found[1:])]


class Window:
    """The product of the windows of B boxes at points [..., D], with all derivatives of order <= `order` in each axis.

    lower, upper               [..., B, D] faces of the boxes; what stands before B goes with what stands before D
    lower_width, upper_width   [..., B, D] half widths of the transition zones there; 0 where a box ends at no other box
    """

    def __init__(
        self, points: Tensor, lower: Tensor, upper: Tensor, lower_width: Tensor, upper_width: Tensor, order: int
    ):
        self.one = points.new_ones(1)
        self.known: dict[tuple[int, ...], Tensor | None] = {}
        sides = [
            (axis, sign, faces[..., box, axis], widths[..., box, axis])
            for axis in range(points.shape[-1])
            for sign, faces, widths in ((1.0, lower, lower_width), (-1.0, upper, upper_width))
            for box in range(lower.shape[-2])
        ]
        there = torch.stack([(width > 0).any() for _, _, _, width in sides]).tolist()
        sides = [side for side, some in zip(sides, there, strict=True) if some]
        # per axis the derivatives 0..order, None where the window is 1
        self.axes: list[list[Tensor] | None] = [None] * points.shape[-1]
        if not sides:
            return
        # A side without a zone has the rate 0 and a distance that leaves 1.
        rates = [torch.where(width > 0, sign / torch.where(width > 0, width, 1.0), 0.0) for _, sign, _, width in sides]
        distances = [
            torch.where(width > 0, (points[..., axis] - face) * rate, 1.0)
            for (axis, _, face, width), rate in zip(sides, rates, strict=True)
        ]
        steps = smooth_step(torch.stack(distances), order)
        for number, ((axis, _, _, _), rate) in enumerate(zip(sides, rates, strict=True)):
            step = [derivative[number] * rate**n for n, derivative in enumerate(steps)]
            step[0] = steps[0][number]
            factor = self.axes[axis]
            self.axes[axis] = step if factor is None else leibniz(factor, step)

    def __call__(self, orders: tuple[int, ...]) -> Tensor | None:
        """The derivative of these orders [...], None where it is zero everywhere."""
        if orders not in self.known:
            self.known[orders] = self.product(orders)
        return self.known[orders]

    def product(self, orders: tuple[int, ...]) -> Tensor | None:
        total = None
        for order, factor in zip(orders, self.axes, strict=True):
            if factor is None:
                if order:
                    return None
                continue
            total = factor[order] if total is None else total * factor[order]
        return self.one if total is None else total

    @property
    def trivial(self) -> bool:
        """Whether the window is 1 everywhere, for want of neighbours."""
        return all(factor is None for factor in self.axes)


def leibniz(a: list[Tensor], b: list[Tensor]) -> list[Tensor]:
    """Derivatives 0..n of a product of two functions of one variable, from those of each."""
    found = []
    for n in range(len(a)):
        total = a[0] * b[n]
        for k in range(1, n + 1):
            total = total + math.comb(n, k) * a[k] * b[n - k]
        found.append(total)
    return found
