"""Rigid patches: `{on: right, rigid: true, force: [0, -1000], moment: 0}`.

A patch that is stiff against the body, as a bolted flange or a platen, moves as a whole,

    u = a + theta x (x - c)        on the patch, c its middle,

with an unknown translation a and rotation theta, and what is known is the resultant of its tractions,

    integral of traction = force,      integral of (x - c) x traction = moment.

The components of a and theta are unknown numbers that are solved for with the fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sympy

from pinn.domain.integrals import Integral
from pinn.domain.places import Boundary
from pinn.equations.compiler.compile import compile_expression
from pinn.equations.conditions.integrals import places_of
from pinn.equations.statements import Statement
from pinn.equations.subdomains import Subdomain
from pinn.errors import SpecError
from pinn.geometry.shapes.shape import GeometryError
from pinn.spec.blocks.condition import Condition
from pinn.spec.language.expressions import symbol

if TYPE_CHECKING:
    from pinn.equations.conditions.reader import ConditionReader

Path = tuple[str | int, ...]
Vector = Sequence[sympy.Expr]


def rigid_statements(condition: Condition, index: int, path: Path, reader: ConditionReader) -> list[Statement]:
    """The motion and the resultants of a rigid patch, or of several that move as one."""
    vectors, space = reader.vectors, reader.scope.space
    if not {"displacement", "traction"} <= vectors.keys() or len(space) < 2:
        raise SpecError((*path, "rigid"), "is of patches of an elastic body in two or three dimensions")
    for name in condition.names:
        for patch in reader.patches(name, (*path, "on"))[0]:
            for component in vectors["displacement"]:
                reader.account(patch, component, index, None, (*path, "rigid"))
    places = places_of(reader, condition.on, (*path, "on"), condition.where)
    patches = [place for place in places if isinstance(place, Boundary)]
    if len(patches) < len(places):
        raise SpecError((*path, "on"), "must name patches: a patch is rigid, a line or a part of the body is not")
    if len({place.subdomain for place in patches}) > 1:
        raise SpecError((*path, "on"), "lies in several subdomains; one of them must have it alone")
    whole, subdomain = Integral(tuple(patches), patches[0].subdomain), reader.subdomains.named(patches[0].subdomain)
    try:
        rule = whole.rule(reader.domain)
    except GeometryError as error:
        raise SpecError((*path, "on"), error.message) from None
    middle = rule.weights @ rule.points / rule.weights.sum()
    arm = [symbol(axis) - float(value) for axis, value in zip(space, middle, strict=True)]
    names = motion_names("_".join(condition.names), space)
    reader.motions += [name for name in names if name not in reader.motions]
    motion = rigid_motion([symbol(name) for name in names], arm)
    moved = [subdomain.scope.resolve(name) for name in vectors["displacement"]]
    found = [
        Statement(f"{name} on {place.label}", compiled(subdomain, u - given, path, names), place, condition.weight,
                  path=(*path, "rigid"), quantity=name)
        for place in patches
        for name, u, given in zip(vectors["displacement"], moved, motion, strict=True)
    ]  # fmt: skip
    pulled = [subdomain.scope.resolve(name) for name in vectors["traction"]]
    measure = float(rule.weights.sum())
    stated = [*zip(space, pulled, of_resultant(condition, "force", len(space), reader, path), strict=True)]
    sums = [(f"force_{axis}", density, value, "force") for axis, density, value in stated]
    turning = cross(arm, pulled)
    values = of_resultant(condition, "moment", len(turning), reader, path)
    for number, (density, value) in enumerate(zip(turning, values, strict=True)):
        sums.append((f"moment_{space[number]}" if len(turning) > 1 else "moment", density, value, "moment"))
    for name, density, value, key in sums:
        at = (*path, key if getattr(condition, key) is not None else "rigid")
        found.append(
            Statement(f"{name} on {whole.label}", compiled(subdomain, density - value / measure, at, ()), whole,
                      condition.weight, path=at)
        )  # fmt: skip
    return found


def motion_names(label: str, space: Sequence[str]) -> list[str]:
    """Of the unknown translation and rotation of a patch."""
    turns = [f"{label}_rotation"] if len(space) == 2 else [f"{label}_rotation_{axis}" for axis in space]
    return [*(f"{label}_translation_{axis}" for axis in space), *turns]


def rigid_motion(unknowns: Vector, arm: Vector) -> list[sympy.Expr]:
    """a + theta x (x - c), by components."""
    space = len(arm)
    shift, turn = unknowns[:space], unknowns[space:]
    if space == 2:
        return [shift[0] - turn[0] * arm[1], shift[1] + turn[0] * arm[0]]
    return [a + b for a, b in zip(shift, cross(turn, arm), strict=True)]


def cross(first: Vector, second: Vector) -> list[sympy.Expr]:
    """The vector product; in the plane its one component."""
    if len(first) == 2:
        return [first[0] * second[1] - first[1] * second[0]]
    pairs = [(1, 2), (2, 0), (0, 1)]
    return [first[i] * second[j] - first[j] * second[i] for i, j in pairs]


def of_resultant(condition: Condition, key: str, count: int, reader: ConditionReader, path: Path) -> list[sympy.Expr]:
    """The components of a force or moment; zero where it is not given."""
    given: Any = getattr(condition, key)
    if given is None:
        return [sympy.S.Zero] * count
    listed = given if isinstance(given, tuple) else (given,)
    if len(listed) != count or None in listed:
        wanted = "one number" if count == 1 else f"{count} numbers"
        raise SpecError((*path, key), f"needs {wanted}; what is not known belongs to the motion of the patch")
    found = [reader.scope.expression(value, (*path, key)) for value in listed]
    if any(value.free_symbols for value in found):
        raise SpecError((*path, key), "is a number, or an expression of constants")
    return found


def compiled(subdomain: Subdomain, expression: sympy.Expr, path: Path, names: Sequence[str]):
    return compile_expression(subdomain.over_outputs(expression), subdomain.network, path, names)
