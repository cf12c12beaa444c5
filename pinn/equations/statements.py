"""Statements: what must hold, and where.

Equations, boundary and initial conditions and data are all of this one kind.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy
from torch import Tensor

from pinn.equations.compiler.compile import CompiledExpression

MEASURED = "measured value"  # the input that holds a measurement; no name of a spec can be this


@dataclass(frozen=True)
class Place:
    """A set of points to draw from.

    kind       interior | boundary | interface | initial | points | periodic | data
    patches    of the boundary; for periodic the two that are joined
    where      1 at the points that count, 0 elsewhere (an expression of the coordinates), or None for all
    points     fixed points; with one coordinate less than the problem has, they stand for all times
    subdomain  that the points lie in, or whose outward normals an interface has; "" where there is only the domain
    beside     the subdomain on the other side of an interface
    """

    kind: str
    patches: tuple[str, ...] = ()
    where: sympy.Expr | None = None
    points: tuple[tuple[float, ...], ...] = ()
    subdomain: str = ""
    beside: str = ""

    def __str__(self) -> str:
        if self.kind in ("boundary", "periodic"):
            return ", ".join(self.patches)
        if self.kind == "interface":
            return f"{self.subdomain} | {self.beside}"
        return self.kind


@dataclass(frozen=True, eq=False)
class Statement:
    """expression = 0 at the points of `place`.

    weight   multiplies the residual on top of the automatic scaling
    count    the number of points that the user asked for, or None
    values   of a data statement: the measurements [N], in the order of place.points
    path     where the spec says so
    quantity of a condition: the name of what it gives a value to
    noise    of a data statement: the measurements' standard deviation, "estimate" if unknown, None if they are exact
    """

    name: str
    expression: CompiledExpression
    place: Place
    weight: float = 1.0
    count: int | None = None
    values: Tensor | None = None
    path: tuple[str | int, ...] = ()
    quantity: str = ""
    noise: float | str | None = None
