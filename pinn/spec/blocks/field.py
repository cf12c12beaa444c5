"""A field: an unknown function of the problem, and where Newton's iteration is to start from."""

from __future__ import annotations

from typing import Any, ClassVar

from pinn.spec.blocks.block import Block, validated
from pinn.spec.blocks.values import Expression, Text, text_list


class FieldBlock(Block):
    """`{initial: 320}`: a first guess, of coordinates and constants; of a linear problem it changes nothing.

    unit   in which the field's numbers are: that of its dimension in the units of the spec
    """

    example: ClassVar[str] = "{initial: 320}"

    initial: Expression | None = None
    unit: Text | None = None


def read_fields(value: Any) -> tuple[str, ...] | dict[str, FieldBlock]:
    """A list of names, or name -> what is said of the field."""
    if isinstance(value, dict):
        return {name: validated(FieldBlock, {} if entry is None else entry, name) for name, entry in value.items()}
    return text_list(value)
