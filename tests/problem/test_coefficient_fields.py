"""Fields that are unknown coefficients are told from those that are not; few smooth features come first for them."""

from __future__ import annotations

import numpy as np
import pytest

import pinn
from pinn.problem.coefficient_fields import coefficient_fields

NOISE = 0.01
ROD = """
name: rod
coordinates: [x]
fields: [u, a]
domain: {interval: {from: 0, to: 1}}
equations: {flow: "d((1 + x/2)*2*cos(2*x), x) = LEFT"}
conditions: [{on: boundary, u: sin(2*x)}, {on: left, a: 1}]
data: [{file: measured.csv, quantities: {QUANTITIES}, noise: 0.01}]
exact: {u: sin(2*x), a: 1 + x/2}
solver: {tolerance: 1e-12, time_limit: 5}
"""


@pytest.fixture
def rod(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    generator = np.random.default_rng(0)
    x = np.linspace(0.01, 0.99, 200)
    u = np.sin(2 * x) + NOISE * generator.standard_normal(200)
    a = 1 + x / 2 + NOISE * generator.standard_normal(200)
    np.savetxt("measured.csv", np.column_stack([x, u, a]), delimiter=",", header="x,u,a", comments="")

    def make(left: str = "d(a*u_x, x)", quantities: str = "u: u") -> pinn.Problem:
        (tmp_path / "rod.yaml").write_text(ROD.replace("LEFT", left).replace("QUANTITIES", quantities))
        return pinn.load(tmp_path / "rod.yaml")

    return make


@pytest.mark.parametrize(
    ("left", "quantities", "found"),
    [
        ("d(a*u_x, x)", "u: u", ("a",)),
        ("d(a*u_x, x)", "a: a", ("u",)),
        ("d(a*u_x, x)", "u: u, a: a", ()),
        ("u_xx + a", "u: u", ()),
        ("u_xx + a*a_x", "u: u", ()),
        ("exp(a)*u_xx", "u: u", ("a",)),
    ],
)
def test_coefficients_multiply_what_is_measured(rod, left, quantities, found):
    assert coefficient_fields(rod(left, quantities)) == found


@pytest.mark.slow
def test_few_features_are_enough_where_noise_is_all_that_is_missed(rod):
    solution = pinn.solve(rod(), seed=0, device="cpu")
    assert {(row["stage"], row["features"]) for row in solution.history} == {("least_squares", 100)}
    assert solution.metrics["relative_l2"]["u"] < NOISE
    assert solution.metrics["relative_l2"]["a"] < 0.1
