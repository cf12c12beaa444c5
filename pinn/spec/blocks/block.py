"""A block of the spec: a frozen pydantic model whose refusals are in the spec's words, each with its own path."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, NamedTuple, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from pinn.errors import did_you_mean
from pinn.spec.language.habits import of_key
from pinn.spec.yaml.subset import Path, shown


class Refusal(NamedTuple):
    """One thing that is wrong. `path` is relative to whoever raises it."""

    path: Path
    message: str
    at_key: bool = False  # the key itself is wrong, rather than its value


def refuse(message: str, *path: str | int) -> PydanticCustomError:
    """The error that a validator raises for one refusal at `path` below what it validates."""
    return refuse_all([Refusal(path, message)])


def refuse_all(refusals: Sequence[Refusal]) -> PydanticCustomError:
    """The error that a validator raises for several refusals at once."""
    return PydanticCustomError("refused", "refused", {"refusals": tuple(refusals)})


class Block(BaseModel):
    """Base of every block. `example` is shown to whoever writes something else than a mapping."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    example: ClassVar[str] = "{key: value}"

    @model_validator(mode="wrap")
    @classmethod
    def in_spec_words(cls, data: Any, handler: Callable[[Any], Self]) -> Self:
        if isinstance(data, cls):
            return data
        if not isinstance(data, dict):
            raise refuse(f"must be a mapping such as {cls.example}, got {shown(data)}")
        try:
            return handler(data)
        except ValidationError as error:
            raise refuse_all(list(refusals_of(error, data, cls.key_names()))) from None

    def written(self) -> Any:
        """Plain data as the user would write it, defaults included; what is left open (None) is left out."""
        entries = {info.alias or name: getattr(self, name) for name, info in type(self).model_fields.items()}
        return {key: plain(value) for key, value in entries.items() if value is not None}

    @classmethod
    def key_names(cls) -> list[str]:
        """The block's keys as the user writes them."""
        return [info.alias or name for name, info in cls.model_fields.items()]


def plain(value: Any) -> Any:
    """A field's value with blocks and stages as `written` gives them and tuples as lists."""
    if hasattr(value, "written"):
        return value.written()
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    return [plain(entry) for entry in value] if isinstance(value, list | tuple) else value


Model = TypeVar("Model", bound=Block)


def validated(model: type[Model], data: Any, *prefix: str | int) -> Model:
    """An instance of `model`; refusals are raised for a validator to pass on, with `prefix` before their paths."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        inner = refusals_of(error, data, model.key_names())
        raise refuse_all([Refusal((*prefix, *path), message, at_key) for path, message, at_key in inner]) from None


def refusals_of(error: ValidationError, data: Any, known: Sequence[str]) -> Iterator[Refusal]:
    """Translate pydantic's errors about `data`, a block whose keys are `known`."""
    for details in error.errors(include_url=False):
        path = written_path(details["loc"], data)
        if details["type"] == "refused":
            for inner in details.get("ctx", {})["refusals"]:
                yield inner._replace(path=path + inner.path)
        elif details["type"] == "missing":
            key = str(details["loc"][-1])
            yield Refusal((*path, key), f"is missing{EXAMPLES.get(key, '')}")
        elif details["type"] == "extra_forbidden":
            key = str(details["loc"][-1])
            yield Refusal(
                path, f"unknown key {shown(key)}{of_key(key, known) or did_you_mean(key, known)}", at_key=True
            )
        else:
            yield Refusal(path, in_words(details))


def written_path(loc: Sequence[str | int], data: Any) -> Path:
    """The parts of pydantic's `loc` that the user wrote; the rest are names of models and of union members."""
    path: list[str | int] = []
    for part in loc:
        entries: dict[Any, Any]
        entries = data if isinstance(data, dict) else dict(enumerate(data)) if isinstance(data, list | tuple) else {}
        if part in entries:
            data = entries[part]
            path.append(part)
    return tuple(path)


EXAMPLES = {
    "name": "; write for example name: my-problem",
    "coordinates": "; write for example coordinates: [x, y]",
    "domain": "; write for example domain: {rectangle: {from: [0, 0], to: [1, 1]}}",
    "from": "; write the interval as {from: 0, to: 1}",
    "to": "; write the interval as {from: 0, to: 1}",
    "initial": "; write a first guess such as initial: 1",
    "file": "; write the path of a file, relative to the spec",
    "quantities": "; write for example quantities: {u: column_of_u}",
    "quantity": "; write the name of a field or definition",
    "at": "; write the point's coordinates, such as at: [0, 0]",
}

WORDS = {
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "dict_type": "must be a mapping",
    "tuple_type": "must be a list",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "too_short": "must have at least {min_length} entry",
    "too_long": "must have at most {max_length} entries",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
}


def in_words(details: ErrorDetails) -> str:
    """One of pydantic's own errors as the spec's author would put it."""
    value, context = details["input"], details.get("ctx", {})
    if details["type"] == "literal_error":
        allowed = re.findall(r"'([^']*)'", context["expected"])
        return f"must be one of {', '.join(allowed)}; got {shown(value)}{closest(value, allowed)}"
    limits = {key: f"{limit:g}" if isinstance(limit, float) else limit for key, limit in context.items()}
    words = WORDS.get(details["type"], "is not allowed here").format(**limits)
    return f"{words}, got {shown(value)}{unquote(value) if details['type'] in ('int_type', 'float_type') else ''}"


def choice_refusal(kind: str, value: Any, allowed: Sequence[str]) -> str:
    """The message for a value that is not the name of an allowed `kind`, such as a solver method."""
    if not isinstance(value, str):
        return f"must be the name of one {kind}, got {shown(value)}"
    return f"unknown {kind} {shown(value)}{did_you_mean(value, allowed)}"


def closest(value: Any, allowed: Sequence[str]) -> str:
    """The suggestion of `did_you_mean`, without its list: the message has listed them."""
    suggestion = did_you_mean(value, allowed) if isinstance(value, str) else ""
    return suggestion if "did you mean" in suggestion else ""


def unquote(value: Any) -> str:
    """A way out for a number written as text."""
    try:
        float(value if isinstance(value, str) else "")
    except ValueError:
        return ""
    return "; remove the quotes"
