"""The kinds of value that a spec's blocks hold."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator, Strict, WithJsonSchema
from pydantic_core import PydanticCustomError

from pinn.spec.blocks.block import Refusal, refuse, refuse_all
from pinn.spec.yaml.subset import shown

MAX_POINTS = 10_000_000

EXPRESSION_SCHEMA: dict[str, Any] = {"type": ["number", "string"]}
POINT_SCHEMA: dict[str, Any] = {"type": "array", "items": EXPRESSION_SCHEMA}


def expression(value: Any) -> int | float | str:
    """A number, or the text of an expression to be parsed later."""
    if isinstance(value, dict) and "file" in value:
        file = value["file"] if isinstance(value["file"], str) else "NAME.csv"
        raise refuse(
            "a table stands under 'tables', and is called where it is needed: write "
            f"tables: {{f: {{file: {file}, x: x, values: f}}}}, and f(x) here"
        )
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise refuse(f"must be a number or an expression, got {shown(value)}")
    if isinstance(value, str) and not value.strip():
        raise refuse("must be a number or an expression, got empty text")
    return value


def expression_by_subdomain(value: Any) -> Any:
    """An expression, or one for each subdomain: {fibre: 10, matrix: 1}."""
    if not isinstance(value, dict) or "file" in value:
        return expression(value)
    entries = each(expression, value.values(), value)
    return dict(zip(value, entries, strict=True))


def expressions(value: Any) -> tuple[int | float | str, ...]:
    """A list of expressions; a single one stands for a list of one."""
    if not isinstance(value, list | tuple):
        return (expression(value),)
    if not value:
        raise refuse("must not be an empty list")
    return tuple(each(expression, value))


def point_or_points(value: Any) -> tuple[Any, ...]:
    """`0.5`, `[0, a]` or `[[0, 0], [1, 0]]`: the coordinates of a point (time last), or a list of points."""
    if isinstance(value, list | tuple) and value and all(isinstance(entry, list | tuple) for entry in value):
        return tuple(each(expressions, value))
    return expressions(value)


def listed_points(at: Any) -> tuple[tuple[int | float | str, ...], ...]:
    """What `point_or_points` read, always as a tuple of points."""
    return at if isinstance(at[0], tuple) else (at,)


def components(value: Any) -> Any:
    """What a condition gives a quantity: an expression, or null (left free), or a list of these for a vector."""
    if not isinstance(value, list | tuple):
        return None if value is None else expression(value)
    if not value:
        raise refuse("must have one value per component, got an empty list")
    return tuple(each(lambda entry: None if entry is None else expression(entry), value))


def each(validate: Any, entries: Iterable[Any], keys: Iterable[str | int] | None = None) -> list[Any]:
    """validate(entry) for each entry; raises the refusals of all of them, with their indices or keys."""
    results, refusals = [], []
    for index, entry in zip(keys or count(), entries, strict=False):
        try:
            results.append(validate(entry))
        except PydanticCustomError as error:
            for inner in (error.context or {})["refusals"]:
                refusals.append(inner._replace(path=(index, *inner.path)))
    if refusals:
        raise refuse_all(refusals)
    return results


def text_list(value: Any) -> tuple[str, ...]:
    """One or several names: `left` or `[left, right]`, none of them twice."""
    entries = list(value) if isinstance(value, list | tuple) else [value]
    if not entries:
        raise refuse("must not be an empty list")
    refusals = []
    for index, entry in enumerate(entries):
        path = (index,) if isinstance(value, list | tuple) else ()
        if not isinstance(entry, str) or not entry.strip():
            refusals.append(Refusal(path, f"must be a name, got {shown(entry)}"))
        elif entry in entries[:index]:
            refusals.append(Refusal(path, f"{shown(entry)} appears twice; remove one of them"))
    if refusals:
        raise refuse_all(refusals)
    return tuple(entries)


def whole(value: Any) -> Any:
    """1e4 is a whole number however it is written."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def one_or_many(value: Any) -> Any:
    """A single value stands for a list of one; an empty list is refused."""
    if isinstance(value, list | tuple) and not value:
        raise refuse("must not be an empty list")
    return value if isinstance(value, list | tuple) else (value,)


Expression = Annotated[int | float | str, PlainValidator(expression), WithJsonSchema(EXPRESSION_SCHEMA)]
ExpressionBySubdomain = Annotated[
    int | float | str | dict[str, Any],
    PlainValidator(expression_by_subdomain),
    WithJsonSchema({"type": ["number", "string", "object"]}),
]
Point = Annotated[
    tuple[Expression, ...] | tuple[tuple[Expression, ...], ...],
    PlainValidator(point_or_points),
    WithJsonSchema({"oneOf": [EXPRESSION_SCHEMA, POINT_SCHEMA, {"type": "array", "items": POINT_SCHEMA}]}),
]
Components = Annotated[
    Expression | tuple[Expression | None, ...] | None,
    PlainValidator(components),
    WithJsonSchema({"type": ["number", "string", "null", "array"], "items": {"type": ["number", "string", "null"]}}),
]
Names = Annotated[
    tuple[str, ...],
    PlainValidator(text_list),
    WithJsonSchema({"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]
Text = Annotated[str, Strict(), Field(min_length=1)]
Flag = Annotated[bool, Strict()]
# The limits stand before WHOLE, so that pydantic attaches them to the int itself.
WHOLE = BeforeValidator(whole)
Count = Annotated[int, Strict(), Field(ge=1, le=MAX_POINTS), WHOLE]
Number = Annotated[float, Strict()]
Positive = Annotated[float, Strict(), Field(gt=0)]
