"""What a run measures of its result beyond its errors."""

from __future__ import annotations

import pytest

import pinn
from tests.training.examples import problem

# Two conditions are needed at the outlet; what is free there has no large gain in a few hundred features.
OUTLET = """
name: outlet
coordinates: [x, y]
fields: [u, v, p]
domain: {rectangle: {from: [0, 0], to: [2, 1]}}
equations:
  along: -laplacian(u) + p_x = 0
  across: -laplacian(v) + p_y = 0
  mass: u_x + v_y = 0
conditions:
  - {on: left, u: y*(1 - y), v: 0}
  - {on: [bottom, top], u: 0, v: 0}
  - {on: right, p: 0}
"""
FEW = "{method: {least_squares: {features: 150, scale: 2}}, threads: 1, time_limit: 3600}"


@pytest.mark.slow
def test_a_patch_with_too_few_conditions_is_no_solution():
    metrics = pinn.solve(problem(OUTLET, solver=FEW)).metrics
    assert metrics["verdict"] == "not_solved"
    assert metrics["because"].startswith("NOT SOLVED: patch 'right' has 1 condition (p) where the equations need 2")
