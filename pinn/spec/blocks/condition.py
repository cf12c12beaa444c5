"""An entry of `conditions`: a place, and what holds there."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from pinn.errors import did_you_mean
from pinn.spec.blocks.block import Block, Refusal, refuse, refuse_all
from pinn.spec.blocks.values import Components, Count, Flag, Names, Point, Positive, Text, listed_points, text_list
from pinn.spec.language.habits import CONDITIONS, PLACE_KEYS, of_quotient
from pinn.spec.language.names import spelling_refusal
from pinn.spec.yaml.subset import shown

PLACES = ("on", "at", "periodic")


def equation_list(value: Any) -> tuple[str, ...]:
    """`lhs = rhs`, or a list of equations."""
    if isinstance(value, str | list | tuple) and value:
        return text_list(value)
    raise refuse(f"must be an equation such as 'u_n + u = 0', got {shown(value)}")


def periodic_pair(value: Any) -> tuple[str, ...]:
    """The two patches that are joined."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise refuse(f"must name two patches such as [left, right], got {shown(value)}")
    return text_list(value)


def as_user_writes(schema: dict[str, Any]) -> None:
    """JSON schema of the YAML: quantities are keys of the condition itself."""
    schema["additionalProperties"] = schema["properties"].pop("values")["additionalProperties"]


SUPPORTS = ("fixed", "symmetry", "roller")


class Condition(Block):
    """What holds on patches, at t = time.from, at points, or between two periodic patches."""

    model_config = {"json_schema_extra": as_user_writes}
    example: ClassVar[str] = "{on: left, u: 0}"

    on: Names | None = None
    at: Point | None = None
    periodic: (
        Annotated[
            tuple[str, str],
            PlainValidator(periodic_pair),
            WithJsonSchema({"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}),
        ]
        | None
    ) = None
    where: Text | None = None
    equations: Annotated[
        tuple[str, ...],
        PlainValidator(equation_list),
        WithJsonSchema({"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
    ] = Field(alias="equation", default=())
    weight: Positive = 1.0
    free: Flag = False
    count: Count | None = None
    fixed: Flag | None = None
    symmetry: Flag | None = None
    roller: Flag | None = None
    values: dict[str, Components] = {}

    @model_validator(mode="before")
    @classmethod
    def gather_values(cls, data: Any) -> Any:
        """Every key that is not the condition's own names a quantity."""
        if not isinstance(data, dict):
            return data
        own = [key for key in cls.key_names() if key != "values"]
        values = {key: value for key, value in data.items() if key not in own}
        refusals = [
            Refusal((key,), message + (f"; {CONDITIONS[key]}" if key in CONDITIONS else of_quotient(key)), True)
            for key in values
            if (message := spelling_refusal(key))
        ]
        refused = {refusal.path[0] for refusal in refusals}
        odd = [
            key
            for key, value in values.items()
            if key in CONDITIONS and key not in refused and (value is None or isinstance(value, bool | dict))
        ]
        refusals += [Refusal((key,), f"unknown quantity {shown(key)}; {CONDITIONS[key]}", True) for key in odd]
        if not any(place in data for place in PLACES):
            close = [f"; here '{key}' is on" for key in values if key in PLACE_KEYS]
            close += [hint for key in values if "did you mean" in (hint := did_you_mean(key, PLACES))]
            refusals.append(Refusal((), f"needs a place: on, at or periodic{close[0] if close else ''}"))
        if refusals:
            raise refuse_all(refusals)
        return {key: value for key, value in data.items() if key in own} | {"values": values}

    @model_validator(mode="after")
    def one_statement(self) -> Self:
        given = [place for place in PLACES if getattr(self, place) is not None]
        stated = any(
            value is not None and (not isinstance(value, tuple) or any(entry is not None for entry in value))
            for value in self.values.values()
        )
        if len(given) != 1:
            raise refuse(f"needs one place, got {' and '.join(given) or 'none'}; write one condition for each")
        for special in ("boundary", "initial"):
            if self.on is not None and special in self.on and len(self.on) > 1:
                raise refuse(f"'{special}' stands alone; write another condition for the other patches", "on")
        for key in ("where", "count"):
            if self.on is None and getattr(self, key) is not None:
                raise refuse(f"'{key}' goes with 'on', not with '{given[0]}'; remove it", key)
        if self.periodic is not None:
            for key in [*self.values, *(["equation"] if self.equations else []), *(["free"] if self.free else [])]:
                raise refuse(f"a periodic condition states nothing else; remove {shown(key)}", key)
        elif not stated and not self.equations and not self.supports and not self.free:
            raise refuse("states nothing; add a quantity such as 'u: 0', an equation, or 'free: true'")
        return self

    def written(self) -> dict[str, Any]:
        data = super().written()
        values = data.pop("values")
        return {key: value for key, value in data.items() if value != []} | values

    @property
    def supports(self) -> list[str]:
        """Words for how a body is held: fixed, symmetry, roller."""
        return [word for word in SUPPORTS if getattr(self, word)]

    @property
    def kind(self) -> Literal["boundary", "initial", "point", "periodic"]:
        if self.periodic is not None:
            return "periodic"
        if self.at is not None:
            return "point"
        return "initial" if self.on == ("initial",) else "boundary"

    @property
    def points(self) -> tuple[tuple[int | float | str, ...], ...]:
        """The points of `at`, also when there is only one."""
        return () if self.at is None else listed_points(self.at)
