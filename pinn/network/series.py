"""Chebyshev series in the parameters of a family of problems, over a hidden layer that sees the other axes alone.

    u(x; p) = scale * sum_j T_j(p) (W_j s(V h(x) + b) + w_j),      T_j(p) = product over the parameters of T_(j_i)(t_i)

with t_i = (p_i - centre_i)/half_width_i in [-1, 1]. At one value of the parameters the sum over j is an output layer,
so a slice of the family is a perceptron.
Source: Trefethen, Approximation Theory and Approximation Practice (2013), chapters 3 and 8.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from pinn.derivatives.jets import JetPlan, Jets
from pinn.network.mlp import MLP


class SeriesNetwork(nn.Module):
    """Fields u: points [N, D] -> [N, F], and their jets.

    terms        perceptron over all D axes whose outputs [N, J*F] do not depend on the parameters
    axes         [P] where the parameters are among the D axes
    centre, half_width   [P] of the parameters' ranges
    degrees      [J, P] of the polynomials T_j
    field_scale  [F]
    """

    kind: ClassVar[str] = "series"
    one_output_layer: ClassVar[bool] = False
    centre: Tensor
    half_width: Tensor
    degrees: Tensor
    field_scale: Tensor

    def __init__(
        self, terms: MLP, axes: Sequence[int], centre: Tensor, half_width: Tensor, degrees: Tensor, field_scale: Tensor
    ):
        super().__init__()
        self.terms = terms
        self.axes = list(axes)
        self.activation = terms.activation
        self.register_buffer("centre", centre.to(field_scale))
        self.register_buffer("half_width", half_width.to(field_scale))
        self.register_buffer("degrees", degrees)
        self.register_buffer("field_scale", field_scale)

    @property
    def cache_rows(self) -> int:
        return self.terms.cache_rows

    @property
    def learned_hardness(self) -> list[Tensor]:
        return []

    def hardness_columns(self) -> dict[str, float]:
        return self.terms.hardness_columns()

    def pre_activations(self, points: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """(z [N, W], lambda [1] or [W]) of the hidden layer of the terms."""
        return self.terms.pre_activations(points)

    def polynomials(self, parameters: Tensor, orders: Sequence[int]) -> Tensor:
        """The derivative of these orders [P] of every T_j at parameters [N, P]: [N, J]."""
        found = parameters.new_ones(len(parameters), len(self.degrees))
        for axis, order in enumerate(orders):
            t = (parameters[:, axis] - self.centre[axis]) / self.half_width[axis]
            table = chebyshev(t, int(self.degrees[:, axis].max()), order)
            found = found * table[:, self.degrees[:, axis]] / self.half_width[axis] ** order
        return found

    def forward(self, points: Tensor) -> Tensor:
        """points [N, D] -> fields [N, F], through torch's own activation functions."""
        parts = self.terms(points).reshape(len(points), len(self.degrees), -1)
        weights = self.polynomials(points[:, self.axes], [0] * len(self.axes))
        return torch.einsum("nj,njf->nf", weights, parts) * self.field_scale

    def jets(self, points: Tensor, plan: JetPlan) -> Jets:
        """Channels of the fields, each [N, F]: derivatives in the parameters fall on T_j, all others on the terms."""
        count = len(points)
        parts = self.terms.jets(points, plan)
        found: Jets = []
        for channel in plan.channels:
            orders = [channel.orders[axis] for axis in self.axes]
            rest = tuple(0 if axis in self.axes else order for axis, order in enumerate(channel.orders))
            part = parts[plan.index(type(channel)(rest, channel.laplacians))]
            if part is None:
                found.append(None)
                continue
            part = part.expand(count, -1).reshape(count, len(self.degrees), -1)
            weights = self.polynomials(points[:, self.axes], orders)
            found.append(torch.einsum("nj,njf->nf", weights, part) * self.field_scale)
        return found

    def restricted(self, values: Mapping[int, float]) -> MLP:
        """The same fields as functions of the other axes, where all parameters have one value: axis -> value."""
        found = copy.deepcopy(self.terms)
        with torch.no_grad():
            at = self.field_scale.new_tensor([[values[axis] for axis in self.axes]])
            weights = self.polynomials(at, [0] * len(self.axes))[0]
            last = self.terms.linears[-1]
            fields, units = len(self.field_scale), last.in_features
            output = nn.Linear(units, fields).to(last.weight)
            output.weight.copy_(torch.einsum("j,jfm->fm", weights, last.weight.reshape(-1, fields, units)))
            output.bias.copy_(weights @ last.bias.reshape(-1, fields))
        found.layers[-1] = output
        found.field_scale = self.field_scale.clone()
        return found.restricted(values)


def chebyshev(t: Tensor, degree: int, order: int) -> Tensor:
    """The derivative of this order of T_0 … T_degree at t [N]: [N, degree + 1].

    T_(k+1) = 2 t T_k - T_(k-1), differentiated n times: T_(k+1)^(n) = 2 t T_k^(n) + 2 n T_k^(n-1) - T_(k-1)^(n).
    """
    one, zero = torch.ones_like(t), torch.zeros_like(t)
    lower = [zero] * (degree + 1)
    for n in range(order + 1):
        table = [one if n == 0 else zero, t if n == 0 else one if n == 1 else zero]
        for k in range(1, degree):
            table.append(2 * t * table[k] + 2 * n * lower[k] - table[k - 1])
        lower = table[: degree + 1]
    return torch.stack(lower, dim=1)


def chebyshev_nodes(count: int) -> Tensor:
    """The zeros of T_count [count], in (-1, 1)."""
    return torch.cos(torch.pi * (torch.arange(count, dtype=torch.float64) + 0.5) / count)


def interpolation(count: int) -> Tensor:
    """[count, count]: coefficients of T_0 … T_(count-1) from values at `chebyshev_nodes(count)`.

    c_j = (2 - [j = 0])/count * sum_k T_j(t_k) f(t_k)
    """
    table = chebyshev(chebyshev_nodes(count), count - 1, 0).T * (2 / count)
    table[0] /= 2
    return table
