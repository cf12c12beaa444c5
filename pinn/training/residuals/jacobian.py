"""The Jacobian of all residuals, kept as the factors its rows are products of: no per-sample loop, no vmap.

A point's residual depends on that point's activations only. One reverse pass of sum(r) therefore leaves, at every
layer, the adjoints g[c, n, o] = dr_n/dz[c, n, o] of each point's own residual, and with the layer's inputs h[c, n, i]

    dr_n/dW[o, i] = sum_c g[c, n, o] h[c, n, i],        dr_n/db[o] = g[value, n, o].

The factors g and h take C*(O + I) numbers per point where a row takes O*I, and the products with J and its transpose
are matrix products with them:

    (J v)_n = sum_(c, o) g[c, n, o] (V h[c, n])_o,        (J^T y)_W = sum_(c, n) y_n g[c, n] h[c, n]^T.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn

from pinn.derivatives.jets import Jets
from pinn.network.mlp import Tape
from pinn.training.residuals.assembly import Group, residuals
from pinn.training.residuals.model import Model

JACOBIAN_CHUNK = 1024  # points whose rows are written out at once


def trained_parameters(model: Model) -> list[nn.Parameter]:
    """The parameters that the rows' columns stand for, in their order."""
    network = model.mlp
    layers = [parameter for layer in network.linears for parameter in (layer.weight, layer.bias)]
    hardness = [] if network.layer_hardness.step is None else [network.layer_hardness.step]
    return cast(list[nn.Parameter], [*layers, *hardness, *model.raw.values()])  # torch annotates weights as Tensor


def count_weights(model: Model) -> int:
    return sum(parameter.numel() for parameter in trained_parameters(model))


def count_rows(groups: Sequence[Group]) -> int:
    return sum(len(group.points) * len(group.indices) for group in groups)


@dataclass(frozen=True)
class LayerFactors:
    """dr/dW = sum_c adjoints_c inputs_c^T and dr/db = bias of one layer at N points.

    inputs    [N, C, I]
    adjoints  [N, C, O]
    bias      [N, O]
    """

    inputs: Tensor
    adjoints: Tensor
    bias: Tensor

    @property
    def width(self) -> int:
        return self.bias.shape[1] * (self.inputs.shape[2] + 1)

    def rows(self) -> list[Tensor]:
        return [torch.bmm(self.adjoints.transpose(1, 2), self.inputs).flatten(1), self.bias]

    def times(self, vector: Tensor) -> Tensor:
        """[width] -> [N]"""
        outputs = self.bias.shape[1]
        weight, bias = vector[:-outputs].reshape(outputs, -1), vector[-outputs:]
        pushed = self.inputs.flatten(0, 1) @ weight.T  # [N*C, O]
        return (pushed * self.adjoints.flatten(0, 1)).sum(dim=1).reshape(len(self.bias), -1).sum(dim=1) + (
            self.bias @ bias
        )

    def transposed_times(self, vector: Tensor) -> list[Tensor]:
        """[N] -> [width], in two pieces"""
        weighted = self.adjoints * vector[:, None, None]
        return [(weighted.flatten(0, 1).T @ self.inputs.flatten(0, 1)).flatten(), self.bias.T @ vector]


@dataclass(frozen=True)
class FactoredRows:
    """One statement's residuals [N] at some points, and the factors of their rows dr/d(parameters) [N, P].

    hardness   [N, H], of as many hardnesses as train
    unknowns   [N, U]
    ends       of the points, one after the other in the factors: a row is the sum over them
    """

    residual: Tensor
    layers: list[LayerFactors]
    hardness: Tensor
    unknowns: Tensor
    ends: int = 1

    def written(self) -> Tensor:
        """[N, P]"""
        columns = [column for layer in self.layers for column in layer.rows()]
        return torch.cat([self.over_ends(torch.cat([*columns, self.hardness], dim=1)), self.unknowns], dim=1)

    def times(self, vector: Tensor) -> Tensor:
        """[P] -> [N]"""
        sizes = [*(layer.width for layer in self.layers), self.hardness.shape[1], self.unknowns.shape[1]]
        *parts, hardness, unknowns = vector.split(sizes)
        product = self.hardness @ hardness
        for layer, part in zip(self.layers, parts, strict=True):
            product = product + layer.times(part)
        return self.over_ends(product) + self.unknowns @ unknowns

    def transposed_times(self, vector: Tensor) -> Tensor:
        """[N] -> [P]"""
        repeated = torch.cat([vector] * self.ends)
        pieces = [piece for layer in self.layers for piece in layer.transposed_times(repeated)]
        return torch.cat([*pieces, self.hardness.T @ repeated, self.unknowns.T @ vector])

    def over_ends(self, values: Tensor) -> Tensor:
        """[ends * N, …] -> [N, …]. The signs are in the adjoints."""
        first, *others = values.chunk(self.ends)
        return sum(others, start=first)


