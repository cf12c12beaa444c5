"""Rows of an eigenproblem: the statements A u = lambda M u on points, in the weights of an output layer.

Both sides have the magnitude and the weight that the statement has in any least-squares problem (`linearisation.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.equations.eigenproblem import Eigenproblem
from pinn.training.residuals.assembly import Group
from pinn.training.residuals.linearisation import (
    CornerJets,
    LinearisedStatement,
    at_ends,
    corner_jets,
    linearised,
    row_factor,
)
from pinn.training.residuals.model import Model


@dataclass(frozen=True, eq=False)
class PencilRows:
    """Rows of one statement: `stiffness` A [n, P], `mass` M [n, P], None where the eigenvalue does not stand in it.

    index    of the statement
    weight   of the statement: the squares of a statement's rows add up to weight^2 mean(r^2)
    """

    index: int
    weight: float
    stiffness: Tensor
    mass: Tensor | None


@torch.no_grad()
def pencil_rows(model: Model, eigen: Eigenproblem, groups: Sequence[Group]) -> Iterator[PencilRows]:
    """Those of all statements of the groups, a chunk of points at a time."""
    for group in groups:
        corners = corner_jets(model, group)
        for _, found in group.in_chunks(
            lambda chunk, group=group, corners=corners: of_chunk(model, eigen, group, chunk, corners),
            model.mlp.cache_rows,
        ):
            yield from found


def of_chunk(model: Model, eigen: Eigenproblem, group: Group, chunk: slice, corners: CornerJets) -> list[PencilRows]:
    points = group.points
    hidden = model.mlp.hidden_jets(points.of(points.points, chunk), group.plan)
    functions = [points.of(channel, chunk) for channel in corners]

    def rows(side: LinearisedStatement) -> Tensor:
        return side.on_output_layer(model, group.plan, hidden, functions)

    stiffness, masses = linearised(model, group, chunk, None), mass_terms(model, eigen, group, chunk)
    return [
        PencilRows(
            index, group.weight(group.problem.statements[index]), rows(left), None if right is None else rows(right)
        )
        for index, left, right in zip(group.indices, stiffness, masses, strict=True)
    ]


def mass_terms(model: Model, eigen: Eigenproblem, group: Group, chunk: slice) -> list[LinearisedStatement | None]:
    """M of the group's statements, in the units of A; None where there is none."""
    points = group.points.taken(chunk)
    zero = {d: points.points.new_zeros(len(points.points)) for d in group.derivatives}
    found: list[LinearisedStatement | None] = []
    for index, statement in zip(group.indices, group.statements, strict=True):
        if index not in eigen.masses:
            found.append(None)
            continue
        inputs = group.inputs(statement, model.unknowns, chunk)
        factor = row_factor(group, index, statement.expression.linearise(inputs, zero), chunk)
        mass = eigen.masses[index].linearise(inputs, zero)
        columns = {key: at_ends(points, slope, factor) for key, slope in mass.items() if not isinstance(key, str)}
        found.append(LinearisedStatement(columns, {}, points.points.new_zeros(len(points)), points.ends))
    return found
