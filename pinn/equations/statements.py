"""Statements: what must hold, and where.

Equations, boundary and initial conditions and data are all of this one kind.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from pinn.domain.places import Interior, Place
from pinn.equations.compiler.compile import CompiledExpression

MEASURED = "measured value"  # the input that holds a measurement; no name of a spec can be this


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

    @property
    def is_equation(self) -> bool:
        """Whether it holds everywhere inside: conditions and data are what does not."""
        return isinstance(self.place, Interior)
