"""Corners of the boundary, where two conditions meet and must agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from pinn.domain.places import Boundary
from pinn.equations.compiler.compile import evaluate
from pinn.equations.statements import Statement
from pinn.equations.subdomains import Subdomain
from pinn.errors import SpecError

CORNER_TOLERANCE = 1e-6  # relative: two values at one corner that differ by more are a contradiction


def refuse_corner_conflicts(statements: Sequence[Statement], subdomains: Sequence[Subdomain]) -> None:
    """Two conditions on one field that meet in a corner of a plane domain must agree there."""
    scope = subdomains[0].scope
    shapes = {subdomain.name: subdomain.shape for subdomain in subdomains}
    if len(scope.space) != 2:
        return
    seen: list[tuple[np.ndarray, str, str, float, Statement]] = []
    for statement in statements:
        derivatives, place = statement.expression.derivatives, statement.place
        if not isinstance(place, Boundary) or len(derivatives) != 1 or derivatives[0].partial.order:
            continue
        coefficient = statement.expression.coefficients[derivatives[0]]
        if not coefficient.is_number or statement.expression.inputs - set(scope.space):
            continue
        for patch in place.patches:
            for piece in shapes[place.subdomain].pieces_of([patch]):
                corners = torch.as_tensor(piece.points(np.array([[0.0], [1.0]])))
                inputs = {axis: corners[:, i] for i, axis in enumerate(scope.space)}
                kept = torch.ones(2) if place.where is None else evaluate(place.where, inputs, 2, corners)
                jets = {derivatives[0]: torch.zeros(2, dtype=corners.dtype)}
                values = (0.0 - statement.expression.value(inputs, jets) / float(coefficient)).expand(2)
                for corner, value, keep in zip(corners.numpy(), values.tolist(), kept.tolist(), strict=True):
                    if keep > 0.5:
                        seen.append((corner, patch, derivatives[0].field, value, statement))
    size = max((abs(value) for *_, value, _ in seen), default=0.0)
    for i, (corner, patch, field_name, value, statement) in enumerate(seen):
        for other_corner, other_patch, other_field, other_value, other in seen[:i]:
            if field_name != other_field or other is statement:
                continue
            if np.linalg.norm(corner - other_corner) > 1e-9 * shapes[statement.place.subdomain].size:
                continue
            if abs(value - other_value) > CORNER_TOLERANCE * size:
                where = ", ".join(f"{c:g}" for c in corner)
                raise SpecError(
                    statement.path,
                    f"contradicts conditions[{other.path[1]}] at the corner ({where}): {field_name} = {value:g} on "
                    f"'{patch}' but {other_value:g} on '{other_patch}'; make them agree, or leave the corner out with "
                    "'where'",
                )
