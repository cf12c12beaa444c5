"""The march in space: waves and heat against their exact solutions, and what it is honest about."""

from __future__ import annotations

import numpy as np
import pytest

import pinn
from pinn.problem.loading import build
from pinn.spec.yaml.source import parse_spec
from tests.training.examples import PROBLEMS
from tests.training.march.examples import MEMBRANE


@pytest.mark.slow
def test_a_membrane_keeps_its_amplitude_and_phase():
    text = MEMBRANE + "solver: {method: {march: {features: 200, scale: 2}}}\n"
    solution = pinn.solve(build(parse_spec(text)))
    assert solution.metrics["relative_l2"]["u"] < 1e-6
    estimate = solution.metrics["error_estimate"]["u"]
    assert estimate > 0.05 * solution.metrics["relative_l2"]["u"]
    edges = solution.model.network.edges
    at = np.column_stack([np.full((len(edges), 2), 0.5), edges.numpy()])
    before, after = (solution(at + [0, 0, shift], ["u"])["u"] for shift in (-1e-9, 1e-9))
    np.testing.assert_allclose(before[1:-1], after[1:-1], atol=1e-7)  # the slabs join


@pytest.mark.slow
def test_boundary_data_that_move_are_followed():
    """u = sin(x + y - t) on a disk solves u_t = laplacian(u) + f, with values on the edge that change."""
    text = """
name: moving
coordinates: [x, y]
time: {from: 0, to: 1}
fields: [u]
domain: {disk: {center: [0, 0], radius: 1}}
equations: {heat: u_t = laplacian(u) - cos(x + y - t) + 2*sin(x + y - t)}
conditions: [{on: boundary, u: exact.u}, {on: initial, u: exact.u}]
exact: {u: sin(x + y - t)}
solver: {method: {march: {features: 120, scale: 1.5}}}
"""
    solution = pinn.solve(build(parse_spec(text)))
    assert solution.metrics["relative_l2"]["u"] < 1e-6
    assert solution.metrics["heldout_residual"] < 1e-4


@pytest.mark.slow
def test_incompressible_flow_is_marched_with_its_pressure():
    text = (PROBLEMS / "fluids" / "taylor_green.yaml").read_text(encoding="utf-8").replace("to: 1}", "to: 0.05}", 1)
    text += "solver: {method: {march: {features: 140, scale: 2}}}\n"
    solution = pinn.solve(build(parse_spec(text)))
    assert solution.metrics["relative_l2"]["u"] < 2e-3
    assert solution.metrics["relative_l2"]["p"] < 3e-2


@pytest.mark.slow
def test_a_start_that_jumps_is_graded():
    """u = 1 inside and 0 on the edge: the slabs begin short and grow, and the mean decays as its series says."""
    text = """
name: quenched
coordinates: [x, y]
time: {from: 0, to: 0.2}
fields: [u]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: {heat: u_t = laplacian(u)}
conditions: [{on: boundary, u: 0}, {on: initial, u: 1}]
solver: {method: {march: {features: 250, scale: 4}}}
"""
    solution = pinn.solve(build(parse_spec(text)))
    lengths = np.diff(solution.model.network.edges.numpy())
    assert lengths[0] < lengths[-1] / 15
    odd = np.arange(1, 40, 2)
    line = (4 / (np.pi * odd) * np.sin(odd * np.pi / 2) * np.exp(-(odd**2) * np.pi**2 * 0.1)).sum()
    assert solution([[0.5, 0.5, 0.1]], ["u"])["u"][0] == pytest.approx(line**2, rel=1e-3)
