"""Conditions on integrals: `{integral: p, on: domain, equals: 0}`.

The integral of q over M equals v is stated as a mean, 1/|M| integral of (q - v/|M|) = 0: its residual then has the
size of q itself, as that of a condition at points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sympy

from pinn.domain.integrals import Extended, Integral
from pinn.domain.places import Boundary, Interior
from pinn.equations.conditions.quantities import components_of
from pinn.equations.statements import Statement
from pinn.errors import SpecError
from pinn.geometry.points.sections import Section
from pinn.geometry.shapes.shape import GeometryError
from pinn.spec.blocks.condition import Condition
from pinn.spec.blocks.place import Line
from pinn.spec.blocks.values import listed_points
from pinn.spec.language.branches import symbols_of
from pinn.spec.language.expressions import symbol

if TYPE_CHECKING:
    from pinn.equations.conditions.reader import ConditionReader

Path = tuple[str | int, ...]
EVERYWHERE = "domain"


def integral_statements(condition: Condition, path: Path, reader: ConditionReader) -> list[Statement]:
    """What a condition states of an integral; of a vector one statement for each component that has a value."""
    places = places_of(reader, condition.on, (*path, "on"), condition.where)
    own = {place.subdomain for place in places if not isinstance(place, Section)}
    names = own or {*reader.subdomains.names}
    if len(names) > 1:
        raise SpecError(
            (*path, "integral"),
            f"lies in several subdomains ({', '.join(sorted(names))}); a condition is on an integral over one of them",
        )
    subdomain = reader.subdomains.named(names.pop())
    scope, place = subdomain.scope, Integral(tuple(places), subdomain.name)
    try:
        measure = place.measure(reader.domain)
    except GeometryError as error:
        raise SpecError((*path, "on"), error.message) from None
    found = []
    for text, value, at in integrands(reader, condition, path):
        quantity, given = scope.expression(text, (*path, "integral")), scope.expression(value, at)
        if symbols_of(given) & {*scope.jets, *map(symbol, (*scope.space, *(f"n{axis}" for axis in scope.space)))}:
            raise SpecError(at, "is a number, or an expression of t and constants: an integral has no place")
        compiled = subdomain.compile(quantity - given / measure, (*path, "integral"))
        if not compiled.derivatives:
            raise SpecError(
                (*path, "integral"), "says nothing about a field; write a field, a derivative or a definition of fields"
            )
        if any(isinstance(one, Interior) for one in places) and compiled.inputs & {f"n{axis}" for axis in scope.space}:
            raise SpecError(
                (*path, "integral"), "uses the normal, which is known on patches and lines only; say where with 'on'"
            )
        name = f"integral of {text} over {place.label}"
        found.append(Statement(name, compiled, place, condition.weight, path=(*path, "integral")))
    return found


def integrands(reader: ConditionReader, condition: Condition, path: Path) -> list[tuple[Any, Any, Path]]:
    """(expression, its value, path of the value)."""
    text, at = condition.integral, (*path, "equals")
    if isinstance(text, str) and text.strip() in reader.vectors:
        return components_of(reader.scope, reader.vectors, text.strip(), condition.equals, at)
    if isinstance(condition.equals, tuple):
        raise SpecError(at, f"'{text}' is one quantity, got a list of {len(condition.equals)} values")
    return [(text, condition.equals, at)]


def places_of(
    reader: ConditionReader, on: tuple[str, ...] | Line | None, path: Path, where: str | None = None
) -> list[Extended]:
    """What `on` says: the whole domain where it says nothing.

    where   a comparison that holds on the part of the patches that is meant
    """
    domain, subdomains = reader.domain, reader.subdomains
    if isinstance(on, Line):
        if domain.space != 2:
            raise SpecError((*path, "line"), "is a cut through a plane domain; this one is not plane")
        start, end = (
            tuple(reader.scope.number(value, (*path, "line", k)) for value in point)
            for k, point in enumerate(listed_points(on.line))
        )
        if len(start) != 2 or len(end) != 2:
            raise SpecError((*path, "line"), f"a point here has {', '.join(domain.coordinates)}")
        if start == end:
            raise SpecError((*path, "line"), "needs two different ends")
        return [Section((start[0], start[1]), (end[0], end[1]))]
    own = None if where is None else reader.where(where, (*path[:-1], "where"))
    names = on or (EVERYWHERE,)
    found: list[Extended] = []
    for number, name in enumerate(names):
        at = path if len(names) == 1 else (*path, number)
        if name == EVERYWHERE:
            found += [Interior(subdomain) for subdomain in subdomains.names]
        elif name in subdomains.names:
            found.append(Interior(name))
        elif name == "boundary":
            found += Boundary(domain.shape.patches, own).parts(domain)
        else:
            patches, part = reader.patches(name, at)
            found += Boundary(patches, both(own, part)).parts(domain)
    if own is not None and any(isinstance(place, Interior) for place in found):
        raise SpecError((*path[:-1], "where"), "goes with patches; name a subdomain instead, or 'on' a patch")
    return found


def both(first: sympy.Expr | None, second: sympy.Expr | None) -> sympy.Expr | None:
    """Where two indicators are 1, None standing for everywhere."""
    if first is None or second is None:
        return second if first is None else first
    return first if first == second else first * second
