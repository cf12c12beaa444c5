"""An entry of `conditions`: a place, and what holds there."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from pinn.errors import did_you_mean
from pinn.spec.blocks.block import Block, Refusal, refuse, refuse_all
from pinn.spec.blocks.place import Extended, Line
from pinn.spec.blocks.values import (
    Components,
    Count,
    Expression,
    Flag,
    Point,
    Positive,
    Text,
    listed_points,
    text_list,
)
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
RESULTANTS = ("force", "moment")  # of a rigid patch


class Condition(Block):
    """What holds on patches, at t = time.from, at points, or between two periodic patches."""

    model_config = {"json_schema_extra": as_user_writes}
    example: ClassVar[str] = "{on: left, u: 0}"

    on: Extended | None = None
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
    integral: Expression | None = None
    equals: Components = None
    weight: Positive = 1.0
    free: Flag = False
    count: Count | None = None
    fixed: Flag | None = None
    symmetry: Flag | None = None
    roller: Flag | None = None
    rigid: Flag | None = None
    force: Components = None
    moment: Components = None
    values: dict[str, Components] = {}

    @model_validator(mode="before")
    @classmethod
    def gather_values(cls, data: Any) -> Any:
        """Every key that is not the condition's own names a quantity."""
        if not isinstance(data, dict):
            return data
        resultants = RESULTANTS if "rigid" not in data else ()  # elsewhere they are quantities, as of a beam
        own = [key for key in cls.key_names() if key != "values" and key not in resultants]
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
        if not any(place in data for place in PLACES) and "integral" not in data:
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
        if self.integral is not None or self.equals is not None:
            self.refuse_beside_integral(stated)
            return self
        if len(given) != 1:
            raise refuse(f"needs one place, got {' and '.join(given) or 'none'}; write one condition for each")
        if isinstance(self.on, Line):
            raise refuse("is a cut through the inside, on which an 'integral' may be given and nothing else", "on")
        for special in ("boundary", "initial"):
            if self.on is not None and special in self.on and len(self.on) > 1:
                raise refuse(f"'{special}' stands alone; write another condition for the other patches", "on")
        for key in ("where", "count"):
            if self.on is None and getattr(self, key) is not None:
                raise refuse(f"'{key}' goes with 'on', not with '{given[0]}'; remove it", key)
        if self.periodic is not None:
            for key in [*self.values, *(["equation"] if self.equations else []), *(["free"] if self.free else [])]:
                raise refuse(f"a periodic condition states nothing else; remove {shown(key)}", key)
        self.refuse_beside_rigid(stated)
        if self.periodic is None and not (stated or self.equations or self.supports or self.free or self.rigid):
            raise refuse("states nothing; add a quantity such as 'u: 0', an equation, or 'free: true'")
        return self

    def refuse_beside_integral(self, stated: bool) -> None:
        """An integral and its value go with a place, and with nothing else."""
        if self.integral is None:
            raise refuse(
                "is the value of an 'integral', which is missing; write {integral: p, on: domain, equals: 0}", "equals"
            )
        if self.equals is None or (isinstance(self.equals, tuple) and None in self.equals):
            raise refuse("needs its value: write for example equals: 0", "integral")
        others = ["at", "periodic", "equation", "free", "count", *SUPPORTS]
        beside = [key for key in others if getattr(self, "equations" if key == "equation" else key)]
        if stated:
            beside += list(self.values)
        if beside:
            raise refuse(f"an integral states nothing else; write another condition for {shown(beside[0])}", beside[0])
        if self.on == ("initial",):
            raise refuse("an integral holds at all times; name patches, subdomains, a line or the domain", "on")

    def refuse_beside_rigid(self, stated: bool) -> None:
        """A rigid patch has its resultants, and nothing else."""
        if not self.rigid:
            return
        if self.on is None or self.names in (("boundary",), ("initial",), ("rest",)) or isinstance(self.on, Line):
            raise refuse("is said of patches by their names: on: right", "rigid")
        others = ["equation", "free", "count", *SUPPORTS]
        beside = [key for key in others if getattr(self, "equations" if key == "equation" else key)]
        beside += list(self.values) if stated else []
        if beside:
            raise refuse(
                f"a rigid patch has a force and a moment, and nothing else; remove {shown(beside[0])}", beside[0]
            )

    def written(self) -> dict[str, Any]:
        data = super().written()
        values = data.pop("values")
        return {key: value for key, value in data.items() if value != []} | values

    @property
    def supports(self) -> list[str]:
        """Words for how a body is held: fixed, symmetry, roller."""
        return [word for word in SUPPORTS if getattr(self, word)]

    @property
    def kind(self) -> Literal["boundary", "initial", "point", "periodic", "integral"]:
        if self.integral is not None:
            return "integral"
        if self.periodic is not None:
            return "periodic"
        if self.at is not None:
            return "point"
        return "initial" if self.on == ("initial",) else "boundary"

    @property
    def names(self) -> tuple[str, ...]:
        """Of the patches or subdomains that it is on."""
        return self.on if isinstance(self.on, tuple) else ()

    @property
    def points(self) -> tuple[tuple[int | float | str, ...], ...]:
        """The points of `at`, also when there is only one."""
        return () if self.at is None else listed_points(self.at)
