"""Instants at which known data jump, and slabs that end there."""

from __future__ import annotations

import math

import numpy as np
import pytest

import pinn
from pinn.problem.loading import build
from pinn.spec.yaml.source import parse_spec
from pinn.training.march.moments import BEFORE, moments
from tests.training.march.examples import ordinary

TANK = ordinary(4, "[u]", ["u_t = -u + 5*(heaviside(t - 1) - heaviside(t - 2))"], "u: 0")
# d(u exp(pi^2 k t))/dt = 0 with k = 1 and then 3.
ROD = """
name: rod
coordinates: [x]
time: {from: 0, to: 0.2}
fields: [u]
definitions: {k: "where(t < 0.07, 1, 3)"}
domain: {interval: {from: 0, to: 1}}
equations: {heat: "u_t = d(k*u_x, x)"}
conditions: [{on: initial, u: sin(pi*x)}, {on: boundary, u: 0}]
"""


def moments_of(text: str) -> tuple[float, ...]:
    return moments(build(parse_spec(text)))


def test_where_comparisons_of_time_change():
    assert moments_of(TANK) == pytest.approx((1 - 4 * BEFORE, 2 - 4 * BEFORE), abs=1e-15)
    assert moments_of(ROD) == pytest.approx((0.07,), abs=1e-12)


def test_nodes_before_a_moment_are_on_its_earlier_side():
    for at in moments_of(ordinary(5, "[u]", ["u_t = where(t < 0.3, 1, 0) + where(t <= 4.1, 1, 0)"], "u: 0")):
        assert at < (0.3 if at < 1 else 4.1)


def test_a_pulse_shorter_than_the_grid_is_found():
    found = moments_of(ordinary(20, "[u]", ["u_t = where(abs(t - 5.003) < 1e-5, 1e5, 0)"], "u: 0"))
    assert found == pytest.approx((5.003 - 1e-5, 5.003, 5.003 + 1e-5), abs=1e-10)  # abs has a kink


def test_what_hangs_on_a_field_or_never_changes_is_no_moment():
    assert moments_of(ordinary(1, "[u]", ["u_t = where(u < t, 1, 0) + where(t < 7, 1, 0)"], "u: 0")) == ()


@pytest.mark.slow
def test_a_load_that_is_switched_on_and_off():
    """u' = -u + 5 from 1 to 2: 5(1 - exp(1 - t)), then it falls."""
    solution = pinn.solve(build(parse_spec(TANK)))
    times = np.linspace(0, 4, 81)
    on, off = (np.where(times > at, 1 - np.exp(at - times), 0) for at in (1, 2))
    np.testing.assert_allclose(solution(times[:, None], ["u"])["u"], 5 * (on - off), atol=1e-10)
    assert solution.metrics["verdict"] == "solved"


@pytest.mark.slow
def test_a_material_that_changes_at_a_moment():
    changes = {"solver": "{method: {march: {features: 60}}, time_limit: 3600, threads: 1}"}
    text = ROD + "".join(f"{key}: {value}\n" for key, value in changes.items())
    solution = pinn.solve(build(parse_spec(text)))
    t = np.array([0.03, 0.07, 0.1, 0.2])
    found = solution(np.column_stack([np.full(4, 0.5), t]), ["u"])["u"]
    grown = t + 2 * np.maximum(t - 0.07, 0)
    np.testing.assert_allclose(found, np.exp(-(math.pi**2) * grown), rtol=1e-7)
