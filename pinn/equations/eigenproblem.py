"""Eigenproblem: statements A u = lambda M u, all of them linear in the fields and in the eigenvalue lambda.

Every statement is r(u, lambda) = A u - lambda M u = 0, without anything that is not zero for zero fields. M stands in
equations, in conditions (a mass at the end of a rod, a Steklov problem), or in both. A density m of a field u_f adds

    - s lambda m u_f        to the equation of that field, s = +-1 such that the principal part of s A is positive:

    (-1)^(o/2) s sum of the coefficients of its derivatives of the highest order o along one axis > 0,

so that -u_xx = lambda u and u_xx + lambda u = 0 have the same positive eigenvalues.
Source: Babuska & Osborn, Eigenvalue Problems, Handbook of Numerical Analysis II (1991), § 4.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import sympy
import torch

from pinn.domain.domain import Domain
from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import CompiledExpression, Derivative
from pinn.equations.statements import Statement
from pinn.equations.subdomains import Subdomain
from pinn.errors import SpecError, did_you_mean
from pinn.spec.blocks.modes import Modes
from pinn.spec.language.branches import symbols_of
from pinn.spec.language.expressions import Scope, symbol

UNNAMED = "eigenvalue of the modes"  # with spaces: no name of a spec
POINTS, SEED = 64, 3
PATH = ("modes",)
OWN_WAY = "write the eigenvalue into the equations: modes: {eigenvalue: NAME}"


@dataclass(frozen=True, eq=False)
class Inertia:
    """A density [the equation's unit over that of the field and of the eigenvalue] of an output of the network.

    place   the number of the statement that it stands in
    """

    output: str
    place: int
    density: CompiledExpression


@dataclass(frozen=True, eq=False)
class Eigenproblem:
    """What is sought of which statements.

    name      of the eigenvalue, in expressions
    shift     near which
    expected  eigenvalues in their order, as far as they are known
    inertia   of the fields, where `mass` states it; then the eigenvalue is the square of a circular frequency
    """

    statements: tuple[Statement, ...]
    name: str
    count: int
    shift: float
    expected: tuple[float, ...]
    inertia: tuple[Inertia, ...] = ()

    @cached_property
    def masses(self) -> dict[int, CompiledExpression]:
        """Statement -> M u, of those in which the eigenvalue stands."""
        found = {}
        for index, statement in enumerate(self.statements):
            compiled = statement.expression
            part = -compiled.expression.diff(symbol(self.name))
            if part != 0:
                found[index] = CompiledExpression(part, compiled.symbols, compiled.unknowns, compiled.closed)
        return found


def eigenvalue_name(modes: Modes) -> str:
    return modes.eigenvalue or UNNAMED


# ---- the density ----------------------------------------------------------------------------------------------------


def densities(modes: Modes, fields: Sequence[str], vectors: Mapping[str, Sequence[str]]) -> dict[str, object]:
    """Field -> the text of its density. One for all means those that move, where a physics has others as well."""
    if modes.mass is None:
        return {}
    if isinstance(modes.mass, dict):
        for name in modes.mass:
            if name not in fields:
                raise SpecError((*PATH, "mass", name), f"unknown field '{name}'{did_you_mean(name, fields)}")
        return dict(modes.mass)
    moving = next((vectors[name] for name in ("displacement", "velocity") if name in vectors), fields)
    return dict.fromkeys(moving, modes.mass)


def with_inertia(
    equations: Sequence[Statement], subdomain: Subdomain, given: Mapping[str, object], domain: Domain, name: str
) -> Iterator[tuple[Statement, str, CompiledExpression | None]]:
    """A subdomain's equations with the terms of their fields' densities, each with its output and that density.

    The first equation is that of the first field, and so on. Raises SpecError where that is not so.
    """
    scope = subdomain.scope
    fields = scope.fields
    if missing := [field for field in given if fields.index(field) >= len(equations)]:
        raise SpecError((*PATH, "mass"), f"there is no equation for {missing[0]} to have its mass in; {OWN_WAY}")
    for field, statement in zip(fields, equations, strict=False):
        if field not in given:
            yield statement, "", None
            continue
        density = subdomain.compile(read_density(scope, given[field], (*PATH, "mass")))
        sign = sign_of_principal_part(statement, subdomain.output(field), domain)
        term = subdomain.compile(scope.resolve(field))
        product = sign * symbol(name) * density.expression * term.expression
        old = statement.expression
        compiled = CompiledExpression(
            old.expression - product, {**old.symbols, **term.symbols}, old.unknowns, old.closed
        )
        yield replace(statement, expression=compiled), subdomain.output(field), density
    yield from ((statement, "", None) for statement in equations[len(fields) :])


def read_density(scope: Scope, text: object, path: Sequence[str | int]) -> sympy.Expr:
    """Of coordinates and constants alone."""
    found = scope.expression(text, path)
    if others := sorted(s.name for s in symbols_of(found) if s.name not in scope.axes):
        raise SpecError(
            path, f"must depend on coordinates and constants alone, but uses {', '.join(others)}; {OWN_WAY}"
        )
    if found == 0:
        raise SpecError(path, "is zero: leave it out, or name the fields that have a mass: {FIELD: density}")
    return found


def sign_of_principal_part(statement: Statement, output: str, domain: Domain) -> int:
    """s = +-1 such that the principal part of s r in this output is positive. Raises SpecError where there is none."""
    compiled, points = statement.expression, domain.looked_at(statement.place, POINTS, SEED)
    zero = {d: torch.zeros(len(points), dtype=torch.float64) for d in compiled.derivatives}
    order = max((d.partial.order for d in compiled.derivatives if d.field == output), default=0)
    total = torch.zeros(len(points), dtype=torch.float64)
    for key, slope in compiled.linearise(points.inputs(domain.axes, sought(points)), zero).items():
        if isinstance(key, Derivative) and key.field == output and key.partial.order == order and one_axis(key):
            total = total + torch.as_tensor(slope, dtype=torch.float64) * (-1) ** (order // 2)
    signs = set(torch.sign(total).tolist())
    if order == 0 or order % 2 or signs not in ({1.0}, {-1.0}):
        raise SpecError(
            (*PATH, "mass"),
            f"the sign of the mass in '{statement.name}' is open: its terms of highest order in {output} have not one "
            f"sign; {OWN_WAY}",
        )
    return int(signs.pop())


def one_axis(derivative: Derivative) -> bool:
    """Whether it differentiates along one axis alone, or is a Laplacian."""
    along = [count for count in derivative.partial.orders if count]
    return len(along) + bool(derivative.partial.laplacians) <= 1


def sought(points: PointSet, name: str = UNNAMED, value: float = 0.0) -> dict[str, torch.Tensor]:
    return {name: points.points.new_tensor(value)}


# ---- all statements -------------------------------------------------------------------------------------------------


def read_eigenproblem(
    modes: Modes, scope: Scope, statements: Sequence[Statement], inertia: Sequence[Inertia], domain: Domain
) -> Eigenproblem:
    """Raises SpecError where a statement is not of the form A u = eigenvalue * M u."""
    name = eigenvalue_name(modes)
    found = symbol(name)
    for statement in statements:
        compiled = statement.expression
        if not compiled.is_linear or compiled.expression.diff(found).diff(found) != 0:
            raise SpecError(
                statement.path, f"'{statement.name}' is not linear in the fields and the eigenvalue; modes need that"
            )
        refuse_loads(statement, domain, name)
    expected = tuple(
        scope.number(text, (*PATH, "expected", number)) for number, text in enumerate(modes.expected or ())
    )
    shift = scope.number(modes.shift, (*PATH, "shift"))
    problem = Eigenproblem(tuple(statements), name, modes.count, shift, expected, tuple(inertia))
    if not problem.masses:
        raise SpecError((*PATH, "eigenvalue"), f"no equation and no condition has {name} in it; write it into one")
    return problem


def refuse_loads(statement: Statement, domain: Domain, name: str) -> None:
    """What is not zero for zero fields is a load, and modes have none."""
    compiled = statement.expression
    if compiled.expression.xreplace(dict.fromkeys(compiled.symbols, sympy.S.Zero)) == 0:
        return
    points = domain.looked_at(statement.place, POINTS, SEED)
    zero = {d: torch.zeros(len(points), dtype=torch.float64) for d in compiled.derivatives}
    value = torch.as_tensor(compiled.value(points.inputs(domain.axes, sought(points, name)), zero))
    largest = float(value.abs().max())
    if largest > 0 or math.isnan(largest):
        raise SpecError(
            statement.path,
            f"'{statement.name}' is not zero for zero fields: modes have neither loads nor given values; write 0, or "
            "remove the block 'modes'",
        )
