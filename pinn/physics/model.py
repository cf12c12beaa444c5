"""Physics: fields, definitions and equations as text, and the reading of a named physics' parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pinn.errors import SpecError, did_you_mean
from pinn.spec.blocks.energy import Energy
from pinn.spec.language.habits import of_key
from pinn.spec.yaml.subset import shown

ACROSS = "across"  # of a tensor the normal component across the plane of two coordinates


@dataclass(frozen=True)
class Physics:
    """What a named physics declares, in the spec's own language.

    vectors   name -> its components; a condition may state all of them at once
    tensors   name -> {"xx": definition, …}, symmetric, by the letters of the coordinates; ACROSS: the third normal one
    given     definition -> the parameter that it was given as, such as ("body_force", 0)
    limits    definition -> (low, high): where it is a constant, it must lie strictly between them
    beyond    definition -> the way out where a constant is at its upper limit or above
    energy    the functional that the equations and the natural conditions make stationary, where there is one
    positive  definitions of the fields that must be positive everywhere, such as a ratio of volumes
    balances  equation -> (flux, source), definitions: the integral of the flux over a boundary and that of the source
              inside vanish together, where the equation's text does not show it; None where it conserves nothing
    axis      of a body of revolution: quantities and their values on a patch of the boundary on its axis, where the
              first coordinate is zero
    steady    what to write for a problem without time, where the equations have derivatives in it
    differences  parameters that are differences of temperature, to which a scale's zero means nothing -> why they are
    dimensions   field or parameter -> what it measures (units/dimension.py), from which those of definitions follow
    """

    fields: tuple[str, ...]
    definitions: dict[str, str]
    equations: dict[str, str]
    vectors: dict[str, tuple[str, ...]] = field(default_factory=dict)
    tensors: dict[str, dict[str, str]] = field(default_factory=dict)
    given: dict[str, tuple[str | int, ...]] = field(default_factory=dict)
    limits: dict[str, tuple[float, float]] = field(default_factory=dict)
    beyond: dict[str, str] = field(default_factory=dict)
    energy: Energy | None = None
    positive: tuple[str, ...] = ()
    balances: dict[str, tuple[str, str] | None] = field(default_factory=dict)
    axis: dict[str, float] = field(default_factory=dict)
    steady: str = ""
    dimensions: dict[str, str] = field(default_factory=dict)
    differences: dict[str, str] = field(default_factory=dict)


def refuse_unknown(physics: str, parameters: Mapping[str, Any], known: Sequence[str]) -> None:
    """Raises SpecError for a parameter that the physics does not have."""
    for name in parameters:
        if name not in known:
            clause = of_key(name, known) or did_you_mean(name, known)
            raise SpecError(("physics", physics, name), f"unknown parameter '{name}'{clause}")


def required(physics: str, parameters: Mapping[str, Any], name: str, example: str) -> str:
    """The parameter's text. Raises SpecError where it is missing or is no number or expression."""
    if name not in parameters:
        raise SpecError(("physics", physics), f"'{name}' is missing; write for example {name}: {example}")
    return text(physics, parameters[name], name)


def text(physics: str, value: Any, *path: str | int) -> str:
    """A number or an expression as text, in parentheses."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise SpecError(("physics", physics, *path), f"must be a number or an expression, got {shown(value)}")
    return str(value) if isinstance(value, str) else repr(value)


def components(physics: str, parameters: Mapping[str, Any], name: str, coordinates: Sequence[str]) -> list[str]:
    """A vector parameter as texts, one for each coordinate; zero where it is not given."""
    given = parameters.get(name, [0] * len(coordinates))
    if not isinstance(given, (list, tuple)) or len(given) != len(coordinates):
        raise SpecError(("physics", physics, name), f"needs {len(coordinates)} components, got {shown(given)}")
    return [text(physics, value, name, index) for index, value in enumerate(given)]


def radius_of(physics: str, coordinates: tuple[str, ...]) -> tuple[str, str]:
    """The coordinates of a half section: radius, height. Raises SpecError where there are not two."""
    if len(coordinates) != 2:
        message = f"needs two coordinates, the radius first, such as [r, z]; there are {len(coordinates)}"
        raise SpecError(("physics", physics), message)
    return coordinates[0], coordinates[1]
