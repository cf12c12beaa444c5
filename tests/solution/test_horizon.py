"""The time up to which a solution is known: where its difference from a better one first exceeds three digits."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from pinn.problem.problem import Problem
from pinn.solution.estimating import ends_early
from pinn.solution.horizon import known_until


def problem(begin: float = 0.0) -> Problem:
    def points(count, seed):
        return np.column_stack([np.linspace(0, 1, count), begin + 10 * np.random.default_rng(seed).random(count)])

    return SimpleNamespace(time=(begin, begin + 10), fields=("u", "v"), heldout_points=points)  # type: ignore[return-value]


class Fields:
    """u = 5 and v = 2, but for what grows as exp(t - after) times 1e-3 of u."""

    def __init__(self, of: Problem, after: float | None):
        self.problem, self.after = of, after

    def __call__(self, points, names):
        t = points[:, -1]
        error = 0 if self.after is None else 1e-3 * np.exp(t - self.after)
        return {"u": np.full(len(t), 5.0) * (1 + error), "v": np.full(len(t), 2.0)}


@pytest.mark.parametrize("begin", [0.0, -3.0])
def test_it_ends_where_a_field_is_missed_by_three_digits(begin):
    found = problem(begin)
    until = known_until(Fields(found, None), Fields(found, begin + 6.2))  # type: ignore[arg-type]
    assert until == pytest.approx(begin + 6.1, abs=0.11)
    assert f"up to t = {until:.4g}" in ends_early(found, until)


def test_what_is_known_always_has_no_end():
    found = problem()
    assert known_until(Fields(found, None), Fields(found, 11.0)) is None  # type: ignore[arg-type]
    assert ends_early(found, None) == ""


def test_what_is_never_known_ends_at_the_start():
    found = problem()
    assert known_until(Fields(found, None), Fields(found, -1.0)) == 0.0  # type: ignore[arg-type]
    assert ends_early(found, 0.0) == ""
