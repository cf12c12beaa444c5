"""Quantities that a condition or an interface names: fields, derivatives, definitions, and vectors of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy

from pinn.errors import SpecError, UnknownName
from pinn.spec.language.expressions import Scope
from pinn.spec.language.habits import of_condition, of_symbol

Path = tuple[str | int, ...]
Vectors = Mapping[str, Sequence[str]]  # name -> the quantities that are its components


def read_quantity(scope: Scope, vectors: Vectors, name: str, path: Path) -> sympy.Expr:
    """What a quantity's name means. Raises SpecError for an unknown one."""
    try:
        return scope.resolve(name)
    except UnknownName as error:
        if error.path:  # within the definition of a quantity
            raise
        if words := of_condition(name, vectors, scope.space) or of_symbol(name, scope.names()):
            raise UnknownName(path, name, words, "quantity") from None
        raise error.as_quantity(path, [*scope.fields, *scope.definitions, *vectors]) from None
    except SpecError as error:
        raise error.at(path) from None


def components_of(scope: Scope, vectors: Vectors, name: str, value: Any, path: Path) -> list[tuple[str, Any, Path]]:
    """(quantity, value, path) of each component that a value is given for; null leaves one out."""
    if name in vectors:
        components = vectors[name]
        if not isinstance(value, tuple) or len(value) != len(components):
            got = f"a list of {len(value)}" if isinstance(value, tuple) else "a single value"
            listed = ", ".join(components)
            raise SpecError(path, f"{name} has {len(components)} components: write [{listed}], got {got}")
        triples = [(c, v, (*path, k)) for k, (c, v) in enumerate(zip(components, value, strict=True))]
    else:
        read_quantity(scope, vectors, name, path)
        if isinstance(value, tuple):
            raise SpecError(path, f"{name} is a single quantity, got a list of {len(value)}")
        triples = [(name, value, path)]
    return [triple for triple in triples if triple[1] is not None]
