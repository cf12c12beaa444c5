"""Solution: values, derived quantities, exact values, residuals, and what a run directory gives back."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import pinn
from pinn.derivatives.jets import Partial
from pinn.equations.compiler.compile import Derivative
from pinn.errors import ResourceError, SpecError
from pinn.problem.loading import build
from pinn.problem.problem import Problem
from pinn.run.directory import RunDirectory
from pinn.solution.report import CHECKSUM
from pinn.solution.saved import read_tensors, save_run
from pinn.solution.solution import Solution
from pinn.spec.yaml.source import parse_spec

SPEC = """
name: bar
title: Heat in a bar
coordinates: [x]
time: {from: 0, to: 0.5}
fields: [u]
constants: {k: 0.2}
unknowns: {q: {initial: 0.7, min: 0, max: 2}}
definitions:
  flux: -k*u_x
  both: x*u + q*u_t
  outflow: flux*nx
  shape: sin(pi*x)
domain: {interval: {from: 0, to: 1}}
equations: {heat: u_t = k*u_xx + 0*q*u}
conditions: [{on: initial, u: sin(pi*x)}, {on: boundary, u: 0}]
exact: {u: exp(-k*pi**2*t)*sin(pi*x)}
probes:
  middle: {quantity: u, at: [0.5, 0.5], expected: exp(-0.1*pi**2)}
  fluxes: {quantity: flux, at: [[0, 0], [1, 0.25]]}
  start: {quantity: u, at: [[0.25, 0], [0.5, 0], [0.75, 0]], expected: [sin(pi/4), 2, sin(pi/4)]}
