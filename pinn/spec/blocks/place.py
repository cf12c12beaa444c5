"""Where something is integrated, or looked for: patches, subdomains, the whole domain, or a straight cut."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import PlainValidator, WithJsonSchema, model_validator

from pinn.spec.blocks.block import Block, refuse, validated
from pinn.spec.blocks.values import Point, listed_points, text_list


class Line(Block):
    """A straight cut through a plane domain, from one point to another; its normal points to the right of that way."""

    example: ClassVar[str] = "{line: [[0, 0], [0, 1]]}"

    line: Annotated[Point, WithJsonSchema({"type": "array", "items": {"type": "array"}, "minItems": 2, "maxItems": 2})]

    @model_validator(mode="after")
    def two_points(self) -> Self:
        if len(listed_points(self.line)) != 2:
            raise refuse("needs its two ends, such as [[0, 0], [0, 1]]", "line")
        return self


def read_place(value: Any) -> Any:
    """Names of patches or subdomains, `domain`, or a line."""
    return validated(Line, value) if isinstance(value, dict) else text_list(value)


Extended = Annotated[
    tuple[str, ...] | Line,
    PlainValidator(read_place),
    WithJsonSchema({"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}, {"type": "object"}]}),
]
