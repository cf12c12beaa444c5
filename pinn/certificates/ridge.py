"""Jets of one hidden layer of affine units on boxes, as Taylor models: sums over the units by matrix products.

    D^a u(x + r t) = sum_j C_j V_j^a s_|a|(V_j . x + b_j + V_j . (r t)),     Laplacians: |V_j|^2 for each

so that the coefficient of t^k is  r^k/k! sum_j C_j V_j^(a + k) s_(|a| + |k|)(z_j):  one matrix product for each degree.
The sum of a thousand large units that nearly cancel is where a solution's digits go: the pre-activations z_j are taken
in extended precision, and so are the sums of the coefficients that matter most.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pinn.certificates.network import numbers
from pinn.certificates.taylor import EPS, TINY, UP, Algebra, Array, Taylor
from pinn.certificates.univariate import LONG_EPS, UNIVARIATE, Long, Univariate
from pinn.derivatives.jets import JetPlan, Partial
from pinn.network.mlp import MLP

AT_ONCE = 120_000  # units times boxes
EXTENDED = 3  # degree up to which coefficients are summed in extended precision: the largest ones


@dataclass(frozen=True, eq=False)
class Ridge:
    """u_f(x) = sum_j output_fj s(weight_j . x + bias_j) + constant_f.

    weight [U, D], bias [U], size [U, D + 1] of what weight and bias are sums of, output [F, U], all in extended
    precision; constant [F]
    """

    function: Univariate
    weight: np.ndarray
    bias: np.ndarray
    bias_size: Array
    output: np.ndarray
    constant: Array

    @classmethod
    def of(cls, network: MLP) -> Ridge | None:
        """None where the network is no such thing."""
        features = network.features
        plain = features.linear_width == features.width and not network.normalised
        if len(network.linears) != 2 or not plain or network.activation.name not in UNIVARIATE:
            return None
        first, last = network.linears
        hardness = numbers(network.hardness[0]).astype(Long)
        inner, shift = numbers(features.weight).astype(Long), numbers(features.bias).astype(Long)
        own = numbers(first.weight).astype(Long) * hardness[:, None]
        scale = numbers(network.field_scale).astype(Long)[:, None]
        bias = numbers(first.bias).astype(Long) * hardness
        size = np.abs(bias) + np.abs(own) @ np.abs(shift)
        return cls(
            UNIVARIATE[network.activation.name],
            own @ inner,
            own @ shift + bias,
            size.astype(float),
            scale * numbers(last.weight).astype(Long) / hardness,
            (scale[:, 0] * numbers(last.bias).astype(Long)).astype(float),
        )

    def jets(self, centre: Array, radius: Array, plan: JetPlan, space: Algebra) -> list[Taylor]:
        """Channels [B, F] on the boxes centre [B, D] +- radius [B, D]."""
        step = max(1, AT_ONCE // len(self.bias))
        parts = [
            self._some(centre[start : start + step], radius[start : start + step], plan, space)
            for start in range(0, len(centre), step)
        ]
        return [
            Taylor(space, np.concatenate([p[k].c for p in parts], axis=1), np.concatenate([p[k].e for p in parts]))
            for k in range(len(plan.channels))
        ]

    def _some(self, centre: Array, radius: Array, plan: JetPlan, space: Algebra) -> list[Taylor]:
        inputs = self.weight.shape[1]
        z = centre.astype(Long) @ self.weight.T + self.bias
        size = np.abs(centre) @ np.abs(self.weight).astype(float).T + self.bias_size
        off = 2 * (inputs + 6) * LONG_EPS * size * UP  # of z
        reach = (radius @ np.abs(self.weight).astype(float).T) * UP * (1 + 4 * EPS)
        distance = np.maximum(np.abs(z).astype(float) * (1 - 1e-11) - (reach + off) * UP, 0.0)
        highest = plan.order + space.degree
        values, errors = self.function.derivatives(z, highest)
        slopes = [*(np.abs(v).astype(float) for v in values[1:]), self.function.bound(highest + 1, distance)]
        curved = [off**2 * self.function.anywhere(k + 2) for k in range(highest + 1)]
        errors = [(e + off * s + second) * UP for e, s, second in zip(errors, slopes, curved, strict=True)]
        return [
            self._channel(channel, values, errors, radius, distance, reach, plan.space, space)
            for channel in plan.channels
        ]

    def _channel(
        self,
        channel: Partial,
        values: Sequence[np.ndarray],
        errors: Sequence[Array],
        radius: Array,
        distance: Array,
        reach: Array,
        laplacian: int,
        space: Algebra,
    ) -> Taylor:
        order, fields = channel.order, len(self.output)
        factor = np.prod(self.weight ** np.array(channel.orders), axis=1)
        if channel.laplacians:
            factor = factor * (self.weight[:, :laplacian] ** 2).sum(axis=1) ** channel.laplacians
        amplitude = (self.output * factor).T  # [U, F]
        c = np.zeros((len(space), len(radius), fields))
        e = np.zeros((len(radius), fields))
        first = space.first_of_degree
        for degree in range(space.degree + 1):
            exponents = space.exponents[first[degree] : first[degree + 1]]
            powers = np.stack([np.prod(self.weight**exponent, axis=1) for exponent in exponents], axis=1)
            faculty = np.array([math.prod(map(math.factorial, exponent)) for exponent in exponents.tolist()])
            table = powers[:, :, None] / faculty[:, None] * amplitude[:, None, :]  # [U, K_d, F]
            total, bound = summed(
                values[order + degree],
                errors[order + degree],
                table.reshape(len(table), -1),
                20 * (order + degree + 2) * LONG_EPS,  # of a product of so many factors
                extended=degree <= EXTENDED,
            )
            scale = np.prod(radius[:, None, :] ** exponents, axis=2)  # [B, K_d]
            shape = (len(radius), len(exponents), fields)
            found = total.reshape(shape) * scale[..., None]
            c[first[degree] : first[degree + 1]] = found.transpose(1, 0, 2)
            around = bound.reshape(shape) * scale[..., None] + (order + degree + 4) * EPS * np.abs(found)
            e += around.sum(axis=1)
        n = space.degree + 1
        rest = self.function.bound(order + n, distance) * reach**n / math.factorial(n)
        e += rest @ np.abs(amplitude).astype(float) * (1 + 1e-12)
        if channel.order == 0:
            c[0] += self.constant
            e += 2 * EPS * (np.abs(self.constant) + np.abs(c[0]))
        return Taylor(space, c, e * UP + TINY)


def summed(s: np.ndarray, error: Array, table: np.ndarray, off: float, *, extended: bool) -> tuple[Array, Array]:
    """s @ table [B, K] for s [B, U] +- error, table [U, K] of which each entry may be off by a share, and the error.

    extended   in extended precision; else in double, by blocks, so that rounding grows like the root of U
    """
    flat = table.astype(float)
    if extended:
        total = (s @ table).astype(float)
        share = (len(table) + 2) * LONG_EPS
        own = EPS * np.abs(total)
    else:
        rough, size = s.astype(float), max(1, math.isqrt(len(table)))
        total = np.zeros((len(s), table.shape[1]))
        for start in range(0, len(table), size):
            total += rough[:, start : start + size] @ flat[start : start + size]
        share = (size + math.ceil(len(table) / size) + 4) * EPS
        own = 0.0
    return total, (((share + off) * np.abs(s).astype(float) + error) @ np.abs(flat)) * UP + own
