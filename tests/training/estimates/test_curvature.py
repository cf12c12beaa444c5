"""Whether a declared energy falls from a solution of its equations."""

from __future__ import annotations

import pytest
import torch

import pinn
from pinn.training.estimates.curvature import falls
from pinn.training.residuals.model import Model, new_network
from tests.training.examples import problem

# Two wells at -1 and 1: the hill between them is a stationary point, and with stiff walls the only one.
WELLS = """
name: wells
coordinates: [x]
constants: {stiffness: 0.01}
fields: [u]
domain: {interval: {from: -1, to: 1}}
energy: {density: "stiffness*u_x**2/2 + (1 - u**2)**2/4"}
conditions: [{on: boundary, u: 0}]
"""
ACTION = """
name: action
coordinates: [x, y]
fields: [u]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
energy: {density: "u_x**2/2 - u_y**2/2 + u**4/4"}
conditions: [{on: boundary, u: 0}]
"""
FEW = "{method: {least_squares: {features: 60, scale: 2}}, threads: 1, time_limit: 3600}"


@pytest.fixture(scope="module")
def hill() -> pinn.Solution:
    return pinn.solve(problem(WELLS, solver=FEW))


@pytest.mark.slow
def test_the_hill_between_two_wells_is_no_solution(hill):
    assert falls(hill.problem, hill.model)
    assert hill.metrics["verdict"] == "not_solved"
    assert "saddle" in hill.metrics["because"]


@pytest.mark.slow
def test_the_minimum_of_a_stiff_film_is_one():
    """0.01 pi^2/4 < 1 < 10 pi^2/4: zero is the minimum."""
    found = pinn.solve(problem(WELLS.replace("0.01", "10"), solver=FEW))
    assert not falls(found.problem, found.model)


def test_a_well_that_nothing_fixes_is_a_minimum():
    """No condition holds the constant -1, and at zero fields the energy has no curvature in its favour."""
    free = problem(WELLS.replace("{on: boundary, u: 0}", "{on: boundary, free: true}"), solver=FEW)
    model = Model(free, new_network(free, [4], torch.Generator().manual_seed(0), torch.device("cpu"), torch.float64))
    with torch.no_grad():
        model.mlp.linears[-1].weight.zero_()
        for value, expected in ((-1.0, False), (0.0, True)):
            model.mlp.linears[-1].bias.fill_(value / float(model.network.field_scale))
            assert falls(free, model) == expected


@pytest.mark.slow
def test_a_functional_without_a_minimum_asks_for_a_stationary_point(hill):
    action = problem(ACTION, solver=FEW)
    assert not falls(action, pinn.solve(action).model)


def test_a_quadratic_energy_is_not_looked_at(hill):
    linear = problem(WELLS.replace("(1 - u**2)**2/4", "-u**2/2"), solver=FEW)
    assert not falls(linear, hill.model)
