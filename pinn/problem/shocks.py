"""Equations whose fields carry themselves along without viscosity: where characteristics meet, they end in a shock.

u_t + c(u) u_x = 0 keeps u on the lines dx/dt = c(u), which meet at t = -1/min d/dx c(u(x, 0)) where that is negative
(Whitham, Linear and Nonlinear Waves, 1974, § 2.1). From there on no smooth field solves the equation.
"""

from __future__ import annotations

from pinn.equations.compiler.compile import CompiledExpression
from pinn.problem.problem import Problem
from pinn.spec.language.branches import symbols_of


def without_viscosity(problem: Problem) -> list[str]:
    """Names of the equations of first order in which a field changes the factor of a slope in space."""
    if problem.time is None:
        return []
    return [s.name for s in problem.statements if s.is_equation and carries_itself(s.expression, problem.space)]


def carries_itself(expression: CompiledExpression, space: int) -> bool:
    """Whether it is of first order, has a derivative in time, and slopes in space times functions of the fields."""
    slopes = {key: key.partial.orders for key in expression.coefficients if not isinstance(key, str)}
    if expression.order != 1 or not any(orders[-1] for orders in slopes.values()):
        return False
    return any(
        any(orders[:space]) and symbols_of(expression.coefficients[key]) & expression.symbols.keys()
        for key, orders in slopes.items()
    )


def shock_advice(problem: Problem) -> str:
    """What is said of such a problem that was not solved; '' for others."""
    names = ", ".join(f"'{name}'" for name in without_viscosity(problem))
    return names and (
        f"{names} has no viscosity: where characteristics meet there is a shock, which no smooth field solves. End "
        "before it, or add a small viscosity (the second derivatives of the field times a small factor)"
    )
