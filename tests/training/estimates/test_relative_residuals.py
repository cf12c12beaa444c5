"""Relative residuals: free of units and of factors; one for a load that is ignored."""

from __future__ import annotations

import pytest
import torch

import pinn
from pinn.training.estimates.relative_residuals import relative_residuals
from pinn.training.residuals.points import draw_heldout
from tests.training.examples import problem

TEXT = """
name: bar
coordinates: [x]
constants: {scale: 1}
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {balance: scale*exp(FACTOR*x)*(u_xx + sin(3*x)) = 0}
conditions: [{on: left, u: 0}, {on: right, "scale*u_x": 0}]
"""


def residuals_of(text: str, features: int = 20) -> list[float]:
    solver = f"{{method: {{least_squares: {{features: {features}, scale: 2}}}}, threads: 1, time_limit: 3600}}"
    solution = pinn.solve(problem(text.replace('"scale*u_x"', "u_x"), solver=solver))
    return relative_residuals(solution.model, draw_heldout(solution.problem, torch.device("cpu"), torch.float64))


@pytest.mark.slow
def test_a_positive_factor_changes_nothing():
    found = problem(TEXT.replace("FACTOR", "0").replace('"scale*u_x"', "u_x"))
    model = pinn.solve(found).model
    plain = relative_residuals(model, draw_heldout(found, torch.device("cpu"), torch.float64))
    other = problem(TEXT.replace("FACTOR", "20").replace("scale: 1", "scale: 1e9").replace('"scale*u_x"', "u_x"))
    groups = draw_heldout(other, torch.device("cpu"), torch.float64)
    assert relative_residuals(model, groups) == pytest.approx(plain, rel=1e-6)


@pytest.mark.slow
def test_a_field_that_ignores_its_load_misses_the_statement_of_the_load():
    found = problem(TEXT.replace("FACTOR", "0").replace('"scale*u_x"', "u_x"))
    model = pinn.solve(found).model
    with torch.no_grad():
        model.network.linears[-1].weight.mul_(1e-9)
        model.network.linears[-1].bias.mul_(1e-9)
    worst = relative_residuals(model, draw_heldout(found, torch.device("cpu"), torch.float64))
    assert worst[0] == pytest.approx(1.0, abs=1e-6)


def test_second_derivatives_of_a_linear_field_are_no_unit():
    text = TEXT.replace("(u_xx + sin(3*x))", "u_xx").replace("FACTOR", "0").replace('"scale*u_x": 0', "u: 1")
    assert max(residuals_of(text, 60)) < 1e-6
