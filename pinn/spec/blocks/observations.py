"""What is known of the solution, or asked of it, besides the equations: `data`, `reference` and `probes`."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, PlainValidator, WithJsonSchema

from pinn.spec.blocks.block import Block
from pinn.spec.blocks.values import EXPRESSION_SCHEMA, Expression, Point, Positive, Text, expressions, listed_points
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


class ProbeBlock(Block):
    """A quantity at one point or several; the values land in metrics.json.

    subdomain   that points on an interface are seen from
    """

    example: ClassVar[str] = "{quantity: u, at: [0, 0]}"

    quantity: Text
    at: Point
    expected: (
        Annotated[
            Expression | tuple[Expression, ...],
            PlainValidator(lambda value: expressions(value) if isinstance(value, list) else expressions(value)[0]),
            WithJsonSchema({"oneOf": [EXPRESSION_SCHEMA, {"type": "array", "items": EXPRESSION_SCHEMA}]}),
        ]
        | None
    ) = None
    subdomain: Text | None = None

    @property
    def points(self) -> tuple[tuple[int | float | str, ...], ...]:
        """The points of `at`, also when there is only one."""
        return listed_points(self.at)
