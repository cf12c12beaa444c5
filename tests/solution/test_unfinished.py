"""A march that runs out of time keeps what it has, and says where that ends."""

from __future__ import annotations

import numpy as np
import pytest

import pinn
from pinn.problem.loading import build
from pinn.spec.yaml.source import parse_spec
from tests.training.march.examples import LOTKA_VOLTERRA, ordinary


@pytest.mark.slow
def test_the_part_that_is_solved_is_kept(clock):
    """The clock of a training counts its readings: the limit falls into the first march."""
    text = LOTKA_VOLTERRA.replace("to: 10", "to: 1000") + "solver: {time_limit: 0.2}\n"
    solution = pinn.solve(build(parse_spec(text)))
    reached = solution.metrics["reached"]
    assert 0 < reached < 1000
    assert solution.problem.time == (0, reached)
    assert solution.metrics["stop_reason"] == "time_limit"
    assert solution.metrics["verdict"] == "not_solved"
    assert f"the march came to t = {reached:.6g} of 1000" in solution.metrics["because"]


@pytest.mark.slow
def test_a_solution_that_leaves_all_bounds_is_kept_up_to_there():
    """u' = u^2 from 1 is 1/(1 - t), which has no value at t = 1."""
    solution = pinn.solve(build(parse_spec(ordinary(2, "[u]", ["u_t = u**2"], "u: 1"))))
    reached = solution.metrics["reached"]
    assert 0.9 < reached < 1.001
    times = np.linspace(0, 0.9, 7)
    np.testing.assert_allclose(solution(times[:, None], ["u"])["u"], 1 / (1 - times), rtol=1e-6)
    assert solution.metrics["verdict"] == "not_solved"


def test_a_whole_march_has_no_such_remark():
    solution = pinn.solve(build(parse_spec(ordinary(1, "[u]", ["u_t = -u"], "u: 1"))))
    assert "reached" not in solution.metrics
    with pytest.raises(KeyError):
        solution.metrics["message"]
