"""First guess: the fields that Newton's iteration starts from.

What the spec says (`fields: {T: {initial: 320}}`), else zero. Where statements mean nothing at zero (1/u, log u, an
Arrhenius law, u u_xx = 1) it is a constant: the mean of the values that conditions give the field, else its magnitude.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import sympy
import torch
from torch import Tensor

from pinn.derivatives.jets import Partial
from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import Derivative, evaluate
from pinn.equations.statements import Statement
from pinn.errors import SpecError
from pinn.spec.language.branches import symbols_of
from pinn.spec.language.expressions import Scope

if TYPE_CHECKING:
    from pinn.problem.problem import Problem

POINTS, SEED = 64, 3  # of each place


def first_guess(problem: Problem) -> dict[str, sympy.Expr]:
    """Output -> what it starts from, in the coordinates; empty for zero. Raises SpecError."""
    stated = stated_guess(problem)
    if stated or problem.is_linear or problem.ansatz is not None or zero_means_something(problem):
        return stated
    return {output: sympy.Float(level) for output, level in given_levels(problem).items()}


def stated_guess(problem: Problem) -> dict[str, sympy.Expr]:
    """What the spec says. Raises SpecError for what depends on more than coordinates and constants."""
    fields, found = problem.spec.fields, {}
    for name, block in fields.items() if isinstance(fields, dict) else ():
        if block.initial is None:
            continue
        path = ("fields", name, "initial")
        for subdomain in problem.subdomains:
            guess = subdomain.scope.expression(block.initial, path)
            if strange := sorted(s.name for s in symbols_of(guess) if s.name not in problem.axes):
                raise SpecError(path, f"depends on {strange[0]}; a first guess is of coordinates and constants")
            found[subdomain.output(name)] = guess
    return found


def zero_means_something(problem: Problem) -> bool:
    """Whether all statements and their slopes are finite at zero fields, and equations keep their order there."""
    for statement in problem.statements:
        compiled, points = statement.expression, problem.domain.looked_at(statement.place, POINTS, SEED)
        inputs = problem.units.inputs(statement, points)
        zero = {d: points.points.new_zeros(len(points)) for d in compiled.derivatives}
        slopes = compiled.linearise(inputs, zero)
        numbers = [compiled.value(inputs, zero), *slopes.values()]
        if not all(bool(torch.as_tensor(number).isfinite().all()) for number in numbers):
            return False
        highest = [d for d in compiled.derivatives if d.partial.order == compiled.order]
        if statement.is_equation and not any(bool(torch.as_tensor(slopes[d]).any()) for d in highest):
            return False
    return True


def given_levels(problem: Problem) -> dict[str, float]:
    """Output -> the mean of the values that it is given, its magnitude where it is given none but zero."""
    given: dict[str, list[float]] = {}
    for statement in problem.statements:
        value = (0,) * len(problem.axes)
        for output in problem.outputs:
            if not statement.is_equation and statement.expression.derivatives == (Derivative(output, Partial(value)),):
                given.setdefault(output, []).extend(given_values(problem, statement, output))
    levels = {output: sum(values) / len(values) for output, values in given.items() if values}
    return {output: levels.get(output) or problem.scaling.fields[output] for output in problem.outputs}


def given_values(problem: Problem, statement: Statement, output: str) -> list[float]:
    """Of a condition u = g, linear in the field: g at its points."""
    if not statement.expression.is_linear:
        return []
    points = problem.domain.looked_at(statement.place, POINTS, SEED)
    inputs = problem.units.inputs(statement, points)
    (derivative,) = statement.expression.derivatives
    zero = {derivative: points.points.new_zeros(len(points))}
    slope = torch.as_tensor(statement.expression.linearise(inputs, zero)[derivative], dtype=torch.float64)
    value = torch.as_tensor(statement.expression.value(inputs, zero), dtype=torch.float64)
    return (-value / slope).expand(len(points)).tolist()


def guessed_jets(problem: Problem, points: PointSet, derivatives: tuple[Derivative, ...]) -> dict[Derivative, Tensor]:
    """Derivatives of the first guess at points, each [N]; zero where there is none."""
    like, count = points.points, len(points)
    inputs = {axis: like[:, i] for i, axis in enumerate(problem.axes)}
    guess = problem.first_guess
    return {
        d: evaluate(derived(guess[d.field], d.partial, problem.scope), inputs, count, like).clone()
        if d.field in guess
        else like.new_zeros(count)
        for d in derivatives
    }


def derived(guess: sympy.Expr, partial: Partial, scope: Scope) -> sympy.Expr:
    """A partial derivative of an expression of the coordinates."""
    letters = [axis for axis, count in zip(scope.axes, partial.orders, strict=True) for _ in range(count)]
    found = scope.differentiate(guess, *letters) if letters else guess
    for _ in range(partial.laplacians):
        found = cast(sympy.Expr, sum((scope.differentiate(found, axis, axis) for axis in scope.space), sympy.S.Zero))
    return found
