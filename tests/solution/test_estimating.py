"""Estimates of what vanishes: relative to the vector, the tensor or the terms that it belongs to."""

from __future__ import annotations

import numpy as np
import pytest

import pinn
from pinn.solution import estimating
from pinn.solution.estimating import estimate
from pinn.solution.measuring import PointErrors, norms
from tests.training.examples import problem

BAR = """
name: bar
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: 1, poissons_ratio: 0, plane: stress}}
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
conditions:
  - {on: left, ux: 0, traction_y: 0}
  - {on: bottom, uy: 0, traction_x: 0}
  - {on: top, traction: [0, 0]}
  - {on: right, traction: [1, 0]}
probes: {across: {quantity: principal_stress_2, at: [0.3, 0.4]}}
"""
FEW = "{method: {least_squares: {features: 150, scale: 2}}, threads: 1, time_limit: 3600}"


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bar() -> pinn.Solution:
    """Pulled along x, without Poisson's effect: uy, stress_yy and the second principal stress are zero."""
    return pinn.solve(problem(BAR, solver=FEW))


def test_what_vanishes_is_measured_against_what_it_belongs_to(bar):
    found = estimate(bar)
    assert np.abs(bar([[0.3, 0.4]])["uy"]).max() < 1e-7
    assert max(found.residuals.values()) < 1e-2
    assert found.quantities["uy"] <= found.quantities["displacement"]
    assert found.quantities["stress_yy"] <= found.quantities["stress"]
    assert max(found.quantities.values()) < 1e-2
    assert found.probes["across"][1] < 1e-2
    assert bar.metrics["verdict"] != "not_solved"


def test_the_known_error_of_a_component_that_vanishes_is_that_of_its_vector(bar):
    one, nothing, place = np.ones(4), np.zeros(4), np.zeros(4, dtype=int)
    found = {"ux": PointErrors(1e-9 * one, one, place), "uy": PointErrors(1e-9 * one, 1e-16 * one, place)}
    relative, largest = norms(bar.problem, {**found, "von_mises": PointErrors(1e-9 * one, nothing, place)})
    assert relative["ux"] == pytest.approx(1e-9)
    assert relative["uy"] == pytest.approx(1e-9)
    assert relative["displacement"] == pytest.approx(1e-9 * 2**0.5)
    assert largest["uy"] == 1e-9


def test_the_terms_of_a_quantity(bar):
    """The second principal stress of the bar is s/2 - s/2."""
    terms = bar.evaluation.terms([[0.3, 0.4], [0.5, 0.1]], ["principal_stress_2", "ux"])
    assert terms["principal_stress_2"] == pytest.approx([1.0, 1.0], abs=1e-4)
    assert terms["ux"] == pytest.approx([0.3, 0.5], abs=1e-4)


ROPE = """
name: rope
coordinates: [x]
fields: [u]
domain: {interval: {from: 0, to: 1}}
definitions: {slope: u_x}
energy: {density: slope**2/2 - f*u}
constants: {a: 30}
conditions: [{on: boundary, u: 0}]
exact: {u: atan(a*(x - 0.4)) - (atan(a*0.6) + atan(a*0.4))*x + atan(a*0.4)}
probes: {steepest: {quantity: slope, at: [0.4], expected: a - atan(a*0.6) - atan(a*0.4)}}
network: {constraints: hard}
"""


@pytest.mark.parametrize("levels", [2, 3])
def test_the_error_of_a_least_energy_is_what_its_last_level_changed(levels):
    source = "2*a**3*(x - 0.4)/(1 + a**2*(x - 0.4)**2)**2"
    solver = (
        f"{{formulation: energy, method: {{ritz: {{features: 6, levels: {levels}}}}}, threads: 1, time_limit: 3600}}"
    )
    metrics = pinn.solve(problem(ROPE.replace("f*u", source + "*u"), solver=solver)).metrics
    for name in ("u", "slope"):
        assert 0.3 < metrics["error_estimate"][name] / metrics["relative_l2"][name] < 30
    probe = metrics["probes"]["steepest"]
    assert 0.3 < probe["error_estimate"] / abs(probe["value"] - probe["expected"]) < 30


def test_levels_that_miss_their_conditions_alike_are_wrong_by_that():
    """Conditions by a penalty: both levels have the solution to 1e-9 inside, and 1e-6 of it at the ends."""
    text = "name: rope\ncoordinates: [x]\nfields: [u]\ndomain: {interval: {from: 0, to: 1}}\n"
    text += "energy: {density: u_x**2/2 - pi**2*sin(pi*x)*u}\nconditions: [{on: boundary, u: 0}]\n"
    text += "exact: {u: sin(pi*x)}\nnetwork: {constraints: soft}\n"
    solver = "{formulation: energy, method: {ritz: {features: 30, levels: 2}}, threads: 1, time_limit: 3600}"
    metrics = pinn.solve(problem(text, solver=solver)).metrics
    assert 1e-9 < metrics["relative_l2"]["u"] < 1e-4
    assert 0.3 < metrics["error_estimate"]["u"] / metrics["relative_l2"]["u"] < 30


ROD = """
name: rod
coordinates: [x]
constants: {L: LENGTH, U: SIZE}
fields: [u]
domain: {interval: {from: 0, to: L}}
equations: {balance: "FACTOR*(u_xx*L**2/U + sin(SPEED*x/L)) = 0"}
conditions: [{on: left, u: 0}, {on: right, u: U}]
solver: {method: {least_squares: {features: FEATURES, scale: 2}}, threads: 1, time_limit: 3600}
"""


@pytest.mark.parametrize(
    ("features", "speed", "verdict"), [(60, 3, "solved"), (20, 25, "useful"), (20, 40, "not_solved")]
)
def test_a_verdict_hangs_on_no_factor_and_on_no_unit(features, speed, verdict):
    """Solved, useful and not solved: they stay what they are in other units, and when an equation is multiplied."""
    text = ROD.replace("FEATURES", str(features)).replace("SPEED", str(speed))
    verdicts, errors = [], []
    for length, size, factor in (("1", "1", "1"), ("1e-6", "1e-9", "1"), ("1", "1", "exp(25*x)"), ("1", "1", "1e9")):
        spec = text.replace("LENGTH", length).replace("SIZE", size).replace("FACTOR", factor)
        metrics = pinn.solve(problem(spec)).metrics
        verdicts.append(metrics["verdict"])
        errors.append(metrics["error_estimate"]["u"])
    assert set(verdicts) == {verdict}
    assert max(errors) < 10 * min(errors)


def test_a_field_far_below_the_magnitude_of_its_equations_is_measured_against_itself(bar, monkeypatch):
    """-u_xx = (300 pi)^2 sin(300 pi x) gives u the magnitude 1e5: 1e-6 of u = sin(300 pi x) is no error of 1e-8."""
    points = bar.problem.heldout_points(50, 1)
    size = dict.fromkeys(bar(points), 1.0)
    monkeypatch.setattr(estimating, "natural_sizes", lambda problem: {"ux": 1e5, "uy": 1e9})
    least = estimating.least_sizes(bar, points, size)
    assert least["ux"] == 0
    assert least["uy"] == 1e9
