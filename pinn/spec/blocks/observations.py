"""What is known of the solution, or asked of it, besides the equations: `data`, `reference` and `probes`."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from pinn.spec.blocks.block import Block, refuse
from pinn.spec.blocks.place import Extended
from pinn.spec.blocks.values import (
    EXPRESSION_SCHEMA,
    Expression,
    Point,
    Positive,
    Text,
    expressions,
    listed_points,
)
from pinn.spec.blocks.values import expression_by_subdomain as expression_by_name

ESTIMATE = "estimate"
Noise = Annotated[
    int | float | str | dict[str, Any],
    PlainValidator(expression_by_name),
    WithJsonSchema({"type": ["number", "string", "object"]}),
]


class Data(Block):
    """Measurements to fit: which column holds which quantity, and which holds which coordinate.

    noise   standard deviation of the measurements in their unit, one for all quantities or one by name; `estimate`
            where it is not known; absent where they are exact
    """

    example: ClassVar[str] = "{file: measured.csv, quantities: {u: u}}"

    file: Text
    quantities: Annotated[dict[str, Text], Field(min_length=1)]
    coordinates: dict[str, Text] = {}
    noise: Noise | None = None
    weight: Positive = 1.0


class ReferenceBlock(Block):
    """A file (.npz, .csv, .vtu) with the solution that errors are measured against."""

    example: ClassVar[str] = "{file: reference.npz}"

    file: Text


Kind = Literal["integral", "mean", "max", "min"]
EXTENTS: tuple[Kind, ...] = ("integral", "mean", "max", "min")  # what a probe may ask of a quantity over a place


class ProbeBlock(Block):
    """A quantity at one point or several, or what becomes of one over a place; the values land in metrics.json.

    subdomain   that points on an interface are seen from
    """

    example: ClassVar[str] = "{quantity: u, at: [0, 0]}"

    quantity: Text | None = None
    at: Point | None = None
    integral: Expression | None = None
    mean: Expression | None = None
    max: Expression | None = None
    min: Expression | None = None
    on: Extended | None = None
    time: Expression | None = None
    expected: (
        Annotated[
            Expression | tuple[Expression, ...],
            PlainValidator(lambda value: expressions(value) if isinstance(value, list) else expressions(value)[0]),
            WithJsonSchema({"oneOf": [EXPRESSION_SCHEMA, {"type": "array", "items": EXPRESSION_SCHEMA}]}),
        ]
        | None
    ) = None
    subdomain: Text | None = None

    @model_validator(mode="after")
    def one_question(self) -> Self:
        asked = [name for name in EXTENTS if getattr(self, name) is not None]
        if len(asked) + (self.quantity is not None) != 1:
            raise refuse("needs one of quantity (with at), integral, mean, max, min (with on)")
        if not asked and self.at is None:
            raise refuse("is missing; write the point's coordinates", "at")
        for key in ("on", "time") if not asked else ("at", "subdomain"):
            if getattr(self, key) is not None:
                better = "on" if asked else "at"
                raise refuse(f"does not go with '{(asked or ['quantity'])[0]}'; say where with '{better}'", key)
        if asked and isinstance(self.expected, tuple):
            raise refuse("must be one number", "expected")
        return self

    @property
    def extent(self) -> Kind | None:
        """Which of EXTENTS is asked; None for values at points."""
        return next((name for name in EXTENTS if getattr(self, name) is not None), None)

    @property
    def points(self) -> tuple[tuple[int | float | str, ...], ...]:
        """The points of `at`, also when there is only one."""
        return () if self.at is None else listed_points(self.at)
