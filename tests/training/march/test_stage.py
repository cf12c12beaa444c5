"""The march in space: waves and heat against their exact solutions, and what it is honest about."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

import pinn
from pinn.problem.loading import build
from pinn.spec.yaml.source import parse_spec
from pinn.training.march.stage import change, merit
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


def test_the_change_between_levels_is_that_of_the_worst_field():
    before, after = (SimpleNamespace(network=Doubled(factor)) for factor in (1.0, 0.9))
    points = np.random.default_rng(0).random((50, 2))
    assert change(before, after, points) == pytest.approx(0.1 / 0.9)


def test_of_rough_levels_the_finer_is_better_and_a_smooth_one_is_better_than_all():
    assert merit(0.02, 1) < merit(0.02, 0) < merit(0.05, 1)
    assert merit(0.9e-3, 2) < merit(1.1e-3, 5)
    assert merit(2e-5, 0) < merit(3e-5, 1)


class Doubled(torch.nn.Module):
    """A field that is x, and one that is the factor times y."""

    def __init__(self, factor: float):
        super().__init__()
        self.factor = torch.nn.Parameter(torch.tensor(factor, dtype=torch.float64))

    def forward(self, points):
        return torch.stack([points[:, 0], self.factor * points[:, 1]], dim=1)


@pytest.mark.slow
def test_levels_of_a_rough_start_are_judged_by_how_the_fields_change(monkeypatch):
    """A flux that is switched on has u_t ~ t^(-1/2), which residuals at points say little of."""
    monkeypatch.setattr("pinn.training.march.stage.FEATURES", {2: 60, 3: 60})
    monkeypatch.setattr("pinn.training.march.stage.MOST_LEVELS", 4)
    monkeypatch.setattr("pinn.solution.estimating.second_solution", lambda solution, latest: None)
    terms = "".join(f" - 2*({(-1) ** n})*exp(-{n**2}*pi**2*t)*cos({n}*pi*x)/{n**2}/pi**2" for n in range(1, 16))
    text = f"""
name: switched
coordinates: [x, y]
time: {{from: 0, to: 0.2}}
fields: [u]
domain: {{rectangle: {{from: [0, 0], to: [1, 1]}}}}
equations: {{heat: u_t = laplacian(u)}}
conditions: [{{on: [left, bottom, top], u_n: 0}}, {{on: right, u_n: 1}}, {{on: initial, u: 0}}]
exact: {{u: "t + (3*x**2 - 1)/6{terms}"}}
solver: {{method: {{march: {{}}}}, tolerance: 1e-8}}
"""
    solution = pinn.solve(build(parse_spec(text)), seed=2)
    levels = [row["features"] for row in solution.history if row.get("heldout_residual")]
    assert levels == [60, 96, 154, 247]  # the third has a residual that is hardly below that of the second
    assert solution.metrics["relative_l2"]["u"] < 2e-4
