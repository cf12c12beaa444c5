"""Equations that end in a shock are told from those that do not."""

from __future__ import annotations

import pytest

import pinn
from pinn.problem.shocks import shock_advice, without_viscosity

PROBLEM = """
name: line
coordinates: [x]
time: {{from: 0, to: 1}}
fields: [u]
domain: {{interval: {{from: -1, to: 1}}}}
equations: {{law: "{law}"}}
conditions: [{{on: initial, u: -sin(pi*x)}}, {{periodic: [left, right]}}]
"""


@pytest.mark.parametrize(
    "law", ["u_t + u*u_x = 0", "u_t + d(u**2/2, x) = 0", "u_t + (1 - 2*u)*u_x = x", "2*u_t + exp(u)*u_x = u"]
)
def test_fields_that_carry_themselves_end_in_shocks(law):
    problem = pinn.load(PROBLEM.format(law=law))
    assert without_viscosity(problem) == ["law"]
    assert "'law' has no viscosity" in shock_advice(problem)


@pytest.mark.parametrize(
    "law", ["u_t + u*u_x = 0.01*u_xx", "u_t + (1 + x)*u_x = u**2", "u_t + u*u_x + u_xxx = 0", "u_t = u**2"]
)
def test_others_do_not(law):
    problem = pinn.load(PROBLEM.format(law=law))
    assert without_viscosity(problem) == []
    assert shock_advice(problem) == ""
