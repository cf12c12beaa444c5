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

# Of the largest value of the data: two values at one corner that differ by more are a contradiction.
CORNER_TOLERANCE = 1e-6
ALONG = np.linspace(0.0, 1.0, 33)[:, None]  # where along a piece its data are looked at; the ends are the corners


def refuse_corner_conflicts(statements: Sequence[Statement], subdomains: Sequence[Subdomain]) -> None:
    """Two conditions on one field that meet in a corner of a plane domain must agree there."""
    scope = subdomains[0].scope
    shapes = {subdomain.name: subdomain.shape for subdomain in subdomains}
    if len(scope.space) != 2:
        return
    seen: list[tuple[np.ndarray, str, str, float, Statement]] = []
    size = 0.0
    for statement in statements:
        derivatives, place = statement.expression.derivatives, statement.place
        if not isinstance(place, Boundary) or len(derivatives) != 1 or derivatives[0].partial.order:
            continue
        coefficient = statement.expression.coefficients[derivatives[0]]
        if not coefficient.is_number or statement.expression.inputs - set(scope.space):
            continue
        for patch in place.patches:
            for piece in shapes[place.subdomain].pieces_of([patch]):
                points = torch.as_tensor(piece.points(ALONG))
                count = len(points)
                inputs = {axis: points[:, i] for i, axis in enumerate(scope.space)}
                whole = torch.ones(count)
                kept = whole if place.where is None else evaluate(place.where, inputs, count, points)
                jets = {derivatives[0]: torch.zeros(count, dtype=points.dtype)}
                values = (0.0 - statement.expression.value(inputs, jets) / float(coefficient)).expand(count)
                known = values[(kept > 0.5) & values.isfinite()].abs()
                size = max([size, *known.tolist()])
                for end in (0, count - 1):
                    if kept[end] > 0.5 and values[end].isfinite():  # what is not finite is refused with its own words
                        corner, value = points[end].numpy(), float(values[end])
                        seen.append((corner, patch, derivatives[0].field, value, statement))
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
