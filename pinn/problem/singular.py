"""Singular corners of a problem, as functions beside a network that is smooth.

They are used where what a corner asks for is known before the problem is solved: in the plane, for one problem at one
time, where fields do not change the terms of highest order and what is unknown is data of conditions alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from pinn.corners.basis import CornerBasis
from pinn.corners.find import Corner
from pinn.corners.functions import CornerFunction
from pinn.equations.compiler.compile import CompiledExpression
from pinn.problem.holes import find_holes
from pinn.problem.problem import Problem
from pinn.spec.language.branches import symbols_of

ROUNDING = 1e-9  # of an exponent
ALONG = 400  # points of a ray on which a domain is looked for
FADES = (0.4, 0.95)  # of the distance to where a ray from the vertex, on which functions jump, meets the domain


@lru_cache(maxsize=32)
def is_singular(problem: Problem) -> bool:
    """Whether functions of corners belong to the solution, and can be used."""
    return any(
        usable(one) and any(singular(corner, order_of(one)) for corner in one.corners)
        for one in (problem.cases.values() or [problem])
    )


@lru_cache(maxsize=32)
def has_functions(problem: Problem) -> bool:
    """Whether there are functions of corners or of holes to be added to what is smooth."""
    return is_singular(problem) or (usable(problem) and bool(find_holes(problem)))


def usable(problem: Problem) -> bool:
    """Whether functions of corners can be used at all."""
    fixed = not (problem.time or problem.parameters or problem.periods) and unknowns_are_data(problem)
    wanted = problem.spec.network.corners == "auto" and problem.of_fields is problem.statements
    if problem.space != 2 or not fixed or not wanted:
        return False
    order = order_of(problem)
    return all(
        linear_in_highest(statement.expression, order if statement.is_equation else statement.expression.order)
        for statement in problem.statements
    )


def unknowns_are_data(problem: Problem) -> bool:
    """Whether what is unknown is only given to linear conditions, as the motion of a rigid patch is.

    Then it changes neither the exponents of a corner nor its functions.
    """
    return all(
        not s.expression.unknowns_used or (s.expression.is_linear and not s.is_equation) for s in problem.statements
    )


def order_of(problem: Problem) -> int:
    """The highest order of an equation."""
    return max((s.expression.order for s in problem.statements if s.is_equation), default=0)


def linear_in_highest(expression: CompiledExpression, order: int) -> bool:
    """Whether no field changes the coefficients of the derivatives of this order."""
    return not any(
        symbols_of(coefficient) & expression.symbols.keys()
        for key, coefficient in expression.coefficients.items()
        if not isinstance(key, str) and key.partial.order == order
    )


def singular(corner: Corner, order: int) -> bool:
    """Whether derivatives of this order are unbounded there."""
    found = corner.functions(order + 1.0)
    return found is not None and any(unbounded(function, order) for function in found.functions)


def unbounded(function: CornerFunction, order: int) -> bool:
    """Whether derivatives of this order of r^a (log r)^l are."""
    growth = function.exponent.real - order
    return growth < -ROUNDING or (growth < ROUNDING and function.logarithms > 0)


def corner_bases(
    problem: Problem, below: float, most: float = math.inf, corners: Sequence[Corner] | None = None
) -> list[CornerBasis]:
    """The functions with Re a < below of every vertex, or as many of them as `most` allows.

    corners   the vertices where they are others than those of the problem itself
    """
    while True:
        found = [(corner, corner.functions(below)) for corner in (problem.corners if corners is None else corners)]
        kept = [(corner, functions) for corner, functions in found if functions is not None and functions.functions]
        count = sum(len(functions.functions) for _, functions in kept)
        if count <= most or below <= order_of(problem):
            break
        below -= 1.0
    size = problem.geometry.size / 2
    return [
        CornerBasis(corner.point, functions, problem.outputs, size, window_of(problem, corner))
        for corner, functions in kept
    ]


def bases_of_loads(problem: Problem, below: float) -> list[CornerBasis]:
    """What the loads of the other cases ask for at the corners: the particular solutions of each."""
    found = []
    for case in [*problem.cases.values()][1:]:
        for corner in case.corners:
            functions = corner.functions(below)
            own = tuple(one for one in functions.functions if one.particular) if functions is not None else ()
            if functions is not None and own:
                asked = replace(functions, functions=own)
                size = problem.geometry.size / 2
                found.append(CornerBasis(corner.point, asked, problem.outputs, size, window_of(problem, corner)))
    return found


def window_of(problem: Problem, corner: Corner) -> tuple[float, float] | None:
    """Radii between which the corner's functions fade out, so that none jumps in its subdomain; None where none would.

    Functions of a subdomain jump half-way between its sectors, on a ray from the vertex that begins outside of it.
    """
    nearest = math.inf
    for subdomain in problem.subdomains:
        sectors = [(s.start, s.end) for s in corner.vertex.sectors if s.subdomain == subdomain.name]
        for angle in between(sectors):
            radii = problem.geometry.size * np.arange(1, ALONG + 1) / ALONG
            ray = corner.point + radii[:, None] * np.array([math.cos(angle), math.sin(angle)])
            inside = np.flatnonzero(subdomain.shape.contains(ray, 0.0))
            nearest = min([nearest, *radii[inside[:1]]])
    return None if math.isinf(nearest) else (FADES[0] * nearest, FADES[1] * nearest)


def between(sectors: Sequence[tuple[float, float]]) -> Iterable[float]:
    """Angles half-way from the end of each sector to the start of the next one, all the way round."""
    ordered = sorted(((start % (2 * math.pi), end - start) for start, end in sectors))
    for (start, turn), (following, _) in zip(ordered, [*ordered[1:], *ordered[:1]], strict=True):
        gap = (following - start - turn) % (2 * math.pi)
        if gap > ROUNDING:
            yield start + turn + gap / 2