network: {hidden: [9, 8]}
sampling: {interior: 150, boundary: 40, initial: 30}
solver: {method: {gauss_newton: {iterations: 12}}, threads: 1, seed: 3}
"""
POINTS = np.random.default_rng(8).uniform([0, 0], [1, 0.5], (25, 2))


def problem(text: str = SPEC) -> Problem:
    return build(parse_spec(text, "bar.yaml"))


@pytest.fixture(scope="module")
def solution() -> Solution:
    return pinn.solve(problem())


@pytest.mark.slow
def test_quantities_are_fields_and_what_follows_from_them(solution):
    assert solution.problem.quantities == ("u", "flux", "both")  # outflow has a normal, shape no field
    found = solution(POINTS)
    assert set(found) == {"u", "flux", "both"}
    assert all(
        type(values) is np.ndarray and values.shape == (25,) and values.dtype == np.float64 for values in found.values()
    )
    assert set(solution(POINTS, ["flux"])) == {"flux"}


def test_values_are_those_of_the_network(solution):
    tensor = torch.as_tensor(POINTS).requires_grad_(True)
    u = solution.model.network(tensor)[:, 0]
    (gradient,) = torch.autograd.grad(u.sum(), tensor)
    found = solution(POINTS)
    q = solution.metrics["unknowns"]["q"]
    np.testing.assert_allclose(found["u"], u.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(found["flux"], -0.2 * gradient[:, 0].numpy(), rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(
        found["both"], POINTS[:, 0] * u.detach().numpy() + q * gradient[:, 1].numpy(), rtol=1e-10, atol=1e-13
    )


def test_tensors_in_tensors_out_with_gradients(solution):
    tensor = torch.as_tensor(POINTS).requires_grad_(True)
    found = solution(tensor)
    for name, values in solution(POINTS).items():
        np.testing.assert_array_equal(found[name].detach().numpy(), values)
    (gradient,) = torch.autograd.grad(found["flux"].sum(), tensor)
    second = solution.derivatives(POINTS, [Derivative("u", Partial((2, 0)))])
    np.testing.assert_allclose(
        gradient[:, 0].numpy(), -0.2 * second[Derivative("u", Partial((2, 0)))], rtol=1e-9, atol=1e-12
    )


def test_points_may_be_many_lists_or_none(solution):
    many = np.tile(POINTS, (400, 1))
    np.testing.assert_allclose(solution(many)["u"][:25], solution(POINTS)["u"], rtol=1e-12)
    assert solution([[0.5, 0.1]])["u"].shape == (1,)
    assert solution(np.zeros((0, 2)))["u"].shape == (0,)


@pytest.mark.parametrize("points", [np.zeros(2), np.zeros((3, 1)), np.zeros((3, 3)), 0.5])
def test_points_of_another_shape_are_refused(solution, points):
    with pytest.raises(SpecError, match=r"points must be \[N, 2\] \(x, t\)"):
        solution(points)


def test_unknown_quantity(solution):
    with pytest.raises(SpecError, match="unknown quantity 'fluks'; did you mean 'flux'"):
        solution(POINTS, ["fluks"])
    with pytest.raises(SpecError, match="'outflow' needs the normal"):
        solution(POINTS, ["outflow"])


def test_exact_values_and_errors(solution):
    exact = solution.exact(POINTS)
    x, t = POINTS.T
    decay = np.exp(-0.2 * math.pi**2 * t)
    np.testing.assert_allclose(exact["u"], decay * np.sin(math.pi * x), rtol=1e-13)
    np.testing.assert_allclose(exact["flux"], -0.2 * math.pi * decay * np.cos(math.pi * x), rtol=1e-12)
    assert set(exact) == {"u", "flux"}  # `both` depends on an unknown parameter
    found = solution(POINTS)
    measured = np.linalg.norm(found["flux"] - exact["flux"]) / np.linalg.norm(exact["flux"])
    assert set(solution.metrics["relative_l2"]) == {"u", "flux"}
    assert solution.metrics["relative_l2"]["flux"] == pytest.approx(measured, rel=1.0)  # other points
    assert solution.metrics["max_error"]["u"] >= 0.5 * np.abs(found["u"] - exact["u"]).max()
    assert solution.metrics["relative_l2"]["u"] < 0.3


def test_residual_is_the_equation_over_its_magnitude(solution):
    u_t, u_xx = Derivative("u", Partial((0, 1))), Derivative("u", Partial((2, 0)))
    jets = solution.derivatives(POINTS, [u_t, u_xx])
    found = solution.residual(POINTS)
    assert set(found) == {"heat"}
    expected = (jets[u_t] - 0.2 * jets[u_xx]) / solution.problem.scaling.statements[0]
    np.testing.assert_allclose(found["heat"], expected, rtol=1e-10, atol=1e-13)


def test_probes(solution):
    probes = solution.metrics["probes"]
    assert probes["middle"]["value"] == pytest.approx(float(solution([[0.5, 0.5]])["u"][0]), rel=1e-12)
    assert probes["middle"]["expected"] == pytest.approx(math.exp(-0.1 * math.pi**2))
    assert probes["fluxes"]["value"] == pytest.approx(solution([[0, 0], [1, 0.25]])["flux"].tolist(), rel=1e-12)
    assert "relative_l2" not in probes["middle"] | probes["fluxes"]
    start = probes["start"]  # u is near sin(pi x), so it misses the 2 that is expected in the middle by about 1
    difference = np.subtract(start["value"], start["expected"])
    assert start["max_error"] == pytest.approx(abs(difference).max(), rel=1e-12)
    assert start["max_error"] == pytest.approx(1, abs=0.4)
    assert start["relative_l2"] == pytest.approx(start["max_error"] / math.sqrt(5), rel=0.2)  # |expected|^2 = 5


def test_metrics_hold_what_the_design_lists(solution):
    keys = "name engine device dtype activation parameters seconds peak_memory_mb verdict stop_reason iterations loss"
    assert set(f"{keys} terms heldout_residual relative_l2 max_error probes unknowns".split()) <= set(solution.metrics)
    assert solution.metrics["parameters"] == 2 * 9 + 9 + 9 * 8 + 8 + 8 + 1 + 1
    assert set(solution.metrics["unknowns"]) == {"q"}
    assert solution.metrics["engine"] == "native"


@pytest.mark.slow
def test_same_seed_same_values(solution):
    np.testing.assert_array_equal(pinn.solve(problem(), seed=3)(POINTS)["u"], solution(POINTS)["u"])
    assert not np.array_equal(pinn.solve(problem(), seed=4)(POINTS)["u"], solution(POINTS)["u"])


@pytest.mark.slow
def test_progress_sees_every_row():
    rows = []
    solution = pinn.solve(problem(SPEC.replace("iterations: 12", "iterations: 3")), progress=rows.append)
    assert rows == solution.history
    assert [row["iteration"] for row in rows] == [1, 2, 3]


# ---- save and load -------------------------------------------------------------------------------


def saved(solution: Solution, folder: Path) -> Path:
    directory = RunDirectory.create(solution.problem.name, out=folder / "run")
    save_run(directory, solution)
    return folder / "run"


def test_a_loaded_run_gives_identical_values(solution, tmp_path):
    loaded = Solution.load(saved(solution, tmp_path))
    for name, values in solution(POINTS).items():
        np.testing.assert_array_equal(loaded(POINTS)[name], values)
    np.testing.assert_array_equal(loaded.residual(POINTS)["heat"], solution.residual(POINTS)["heat"])
    assert loaded.metrics["unknowns"] == solution.metrics["unknowns"]
    assert loaded.metrics["relative_l2"] == solution.metrics["relative_l2"]
    assert [row["loss"] for row in loaded.history] == [row["loss"] for row in solution.history]
    assert loaded.problem.title == "Heat in a bar"


@pytest.mark.slow
@pytest.mark.parametrize(
    "network",
    [
        "{hidden: [7], activation: tanh, fourier: 3}",
        "{hidden: [5, 6, 4], activation: {lambda_gelu: {hardness: 3, trainable: true}}}",
        "{hidden: [5, 6], activation: {lambda_gelu: {trainable: true, per: neuron, parameterisation: naive}}}",
        "{hidden: [6], activation: {lambda_gelu: {hardness: 2}}}",
    ],
)
def test_weights_of_every_kind_of_network_come_back(network, tmp_path):
    text = SPEC.replace("{hidden: [9, 8]}", network).replace(
        "{gauss_newton: {iterations: 12}}", "{adam: {iterations: 3}}"
    )
    trained = pinn.solve(problem(text))
    loaded = Solution.load(saved(trained, tmp_path))
    for name, values in trained(POINTS).items():
        np.testing.assert_array_equal(loaded(POINTS)[name], values)


@pytest.mark.slow
def test_a_periodic_float32_run_comes_back(tmp_path):
    text = SPEC.replace("{on: boundary, u: 0}", "{periodic: [left, right]}").replace(
        "seed: 3", "seed: 3, precision: float32"
    )
    trained = pinn.solve(problem(text.replace("{gauss_newton: {iterations: 12}}", "{adam: {iterations: 3}}")))
    loaded = Solution.load(saved(trained, tmp_path))
    assert loaded(POINTS)["u"].dtype == np.float32
    np.testing.assert_array_equal(loaded(POINTS)["flux"], trained(POINTS)["flux"])


def test_a_run_of_an_older_version_is_refused(solution, tmp_path):
    """Its weights do not say their kind of network, and have no checksum."""
    file = saved(solution, tmp_path) / "model.safetensors"
    tensors, said = read_tensors(file)
    assert said.pop("network") == "mlp"
    save_file(tensors, file, said)
    metrics = json.loads((file.parent / "metrics.json").read_text())
    del metrics[CHECKSUM]
    (file.parent / "metrics.json").write_text(json.dumps(metrics))
    with pytest.raises(ResourceError, match=r"model\.safetensors: .* does not say its kind of network.* solve again"):
        Solution.load(file.parent)


def test_an_incomplete_run_is_refused(solution, tmp_path):
    folder = saved(solution, tmp_path)
    (folder / "model.safetensors").unlink()
    with pytest.raises(ResourceError, match=r"model\.safetensors is missing"):
        Solution.load(folder)


def test_a_missing_device_is_refused():
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(ResourceError, match="device cuda"):
        pinn.solve(problem(), device="cuda")
