"""Steps of coefficients that no points see, written without a word that says so."""

from __future__ import annotations

import pytest

import pinn
from pinn.problem.steps import steps
from pinn.problem.warnings import warnings
from tests.training.examples import problem

ROD = """
name: rod
coordinates: [x]
fields: [u]
domain: {interval: {from: 0, to: 1}}
definitions: {k: "COEFFICIENT"}
equations: {heat: "EQUATION"}
conditions: [{on: left, u: 0}, {on: right, u: 1}]
"""
RING = """
name: ring
coordinates: [x, y]
fields: [u]
domain: {annulus: {center: [0, 0], inner_radius: 0.5, outer_radius: 1}}
definitions: {k: "COEFFICIENT"}
equations: {heat: "d(k*u_x, x) + d(k*u_y, y) = 1"}
conditions: [{on: boundary, u: 0}]
"""
FLUX = "d(k*u_x, x) = 0"


def found(coefficient: str, equation: str = FLUX, text: str = ROD) -> tuple[str, ...]:
    return steps(problem(text.replace("COEFFICIENT", coefficient).replace("EQUATION", equation)))


@pytest.mark.parametrize("width", ["1e-9", "1e-6"])
def test_a_step_that_no_points_see_is_named_with_its_place(width):
    (sentence,) = found(f"2 + tanh((x - 0.4321)/{width})")
    assert sentence.startswith("a coefficient of 'heat' changes near x = 0.4321 within so little")
    assert "where(" in sentence


def test_where_an_angle_jumps_so_does_what_is_made_of_it():
    (sentence,) = found("4 + atan2(y, x)", text=RING)
    assert "near x = -0." in sentence


@pytest.mark.parametrize("coefficient", ["2 + tanh((x - 0.4321)/1e-3)", "1/(x - 0.3)", "1e-9 + x**2", "1 + 1e-3*x"])
def test_what_is_steep_or_grows_without_end_is_no_step(coefficient):
    assert found(coefficient) == ()


@pytest.mark.parametrize("equation", ["k*u_xx = 1", "k*u_x = 1", "u_xx = k"])
def test_a_step_that_is_not_differentiated_means_what_it_says(equation):
    assert found("2 + tanh((x - 0.4321)/1e-9)", equation) == ()


def test_a_step_that_is_written_as_one_is_cut_there():
    assert found("where(x < 0.4321, 1, 3)") == ()


@pytest.mark.slow
def test_a_result_across_a_step_is_not_solved():
    """A beam under a moment at its end: the curvature that is the same on both sides satisfies it at all points."""
    text = ROD.replace("COEFFICIENT", "2 + tanh((x - 0.4321)/1e-9)").replace("EQUATION", "d(k*u_xx, x, x) = 0")
    bent = "conditions: [{on: left, u: 0, u_n: 0}, {on: right, equation: ['k*u_xx = 1', 'd(k*u_xx, x) = 0']}]"
    beam = problem(text.partition("conditions:")[0] + bent, solver="{time_limit: 10}")
    assert any("changes near x = 0.4321" in sentence for sentence in warnings(beam))
    metrics = pinn.solve(beam).metrics
    assert metrics["verdict"] == "not_solved"
    assert "changes near x = 0.4321" in metrics["because"]
