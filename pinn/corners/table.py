"""CornerTable: the functions of one corner as numbers, and their partial derivatives at points.

    F_n(x) = window(r) Re sum_k sum_l (r/R)^(a_k - t_f) (log(r/R))^l phi_kfl(theta),   r, theta about the vertex

over the terms k of the function: the one it is named after, and its shadows.

It is what a file holds of a corner: nothing has to be computed again from the equations. It is evaluated in float64
whatever the type of the points, since powers of r and high derivatives lose too many digits in float32.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pinn.corners.terms import Alike, Pairs, alike, chebyshev, each, summed
from pinn.derivatives.jets import JetPlan, Partial, activate, plan_jets
from pinn.derivatives.products import multiply
from pinn.network.windows import smooth_step

NUDGE = 1e-6  # of r: how far a point on the faces of a crack is moved inward to see which face it is on
NEAREST = 1e-12  # of R: nearer to the vertex nothing changes, so that what is unbounded there is large and finite


@dataclass(frozen=True)
class AngularPart:
    """One output in one sector: low <= theta <= high.

    number   of the part in the table
    weight   t_f of the field
    """

    number: int
    output: int
    weight: int
    low: float
    high: float

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2

    @property
    def half(self) -> float:
        return (self.high - self.low) / 2

    def angles(self, directions: Tensor) -> Tensor:
        """Polar angles [N] of directions [N, 2], within half a turn of the middle of the sector."""
        c, s = math.cos(self.middle), math.sin(self.middle)
        x, y = directions[:, 0], directions[:, 1]
        return self.middle + torch.atan2(c * y - s * x, c * x + s * y)


class CornerTable(nn.Module):
    """n functions of F outputs.

    vertex     [2];  radius [], R > 0, the unit of r
    window     [2], radii between which the functions fade out; zeros where they reach everywhere
    exponents  [terms, 2], real and imaginary parts; each function is a sum of terms
    mixing     [terms, n], how much of each term a function has
    sectors    [parts, 4]: output, weight, low, high of each part
    series     [parts, derivatives, degrees, logarithms + 1, terms, 2]: Chebyshev series of each
    """

    vertex: Tensor
    radius: Tensor
    window: Tensor
    exponents: Tensor
    mixing: Tensor
    sectors: Tensor
    series: Tensor

    NAMES = ("vertex", "radius", "window", "exponents", "mixing", "sectors", "series")

    def __init__(self, tensors: Mapping[str, Tensor], fields: int):
        super().__init__()
        self.fields = fields
        self._sorted: tuple[tuple[Tensor, int, int], list[Alike]] | None = None
        self._acts: dict[tuple[object, ...], tuple[Pairs, Tensor]] = {}
        for name in self.NAMES:  # copies: those of a file may lie where complex numbers must not
            self.register_buffer(name, tensors[name].double().clone())

    def _apply(self, fn, recurse=True):
        """A table moves between devices; its numbers stay in float64."""
        device = fn(self.radius).device
        for name in self.NAMES:
            self._buffers[name] = self.get_buffer(name).to(device)
        return self

    def __len__(self) -> int:
        return self.mixing.shape[1]

    @property
    def growth(self) -> NDArray[np.float64]:
        """Exponents of the functions [n, 2], real and imaginary parts: of each that of its first term."""
        return self.exponents[self.leading].detach().cpu().numpy()

    @property
    def leading(self) -> Tensor:
        """Which term each function is named after [n]: the first that it has."""
        return (self.mixing != 0).to(self.mixing).argmax(dim=0)

    def natural(self) -> CornerTable:
        """The leading terms alone, about the origin, r in the user's unit: what coefficients are quoted for."""
        leading = self.leading
        tensors = {
            "vertex": torch.zeros_like(self.vertex),
            "radius": torch.ones_like(self.radius),
            "window": torch.zeros_like(self.window),
            "exponents": self.exponents[leading],
            "mixing": torch.eye(len(self)).to(self.mixing),
            "sectors": self.sectors,
            "series": self.series[:, :, :, :, leading],
        }
        return CornerTable(tensors, self.fields)

    def in_natural_units(self, coefficients: NDArray) -> NDArray:
        """Coefficients [n] of the natural functions from those of these: (c_1 - i c_2) R^-a of a pair, else c R^-a."""
        found, growth, unit = coefficients.astype(float).copy(), self.growth, float(self.radius)
        number = 0
        while number < len(found):
            value = complex(*growth[number])
            if value.imag:
                turned = complex(found[number], -found[number + 1]) * unit ** (-value)
                found[number], found[number + 1] = turned.real, -turned.imag
                number += 1
            else:
                found[number] *= unit ** (-value.real)
            number += 1
        return found

    @property
    def parts(self) -> list[AngularPart]:
        rows = self.sectors.tolist()
        return [
            AngularPart(n, int(output), int(weight), low, high) for n, (output, weight, low, high) in enumerate(rows)
        ]

    @property
    def fades(self) -> bool:
        return bool(self.window[1] > 0)

    def jets(self, points: Tensor, plan: JetPlan, inward: Tensor | None = None) -> list[Tensor]:
        """Channels [N, F, n] of the functions at points [N, D], whose first two coordinates are those of the plane.

        inward   [N, 2] directions into the domain at points of a boundary: they tell the faces of a crack apart
        """
        return [(channel @ self.mixing).to(points) for channel in self._terms(points, plan, None, inward)]

    def combined(self, points: Tensor, plan: JetPlan, coefficients: Tensor) -> list[Tensor]:
        """Channels [N, F] of the sum of the functions times coefficients [n]."""
        weights = self.mixing @ coefficients.double()
        return [channel[:, :, 0].to(points) for channel in self._terms(points, plan, weights, None)]

    def _terms(self, points: Tensor, plan: JetPlan, weights: Tensor | None, inward: Tensor | None) -> list[Tensor]:
        """Channels [N, F, terms] of all terms, or [N, F, 1] of their sum with these weights [terms]."""
        exact = points.double()
        columns = len(self.exponents) if weights is None else 1
        found = [exact.new_zeros(len(points), self.fields, columns) for _ in plan.channels]
        if not len(self) or not len(points):
            return found
        offset = (exact[:, :2] - self.vertex) / self.radius
        seen = offset if inward is None else offset + NUDGE * offset.norm(dim=1, keepdim=True) * inward
        for parts in self.by_sector():
            for same, rows in shared_out(parts, seen):
                if len(rows):
                    self._add(same, offset[rows], seen[rows], rows, plan, weights, found)
        return self._faded(exact, plan, found) if self.fades else found

    def by_sector(self) -> list[list[list[AngularPart]]]:
        """Outputs that share their sectors, together: of each group its sectors, of each sector the outputs' parts."""
        by_output: dict[int, list[AngularPart]] = {}
        for part in self.parts:
            by_output.setdefault(part.output, []).append(part)
        groups: dict[tuple, list[list[AngularPart]]] = {}
        for parts in by_output.values():
            groups.setdefault(tuple((part.low, part.high) for part in parts), []).append(parts)
        return [[list(same) for same in zip(*group, strict=True)] for group in groups.values()]

    def _add(
        self,
        parts: list[AngularPart],
        local: Tensor,
        seen: Tensor,
        rows: Tensor,
        plan: JetPlan,
        weights: Tensor | None,
        found: list[Tensor],
    ) -> None:
        """Some outputs in one sector, at its points: the places [P, 2] from the vertex, and as `inward` moves them."""
        first, kinds = parts[0], self._kinds()
        theta = first.angles(local)
        theta = theta + 2 * math.pi * torch.round((first.angles(seen) - theta) / (2 * math.pi)).detach()
        log_r = torch.log(local.norm(dim=1).clamp_min(NEAREST))
        polynomials = chebyshev((theta - first.middle) / first.half, self.series.shape[2])
        turns = {q: (torch.cos(q * theta), torch.sin(q * theta)) for q in range(-plan.order, plan.order + 1)}
        channels = [(n, channel) for n, channel in enumerate(plan.channels) if not any(channel.orders[2:])]
        places = torch.argsort(torch.cat([kind.index for kind in kinds]))
        for part in parts:
            totals: dict[int, list[Tensor]] = {number: [] for number, _ in channels}
            for which, kind in enumerate(kinds):
                derived = kind.derived(part.number, polynomials, log_r, plan.order)
                pairs, factors = self._factors(which, part.weight, channels, plan.order)
                sums = each(derived, factors) if weights is None else summed(derived, factors, weights[kind.index])
                of_kind: dict[int, Tensor] = {}
                for (number, q), real, imaginary in zip(pairs, *(one.unbind(-1) for one in sums), strict=True):
                    value = turns[q][0] * real - turns[q][1] * imaginary
                    of_kind[number] = of_kind[number] + value if number in of_kind else value
                for number, value in of_kind.items():
                    totals[number].append(value)
            for number, channel in channels:
                order = channel.order + part.weight
                lower = torch.exp(-order * log_r) * self.radius**-order
                if weights is None:  # [terms, P], in the order of the kinds
                    found[number][rows, part.output] = (torch.cat(totals[number])[places] * lower).T
                else:
                    found[number][rows, part.output, 0] = torch.stack(totals[number]).sum(dim=0) * lower

    def _kinds(self) -> list[Alike]:
        """The terms, sorted once for the tensors that are there now: those of a file come after the table is made."""
        state = (self.series, self.series._version, self.exponents._version)
        if self._sorted is None or self._sorted[0][0] is not state[0] or self._sorted[0][1:] != state[1:]:
            self._sorted, self._acts = (state, alike(self.exponents, self.series)), {}
        return self._sorted[1]

    def _factors(
        self, which: int, weight: int, channels: Sequence[tuple[int, Partial]], order: int
    ) -> tuple[Pairs, Tensor]:
        """Those of a kind of terms, by its number: the same for all points."""
        key = (which, weight, order, *channels)
        if key not in self._acts:
            pairs, factors = self._kinds()[which].factors(weight, channels, order)
            self._acts[key] = pairs, factors.to(self.series.device)
        return self._acts[key]

    def _faded(self, points: Tensor, plan: JetPlan, functions: list[Tensor]) -> list[Tensor]:
        """The functions times the window, a smooth step in r^2."""
        window = self.window_jets(points, plan)
        flat = [channel.flatten(1) for channel in functions]
        product = multiply(plan, lambda orders: window[orders], list(flat))
        shape = functions[0].shape
        return [points.new_zeros(shape) if channel is None else channel.reshape(shape) for channel in product]

    def window_jets(self, points: Tensor, plan: JetPlan) -> dict[tuple[int, ...], Tensor | None]:
        """Orders -> that derivative of the window [N], of all orders that a product with the plan's channels takes."""
        inner, outer = self.window.square().tolist()
        offset = points[:, :2] - self.vertex
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


def shared_out(sectors: list[list[AngularPart]], directions: Tensor) -> list[tuple[list[AngularPart], Tensor]]:
    """Each sector's parts with the points that lie in it, or nearer to it than to another."""
    excess = [(parts[0].angles(directions) - parts[0].middle).abs() - parts[0].half for parts in sectors]
    nearest = torch.stack(excess).argmin(dim=0)
    return [(parts, torch.nonzero(nearest == number).flatten()) for number, parts in enumerate(sectors)]
