"""Loads that nothing holds, before a problem is solved.

Where the flux of a conservation law is stated on the whole boundary, its loads have to be in balance by themselves:

    integral of the stated F.n over the boundary + integral of the sources = 0,

else no field satisfies the statements, as no body rests under a force that it is not held against. Points hold no
force: where a displacement is given at a point, the force there that it would take has a displacement without bound.
A law is such a one where its sum is the same for two fields that have nothing in common.
"""

from __future__ import annotations

from functools import lru_cache

import torch

from pinn.domain.places import Boundary, Points
from pinn.problem.problem import Problem
from pinn.solution.balance import Balance, balances
from pinn.solution.solution import Solution
from pinn.training.residuals.model import Model, new_network

HIDDEN = [4]
SEEDS = (1, 2)
SAME = 1e-6  # of a law's size: what the sums of two fields may differ by
MISSING = 1e-4  # of a law's size, which no quadrature of these loads is off by


@lru_cache(maxsize=8)
def unheld_loads(problem: Problem) -> tuple[str, ...]:
    """A sentence for each law whose loads are out of balance, and that nothing can react to; none in time."""
    sought = problem.parameters or problem.unknowns or problem.eigen is not None
    if problem.time or sought or not problem.is_linear or all(holds(problem, output) for output in problem.outputs):
        return ()
    first, second = (balances(with_some_fields(problem, seed)) for seed in SEEDS)
    return tuple(
        sentence(problem, name, one)
        for name, one in first.items()
        if not any(one.reactions.values())
        and one.missing > MISSING
        and abs(one.difference - second[name].difference) <= SAME * one.size
    )


def holds(problem: Problem, output: str) -> bool:
    """Whether a condition on a patch has a field itself: by its value, or as an elastic support does."""
    return any(
        isinstance(statement.place, Boundary)
        and any(d.field == output and d.partial.order == 0 for d in statement.expression.derivatives)
        for statement in problem.statements
    )


def with_some_fields(problem: Problem, seed: int) -> Solution:
    generator = torch.Generator().manual_seed(seed)
    network = new_network(problem, HIDDEN, generator, torch.device("cpu"), torch.float64)
    return Solution(problem, Model(problem, network), {}, [], {})


def sentence(problem: Problem, name: str, one: Balance) -> str:
    unit = problem.unit_labels.balance(name)
    amount = f"{one.difference:.4g}{' ' + unit if unit else ''}"
    at_points = any(isinstance(statement.place, Points) for statement in problem.statements)
    why = ", since what is given at a point holds no force" if at_points else ""
    point = ", or state the reactions under 'point_loads'" if name.startswith("moment_") or at_points else ""
    return (
        f"nothing holds the loads: those of {name} add up to {amount}, and no patch reacts{why}; correct them, give "
        f"a patch its values{point}"
    )
