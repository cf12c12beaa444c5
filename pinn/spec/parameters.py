"""Parameters: numbers that a whole family of problems leaves open, as further inputs of the network.

    parameters: {radius: {from: 0.3, to: 0.7}}

A *slice* is the member of the family at one value of every parameter: an ordinary problem in which the parameters are
constants.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from pinn.errors import SpecError, did_you_mean
from pinn.spec.blocks.block import Block
from pinn.spec.blocks.values import Expression

if TYPE_CHECKING:
    from pinn.spec.schema import Spec

WORD = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
TAKEN = (
    "points",
    "quantities",
    "subdomain",
    "outside",
)  # arguments of a Solution, which takes parameters by name as well


class Parameter(Block):
    """`{from, to}`: the range of a parameter, in numbers."""

    example: ClassVar[str] = "{from: 0.3, to: 0.7}"

    start: Expression = Field(alias="from")
    end: Expression = Field(alias="to")


def parameter_refusal(name: str) -> str | None:
    """Why a parameter cannot have a name that is otherwise free, or None."""
    if not WORD.fullmatch(name):
        return f"'{name}' must be one lower-case word; write for example {name.lower().strip('_') or 'radius'}"
    if name in TAKEN:
        return f"'{name}' is an argument of a solution, which takes parameters by name; choose another name"
    return None


def parameter_ranges(spec: Spec, number: Callable[..., float]) -> dict[str, tuple[float, float]]:
    """Name -> (from, to). Raises SpecError for a range that is empty or not of numbers.

    number   (text, path) -> its value
    """
    found = {}
    for name, parameter in spec.parameters.items():
        low, high = (
            number(text, ("parameters", name, key)) for key, text in (("from", parameter.start), ("to", parameter.end))
        )
        if low >= high:
            raise SpecError(("parameters", name, "to"), f"must be greater than from = {low:g}, got {high:g}")
        found[name] = (low, high)
    return found


def middle(ranges: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    return {name: (low + high) / 2 for name, (low, high) in ranges.items()}


def corners(ranges: Mapping[str, tuple[float, float]]) -> list[dict[str, float]]:
    """Every combination of the ends of the ranges."""
    return [dict(zip(ranges, values, strict=True)) for values in product(*ranges.values())]


def constants_at(spec: Spec, values: Mapping[str, float]) -> dict[str, object]:
    """The constants of a slice: the parameters first, since constants may be expressions of them."""
    return {**values, **spec.constants}


def slice_of(spec: Spec, values: Mapping[str, float]) -> Spec:
    """The spec of a slice. Probes and a reference table belong to the family and stay behind."""
    if not spec.parameters:
        return spec
    at = ", ".join(f"{name} = {value:g}" for name, value in values.items())
    return spec.model_copy(
        update={
            "title": f"{spec.title or spec.name}, {at}",
            "parameters": {},
            "constants": constants_at(spec, values),
            "probes": {},
            "reference": None,
            "solver": spec.solver.of_slice,
        }
    )


def complete(
    values: Mapping[str, float], ranges: Mapping[str, tuple[float, float]], path: Sequence[str | int] = ()
) -> dict[str, float]:
    """A value for each parameter: those given, the middle of the range for others.

    Raises SpecError for a name that is no parameter, and for a value outside its range, where nothing was trained.
    """
    for name, value in values.items():
        if name not in ranges:
            known = tuple(ranges)
            hint = did_you_mean(name, known) if known else "; this problem has none"
            raise SpecError(path, f"unknown parameter '{name}'{hint}")
        low, high = ranges[name]
        if not low - 1e-12 * (high - low) <= value <= high + 1e-12 * (high - low):  # rounding of a number in text
            raise SpecError(path, f"{name} = {value:g} is outside what was trained, {low:g} to {high:g}")
    return {name: float(values.get(name, value)) for name, value in middle(ranges).items()}
