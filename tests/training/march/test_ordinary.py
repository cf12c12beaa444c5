"""Ordinary equations: the march against scipy's solvers, stiff and long ones too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import pinn
from pinn.problem.loading import build
from pinn.spec.yaml.source import parse_spec
from tests.training.march.examples import LOTKA_VOLTERRA, ordinary


@dataclass(frozen=True)
class Case:
    """A problem as a text, and the same for scipy."""

    text: str
    slopes: Callable
    start: Sequence[float]
    end: float
    stiff: bool = False


CASES = {
    "Lotka-Volterra": Case(
        LOTKA_VOLTERRA,
        lambda t, y: [2 * y[0] - 0.04 * y[0] * y[1], 0.02 * y[0] * y[1] - 1.06 * y[1]],
        [100, 15],
        10,
    ),
    "SIR": Case(
        ordinary(
            60,
            "[s, i, r]",
            ["s_t = -s*i/2000", "i_t = s*i/2000 - i/10", "r_t = i/10"],
            "s: 999, i: 1, r: 0",
        ),
        lambda t, y: [-y[0] * y[1] / 2000, y[0] * y[1] / 2000 - y[1] / 10, y[1] / 10],
        [999, 1, 0],
        60,
    ),
    "Lorenz": Case(
        ordinary(5, "[a, b, c]", ["a_t = 10*(b - a)", "b_t = a*(28 - c) - b", "c_t = a*b - 8/3*c"], "a: 1, b: 1, c: 1"),
        lambda t, y: [10 * (y[1] - y[0]), y[0] * (28 - y[2]) - y[1], y[0] * y[1] - 8 / 3 * y[2]],
        [1, 1, 1],
        5,
    ),
    "van der Pol": Case(
        ordinary(20, "[u]", ["u_tt - 10*(1 - u**2)*u_t + u = 0"], "u: 2, u_t: 0"),
        lambda t, y: [y[1], 10 * (1 - y[0] ** 2) * y[1] - y[0]],
        [2, 0],
        20,
        stiff=True,
    ),
    "Robertson": Case(
        ordinary(
            1e5,
            "[a, b, c]",
            ["a_t = -0.04*a + 1e4*b*c", "b_t = 0.04*a - 1e4*b*c - 3e7*b**2", "c_t = 3e7*b**2"],
            "a: 1, b: 0, c: 0",
        ),
        lambda t, y: [
            -0.04 * y[0] + 1e4 * y[1] * y[2],
            0.04 * y[0] - 1e4 * y[1] * y[2] - 3e7 * y[1] ** 2,
            3e7 * y[1] ** 2,
        ],
        [1, 0, 0],
        1e5,
        stiff=True,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_the_march_agrees_with_scipy(name):
    case = CASES[name]
    problem = build(parse_spec(case.text))
    solution = pinn.solve(problem)
    times = np.linspace(0, case.end, 501)
    found = solution(times[:, None], problem.fields)
    method = "Radau" if case.stiff else "DOP853"
    true = solve_ivp(case.slopes, (0, case.end), case.start, method, times, rtol=1e-11, atol=1e-14)
    for number, field in enumerate(problem.fields):
        error = np.abs(found[field] - true.y[number]).max() / np.abs(true.y[number]).max()
        assert error < 1e-6, field
    assert solution.metrics["verdict"] == "solved"


@pytest.mark.slow
def test_a_pendulum_returns_after_many_periods():
    """w'' = -w: the energy stays, and the phase."""
    solution = pinn.solve(build(parse_spec(ordinary(100, "[w]", ["w_tt = -w"], "w: 1, w_t: 0"))))
    times = np.linspace(0, 100, 301)
    np.testing.assert_allclose(solution(times[:, None], ["w"])["w"], np.cos(times), atol=1e-8)


def test_a_constraint_without_derivatives_in_time_is_met():
    """An algebraic field beside a differential one."""
    text = ordinary(1, "[u, v]", ["u_t = -v", "v = u**2"], "u: 1")
    solution = pinn.solve(build(parse_spec(text)))
    times = np.linspace(0, 1, 11)
    found = solution(times[:, None], ["u", "v"])
    np.testing.assert_allclose(found["u"], 1 / (1 + times), atol=1e-8)
    np.testing.assert_allclose(found["v"], 1 / (1 + times) ** 2, atol=1e-7)