class Jacobian:
    """Weighted residuals r [N] of all groups, |r|^2 the loss, and J = dr/d(parameters) [N, P] by its factors."""

    def __init__(self, model: Model, groups: Sequence[Group]):
        self.blocks = [
            rows
            for group in groups
            for _, found in group.in_chunks(partial(factorise, model, group), JACOBIAN_CHUNK)
            for rows in found
        ]
        self.residual = torch.cat([block.residual for block in self.blocks])
        self.shape = (len(self.residual), count_weights(model))

    def rows(self) -> Iterator[Tensor]:
        """J, some rows at a time."""
        return (block.written() for block in self.blocks)

    def times(self, vector: Tensor) -> Tensor:
        return torch.cat([block.times(vector) for block in self.blocks])

    def transposed_times(self, vector: Tensor) -> Tensor:
        product = vector.new_zeros(self.shape[1])
        for block, part in zip(self.blocks, vector.split([len(block.residual) for block in self.blocks]), strict=True):
            product += block.transposed_times(part)
        return product

    def sampled_rows(self, count: int, generator: torch.Generator) -> Tensor:
        """About `count` of the rows, each with the same probability, scaled so that their J^T J is J^T J on average."""
        share = count / self.shape[0]
        if share >= 1:
            return torch.cat(list(self.rows()))
        found = []
        for rows in self.blocks:
            size = len(rows.residual)
            chosen = torch.randperm(size, generator=generator)[: max(1, round(share * size))]
            found.append(rows_at(rows, chosen.to(rows.residual.device)).written() * math.sqrt(size / len(chosen)))
        return torch.cat(found)


def rows_at(rows: FactoredRows, chosen: Tensor) -> FactoredRows:
    """The rows of some of the points."""
    at = torch.cat([chosen + end * len(rows.residual) for end in range(rows.ends)])
    layers = [LayerFactors(layer.inputs[at], layer.adjoints[at], layer.bias[at]) for layer in rows.layers]
    return FactoredRows(rows.residual[chosen], layers, rows.hardness[at], rows.unknowns[chosen], rows.ends)


def jacobian_rows(model: Model, group: Group, chunk: slice = slice(None)) -> tuple[Tensor, Tensor]:
    """Weighted residuals r [E*N] of a group's E statements and dr/d(parameters) [E*N, P]."""
    found = factorise(model, group, chunk)
    return torch.cat([rows.residual for rows in found]), torch.cat([rows.written() for rows in found])


def factorise(model: Model, group: Group, chunk: slice = slice(None)) -> list[FactoredRows]:
    """The rows of each of the group's statements, divided by sqrt(N), so that |r|^2 is the group's part of the loss.

    Derivatives come from jets, also where `solver.derivatives` says autograd: the adjoints are theirs.
    """
    tape = Tape()
    found = residuals(model, group, chunk, tape=tape)
    outputs = [z for _, channels in tape.layers for z in channels if z is not None]
    first = tape.layers[0][1][0]
    assert first is not None  # the value channel never vanishes
    count = len(first)
    inputs = [stacked(h, count) for h, _ in tape.layers]
    slope = model.mlp.layer_hardness.slope
    rows = []
    for statement, residual in zip(group.statements, found, strict=True):
        residual = residual * (group.weight(statement) / math.sqrt(len(group.points)))
        wanted = [*outputs, *tape.hardness]
        adjoints: list[Tensor | None] = [None] * len(wanted)
        if residual.requires_grad:
            adjoints = list(torch.autograd.grad(residual.sum(), wanted, retain_graph=True, allow_unused=True))
        adjoints = [torch.zeros_like(z) if g is None else g for g, z in zip(adjoints, wanted, strict=True)]
        layers = []
        for (_, z), given in zip(tape.layers, inputs, strict=True):
            g: Jets = [adjoints.pop(0) for channel in z if channel is not None]
            assert g[0] is not None
            layers.append(LayerFactors(given, stacked(g, count), g[0]))
        of_hardness = [adjoint for adjoint in adjoints if adjoint is not None]
        hardness = torch.cat([first.new_zeros(count, 0), *of_hardness], dim=1) * slope
        unknowns = [unknown_column(model, group, statement, chunk, name, residual) for name in model.raw]
        columns = torch.stack(unknowns, dim=1) if unknowns else residual.detach().new_zeros(len(residual), 0)
        rows.append(FactoredRows(residual.detach(), layers, hardness, columns, group.points.ends))
    return rows


def stacked(channels: Jets, count: int) -> Tensor:
    """Those channels that are not zero: [N, C, W]."""
    return torch.stack([c.detach().expand(count, -1) for c in channels if c is not None], dim=1)


def unknown_column(model: Model, group: Group, statement, chunk: slice, name: str, residual: Tensor) -> Tensor:
    """dr/d(raw unknown) [N], from the statement's own linearisation."""
    if name not in statement.expression.unknowns_used:
        return torch.zeros_like(residual.detach())
    with torch.no_grad():
        points = group.points.taken(chunk)
        jets = model.jets(points.points, group.plan, group.derivatives)
        coefficient = statement.expression.linearise(group.inputs(statement, model.unknowns, chunk), jets)[name]
        index = group.indices[group.statements.index(statement)]
        factor = group.weight(statement) / math.sqrt(len(group.points)) / group.magnitude(index, {}, chunk)
        whole = points.summed(torch.as_tensor(coefficient).to(residual).expand(len(points.points)))
        return whole * factor * model.units[name]
