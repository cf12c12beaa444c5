"""Runs that cannot succeed: none may claim so. A bad run is one whose true error exceeds ten times its tolerance."""

import pytest

import pinn
from pinn.problem.contradictions import contradictions

# A name, then what is solved: text of the problem without its solver, settings, and a word of the warning, if any.
POISSON = """
name: bad
coordinates: [x, y]
fields: [u]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: {poisson: "-laplacian(u) = %s"}
conditions: [%s]
exact: {u: sin(pi*x)*sin(pi*y)}
"""
SOURCE = "2*pi**2*sin(pi*x)*sin(pi*y)"
ADVECTION = """
name: bad
coordinates: [x]
time: {from: 0, to: 1}
fields: [u]
constants: {c: %s}
domain: {interval: {from: 0, to: 2*pi}}
equations: {advection: u_t + c*u_x = 0}
conditions: [{on: initial, u: sin(x)}, {periodic: [left, right]}]
exact: {u: sin(x - c*t)}
"""
LAYER = """
name: bad
coordinates: [x]
fields: [u]
constants: {eps: 3e-3}
domain: {interval: {from: 0, to: 1}}
equations: {convection: u_x - eps*u_xx = 1}
conditions: [{on: left, u: 0}, {on: right, u: 0}]
exact: {u: x - exp((x - 1)/eps)}
"""
GOOD = "{on: boundary, u: 0}"
BAD = {
    "wrong value": (POISSON % (SOURCE, "{on: boundary, u: 0.1}"), [], "u on"),
    "wrong on one side": (
        POISSON % (SOURCE, "{on: [left, right, top], u: 0}, {on: bottom, u: x*(1 - x)}"),
        [],
        "u on bottom",
    ),
    "wrong kind": (POISSON % (SOURCE, "{on: [left, right, top], u: 0}, {on: bottom, u_n: 0}"), [], "u_n on bottom"),
    "wrong source": (POISSON % ("2*pi**2*sin(pi*x)*sin(2*pi*y)", GOOD), [], "poisson"),
    "sign of the source": (POISSON % (f"-{SOURCE}", GOOD), [], "poisson"),
    "too few features": (POISSON % (SOURCE, GOOD), ["solver.method={least_squares: {features: 12, scale: 2}}"], None),
    "too few points": (
        POISSON % (SOURCE, GOOD),
        ["sampling.interior=12", "sampling.boundary=8", "solver.method={gauss_newton: {iterations: 60, batch: 12}}"],
        None,
    ),
    "points only in training": (
        POISSON % ("2*pi**2*sin(pi*x)*sin(pi*y)", GOOD),
        ["solver.method={adam: {iterations: 50}}", "network.hidden=[20]"],
        None,
    ),
    "relu": (
        POISSON % (SOURCE, GOOD),
        ["network.activation=relu", "solver.method={gauss_newton: {iterations: 5}}", "network.hidden=[8]"],
        None,
    ),
    "too fast": (ADVECTION % 400, ["solver.method={least_squares: {features: 300}}"], None),
    "too fast for cells": (ADVECTION % 400, ["solver.method={cells: {slabs: 2, passes: 1, features: 20}}"], None),
    "a layer that one scale does not resolve": (LAYER, ["solver.method={least_squares: {features: 30}}"], None),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BAD)
def test_a_bad_run_never_claims_the_tolerance(name, tmp_path):
    text, settings, warning = BAD[name]
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    problem = pinn.load(file, [*settings, "solver.tolerance=1e-4"])
    solution = pinn.solve(problem, seed=0, device="cpu")
    assert solution.metrics["relative_l2"]["u"] > 10 * 1e-4, "not a bad run"
    assert solution.metrics["stop_reason"] != "tolerance"
    found = contradictions(problem)
    assert len(found) == (warning is not None)
    assert all(warning in line for line in found)


@pytest.mark.slow
def test_a_small_residual_with_a_large_known_error_is_explained(tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text(BAD["wrong value"][0])
    metrics = pinn.solve(pinn.load(file, ["solver.tolerance=1e-4"]), seed=0, device="cpu").metrics
    assert metrics["heldout_residual"] < 1e-4
    assert (metrics["verdict"], metrics["stop_reason"]) == ("not_solved", "stagnated")
    assert "the error of u is" in metrics["because"]


@pytest.mark.slow
def test_a_good_run_claims_it(tmp_path):
    file = tmp_path / "good.yaml"
    file.write_text(POISSON % (SOURCE, GOOD))
    problem = pinn.load(file, ["solver.tolerance=1e-4"])
    metrics = pinn.solve(problem, seed=0, device="cpu").metrics
    assert (metrics["verdict"], metrics["stop_reason"]) == ("solved", "tolerance")
    assert contradictions(problem) == []
