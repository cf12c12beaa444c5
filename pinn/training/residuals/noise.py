"""Noise of measurements: how much noisy data weigh beside the equations, and which part of a misfit is noise.

Equations and conditions hold exactly, measurements up to noise. As their weight goes to zero, the least-squares
solution becomes the most likely one among those that satisfy the equations; among themselves data weigh sqrt(N)/noise,
so that the sum of ((q - measured)/noise)^2 is what is minimised. With more weight, the network bends towards the noise
at the equations' expense.
"""

from __future__ import annotations

import math

from pinn.equations.statements import Statement
from pinn.problem.problem import Problem

# Of the data with the smallest noise, equations being 1. What the equations are missed by for its sake is some
# NOISY_WEIGHT^2 of the noise, far below it and above rounding errors.
NOISY_WEIGHT = 1e-3
ASSUMED = 1e-2  # relative noise where it is to be estimated beside data of known noise
ALLOWANCE = 4.0  # standard deviations sqrt(2/N) of chi^2/N that chance explains


def relative_noise(problem: Problem, index: int) -> float | None:
    """Standard deviation of a data statement in the unit of its residual; None where it is not known."""
    noise = problem.statements[index].noise
    return float(noise) / problem.scaling.statements[index] if isinstance(noise, float) else None


def weight_of_noisy(problem: Problem, statement: Statement, largest: float = NOISY_WEIGHT) -> float:
    """Weight of a data statement that has noise; the data with the smallest noise have the largest."""
    precision = {
        index: math.sqrt(one.place.listed) / (relative_noise(problem, index) or ASSUMED)
        for index, one in enumerate(problem.statements)
        if one.noise is not None
    }
    return largest * precision[problem.statements.index(statement)] / max(precision.values())


def beyond_noise(problem: Problem, index: int, mean_square: float) -> float:
    """What of a statement's mean(r^2) its noise does not explain: of data of known noise, what chi^2/N is above 1."""
    statement = problem.statements[index]
    if statement.noise is None:
        return mean_square
    noise = relative_noise(problem, index)
    if noise is None:
        return 0.0
    return max(0.0, mean_square - noise**2 * (1 + ALLOWANCE * math.sqrt(2 / statement.place.listed)))
