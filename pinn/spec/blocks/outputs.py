"""The `outputs` block."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, PlainValidator, Strict, WithJsonSchema

from pinn.spec.blocks.block import Block, refuse
from pinn.spec.blocks.values import EXPRESSION_SCHEMA, WHOLE, Expression, Flag, Names, expressions
from pinn.spec.yaml.subset import shown


def read_times(value: Any) -> Any:
    """How many times to export, or their list."""
    if isinstance(value, list | tuple):
        return expressions(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 100_000:
        raise refuse(f"must be a count or a list of times such as [0, 0.5, 1], got {shown(value)}")
    return value


def read_formats(value: Any) -> Any:
    """A single format stands for a list of one; an empty list exports nothing."""
    return value if isinstance(value, list | tuple) else (value,)


FORMAT_SCHEMA = {"enum": ["vtu", "pvd", "vtkhdf", "xdmf", "csv", "npz"]}


class Outputs(Block):
    """What is exported and drawn; None leaves the choice to pinn."""

    example: ClassVar[str] = "{resolution: 100, formats: [vtu, csv]}"

    quantities: Names | None = None
    resolution: Annotated[int, Strict(), Field(ge=2, le=2000), WHOLE] = 60
    times: (
        Annotated[
            tuple[Expression, ...] | int,
            PlainValidator(read_times),
            WithJsonSchema(
                {"oneOf": [{"type": "integer", "minimum": 1}, {"type": "array", "items": EXPRESSION_SCHEMA}]}
            ),
        ]
        | None
    ) = None
    formats: Annotated[
        tuple[Literal["vtu", "pvd", "vtkhdf", "xdmf", "csv", "npz"], ...],
        BeforeValidator(read_formats),
        WithJsonSchema({"oneOf": [FORMAT_SCHEMA, {"type": "array", "items": FORMAT_SCHEMA}]}),
    ] = ("vtu",)
    figures: Flag = True
