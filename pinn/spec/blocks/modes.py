"""The `modes` block: eigenvalues of linear equations without loads, and the fields that belong to them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, PlainValidator, Strict, WithJsonSchema, model_validator

from pinn.spec.blocks.block import Block, refuse
from pinn.spec.blocks.values import EXPRESSION_SCHEMA, WHOLE, Expression, Text, each, expression, expressions

MOST_MODES = 200


def density_of_fields(value: Any) -> Any:
    """One density, or one for each field that has inertia: {ux: rho, uy: rho}."""
    if not isinstance(value, dict):
        return expression(value)
    if not value:
        raise refuse("must name a field, such as {w: rho*h}")
    return dict(zip(value, each(expression, value.values(), value), strict=True))


class Modes(Block):
    """A u = eigenvalue * M u, for the `count` eigenvalues nearest to `shift`, in place of one solution.

    mass        M: a density that multiplies the fields (of a body its displacement), or one for each field
    eigenvalue  the name that equations and conditions have for it, where it is written into them
    shift       the eigenvalues nearest to it are found
    expected    eigenvalues, in the order of the modes, where they are known: for the error only
    """

    example: ClassVar[str] = "{count: 6, mass: rho}"

    count: Annotated[int, Strict(), Field(ge=1, le=MOST_MODES), WHOLE] = 6
    mass: (
        Annotated[
            int | float | str | dict[str, Any],
            PlainValidator(density_of_fields),
            WithJsonSchema({"type": ["number", "string", "object"]}),
        ]
        | None
    ) = None
    eigenvalue: Text | None = None
    shift: Expression = 0
    expected: (
        Annotated[
            tuple[Expression, ...],
            PlainValidator(expressions),
            WithJsonSchema({"oneOf": [EXPRESSION_SCHEMA, {"type": "array", "items": EXPRESSION_SCHEMA}]}),
        ]
        | None
    ) = None

    @model_validator(mode="after")
    def something_to_find(self) -> Self:
        if self.mass is None and self.eigenvalue is None:
            raise refuse(
                "needs 'mass', a density such as mass: rho, or 'eigenvalue', the name that the equations have for it: "
                "{count: 3, eigenvalue: P} with EI*w_xxxx + P*w_xx = 0"
            )
        if self.expected is not None and len(self.expected) > self.count:
            raise refuse(f"has {len(self.expected)} eigenvalues for {self.count} modes", "expected")
        return self
