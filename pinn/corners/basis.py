"""CornerBasis: the functions of one corner at points, with their partial derivatives, beside a network's features.

    F_n(x) = window(r) Re sum_l (r/R)^(a_n - t_f) (log(r/R))^l phi_nfl(theta),   r, theta about the vertex

A function is a vector of all fields: it has one coefficient, where a feature of a network has one for each field.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from pinn.corners.functions import CornerFunctions
from pinn.corners.polar import at_exponent, polar_derivative
from pinn.derivatives.jets import MAX_ORDER, JetPlan, Partial, activate, plan_jets
from pinn.derivatives.products import multiply
from pinn.network.windows import smooth_step

NUDGE = 1e-6  # of r: how far a point on the faces of a crack is moved inward to see which face it is on


@dataclass(frozen=True, eq=False)
class AngularPart:
    """One output in one sector: low <= theta <= high, as Chebyshev series.

    series   [MAX_ORDER + 1 derivatives, terms, logarithms + 1, n]
    weight   t_f of the field
    """

    output: int
    weight: int
    low: float
    high: float
    series: Tensor

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2

    def angles(self, directions: Tensor) -> Tensor:
        """Polar angles [N] of directions [N, 2], within half a turn of the middle of the sector."""
        c, s = math.cos(self.middle), math.sin(self.middle)
        x, y = directions[:, 0], directions[:, 1]
        return self.middle + torch.atan2(c * y - s * x, c * x + s * y)


class CornerBasis:
    """n functions of `outputs`, in float64.

    vertex   [2];  radius  R > 0, the unit of r
    window   (inner, outer): radii between which the functions fade out; None where they reach everywhere
    """

    def __init__(
        self,
        vertex: ArrayLike,
        found: CornerFunctions,
        outputs: Sequence[str],
        radius: float = 1.0,
        window: tuple[float, float] | None = None,
    ):
        self.vertex = torch.as_tensor(np.asarray(vertex, dtype=float))
        self.outputs, self.radius, self.window = tuple(outputs), float(radius), window
        self.functions = found.functions
        self.exponents = np.array([function.exponent for function in found.functions], dtype=complex)
        self.logarithms = max((function.logarithms for function in found.functions), default=0)
        self.parts = [
            AngularPart(self.outputs.index(name), weight, sector.low, sector.high, self._series(found, number, field))
            for number, sector in enumerate(found.wedge.sectors)
            for field, (name, weight) in enumerate(zip(sector.outputs, found.wedge.weights, strict=True))
        ]

    def __len__(self) -> int:
        return len(self.functions)

    def _series(self, found: CornerFunctions, sector: int, field: int) -> Tensor:
        unknowns = np.zeros((found.discretisation.size, self.logarithms + 1, len(found.functions)), dtype=complex)
        for number, function in enumerate(found.functions):
            unknowns[:, : len(function.levels), number] = function.levels.T
        return torch.as_tensor(np.array(found.discretisation.series(unknowns, sector, field, MAX_ORDER)))

    def jets(self, points: Tensor, plan: JetPlan, inward: Tensor | None = None) -> list[Tensor]:
        """Channels [N, F, n] of the functions at points [N, D], whose first two coordinates are those of the plane.

        inward   [N, 2] directions into the domain at points of a boundary: they tell the faces of a crack apart
        Derivatives are infinite in the vertex itself where Re a is less than their order.
        """
        found = [points.new_zeros(len(points), len(self.outputs), len(self)) for _ in plan.channels]
        if not len(self):
            return found
        offset = (points[:, :2] - self.vertex.to(points)) / self.radius
        seen = offset if inward is None else offset + NUDGE * offset.norm(dim=1, keepdim=True) * inward
        for output in range(len(self.outputs)):
            parts = [part for part in self.parts if part.output == output]
            for part, rows in self._shared_out(parts, seen):
                self._add(part, offset[rows], seen[rows], rows, plan, found)
        return found if self.window is None else self._faded(points, plan, found)

    def _shared_out(self, parts: list[AngularPart], directions: Tensor) -> list[tuple[AngularPart, Tensor]]:
        """Each part of an output with the points that lie in its sector, or nearer to it than to another."""
        if not parts:
            return []
        excess = torch.stack(
            [(part.angles(directions) - part.middle).abs() - (part.high - part.low) / 2 for part in parts]
        )
        nearest = excess.argmin(dim=0)
        return [(part, torch.nonzero(nearest == number).flatten()) for number, part in enumerate(parts)]

    def _add(
        self, part: AngularPart, local: Tensor, seen: Tensor, rows: Tensor, plan: JetPlan, found: list[Tensor]
    ) -> None:
        """One output in one sector, at its points: their places [P, 2] from the vertex, and as `inward` moves them."""
        exponents = torch.as_tensor(self.exponents, device=local.device)
        series = part.series.to(local.device)
        theta = part.angles(local)
        theta = theta + 2 * math.pi * torch.round((part.angles(seen) - theta) / (2 * math.pi)).detach()
        log_r = torch.log(local.norm(dim=1).clamp_min(torch.finfo(local.dtype).tiny))
        unit = (theta - part.middle) / ((part.high - part.low) / 2)
        phi = torch.einsum("pd,mdkn->pmkn", chebyshev(unit, series.shape[1]).to(series.dtype), series)
        levels = range(self.logarithms + 1)
        # d^l/d(log r)^l of sum_k (log r)^k phi_k
        derived = torch.stack(
            [
                sum(math.perm(k, level) * log_r[:, None, None] ** (k - level) * phi[:, :, k] for k in levels[level:])  # pyright: ignore
                for level in levels
            ],
            dim=1,
        )  # [P, l, m, n]
        for number, channel in enumerate(plan.channels):
            if any(channel.orders[2:]):
                continue
            orders, order = (channel.orders[0], channel.orders[1]), channel.order
            total = 0.0
            for q, coefficients in polar_derivative(orders, part.weight, channel.laplacians).items():
                factors = torch.as_tensor(at_exponent(coefficients, self.exponents, self.logarithms)).to(derived)
                total = total + torch.exp(1j * q * theta)[:, None] * torch.einsum(
                    "plmn,lmn->pn", derived[:, :, : order + 1], factors
                )
            power = torch.exp((exponents - part.weight - order) * log_r[:, None])
            unit_length = self.radius ** -(order + part.weight)
            found[number][rows, part.output] = (power * total).real * unit_length

    def _faded(self, points: Tensor, plan: JetPlan, functions: list[Tensor]) -> list[Tensor]:
        """The functions times the window, a smooth step in r^2."""
        assert self.window is not None
        window = self.window_jets(points, plan)
        flat = [channel.flatten(1) for channel in functions]
        product = multiply(plan, lambda orders: window[orders], list(flat))
        shape = functions[0].shape
        return [points.new_zeros(shape) if channel is None else channel.reshape(shape) for channel in product]

    def window_jets(self, points: Tensor, plan: JetPlan) -> dict[tuple[int, ...], Tensor | None]:
        """Orders -> that derivative of the window [N], of all orders that a product with the plan's channels takes."""
        assert self.window is not None
        inner, outer = (radius**2 for radius in self.window)
        offset = points[:, :2] - self.vertex.to(points)
        needed = [
            Partial((i, j, *(0,) * (plan.dimension - 2)))
            for i in range(plan.order + 1)
            for j in range(plan.order + 1 - i)
        ]
        whole = plan_jets(needed, plan.dimension, plan.space)
        rate = 2 / (outer - inner)
        z: list[Tensor | None] = []
        for channel in whole.channels:
            if channel.order == 0:
                z.append((inner + outer - 2 * offset.square().sum(dim=1)) / (outer - inner))
            elif channel.order == 1:
                z.append(-2 * rate * offset[:, channel.orders.index(1)])
            elif channel.order == 2 and 2 in channel.orders:
                z.append(torch.full_like(offset[:, 0], -2 * rate))
            else:
                z.append(None)
        found = activate(whole, smooth_step, z)
        by_orders = {channel.orders: jet for channel, jet in zip(whole.channels, found, strict=True)}
        return _Vanishing(by_orders)


class _Vanishing(dict):
    """Derivatives along a coordinate beyond the plane vanish."""

    def __missing__(self, orders: tuple[int, ...]) -> None:
        return None


def chebyshev(unit: Tensor, count: int) -> Tensor:
    """T_0 to T_(count-1) at points [N]: [N, count]. Beyond [-1, 1] the polynomials go on."""
    found = [torch.ones_like(unit), unit]
    while len(found) < count:
        found.append(2 * unit * found[-1] - found[-2])
    return torch.stack(found[:count], dim=1)
