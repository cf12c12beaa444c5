"""Least squares on a partition of unity: Newton's iteration on the output layers of all cells together.

A point's row has entries in the cells whose windows reach it, two or a few, so the system is sparse (`block_solve.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from pinn.domain.integrals import Integral
from pinn.errors import Divergence
from pinn.network.cell_basis import CellBasis
from pinn.network.cell_network import CellNetwork
from pinn.training.cells.block_solve import BlockRows, solve_blocks
from pinn.training.cells.spread import pieces_of, stretched
from pinn.training.cells.together import same_cells
from pinn.training.output_layer.newton import newton
from pinn.training.residuals.assembly import FieldJets, Group, loss_terms
from pinn.training.residuals.divergence import require_finite
from pinn.training.residuals.linearisation import LinearisedStatement, linearised
from pinn.training.residuals.model import Model

MOST_STEPS = 8  # of Newton
LEAST_GAIN = 0.19  # a step that lowers the loss by less than this fraction, its root by a tenth, is the last


def solve_cells(
    model: Model, groups: Sequence[Group], start: Sequence[FieldJets] | None, regularisation: float | None = None
) -> float:
    """Set the output layers to the least-squares solution; returns the loss.

    start   jets that a nonlinear problem is first linearised at, by group; None for a linear problem
    """
    system = CellSystem(model, groups, regularisation)
    if start is not None:
        return newton(system, start, steps=MOST_STEPS, least_gain=LEAST_GAIN, expected=lambda: system.expected)[0]
    coefficients, norm = system.solution(None)
    system.set(coefficients)
    model.respect_bounds()
    return norm**2


class CellSystem:
    """The output layers of all cells, in their order, and the unknowns (a NewtonSystem).

    reached    by group: what the cells contribute at its points
    expected   the loss of the linearised statements at their last solution
    """

    @torch.no_grad()
    def __init__(self, model: Model, groups: Sequence[Group], regularisation: float | None):
        self.model, self.groups, self.regularisation = model, groups, regularisation
        self.network = model.cell_network
        self.reached = [Reached(self.network, group) for group in groups]
        self.solves, self.expected = 0, 0.0

    def solved(self, jets: Sequence[FieldJets]) -> Tensor:
        found, norm = self.solution(jets)
        if not self.model.raw:  # at zero fields a residual may say nothing of unknowns, and everything after a step
            self.expected = norm**2
        return found

    @torch.no_grad()
    def solution(self, jets: Sequence[FieldJets] | None) -> tuple[Tensor, float]:
        """Coefficients [P] and the residual norm, the statements linearised at these jets by group, or at zero fields.

        Raises Divergence where a coefficient is not finite.
        """
        self.solves += 1
        model, network = self.model, self.network
        rows: list[BlockRows] = []
        sizes = [len(model.outputs) * network.units] * network.cells + ([len(model.raw)] if len(model.raw) else [])
        own = len(sizes)
        for number, (group, reached) in enumerate(zip(self.groups, self.reached, strict=True)):
            state = None if jets is None else jets[number]
            if reached.pieces is None:
                rows += group_rows(model, group, state, reached)
                continue
            for pieces, target in spread_rows(model, group, state, reached):
                rows += stretched(pieces, target, len(sizes))
                sizes += [len(pieces) - 1] * (len(pieces) > 1)
        blocks, norm = solve_blocks(rows, sizes, self.regularisation)
        found = torch.cat(blocks[:own])
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
        return [
            jets_of(reached.basis, group, self.model) for group, reached in zip(self.groups, self.reached, strict=True)
        ]


class Reached:
    """What the cells contribute at the points of a group.

    basis      at all ends of the points
    pairs      all pairs of a point and a cell that reaches one of its ends, as cell * N + point, sorted: [P]
    place      where the basis' pairs are among them; None where there is one end
    together   the points that the same cells reach: (cells, points [n], where their pairs are [n] by cell)
    pieces     of integrals, whose rows have entries in many cells, instead of `together`; None where there are none
    """

    def __init__(self, network: CellNetwork, group: Group):
        self.basis = CellBasis(network, group.points.points, group.plan)
        count, cells, tiles = len(group.points), network.cells, self.basis.tiles
        integral = isinstance(group.statements[0].place, Integral)
        self.pieces = pieces_of(self.basis, count, cells) if integral else None
        keys = tiles.pair_cell * count + tiles.pair_index % count
        self.pairs, self.place = (keys, None) if group.points.weights is None else keys.unique(return_inverse=True)
        touched = torch.zeros(count, cells, dtype=torch.bool, device=self.pairs.device)
        touched[self.pairs % count, self.pairs // count] = True
        self.together = [
            (members, points, [torch.searchsorted(self.pairs, cell * count + points) for cell in members])
            for members, points in same_cells(touched)
        ]

    def over_ends(self, rows: Tensor) -> Tensor:
        """Rows [P, W] at the pairs, the sums of those at the ends' own pairs."""
        if self.place is None:
            return rows
        return rows.new_zeros(len(self.pairs), rows.shape[1]).index_add_(0, self.place, rows)


