"""A table that is a function: columns of a file, or numbers that stand in the spec itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import PlainValidator, WithJsonSchema, model_validator

from pinn.spec.blocks.block import EXAMPLES, Block, refuse
from pinn.spec.blocks.values import Text, each, text_list
from pinn.spec.yaml.subset import shown

if TYPE_CHECKING:  # SymPy takes most of a second to import
    from pinn.spec.language.tabulated import Tabulated

MOST_ARGUMENTS = 3


def arguments(value: Any) -> tuple[str, ...] | dict[str, tuple[float, ...]]:
    """Names of columns; or argument -> its points, where the numbers stand in the spec."""
    if not isinstance(value, dict):
        return text_list(value)
    if not value or not all(isinstance(name, str) for name in value):
        raise refuse(f"must be the arguments and their points, such as {{T: [0, 50, 100]}}, got {shown(value)}")
    return dict(zip(value, each(numbers, value.values(), value), strict=True))


def values(value: Any) -> Any:
    """The name of a column; or numbers, in lists of lists where there are several arguments."""
    if isinstance(value, str) and value.strip():
        return value
    if not isinstance(value, list | tuple):
        raise refuse(f"must be the name of a column, or a list of numbers, got {shown(value)}")
    deeper = any(isinstance(entry, list | tuple) for entry in value)
    return tuple(each(values, value)) if deeper else numbers(value)


def numbers(value: Any) -> tuple[float, ...]:
    """A list of numbers."""
    if not isinstance(value, list | tuple) or not value:
        raise refuse(f"must be a list of numbers, got {shown(value)}")
    return tuple(each(number, value))


def number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refuse(f"must be a number, got {shown(value)}")
    return value


NUMBERS: dict[str, Any] = {"type": "array", "items": {"type": "number"}}
NAMES: dict[str, Any] = {"type": "array", "items": {"type": "string"}, "maxItems": MOST_ARGUMENTS}
Arguments = Annotated[
    tuple[str, ...] | dict[str, tuple[float, ...]],
    PlainValidator(arguments),
    WithJsonSchema({"oneOf": [{"type": "string"}, NAMES, {"type": "object", "additionalProperties": NUMBERS}]}),
]
Values = Annotated[
    Any, PlainValidator(values), WithJsonSchema({"oneOf": [{"type": "string"}, {"type": "array", "minItems": 2}]})
]


class Table(Block):
    """`tables: {k: {file: k.csv, x: T, values: k}}` makes k(T) a function of every expression; so does
    `tables: {k: {x: {T: [0, 50, 100]}, values: [1, 1.2, 1.5]}}`, without a file.

    x               columns of the arguments, in their order; without a file, argument -> its points
    values          the column of the values; without a file the values, [j][i] at x[i], y[j]
    interpolation   between the points
    """

    example: ClassVar[str] = "{file: measured.csv, x: T, values: k}"

    file: Text | None = None
    x: Arguments
    values: Values
    interpolation: Literal["linear", "cubic"] = "linear"

    @model_validator(mode="after")
    def few_arguments(self) -> Self:
        if len(self.x) > MOST_ARGUMENTS:
            raise refuse(f"a table has one to three arguments, got {len(self.x)}", "x")
        if isinstance(self.x, dict) and self.file is not None:
            raise refuse("names columns of the file: write x: T; points stand here only where there is no file", "x")
        if isinstance(self.x, dict) == isinstance(self.values, str):
            inside, here = "the name of a column of the file", "numbers, as the points of x are"
            raise refuse(f"must be {here if isinstance(self.values, str) else inside}", "values")
        if self.file is None and not isinstance(self.x, dict):
            further = "; or the numbers themselves: {x: {T: [0, 100]}, values: [1, 1.5]}"
            raise refuse(f"is missing{EXAMPLES['file']}{further}", "file")
        if self.values in self.x:
            raise refuse(f"'{self.values}' is an argument; name the column of the values", "values")
        return self

    @property
    def function(self) -> Tabulated:
        """What the table's name means in expressions, once its file has been read."""
        raise AssertionError("the table has not been opened")
