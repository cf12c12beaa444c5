"""Meanings: what the names of a spec stand for in a subdomain, with the physics as its parameters are there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pinn.errors import SpecError
from pinn.physics import build_together
from pinn.physics.model import Physics
from pinn.spec.consistency import subdomain_refusals
from pinn.spec.language.expressions import Scope
from pinn.spec.schema import Spec

AnyScope = TypeVar("AnyScope", bound=Scope)
IN_TIME = re.compile(r"_[a-z]*t\b")  # a derivative in time, as v_t is written


def read_meaning(spec: Spec, subdomain: str = "", kind: Callable[..., AnyScope] = Scope) -> tuple[Physics, AnyScope]:
    """The physics and the names of a spec in a subdomain; "" is the whole domain. Raises SpecError.

    kind   what makes the scope
    """
    physics = Physics((), {}, {})
    if spec.physics:
        parameters = {name: parameters_in(spec, name, own, subdomain) for name, own in spec.physics.items()}
        physics = build_together(parameters, spec.coordinates)
        if spec.time is None and any(IN_TIME.search(text) for text in physics.equations.values()):
            steady = f", or {physics.steady}" if physics.steady else ""
            raise SpecError(spec.physics_path, f"is in time: add a block time: {{from: 0, to: 1}}{steady}")
    for block, own, theirs in (
        ("definitions", spec.definitions, physics.definitions),
        ("equations", spec.equations, physics.equations),
        ("constants", spec.constants, {**physics.definitions, **dict.fromkeys(physics.fields)}),
        ("unknowns", spec.unknowns, {**physics.definitions, **dict.fromkeys(physics.fields)}),
        ("tables", spec.tables, {**physics.definitions, **dict.fromkeys(physics.fields)}),
    ):
        if taken := sorted(set(own) & set(theirs)):
            raise SpecError((block, taken[0]), f"'{taken[0]}' is a name of the physics; choose another")
    scope = kind(
        spec.coordinates,
        parameters=tuple(spec.parameters),
        time=spec.time is not None,
        constants=spec.constants,
        unknowns=tuple(spec.unknowns),
        fields=tuple(dict.fromkeys((*physics.fields, *spec.fields))),
        definitions={**physics.definitions, **values_in(spec.definitions, subdomain)},
        exact=values_in(spec.exact, subdomain),
        origins=origins_of(spec, physics),
        tables={name: table.function for name, table in spec.tables.items()},
        units=spec.unit_system,
        eigenvalue=(spec.modes.eigenvalue or "") if spec.modes else "",
    )
    return physics, scope


def values_in(block: Mapping[str, Any], subdomain: str) -> dict[str, Any]:
    """A block's entries, those that are given per subdomain as they are in this one."""
    return {name: value[subdomain] if isinstance(value, dict) else value for name, value in block.items()}


def parameters_in(spec: Spec, physics: str, parameters: Mapping[str, Any], subdomain: str) -> dict[str, Any]:
    """A physics' parameters in a subdomain. A mapping with the name of a subdomain is one by subdomains."""
    found = dict(parameters)
    for name, value in parameters.items():
        if isinstance(value, dict) and any(key in spec.subdomains for key in value):
            for path, message in subdomain_refusals(value, spec.subdomains):
                raise SpecError(("physics", physics, name, *path), message)
            found[name] = value[subdomain]
    return found


def origins_of(spec: Spec, physics: Physics) -> dict[str, tuple[str | int, ...]]:
    """Name -> its place in the spec, of fields and of the definitions that a physics brings."""
    origins: dict[str, tuple[str | int, ...]] = {}
    for name in (*physics.fields, *physics.definitions):
        origins[name] = (*spec.physics_path, *physics.given.get(name, ()))
    keys = spec.fields if isinstance(spec.fields, dict) else range(len(spec.fields))
    return origins | {name: ("fields", key) for key, name in zip(keys, spec.fields, strict=True)}