def group_rows(model: Model, group: Group, jets: FieldJets | None, reached: Reached) -> list[BlockRows]:
    """Rows of all statements of a group, those with entries in the same cells together."""
    cells = model.cell_network.cells
    found = []
    for terms in linearised(model, group, slice(None), jets):
        target = terms.target
        whole = reached.over_ends(basis_rows(model, reached.basis, terms))
        unknowns = unknown_columns(model, terms)
        if unknowns is not None:  # solve for their change: one that the state says nothing about stays as it is
            target = target - unknowns @ torch.stack(list(model.raw.values()))
        for members, points, places in reached.together:
            entries = {cell: whole[place] for cell, place in zip(members, places, strict=True)}
            if unknowns is not None:
                entries[cells] = unknowns[points]
            found.append(BlockRows(entries, target[points]))
    return found


def spread_rows(
    model: Model, group: Group, jets: FieldJets | None, reached: Reached
) -> Iterator[tuple[list[dict[int, Tensor]], Tensor]]:
    """(pieces, target) of every sum of a group of integrals."""
    assert reached.pieces is not None
    for terms in linearised(model, group, slice(None), jets):
        target, unknowns = terms.target, unknown_columns(model, terms)
        if unknowns is not None:
            target = target - unknowns @ torch.stack(list(model.raw.values()))
        rows = reached.pieces.rows(basis_rows(model, reached.basis, terms), unknowns, model.cell_network.cells)
        yield from zip(rows, target, strict=True)


def basis_rows(model: Model, basis: CellBasis, terms: LinearisedStatement) -> Tensor:
    """Rows [P, F*M] of a statement in the output layer of each pair's cell."""
    scale = model.network.field_scale
    return torch.cat(
        [
            basis.combined(
                {d.partial: factor * scale[f] for d, factor in terms.coefficients.items() if d.field == name}
            )
            for f, name in enumerate(model.outputs)
        ],
        dim=1,
    )


def unknown_columns(model: Model, terms: LinearisedStatement) -> Tensor | None:
    """Columns [N, U] of the unknown parameters, None where the statement has none."""
    if not terms.unknowns:
        return None
    nothing = terms.target.new_zeros(len(terms.target))
    return torch.stack([terms.unknowns.get(name, nothing) for name in model.raw], dim=1)


def jets_of(basis: CellBasis, group: Group, model: Model) -> FieldJets:
    """The fields' jets at the points of a group, from the basis that is already there."""
    channels, found = basis.fields(), {}
    for derivative in group.derivatives:
        channel = channels[group.plan.index(derivative.partial)]
        assert channel is not None  # a field of several cells has all channels
        found[derivative] = channel[:, model.outputs.index(derivative.field)]
    return found
