"""Least squares on a partition of unity: Newton's iteration on the output layers of all cells together.

A point's row has entries in the cells whose windows reach it, two or a few, so the system is sparse (`block_solve.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pinn.derivatives.jets import Jets
from pinn.errors import Divergence
from pinn.network.cell_network import CellNetwork
from pinn.training.cells.block_solve import BlockRows, solve_blocks
from pinn.training.output_layer.newton import newton
from pinn.training.residuals.assembly import FieldJets, Group, loss_terms
from pinn.training.residuals.divergence import require_finite
from pinn.training.residuals.linearisation import linearised
from pinn.training.residuals.model import Model

MOST_STEPS = 8  # of Newton
LEAST_GAIN = 0.19  # a step that lowers the loss by less than this fraction, its root by a tenth, is the last


@dataclass(frozen=True, eq=False)
class Reach:
    """What a cell contributes at the points of a group: their indices [n] and its windowed basis there."""

    cell: int
    indices: Tensor
    basis: Jets


def solve_cells(
    model: Model, groups: Sequence[Group], start: Sequence[FieldJets] | None, regularisation: float | None = None
) -> float:
    """Set the output layers to the least-squares solution; returns the loss.

    start   jets that a nonlinear problem is first linearised at, by group; None for a linear problem
    """
    system = CellSystem(model, groups, regularisation)
    if start is not None:
        return newton(system, start, steps=MOST_STEPS, least_gain=LEAST_GAIN)[0]
    coefficients, norm = system.solution(None)
    system.set(coefficients)
    model.respect_bounds()
    return norm**2


class CellSystem:
    """The output layers of all cells, in their order, and the unknowns (a NewtonSystem).

    reached   by group and by the ends of its points: what each cell contributes there
    """

    @torch.no_grad()
    def __init__(self, model: Model, groups: Sequence[Group], regularisation: float | None):
        self.model, self.groups, self.regularisation = model, groups, regularisation
        self.network = model.cell_network
        self.reached = [[reach(self.network, group, points) for _, points in group.points.ends] for group in groups]
        self.solves = 0

    def solved(self, jets: Sequence[FieldJets]) -> Tensor:
        return self.solution(jets)[0]

    @torch.no_grad()
    def solution(self, jets: Sequence[FieldJets] | None) -> tuple[Tensor, float]:
        """Coefficients [P] and the residual norm, the statements linearised at these jets by group, or at zero fields.

        Raises Divergence where a coefficient is not finite.
        """
        self.solves += 1
        model, network = self.model, self.network
        rows: list[BlockRows] = []
        for number, (group, at_ends) in enumerate(zip(self.groups, self.reached, strict=True)):
            rows += group_rows(model, group, None if jets is None else jets[number], at_ends)
        sizes = [len(model.outputs) * network.units] * network.cells + ([len(model.raw)] if len(model.raw) else [])
        blocks, norm = solve_blocks(rows, sizes, self.regularisation)
        found = torch.cat(blocks)
        if not torch.isfinite(found).all():
            require_finite(loss_terms(model, self.groups), "cells", self.solves, self.groups, model)
            raise Divergence("least squares on cells gave coefficients that are not finite")
        if len(model.raw):  # they are solved for by their change
            found[-len(model.raw) :] += torch.stack([*model.raw.values()])
        return found, norm

    @torch.no_grad()
    def coefficients(self) -> Tensor:
        return torch.cat([self.network.output.flatten(), *(raw.reshape(1) for raw in self.model.raw.values())])

    @torch.no_grad()
    def set(self, coefficients: Tensor) -> None:
        output = self.network.output
        output.copy_(coefficients[: output.numel()].reshape(output.shape))
        for raw, value in zip(self.model.raw.values(), coefficients[output.numel() :], strict=True):
            raw.copy_(value)

    @torch.no_grad()
    def jets(self) -> list[FieldJets]:
        """From the bases that are already there."""
        pairs = zip(self.groups, self.reached, strict=True)
        return [jets_of(self.network, group, at_ends[0], self.model) for group, at_ends in pairs]


def reach(network: CellNetwork, group: Group, points: Tensor) -> list[Reach]:
    return [
        Reach(cell, indices, network.basis_jets(cell, near, group.plan))
        for cell, indices, near in network.local(points)
    ]


def group_rows(
    model: Model, group: Group, jets: FieldJets | None, reached: Sequence[Sequence[Reach]]
) -> list[BlockRows]:
    """Rows of all statements of a group, those with entries in the same cells together.

    reached   by the ends of the group's points
    """
    pieces = [
        (parts, sign, linearised(model, group, slice(None), jets, end))
        for end, (parts, (sign, _)) in enumerate(zip(reached, group.points.ends, strict=True))
    ]
    network = model.cell_network
    cells = network.cells
    touched = torch.zeros(len(group.points), cells, dtype=torch.bool, device=group.points.points.device)
    for parts, _, _ in pieces:
        for part in parts:
            touched[part.indices, part.cell] = True
    of_cell = {cell: torch.nonzero(touched[:, cell]).flatten() for cell in range(cells)}
    together = same_cells(touched)
    found = []
    for number in range(len(group.indices)):
        target = sum(sign * terms[number].target for _, sign, terms in pieces)
        assert isinstance(target, Tensor)
        whole: dict[int, Tensor] = {}
        for parts, sign, terms in pieces:
            for part in parts:
                rows = terms[number].on_basis(model, group.plan, part.basis, part.indices).flatten(1)
                if part.cell not in whole:
                    whole[part.cell] = rows.new_zeros(len(of_cell[part.cell]), rows.shape[1])
                at = torch.searchsorted(of_cell[part.cell], part.indices)
                whole[part.cell].index_add_(0, at, rows, alpha=sign)
        unknowns = unknown_columns(model, [(sign, terms[number].unknowns) for _, sign, terms in pieces], target)
        if unknowns is not None:  # solve for their change: one that the state says nothing about stays as it is
            target = target - unknowns @ torch.stack(list(model.raw.values()))
        for members, points in together:
            entries = {cell: whole[cell][torch.searchsorted(of_cell[cell], points)] for cell in members}
            if unknowns is not None:
                entries[cells] = unknowns[points]
            found.append(BlockRows(entries, target[points]))
    return found


def same_cells(touched: Tensor) -> list[tuple[list[int], Tensor]]:
    """Points by the set of cells that reach them: (cells, indices of the points), from touched [N, L]."""
    packed = np.packbits(touched.cpu().numpy(), axis=1)
    keys = packed.view(np.dtype((np.void, packed.shape[1])))[:, 0]
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(which, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(which))[:-1])
    return [
        (torch.nonzero(touched[start]).flatten().tolist(), torch.as_tensor(points, device=touched.device))
        for start, points in zip(first, parts, strict=True)
    ]


def unknown_columns(model: Model, pieces, target: Tensor) -> Tensor | None:
    """Columns [N, U] of the unknown parameters, None where the statement has none."""
    if not any(unknowns for _, unknowns in pieces):
        return None
    columns = target.new_zeros(len(target), len(model.raw))
    for sign, unknowns in pieces:
        for name, coefficient in unknowns.items():
            columns[:, list(model.raw).index(name)] += sign * coefficient
    return columns


def jets_of(network: CellNetwork, group: Group, reached: Sequence[Reach], model: Model) -> FieldJets:
    """The fields' jets at the points of a group, from the basis that is already there."""
    count = len(group.points)
    found = {}
    for derivative in group.derivatives:
        field = model.outputs.index(derivative.field)
        total = network.field_scale.new_zeros(count)
        for part in reached:
            channel = part.basis[group.plan.index(derivative.partial)]
            if channel is not None:
                values = (channel @ network.output[part.cell, field]).expand(len(part.indices))
                total.index_add_(0, part.indices, values)
        found[derivative] = total * network.field_scale[field]
    return found
