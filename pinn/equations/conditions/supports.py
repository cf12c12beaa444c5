"""Supports and loads of a body by their names: `fixed`, `symmetry` or `roller`, `pressure`.

    fixed        u = 0
    symmetry     u·n = 0 and traction - (traction·n) n = 0: a plane of symmetry, a frictionless guide; roller the same
    pressure p   traction = -p n

On patches whose normals point along one coordinate the statements are those of the components, which an energy and hard
constraints know; elsewhere they are written with the normal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import sympy

from pinn.errors import SpecError
from pinn.geometry.shapes.pieces import Piece, sobol_parameters
from pinn.spec.blocks.condition import Condition
from pinn.spec.language.expressions import Scope
from pinn.spec.language.habits import CONDITIONS

PRESSURE = "pressure"
ALONG = 1e-12  # of a unit normal: what its other components may be
LOOKS_LOG2 = 5  # normals of a piece that are looked at

Path = tuple[str | int, ...]
Stated = list[tuple[str, sympy.Expr, Path]]  # (quantity, what vanishes, path)


def is_load(name: str, vectors: Mapping[str, Sequence[str]], scope: Scope) -> bool:
    """Whether `pressure` is the load on a body: a field or a definition of that name comes first."""
    return "traction" in vectors and name not in scope.fields and name not in scope.definitions


def pressed(vectors: Mapping[str, Sequence[str]], scope: Scope, pressure: sympy.Expr, path: Path) -> Stated:
    normals = [scope.resolve(f"n{axis}") for axis in scope.space]
    return [
        (name, scope.resolve(name) + pressure * normal, path)
        for name, normal in zip(vectors["traction"], normals, strict=True)
    ]


def supports(
    condition: Condition, vectors: Mapping[str, Sequence[str]], scope: Scope, axis: int | None, path: Path
) -> Stated:
    """What the condition's words state. Raises SpecError for a problem without a body.

    axis   coordinate that the normals point along; None where they do not
    """
    found: Stated = []
    for word in condition.supports:
        at = (*path, word)
        if not {"displacement", "traction"} <= vectors.keys():
            raise SpecError(at, f"is a support of an elastic body; {CONDITIONS[word]}")
        moved = [(name, scope.resolve(name)) for name in vectors["displacement"]]
        if word == "fixed":
            found += [(name, expression, at) for name, expression in moved]
            continue
        pulled = [(name, scope.resolve(name)) for name in vectors["traction"]]
        if axis is not None:
            found += [(*moved[axis], at), *((*one, at) for k, one in enumerate(pulled) if k != axis)]
            continue
        normals = [scope.resolve(f"n{letter}") for letter in scope.space]
        across = sum((u * n for (_, u), n in zip(moved, normals, strict=True)), sympy.S(0))
        found.append(("displacement across", across, at))
        for i, j in [(0, 1)] if len(normals) == 2 else [(0, 1), (1, 2), (2, 0)]:
            found.append(
                (
                    f"traction along {scope.space[i]}{scope.space[j]}",
                    pulled[j][1] * normals[i] - pulled[i][1] * normals[j],
                    at,
                )
            )
    return found


def common_axis(pieces: Sequence[Piece], dimension: int) -> int | None:
    """The coordinate along which all normals of these pieces of a boundary point, forwards or backwards."""
    axes = set()
    for piece in pieces:
        along = sobol_parameters(dimension - 1, LOOKS_LOG2) if dimension > 1 else np.zeros((1, 0))
        normals = piece.normals(along)
        axis = int(np.argmax(np.abs(normals[0])))
        if np.abs(np.delete(normals, axis, axis=1)).max(initial=0.0) > ALONG:
            return None
        axes.add(axis)
    return axes.pop() if len(axes) == 1 else None
