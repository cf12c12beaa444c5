"""How far into time a solution can be trusted: where estimated errors grow, as in chaos or behind a shock, up to when.

The error at a time is that of the estimate (estimating.py): the difference from a corrected solution, which grows as
the linearised equations say that differences grow.
"""

from __future__ import annotations

import numpy as np

from pinn.solution.solution import Solution

KNOWN = 1e-3  # relative error of a field, up to which it is known: the digits of a textbook
POINTS, SEED = 4000, 616_162
MOMENTS = 100  # parts of the time, each with its own error


def known_until(solution: Solution, corrected: Solution) -> float | None:
    """The time up to which every field's root mean square error stays below KNOWN of the field's size; None if always.

    The size is the root mean square of the field over all times. A first part that is above it makes it the start.
    """
    problem = solution.problem
    assert problem.time is not None
    begin, end = problem.time
    points = problem.heldout_points(POINTS, SEED)
    part = np.clip(((points[:, -1] - begin) / (end - begin) * MOMENTS).astype(int), 0, MOMENTS - 1)
    count = np.bincount(part, minlength=MOMENTS)
    found, better = solution(points, problem.fields), corrected(points, problem.fields)
    first = MOMENTS
    for name in problem.fields:
        size = float(np.mean(found[name] ** 2))
        squares = np.bincount(part, weights=(better[name] - found[name]) ** 2, minlength=MOMENTS)
        missed = np.flatnonzero(~(squares <= KNOWN**2 * size * count))
        first = min([first, *missed[:1].tolist()])
    return None if first == MOMENTS else float(begin + (end - begin) * first / MOMENTS)
