"""The forms of the fields that `network` asks for: essential conditions met exactly, singular functions added."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy

from pinn.domain.places import Interior, Periodic, Place
from pinn.domain.point_set import PointSet
from pinn.equations.hard_constraints.ansatz import Ansatz, FieldForm, coefficient_name
from pinn.equations.hard_constraints.distance import numbers
from pinn.equations.hard_constraints.essential import Essential, EssentialBuilder, split
from pinn.equations.statements import Statement
from pinn.errors import SpecError, did_you_mean
from pinn.spec.blocks.network import Network
from pinn.spec.language.branches import symbols_of
from pinn.spec.language.expressions import Scope, symbol

PERIODIC_POINTS = 64
PERIODIC = 1e-9  # relative: a form and its slope that differ by more on the two ends are not periodic
Joined = tuple[Periodic, tuple[str | int, ...]]  # place and path of a periodic condition
HARD, ENRICHMENT = ("network", "constraints"), ("network", "enrichment")


def find_forms(
    network: Network, statements: Sequence[Statement], builder: EssentialBuilder, vectors: Mapping[str, Sequence[str]]
) -> tuple[Ansatz | None, list[Essential], list[Statement]]:
    """The ansatz (None where every field is a network's output), what it meets by construction, and what stays."""
    scope = builder.scope
    enrichment = read_enrichment(network.enrichment, scope, vectors)
    essential, rest = split(statements, scope) if network.constraints == "hard" else ([], list(statements))
    if network.constraints == "hard" and not essential:
        raise SpecError(HARD, "no condition gives a field's value on a patch or at the start; write soft")
    forms = {}
    for name in scope.fields:
        mine = [one for one in essential if one.field == name]
        singular = enrichment.get(name, {})
        if mine:
            forms[name] = builder.form(mine, singular)
        elif singular:
            forms[name] = FieldForm(enrichment=singular)
    return (Ansatz(scope, forms) if forms else None), essential, rest


def read_enrichment(
    texts: Mapping[str, Sequence[Any]], scope: Scope, vectors: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, sympy.Expr]]:
    """Field -> its singular functions by the name of their coefficient, closed forms in the coordinates.

    A function of a vector has one coefficient for all its components. Raises SpecError.
    """
    found: dict[str, dict[str, sympy.Expr]] = {}
    for name, given in texts.items():
        fields = vectors.get(name, (name,))
        if unknown := [field for field in fields if field not in scope.fields]:
            hint = did_you_mean(name, [*scope.fields, *vectors])
            raise SpecError((*ENRICHMENT, name), f"unknown field '{unknown[0]}'{hint}")
        if name not in vectors:
            functions = [[text] for text in given]
        else:
            functions = list(given) if isinstance(given[0], tuple) else [given]
        for k, components in enumerate(functions):
            path = (*ENRICHMENT, name, k) if len(functions) > 1 else (*ENRICHMENT, name)
            if len(components) != len(fields):
                raise SpecError(path, f"must be a list [{', '.join(fields)}], got {len(components)} of them")
            if any(isinstance(text, tuple) for text in components):
                raise SpecError(path, f"must be one expression, got a list; '{name}' is no vector")
            closed = [closed_form(text, path, scope) for text in components]
            if not any(map(symbols_of, closed)):
                raise SpecError(
                    path, "is a constant, which the network has already; write a function of the coordinates"
                )
            for field, function in zip(fields, closed, strict=True):
                found.setdefault(field, {})[coefficient_name(name, k)] = function
    return found


def closed_form(text: object, path: tuple[str | int, ...], scope: Scope) -> sympy.Expr:
    """An expression over the coordinates alone. Raises SpecError."""
    function = scope.expression(text, path)
    if others := sorted(s.name for s in symbols_of(function) - {symbol(axis) for axis in scope.axes}):
        listed = ", ".join(scope.axes)
        raise SpecError(path, f"may depend on the coordinates {listed} only, but uses {', '.join(others)}")
    return function


def refuse_aperiodic(ansatz: Ansatz, sample: Callable[[Place, int], PointSet], joined: Sequence[Joined]) -> None:
    """Where the network is periodic by construction, the forms must be so too. Raises SpecError."""
    scope = ansatz.scope
    guesses = dict.fromkeys(scope.unknowns, 1.0)
    for place, path in joined:
        first, second = sample(place, PERIODIC_POINTS).points.chunk(2)
        inside = sample(Interior(), PERIODIC_POINTS).points.numpy()
        for name, form in ansatz.forms.items():
            functions = (form.extension, form.factor, *form.enrichment.values())
            for of in (*functions, *(function.diff(symbol(scope.axes[place.axis])) for function in functions)):
                here, there, within = (
                    numbers(of, points, scope.axes, **guesses) for points in (first.numpy(), second.numpy(), inside)
                )
                if not np.allclose(here, there, rtol=0, atol=PERIODIC * float(np.abs(within).max())):
                    raise SpecError(
                        path,
                        f"the form that the other conditions give to {name} is not periodic; write network: "
                        "{constraints: soft}",
                    )
