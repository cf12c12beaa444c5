"""Features in space times polynomials in time, slab by slab.

    u(x, t) = scale * sum over the units j of  c_j(t) s_j(x),       s_j(x) = s(w_j . h(x) + b_j), the last of them 1

On the slab between two edges of time every c_j is a polynomial, by its Legendre coefficients. Neighbouring slabs agree
where they meet, so that the fields are continuous in time, and infinitely smooth in space. Without space there is
the unit 1 alone: the fields are piecewise polynomials of t.
Source: Hairer & Wanner, Solving Ordinary Differential Equations II, 2nd ed., § IV.5 (collocation polynomials).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from pinn.derivatives.jets import JetPlan, Jets, Partial, plan_jets
from pinn.network import legendre
from pinn.network.field_network import FixedHardness
from pinn.network.space_units import SpaceUnits

ROWS = 4096  # points evaluated at once


class MarchNetwork(FixedHardness, nn.Module):
    """Fields u: points [N, D], time last, -> [N, F], and their jets.

    units         s_j as functions of space
    edges         [K + 1] of the slabs, increasing
    coefficients  [K, P + 1, F, W + 1] of the Legendre polynomials in each slab
    field_scale   [F]
    """

    kind: ClassVar[str] = "march"
    one_output_layer: ClassVar[bool] = False
    edges: Tensor
    field_scale: Tensor

    def __init__(self, units: SpaceUnits, edges: Tensor, coefficients: Tensor, field_scale: Tensor):
        super().__init__()
        self.units = units
        self.activation = units.activation
        self.register_buffer("edges", edges)
        self.register_buffer("field_scale", field_scale)
        self.coefficients = nn.Parameter(coefficients)

    @property
    def degree(self) -> int:
        """P, of the polynomials in time."""
        return self.coefficients.shape[1] - 1

    @property
    def cache_rows(self) -> int:
        return ROWS

    def pre_activations(self, points: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """(z [N, W], lambda [1]) of the units."""
        yield self.units.pre_activation(points[:, :-1]), self.units.hardness

    def forward(self, points: Tensor) -> Tensor:
        """points [N, D] -> fields [N, F], through torch's own activation functions."""
        units = self.units(points[:, :-1])
        return self.in_time(points[:, -1].contiguous(), [(0, units)])[0] * self.field_scale

    def jets(self, points: Tensor, plan: JetPlan) -> Jets:
        """Channels of the fields, each [N, F]: derivatives in time fall on the polynomials, all others on the units."""
        count, space = len(points), points.shape[1] - 1
        wanted = [(Partial(channel.orders[:-1], channel.laplacians), channel.orders[-1]) for channel in plan.channels]
        own = plan_jets([partial for partial, _ in wanted], space, plan.space)
        units = self.units.jets(points[:, :-1], own)
        asked, place = [], []
        for partial, order in wanted:
            channel = units[own.index(partial)]
            place.append(None if channel is None else len(asked))
            if channel is not None:
                asked.append((order, channel.expand(count, -1)))
        values = self.in_time(points[:, -1].contiguous(), asked)
        return [None if number is None else values[number] * self.field_scale for number in place]

    def in_time(self, t: Tensor, asked: Sequence[tuple[int, Tensor]]) -> list[Tensor]:
        """For each (order, units [N, W + 1]): sum over j of the order-th derivative of c_j(t) times unit j, [N, F]."""
        slab = torch.bucketize(t.detach(), self.edges[1:-1], right=True)
        start, length = self.edges[slab], self.edges[slab + 1] - self.edges[slab]
        polynomials = legendre.table(2 * (t - start) / length - 1, self.degree)
        slope = polynomials.new_tensor(legendre.derivative(self.degree))
        weights = [polynomials]
        for _ in range(max(order for order, _ in asked)):
            weights.append(weights[-1] @ slope * (2 / length)[:, None])
        if self.coefficients.shape[3] == 1:  # no space: every point has its own coefficients at hand
            own = self.coefficients[slab, :, :, 0]
            return [torch.einsum("np,npf->nf", weights[order], own) * units for order, units in asked]
        fields = self.coefficients.shape[2]
        found = [t.new_zeros(len(t), fields) for _ in asked]
        for number in slab.unique().tolist():
            rows = torch.nonzero(slab == number).flatten()
            table = self.coefficients[number].flatten(0, 1).T  # [W + 1, (P + 1) F]
            for k, (order, units) in enumerate(asked):
                parts = (units[rows] @ table).reshape(len(rows), self.degree + 1, fields)
                value = torch.einsum("np,npf->nf", weights[order][rows], parts)
                found[k] = found[k].index_put((rows,), value)
        return found
