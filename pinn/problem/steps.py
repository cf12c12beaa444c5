"""Steps: coefficients that change within so small a part of the domain that no points see how.

A jump that is written with `where` is found in the text, and the domain is cut there. Written as tanh((x - a)/1e-9),
sqrt((x - a)^2)/(x - a) or atan2(y, x) it is not, and then d(k u_x, x) is k u_xx on either side of it: a field with a
continuous slope, and a flux that jumps, satisfies that at all points. So the coefficients of the highest derivatives of
each equation are looked at along straight lines; where one changes a lot between two neighbours, the half of the way
that has more of the change is followed. What then still changes by most of it is a step. Only of equations that ask for
lower derivatives with varying coefficients too, as those that differentiate a product do: in k(x) u_xx = f alone a jump
of k means what it says, and so does `where` that is left in the text, since it is not differentiated.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch

from pinn.domain.places import Interior
from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import Derivative
from pinn.equations.statements import Statement
from pinn.problem.scan import varies, within
from pinn.spec.language.branches import Less, LessEqual, Select

if TYPE_CHECKING:
    from pinn.problem.problem import Problem

LINES, ALONG = 64, 512  # along each axis of space; on a line alone there is one
STEEP = 0.2  # of the range of a coefficient, between two neighbours
MOST_FOLLOWED = 8  # of these, the steepest
RESOLVED = 2e-5  # of the extent of the domain: the scan gathers points where data vary over more (scan.py)
STAYS, POLE = 0.5, 1.5  # change over that length, relative to that between the neighbours: of a step; of what grows
SEED = 31_415


def steps(problem: Problem) -> tuple[str, ...]:
    """A sentence for each equation with a step, none where there are none."""
    found = []
    for statement in problem.statements:
        at = step_of(problem, statement) if may_step(problem, statement) else None
        if at is not None:
            place = ", ".join(f"{axis} = {value:.4g}" for axis, value in zip(problem.axes, at, strict=True))
            found.append(
                f"a coefficient of '{statement.name}' changes near {place} within so little that no points see how: "
                "write where(…) if it jumps, so that the flux is continuous there, or widen the change"
            )
    return tuple(dict.fromkeys(found))


def may_step(problem: Problem, statement: Statement) -> bool:
    if not statement.is_equation or not isinstance(statement.place, Interior) or not problem.space:
        return False
    return varies(problem, statement) and not statement.expression.expression.has(Less, LessEqual, Select)


def step_of(problem: Problem, statement: Statement) -> np.ndarray | None:
    """A point [D] at a step, None where there is none."""
    for before, after in neighbours(problem, statement):
        ends = coefficients(problem, statement, before), coefficients(problem, statement, after)
        for key in principal(ends[0]):
            first, last = ends[0][key].numpy(), ends[1][key].numpy()
            change, every = np.abs(last - first), np.concatenate([first, last])
            span = float(every.max() - every.min())
            steep = np.argsort(-change)[:MOST_FOLLOWED]
            steep = steep[change[steep] > STEEP * span]
            if span > 0 and len(steep):
                at, share = followed(problem, statement, key, before[steep], after[steep], change[steep])
                here = np.flatnonzero((share > STAYS) & (share < POLE))
                if len(here):
                    return at[here[0]]
    return None


def neighbours(problem: Problem, statement: Statement) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Along each axis of space pairs of points [N, D], both where the statement holds."""
    lower, upper = problem.domain.bounds
    generator = np.random.default_rng(SEED)
    for axis in range(problem.space):
        lines = LINES if len(lower) > 1 else 1
        points = lower + (upper - lower) * np.repeat(generator.random((lines, 1, len(lower))), ALONG, axis=1)
        points[:, :, axis] = lower[axis] + (upper - lower)[axis] * (np.arange(ALONG) + 0.5) / ALONG
        inside = within(problem, statement.place, points.reshape(-1, len(lower))).reshape(lines, ALONG)
        both = inside[:, 1:] & inside[:, :-1]
        if both.any():
            yield points[:, :-1][both], points[:, 1:][both]


def coefficients(problem: Problem, statement: Statement, points: np.ndarray) -> dict[Derivative, torch.Tensor]:
    """Derivative -> its coefficient at zero fields [N], of those that vary; what is not finite is zero."""
    guesses = {name: torch.tensor(value, dtype=torch.float64) for name, value in problem.guesses.items()}
    at = PointSet(torch.as_tensor(points))
    zero = {d: at.points.new_zeros(len(at)) for d in statement.expression.derivatives}
    slopes = statement.expression.linearise(at.inputs(problem.axes, guesses), zero)
    return {
        key: torch.nan_to_num(torch.as_tensor(slope, dtype=torch.float64), nan=0.0, posinf=0.0, neginf=0.0)
        for key, slope in slopes.items()
        if isinstance(key, Derivative) and isinstance(slope, torch.Tensor) and slope.ndim and len(slope) == len(points)
    }


def principal(found: dict[Derivative, torch.Tensor]) -> list[Derivative]:
    """The highest derivatives of each field, where lower ones of it have varying coefficients too."""
    orders: dict[str, set[int]] = {}
    for key in found:
        orders.setdefault(key.field, set()).add(key.partial.order)
    return [key for key in found if len(orders[key.field]) > 1 and key.partial.order == max(orders[key.field])]


def followed(
    problem: Problem,
    statement: Statement,
    key: Derivative,
    first: np.ndarray,
    last: np.ndarray,
    change: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Where the halves with more of the change lead, from pairs [K, D], and the share of it [K] that they keep."""

    def value(points: np.ndarray) -> np.ndarray:
        return coefficients(problem, statement, points)[key].numpy()

    at_first, at_last = value(first), value(last)
    for _ in range(math.ceil(math.log2(1 / (ALONG * RESOLVED)))):
        middle = (first + last) / 2
        there = value(middle)
        left = np.abs(there - at_first) > np.abs(at_last - there)
        first, at_first = np.where(left[:, None], first, middle), np.where(left, at_first, there)
        last, at_last = np.where(left[:, None], middle, last), np.where(left, there, at_last)
    return (first + last) / 2, np.abs(at_last - at_first) / change
