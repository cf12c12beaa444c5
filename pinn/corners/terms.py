"""Terms of corner functions at the points of one sector.

A term is Re r^a sum_k (log r)^k phi_k(theta), phi_k Chebyshev series. Its derivatives are, with factors F that depend
on a alone (polar.py),

    Re sum_q e^(i q theta) sum_lm F_q[l, m] r^a d^l/d(log r)^l d^m/dtheta^m sum_k (log r)^k phi_k

times a power of r. Terms with as many logarithms are evaluated together, and those with real exponents in real numbers:
all but two around a hole, which are most of what there is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pinn.corners.polar import at_exponent, polar_derivative
from pinn.derivatives.jets import Partial

Pairs = list[tuple[int, int]]  # (channel, q)


@dataclass(frozen=True, eq=False)
class Alike:
    """Terms with the same number of logarithms, either all with real exponents or none.

    index       of the terms in their table [t]
    exponents   [t]
    series      [parts, derivatives, degrees, levels, t], complex only where the exponents are
    """

    index: Tensor
    exponents: NDArray[np.complex128]
    series: Tensor

    @property
    def levels(self) -> int:
        return self.series.shape[3]

    def derived(self, part: int, polynomials: Tensor, log_r: Tensor, order: int) -> Tensor:
        """r^a d^l/d(log r)^l d^m/dtheta^m of the sums over k, at points [P]: [P, t, l, m]."""
        series = self.series[part, : order + 1].permute(1, 3, 2, 0)  # [degrees, t, l, m]
        flat = series.flatten(1)
        if series.is_complex():  # the polynomials are real, which is faster
            values = polynomials @ torch.view_as_real(flat).flatten(1)
            phi = torch.view_as_complex(values.reshape(len(values), -1, 2))
        else:
            phi = polynomials @ flat
        phi = phi.reshape(len(phi), *series.shape[1:])
        if self.levels > 1:
            powers = [log_r[:, None, None] ** k for k in range(self.levels)]
            whole = range(self.levels)
            sums = [sum(math.perm(k, l) * powers[k - l] * phi[:, :, k] for k in whole[l:]) for l in whole]
            phi = torch.stack(cast(list[Tensor], sums), dim=2)
        exponents = torch.as_tensor(self.exponents if series.is_complex() else self.exponents.real).to(log_r.device)
        return phi * torch.exp(exponents * log_r[:, None])[:, :, None, None]

    def factors(self, weight: int, channels: Sequence[tuple[int, Partial]], order: int) -> tuple[Pairs, Tensor]:
        """F of each channel and harmonic, one after the other: [t, l, m, pairs]."""
        pairs: Pairs = []
        found = []
        for number, channel in channels:
            orders = (channel.orders[0], channel.orders[1])
            for q, coefficients in polar_derivative(orders, weight, channel.laplacians).items():
                acts = at_exponent(coefficients, self.exponents, self.levels - 1)  # [l, m, t]
                found.append(np.pad(acts, ((0, 0), (0, order + 1 - acts.shape[1]), (0, 0))))
                pairs.append((number, q))
        return pairs, torch.as_tensor(np.stack(found, axis=-1).transpose(2, 0, 1, 3))


def alike(exponents: Tensor, series: Tensor) -> list[Alike]:
    """The terms of a table, sorted.

    exponents [terms, 2];  series [parts, derivatives, degrees, levels, terms, 2], real and imaginary parts
    """
    powers, whole = torch.view_as_complex(exponents), torch.view_as_complex(series)
    used = whole.abs().amax(dim=(0, 1, 2)) > 0  # [levels, terms]
    counts = (used * torch.arange(1, len(used) + 1, device=used.device)[:, None]).amax(dim=0).clamp_min(1)
    real, found = powers.imag == 0, []
    for is_real in (True, False):
        for count in range(1, len(used) + 1):
            index = torch.nonzero((counts == count) & (real == is_real)).flatten()
            if len(index):
                own = whole[:, :, :, :count, index]
                found.append(Alike(index, powers[index].cpu().numpy(), own.real.clone() if is_real else own))
    return found


def summed(derived: Tensor, factors: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Real and imaginary parts of the sums over l, m and terms with these weights [t]: [P, pairs]."""
    matrix = (factors * weights[:, None, None, None]).flatten(0, 2)
    if derived.is_complex():
        found = derived.flatten(1) @ matrix
        return found.real, found.imag
    return derived.flatten(1) @ matrix.real, derived.flatten(1) @ matrix.imag


def each(derived: Tensor, factors: Tensor) -> tuple[Tensor, Tensor]:
    """Real and imaginary parts of the sums over l and m of every term: [t, P, pairs]."""
    by_term, matrix = derived.flatten(2).transpose(0, 1), factors.flatten(1, 2)
    if derived.is_complex():
        found = by_term @ matrix
        return found.real, found.imag
    return by_term @ matrix.real, by_term @ matrix.imag


def chebyshev(unit: Tensor, count: int) -> Tensor:
    """T_0 to T_(count-1) at points [N]: [N, count]. Beyond [-1, 1] the polynomials go on."""
    found, twice = [torch.ones_like(unit), unit], 2 * unit
    while len(found) < count:
        found.append(twice * found[-1] - found[-2])
    return torch.stack(found[:count], dim=1)
