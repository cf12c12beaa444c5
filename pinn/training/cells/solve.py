"""Least squares on a partition of unity: Newton's iteration on the output layers of all cells together.

A point's row has entries in the cells whose windows reach it, two or a few, so the system is sparse (`block_solve.py`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pinn.derivatives.jets import Jets
from pinn.equations.compiler.compile import Derivative
from pinn.errors import Divergence
from pinn.network.cell_network import CellNetwork
from pinn.training.cells.block_solve import BlockRows, solve_blocks
from pinn.training.residuals.assembly import Group, loss_terms, residuals
from pinn.training.residuals.divergence import require_finite
from pinn.training.residuals.linearisation import linearised
from pinn.training.residuals.model import Model

State = Mapping[Derivative, Tensor]  # jets at the points of a group
MOST_STEPS = 8  # of Newton
LAST_GAIN = 0.1  # a step that lowers the residual's norm by less than this fraction is the last


@dataclass(frozen=True, eq=False)
class Reach:
    """What a cell contributes at the points of a group: their indices [n] and its windowed basis there."""

    cell: int
    indices: Tensor
    basis: Jets


def solve_cells(
    model: Model, groups: Sequence[Group], states: Sequence[State] | None, regularisation: float | None = None
) -> float:
    """Set the output layers to the least-squares solution; returns the loss.

    states   jets that a nonlinear problem is first linearised at, one per group; None for a linear problem
    """
    network = model.cell_network
    with torch.no_grad():
        reaches = [[reach(network, group, points) for _, points in group.points.ends] for group in groups]
        sizes = [len(model.outputs) * network.units] * network.cells + ([len(model.raw)] if len(model.raw) else [])
        trained = [network.output, *model.raw.values()]
        previous = math.inf
        for step in range(1 if states is None else MOST_STEPS):
            rows: list[BlockRows] = []
            for number, group in enumerate(groups):
                state = None if states is None else states[number]
                rows += group_rows(model, group, state, reaches[number])
            kept = [values.clone() for values in trained]
            coefficients, norm = solve_blocks(rows, sizes, regularisation)
            if not all(torch.isfinite(block).all() for block in coefficients):
                require_finite(loss_terms(model, groups), "cells", step + 1, groups, model)
                raise Divergence("least squares on cells gave coefficients that are not finite")
            for cell in range(network.cells):
                network.output[cell] = coefficients[cell].reshape(len(model.outputs), -1)
            for raw, value in zip(model.raw.values(), coefficients[-1] if len(model.raw) else (), strict=True):
                raw.add_(value)
            model.respect_bounds()
            if states is None:
                return norm**2
            states = [
                jets_of(network, group, at_ends[0], model) for group, at_ends in zip(groups, reaches, strict=True)
            ]
            loss = loss_of(model, groups, states)
            if loss > previous:
                for values, before in zip(trained, kept, strict=True):
                    values.copy_(before)
                return previous
            if not loss < (1 - LAST_GAIN) ** 2 * previous:
                break
            previous = loss
    return loss


def reach(network: CellNetwork, group: Group, points: Tensor) -> list[Reach]:
    return [
        Reach(cell, indices, network.basis_jets(cell, near, group.plan))
        for cell, indices, near in network.local(points)
    ]


def group_rows(model: Model, group: Group, state: State | None, reached: Sequence[Sequence[Reach]]) -> list[BlockRows]:
    """Rows of all statements of a group, those with entries in the same cells together.

    reached   by the ends of the group's points
    """
    pieces = [
        (parts, sign, linearised(model, group, slice(None), state, end))
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


def jets_of(network: CellNetwork, group: Group, reached: Sequence[Reach], model: Model) -> State:
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


def loss_of(model: Model, groups: Sequence[Group], states: Sequence[State]) -> float:
    total = 0.0
    for group, jets in zip(groups, states, strict=True):
        for statement, residual in zip(group.statements, residuals(model, group, jets=jets), strict=True):
            total += group.weight(statement) ** 2 * float(residual.square().mean())
    return total
