"""A table that is a function: which file, which of its columns are the arguments, which the values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import PlainValidator, WithJsonSchema, model_validator

from pinn.spec.blocks.block import Block, refuse
from pinn.spec.blocks.values import Text, text_list

if TYPE_CHECKING:  # SymPy takes most of a second to import
    from pinn.spec.language.tabulated import Tabulated

MOST_ARGUMENTS = 3
Arguments = Annotated[
    tuple[str, ...],
    PlainValidator(text_list),
    WithJsonSchema({"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "maxItems": 3}]}),
]


class Table(Block):
    """`tables: {k: {file: k.csv, x: T, values: k}}` makes k(T) a function of every expression.

    x               columns of the arguments, in their order
    values          the column of the values
    interpolation   between the points
    """

    example: ClassVar[str] = "{file: measured.csv, x: T, values: k}"

    file: Text
    x: Arguments
    values: Text
    interpolation: Literal["linear", "cubic"] = "linear"

    @model_validator(mode="after")
    def few_arguments(self) -> Self:
        if len(self.x) > MOST_ARGUMENTS:
            raise refuse(f"a table has one to three arguments, got {len(self.x)}", "x")
        if self.values in self.x:
            raise refuse(f"'{self.values}' is an argument; name the column of the values", "values")
        return self

    @property
    def function(self) -> Tabulated:
        """What the table's name means in expressions, once its file has been read."""
        raise AssertionError(f"the table {self.file} has not been read")
