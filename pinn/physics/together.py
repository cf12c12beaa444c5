"""Several named physics as one: the fields of one are known to the other, such as the temperature to a heated body."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pinn.errors import SpecError
from pinn.physics.isotropic import FIELD
from pinn.physics.model import Physics

EXPANDS = "thermal_expansion"  # a body with it takes its temperature from the physics beside it


def with_temperature(parameters: Mapping[str, Any], others: Sequence[Physics]) -> dict[str, Any]:
    """A body's parameters, its temperature the field of that name that another physics brings."""
    found = dict(parameters)
    if EXPANDS in found and "temperature" not in found and any(FIELD in one.fields for one in others):
        found["temperature"] = FIELD
    return found


def together(parts: Mapping[str, Physics], parameters: Mapping[str, Mapping[str, Any]]) -> Physics:
    """Name -> physics as one: all fields, definitions and equations, solved at once; it has no energy.

    Raises SpecError where two of them have the same name for something, or none knows a field of another.
    """
    seen: dict[str, str] = {}
    for name, one in parts.items():
        for what in (*one.fields, *one.definitions, *one.equations, *one.vectors, *one.tensors):
            if what in seen:
                message = f"{seen[what]} and {name} both have '{what}'; take one of them, and equations of your own"
                raise SpecError(("physics", name), message)
        seen |= dict.fromkeys((*one.fields, *one.definitions, *one.equations, *one.vectors, *one.tensors), name)
    for name, one in parts.items():
        fields = {field for other, theirs in parts.items() if other != name for field in theirs.fields}
        words = set(re.findall(r"[A-Za-z]\w*", " ".join((*one.definitions.values(), *one.equations.values()))))
        if words & fields:
            break
    else:
        bodies = [name for name in parts if EXPANDS not in parameters[name] and "elast" in name]
        way_out = f"give {bodies[0]} its {EXPANDS}, or solve" if bodies else "solve"
        raise SpecError(("physics",), f"{' and '.join(parts)} know nothing of each other; {way_out} them one by one")
    every = parts.values()
    return Physics(
        fields=tuple(field for one in every for field in one.fields),
        definitions=merged(one.definitions for one in every),
        equations=merged(one.equations for one in every),
        vectors=merged(one.vectors for one in every),
        tensors=merged(one.tensors for one in every),
        given={
            what: (name, *one.given.get(what, ()))
            for name, one in parts.items()
            for what in (*one.fields, *one.definitions)
        },
        limits=merged(one.limits for one in every),
        beyond=merged(one.beyond for one in every),
        positive=tuple(name for one in every for name in one.positive),
        balances=merged(one.balances for one in every),
        differences=merged(one.differences for one in every),
        dimensions=merged(one.dimensions for one in every),
        axis=merged(one.axis for one in every),
        steady=next((one.steady for one in every if one.steady), ""),
    )


def merged(parts: Any) -> dict[str, Any]:
    """The entries of all mappings, whose keys differ."""
    return {name: value for one in parts for name, value in one.items()}
