"""Linear equations of second order for one field, sum_i (a_i u_ii + b_i u_i) + c u - tau u_t = f, off a statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import sympy

from pinn.domain.places import Boundary, Initial, Interior
from pinn.equations.compiler.compile import CompiledExpression, Derivative
from pinn.equations.statements import Statement
from pinn.errors import SpecError
from pinn.problem.problem import Problem


@dataclass(frozen=True, eq=False)
class SecondOrder:
    """Coefficients as closed forms in the coordinates, as the statement has them (of any sign).

    second, first   for each coordinate;  zeroth; rate: of u_t, zero where there is no time
    """

    statement: Statement
    second: tuple[sympy.Expr, ...]
    first: tuple[sympy.Expr, ...]
    zeroth: sympy.Expr
    rate: sympy.Expr

    def named(self, axes: tuple[str, ...]) -> dict[str, sympy.Expr]:
        """Name -> coefficient, for those that are not zero."""
        field = self.statement.expression.derivatives[0].field
        found = {f"coefficient of {field}_{axis}{axis}": a for axis, a in zip(axes, self.second, strict=False)}
        found |= {f"coefficient of {field}_{axis}": b for axis, b in zip(axes, self.first, strict=False)}
        found |= {f"coefficient of {field}": self.zeroth, f"coefficient of {field}_t": self.rate}
        return {name: form for name, form in found.items() if form != 0}


def fields_statements(problem: Problem) -> tuple[Statement, ...]:
    """The statements over the fields themselves."""
    return problem.posed or problem.statements


def second_order(problem: Problem) -> SecondOrder:
    """Raises SpecError with the reason where the problem is no such equation."""
    equations = [s for s in fields_statements(problem) if s.is_equation]
    if len(problem.subdomains) > 1:
        raise SpecError((), "the domain has subdomains, across which the solution is not smooth")
    if len(problem.fields) != 1 or len(equations) != 1:
        raise SpecError((), f"there are {len(problem.fields)} fields and {len(equations)} equations, not one of each")
    if problem.parameters or problem.periods:
        raise SpecError((), "a family of problems, or one with periodic sides, is not covered")
    if problem.unknowns or problem.eigen is not None:
        raise SpecError((), "a problem with unknown parameters is not covered")
    (statement,) = equations
    compiled = statement.expression
    if not compiled.is_linear:
        raise SpecError(statement.path, "the equation is not linear in the field")
    space = problem.space
    zero: sympy.Expr = sympy.S.Zero
    second: list[sympy.Expr] = [zero] * space
    first: list[sympy.Expr] = [zero] * space
    zeroth = rate = zero
    for key, coefficient in compiled.coefficients.items():
        assert isinstance(key, Derivative)
        coefficient = written_out(compiled, coefficient)
        orders, laplacians = key.partial.orders, key.partial.laplacians
        inside, time = orders[:space], sum(orders[space:])
        match (sum(inside), time, laplacians):
            case (0, 0, 1):
                second = [a + coefficient for a in second]
            case (2, 0, 0) if 2 in inside:
                second[inside.index(2)] += coefficient
            case (1, 0, 0):
                first[inside.index(1)] += coefficient
            case (0, 1, 0):
                rate += coefficient
            case (0, 0, 0):
                zeroth += coefficient
            case _:
                raise SpecError(
                    statement.path, f"it has the derivative {key}: not elliptic or parabolic of second order"
                )
    if any(a == 0 for a in second):
        raise SpecError(statement.path, "it has no second derivative along some coordinate")
    if problem.time and rate == 0:
        raise SpecError(statement.path, "it has no derivative in time")
    return SecondOrder(statement, tuple(second), tuple(first), zeroth, rate)


def written_out(compiled: CompiledExpression, form: sympy.Expr) -> sympy.Expr:
    """With what stands for closed forms of the inputs replaced by them."""
    return cast(sympy.Expr, form.xreplace(compiled.closed))


def values_given(problem: Problem) -> dict[str, tuple[Statement, float]]:
    """Names of the conditions that give the field a value -> the statement, and the factor of the field in it.

    Raises SpecError unless they cover the whole boundary, and the start where there is time.
    """
    found: dict[str, tuple[Statement, float]] = {}
    covered: set[str] = set()
    started = False
    for statement in fields_statements(problem):
        if isinstance(statement.place, Interior):
            continue
        factor = value_factor(statement)
        if factor is None or not isinstance(statement.place, Boundary | Initial):
            continue
        if statement.place.where is not None:
            continue
        found[statement.name] = (statement, factor)
        if isinstance(statement.place, Boundary):
            covered |= set(statement.place.patches)
        else:
            started = True
    if missing := [patch for patch in problem.geometry.patches if patch not in covered]:
        raise SpecError((), f"the field has no value given on all of {', '.join(missing)}")
    if problem.time and not started:
        raise SpecError((), "the field has no value given at the start")
    return found


def value_factor(statement: Statement) -> float | None:
    """k of a condition k u - g = 0; None of any other."""
    derivatives = statement.expression.derivatives
    if len(derivatives) != 1 or derivatives[0].partial.order or statement.values is not None:
        return None
    (factor,) = statement.expression.coefficients.values()
    return float(factor) if factor.is_number and factor != 0 else None


def is_held(problem: Problem) -> bool:
    """Whether the field has its values on the whole boundary by construction."""
    patches = {
        patch
        for statement in problem.posed[len(problem.statements) :]
        if isinstance(statement.place, Boundary) and value_factor(statement) and statement.place.where is None
        for patch in statement.place.patches
    }
    return bool(problem.posed) and set(problem.geometry.patches) <= patches
