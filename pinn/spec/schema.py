"""The spec: every block of a problem, validated. Expressions stay text here; `pinn.spec.language` reads them."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, PlainValidator, ValidationError, WithJsonSchema, model_validator
from pydantic.json_schema import GenerateJsonSchema

from pinn.errors import SpecError, SpecErrors
from pinn.spec.blocks.block import Block, Refusal, plain, refuse, refuse_all, validated
from pinn.spec.blocks.condition import Condition
from pinn.spec.blocks.energy import Energy
from pinn.spec.blocks.field import FieldBlock, read_fields
from pinn.spec.blocks.interface import Interface
from pinn.spec.blocks.modes import Modes
from pinn.spec.blocks.network import ActivationOptions, Network, Sampling
from pinn.spec.blocks.observations import Data, ProbeBlock, ReferenceBlock
from pinn.spec.blocks.outputs import Outputs
from pinn.spec.blocks.point_load import PointLoad
from pinn.spec.blocks.solver import (
    STAGE_OPTIONS,
    AdamOptions,
    ChosenStage,
    GaussNewtonOptions,
    LBFGSOptions,
    LeastSquaresOptions,
    Solver,
)
from pinn.spec.blocks.table import Table
from pinn.spec.blocks.units import Units
from pinn.spec.blocks.values import Expression, ExpressionBySubdomain, Names, Text
from pinn.spec.consistency import inconsistencies
from pinn.spec.parameters import Parameter
from pinn.spec.yaml.source import Source
from pinn.spec.yaml.subset import shown
from pinn.units.literals import units_in
from pinn.units.system import SI, UnitSystem


class TimeInterval(Block):
    """`{from, to}`: the range of the coordinate t."""

    example: ClassVar[str] = "{from: 0, to: 1}"

    start: Expression = Field(alias="from")
    end: Expression = Field(alias="to")


class Unknown(Block):
    """A constant to be identified: its first guess, its bounds, and the true value if known, for the error only."""

    example: ClassVar[str] = "{initial: 1, min: 0}"

    initial: Expression
    min: Expression | None = None
    max: Expression | None = None
    expected: Expression | None = None


class BoundaryPart(Block):
    """A named part of the boundary: patches, a comparison of the coordinates, or both."""

    example: ClassVar[str] = "{on: left, where: y > 0.5}"

    on: Names | None = None
    where: Text | None = None

    @model_validator(mode="after")
    def not_empty(self) -> Self:
        if self.on is None and self.where is None:
            raise refuse("needs 'on', 'where' or both, such as {on: left, where: y > 0.5}")
        return self


REST = "rest"  # the subdomain that the others leave
PROBLEM_NAME = re.compile(r"[a-z0-9-]{1,80}")
# e is Euler's number, n the normal, t the time, d the derivative of an expression.
COORDINATE = re.compile(r"[a-z]")
NOT_COORDINATES = {"n": "the normal", "t": "time", "e": "Euler's number", "d": "the derivative"}


def read_name(value: Any) -> str:
    if not isinstance(value, str):
        raise refuse(
            f"must be text, got {shown(value)}{'; put it in quotes' if isinstance(value, int | float) else ''}"
        )
    if not PROBLEM_NAME.fullmatch(value):
        suggestion = re.sub("[^a-z0-9]+", "-", value.lower()).strip("-")[:80]
        hint = f"; write {suggestion}" if suggestion else ""
        raise refuse(f"must be 1 to 80 of the characters a-z, 0-9 and '-', got {shown(value)}{hint}")
    return value


def read_coordinates(value: Any) -> tuple[str, ...]:
    """None for an ordinary equation, in time alone."""
    if not isinstance(value, list | tuple):
        raise refuse(f"must be a list of letters such as [x, y], got {'nothing' if value is None else shown(value)}")
    refusals = []
    for index, letter in enumerate(value):
        if not isinstance(letter, str) or not COORDINATE.fullmatch(letter):
            refusals.append(Refusal((index,), f"must be one letter a-z, got {shown(letter)}"))
        elif letter in NOT_COORDINATES:
            way_out = "write time: {from: 0, to: 1}" if letter == "t" else "choose another letter"
            refusals.append(Refusal((index,), f"'{letter}' is {NOT_COORDINATES[letter]}; {way_out}"))
        elif letter in value[:index]:
            refusals.append(Refusal((index,), f"'{letter}' appears twice; remove one of them"))
    if refusals:
        raise refuse_all(refusals)
    return tuple(value)


def read_physics(value: Any) -> dict[str, dict[str, Any]]:
    """`linear_elasticity`, `{linear_elasticity: {youngs_modulus: 1}}`, or several, in a list or in one mapping.

    Parameters are the physics' own affair.
    """
    found: dict[str, dict[str, Any]] = {}
    for one in value if isinstance(value, list | tuple) else [value]:
        named = {one: {}} if isinstance(one, str) and one else one
        if not isinstance(named, dict) or not named:
            got = "an empty mapping" if named == {} else shown(one)
            raise refuse(f"must name a physics such as {{linear_elasticity: {{youngs_modulus: 1}}}}, got {got}")
        for name, parameters in named.items():
            if parameters is not None and not isinstance(parameters, dict):
                raise refuse(f"must be a mapping of parameters, got {shown(parameters)}", name)
            if name in found:
                raise refuse(f"names {name} twice; remove one of them")
            found[name] = dict(parameters or {})
    if not found:
        raise refuse("must name a physics, got an empty list")
    return found


def read_domain(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or len(value) != 1:
        got = f"{len(value)} keys" if isinstance(value, dict) else shown(value)
        raise refuse(f"must be one shape such as {{rectangle: {{from: [0, 0], to: [1, 1]}}}}, got {got}")
    return value


def read_subdomains(value: Any) -> dict[str, Any]:
    """Name -> a shape, `{group: NAME}` of a mesh's cells, or `rest` for what the others leave.

    A list names groups of cells that are subdomains under their own names.
    """
    if isinstance(value, list | tuple) and all(isinstance(name, str) for name in value):
        if twice := [name for index, name in enumerate(value) if name in value[:index]]:
            raise refuse(f"names '{twice[0]}' twice; remove one of them")
        value = {name: {"group": name} for name in value}
    if not isinstance(value, dict) or len(value) < 2:
        raise refuse(f"must name two or more, such as {{fibre: {{disk: …}}, matrix: rest}}, got {shown(value)}")
    refusals = [
        Refusal((name,), f"must be a shape or the word rest, got {shown(shape)}")
        for name, shape in value.items()
        if shape != REST and (not isinstance(shape, dict) or len(shape) != 1)
    ]
    rest = [name for name, shape in value.items() if shape == REST]
    refusals += [Refusal((name,), f"'{rest[0]}' is the rest already; give this one a shape") for name in rest[1:]]
    if refusals:
        raise refuse_all(refusals)
    return value


def read_equations(value: Any) -> dict[str, str]:
    """Named equations; a list is named equation_1, equation_2, …"""
    entries: dict[Any, Any]
    names: dict[Any, str]
    if isinstance(value, dict):
        entries = value
        names = {key: key for key in value}
    elif isinstance(value, list | tuple):
        entries = dict(enumerate(value))
        names = {index: f"equation_{index + 1}" for index in entries}
    elif isinstance(value, str):
        entries, names = {(): value}, {(): "equation_1"}
    else:
        raise refuse(f"must be equations such as {{heat: u_t - u_xx = 0}}, got {shown(value)}")
    refusals = [
        Refusal(() if key == () else (key,), f"must be an equation such as 'u_t - u_xx = 0', got {shown(equation)}")
        for key, equation in entries.items()
        if not isinstance(equation, str) or not equation.strip()
    ]
    if refusals:
        raise refuse_all(refusals)
    return {names[key]: equation for key, equation in entries.items()}


def read_boundary(value: Any) -> BoundaryPart:
    """Plain text is a comparison of the coordinates."""
    return validated(BoundaryPart, {"where": value} if isinstance(value, str) else value)


def object_schema(**schema: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "object", **schema})


STRINGS: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
Boundary = Annotated[BoundaryPart, PlainValidator(read_boundary), WithJsonSchema({"type": ["object", "string"]})]


class Spec(Block):
    """A whole problem."""

    name: Annotated[str, PlainValidator(read_name), WithJsonSchema({"type": "string", "pattern": "^[a-z0-9-]{1,80}$"})]
    title: Annotated[str, Field(strict=True, max_length=1000)] = ""
    units: Units | None = None
    coordinates: Annotated[tuple[str, ...], PlainValidator(read_coordinates), WithJsonSchema(STRINGS)] = ()
    time: TimeInterval | None = None
    parameters: dict[str, Parameter] = {}
    constants: dict[str, Expression] = {}
    cases: dict[str, dict[str, Expression]] = {}
    combinations: dict[str, dict[str, Expression]] = {}
    tables: dict[str, Table] = {}
    unknowns: dict[str, Unknown] = {}
    fields: Annotated[
        dict[str, FieldBlock] | tuple[str, ...],
        PlainValidator(read_fields),
        WithJsonSchema({"type": ["string", "array", "object"]}),
    ] = ()
    physics: Annotated[
        dict[str, dict[str, Any]], PlainValidator(read_physics), WithJsonSchema({"type": ["string", "array", "object"]})
    ] = {}
    definitions: dict[str, ExpressionBySubdomain] = {}
    equations: Annotated[
        dict[str, str], PlainValidator(read_equations), WithJsonSchema({"type": ["string", "array", "object"]})
    ] = {}
    energy: Energy | None = None
    domain: Annotated[dict[str, Any], PlainValidator(read_domain), object_schema(minProperties=1, maxProperties=1)] = {}
    subdomains: Annotated[
        dict[str, Any],
        PlainValidator(read_subdomains),
        WithJsonSchema({"type": ["object", "array"], "minProperties": 2}),
    ] = {}
    boundaries: dict[str, Boundary] = {}
    conditions: tuple[Condition, ...] = ()
    point_loads: tuple[PointLoad, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    data: tuple[Data, ...] = ()
    exact: dict[str, ExpressionBySubdomain] = {}
    reference: ReferenceBlock | None = None
    probes: dict[str, ProbeBlock] = {}
    modes: Modes | None = None
    network: Network = Network()
    sampling: Sampling = Sampling()
    solver: Solver = Solver()
    outputs: Outputs = Outputs()

    @model_validator(mode="after")
    def consistent(self) -> Self:
        if refusals := inconsistencies(self):
            raise refuse_all(refusals)
        return self

    @property
    def physics_path(self) -> tuple[str, ...]:
        """Where the named physics stands; of several the block."""
        return ("physics", *self.physics) if len(self.physics) == 1 else ("physics",)

    @property
    def unit_system(self) -> UnitSystem:
        """What plain numbers are measured in, where that is said; values with units of their own become these."""
        return SI if self.units is None else self.units.system

    @property
    def units_of_files(self) -> UnitSystem | None:
        """What columns of files with units in their names become; None where the spec says nothing of units."""
        return self.unit_system if self.is_measured else None

    @cached_property
    def own_units(self) -> set[str]:
        """Units of the values that have one."""
        return units_in({key: value for key, value in self.written().items() if key not in ("name", "title")})

    @property
    def is_measured(self) -> bool:
        """Whether anything is said of units, so that quantities have some."""
        fields = self.fields.values() if isinstance(self.fields, dict) else ()
        return self.units is not None or bool(self.own_units) or any(one.unit is not None for one in fields)

    def written(self) -> dict[str, Any]:
        return {key: value for key, value in super().written().items() if value not in ("", {}, [])}

    def resolved(self) -> dict[str, Any]:
        """Plain data, as the user would write it, with every default filled in; loads to an equal Spec."""
        return self.written()


def load_schema(source: Source) -> Spec:
    """The validated spec. Raises SpecErrors: every refusal, each located in the source."""
    try:
        return Spec.model_validate(source.data)
    except ValidationError as error:
        found = [refusal for details in error.errors() for refusal in details.get("ctx", {})["refusals"]]
    located = [
        SpecError(path, message, source.key_position(path) if at_key else source.position(path))
        for path, message, at_key in found
    ]
    raise SpecErrors(sorted(located, key=lambda refusal: refusal.position or ("", 0, 0)))


def json_schema() -> dict[str, Any]:
    """JSON schema of a spec as the user writes it, for editors and for `pinn schema`."""
    schema = Spec.model_json_schema(by_alias=True, schema_generator=SchemaOfYAML)
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema}


class SchemaOfYAML(GenerateJsonSchema):
    """pydantic's, with defaults as the user would write them."""

    def default_schema(self, schema: Any) -> dict[str, Any]:
        # Defaults are written here: pydantic hashes those it has not encoded, and a stage holds a dict.
        written: Any = {**schema, "default": plain(schema["default"])} if "default" in schema else schema
        return super().default_schema(written)

    def encode_default(self, dft: Any) -> Any:
        return plain(dft)


__all__ = [
    "STAGE_OPTIONS",
    "ActivationOptions",
    "AdamOptions",
    "BoundaryPart",
    "Condition",
    "Data",
    "Expression",
    "GaussNewtonOptions",
    "LBFGSOptions",
    "LeastSquaresOptions",
    "Modes",
    "Network",
    "Outputs",
    "ProbeBlock",
    "ReferenceBlock",
    "Sampling",
    "Solver",
    "Spec",
    "ChosenStage",
    "TimeInterval",
    "Unknown",
    "json_schema",
    "load_schema",
]
