"""Moments: instants at which known data jump or bend, where(t < 0.3, 1, 0) at 0.3, found before a march begins.

Between two of them the solution is smooth in time, so that slabs end there. They are where a comparison of t alone
changes: on a grid, and where its two sides come near each other between two of the grid's instants.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import sympy
import torch

from pinn.equations.compiler.program import Program
from pinn.problem.problem import Problem
from pinn.spec.language.branches import comparisons_of, symbols_of
from pinn.spec.language.expressions import symbol

GRID = 2**16
BISECTIONS = 64
MOST_SEARCHED = 64  # places where the sides come near each other
BEFORE = 1e-13  # of the time: a slab's last node, in rounded numbers, lies before the instant
APART = 1e-9  # of the time: instants nearer to each other, or to the ends, are one

Values = Callable[[np.ndarray], np.ndarray]


def moments(problem: Problem) -> tuple[float, ...]:
    """In rising order, inside the problem's time."""
    assert problem.time is not None
    first, last = problem.time
    time = symbol(problem.axes[-1])
    every = set[sympy.Expr]().union(*(comparisons_of(s.expression.expression) for s in problem.statements))
    found: list[float] = []
    for comparison in sorted((one for one in every if symbols_of(one) == {time}), key=str):
        left, right = cast(tuple[sympy.Expr, sympy.Expr], comparison.args)
        holds, gap = values_of(comparison, time), values_of(left - right, time)
        instants = np.linspace(first, last, GRID + 1)
        instants = np.unique(np.concatenate([instants, nearest(gap, instants)]))
        there = holds(instants) > 0.5
        found += [changes(holds, *instants[i : i + 2]) for i in np.flatnonzero(there[:-1] != there[1:])]
    span = last - first
    inside = [at - BEFORE * span for at in sorted(found) if first + APART * span < at < last - APART * span]
    return tuple(at for number, at in enumerate(inside) if not number or at - inside[number - 1] > APART * span)


def values_of(expression: sympy.Expr, time: sympy.Symbol) -> Values:
    program = Program((expression,))

    def values(instants: np.ndarray) -> np.ndarray:
        (found,) = program({time: torch.as_tensor(instants, dtype=torch.float64)})
        return torch.as_tensor(found, dtype=torch.float64).expand(len(instants)).numpy()

    return values


def nearest(gap: Values, instants: np.ndarray) -> np.ndarray:
    """Where two sides come nearest to each other between three instants of the grid, the nearest first."""
    from scipy.optimize import minimize_scalar  # slow to import

    sizes = np.abs(gap(instants))
    low = 1 + np.flatnonzero((sizes[1:-1] <= sizes[:-2]) & (sizes[1:-1] <= sizes[2:]))
    chosen = low[np.argsort(sizes[low])][:MOST_SEARCHED]

    def least(place: int) -> float:
        sign = float(np.sign(gap(instants[place : place + 1])[0]))
        bounds = (instants[place - 1], instants[place + 1])
        found: Any = minimize_scalar(lambda t: sign * gap(np.array([t]))[0], bounds=bounds, method="bounded")
        return float(found.x)

    return np.array([least(int(place)) for place in chosen])


def changes(holds: Values, low: float, high: float) -> float:
    """The instant between two, of which a comparison holds at one."""
    before = holds(np.array([low]))[0]
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(np.array([middle]))[0] == before else (low, middle)
    return low
