"""Unknown coefficients: fields that multiply others in an equation, and are known only through measurements of those.

Each field alone solves a linear problem, both together one whose linearisation leaves room for large changes that
cancel: a u_x is the same for a twice as large and a slope half as large. Newton's iteration in hundreds of features
follows the noise there and may run away; in few and smooth ones it does not.
"""

from __future__ import annotations

from pinn.problem.problem import Problem
from pinn.spec.language.branches import symbols_of


def coefficient_fields(problem: Problem) -> tuple[str, ...]:
    """Names of the fields without measurements of their own, of which an equation has products with measured ones."""
    measured: set[str] = set()
    for statement in problem.statements:
        if statement.values is not None:
            measured |= {derivative.field for derivative in statement.expression.derivatives}
    found = set()
    for statement in problem.statements if measured else ():
        if not statement.is_equation:
            continue
        expression = statement.expression
        for key, coefficient in expression.coefficients.items():
            if isinstance(key, str) or key.field in measured:
                continue
            others = {expression.symbols[s].field for s in symbols_of(coefficient) & expression.symbols.keys()}
            if others & measured:
                found.add(key.field)
    return tuple(name for name in problem.outputs if name in found)
