"""Rows of an eigenproblem: the statements A u = lambda M u on points, in the weights of an output layer.

Both sides have the magnitude and the weight that the statement has in any least-squares problem (`linearisation.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.equations.eigenproblem import Eigenproblem
from pinn.training.residuals.assembly import Group
from pinn.training.residuals.linearisation import LinearisedStatement, corner_jets, linearised
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
        corners = [list(channels) for channels in corner_jets(model, group)]
        for _, found in group.in_chunks(
            lambda chunk, group=group, corners=corners: of_chunk(model, eigen, group, chunk, corners),
            model.mlp.cache_rows,
        ):
            yield from found


def of_chunk(
    model: Model, eigen: Eigenproblem, group: Group, chunk: slice, corners: Sequence[Sequence[Tensor]]
) -> list[PencilRows]:
    ends: list[list[tuple[Tensor, Tensor | None]]] = []
    for end, (_, everywhere) in enumerate(group.points.ends):
        points = everywhere[chunk]
        hidden = model.mlp.hidden_jets(points, group.plan)
        functions = [channel[chunk] for channel in corners[end]]
        sides = zip(
            linearised(model, group, chunk, None, end), mass_terms(model, eigen, group, chunk, end), strict=True
        )

        def rows(side: LinearisedStatement, hidden=hidden, functions=functions) -> Tensor:
            return side.on_output_layer(model, group.plan, hidden, functions)

        ends.append([(rows(left), None if right is None else rows(right)) for left, right in sides])
    found = []
    for number, index in enumerate(group.indices):
        stiffness = group.points.over_ends([end[number][0] for end in ends])
        masses = [mass for end in ends if (mass := end[number][1]) is not None]
        mass = group.points.over_ends(masses) if masses else None
        weight = group.weight(group.problem.statements[index])
        found.append(PencilRows(index, weight, stiffness, mass))
    return found


def mass_terms(
    model: Model, eigen: Eigenproblem, group: Group, chunk: slice, end: int
) -> list[LinearisedStatement | None]:
    """M of the group's statements, in the units of A; None where there is none."""
    points = group.points.ends[end][1][chunk]
    count = len(points)
    zero = {d: points.new_zeros(count) for d in group.derivatives}
    found: list[LinearisedStatement | None] = []
    for index, statement in zip(group.indices, group.statements, strict=True):
        if index not in eigen.masses:
            found.append(None)
            continue
        inputs = group.inputs(statement, model.unknowns, chunk, end)
        slopes = statement.expression.linearise(inputs, zero)
        factor = group.weight(statement) / math.sqrt(len(group.points)) / group.magnitude(index, slopes, chunk)
        mass = eigen.masses[index].linearise(inputs, zero)
        columns = {
            key: torch.as_tensor(slope, dtype=points.dtype, device=points.device).expand(count) * factor
            for key, slope in mass.items()
            if not isinstance(key, str)
        }
        found.append(LinearisedStatement(columns, {}, points.new_zeros(count)))
    return found
