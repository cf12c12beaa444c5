"""Hardening a solved problem: the field is kept, the network is a ReLU network, the folder is whole or absent."""

from __future__ import annotations

import json

import numpy as np
import pytest

import pinn
from pinn.cli.main import run
from pinn.comparison import hardening_report
from pinn.comparison.hardening import CONTROLS, REFITTED, SUBSTITUTED, Hardened, harden_solution
from pinn.errors import SpecError
from pinn.run.directory import RunDirectory
from pinn.solution.saved import save_run
from pinn.solution.solution import Solution
from pinn.training.hardening.hardening import Ramp
from tests.training.cells.examples import cells_of, model_on
from tests.training.examples import POISSON, problem

pytestmark = pytest.mark.slow

LEAST_SQUARES = {"solver": "{method: {least_squares: {features: 40, scale: 4}}, tolerance: 1e-6}"}


@pytest.fixture(scope="module")
def trained() -> Solution:
    activation = "{activation: {lambda_gelu: {hardness: 1.5}}}"
    return pinn.solve(problem(POISSON, network=activation, sampling="{}", **LEAST_SQUARES))


@pytest.fixture(scope="module")
def hardened(trained) -> Hardened:
    return harden_solution(trained, Ramp(steps=6))


def test_the_ramp_keeps_the_field_better_than_every_control(hardened):
    """Forty features that cancel each other: the naive swap destroys the field."""
    error = {name: hardened.step(name).field_error for name in (SUBSTITUTED, REFITTED, *CONTROLS)}
    assert error[SUBSTITUTED] < 3e-3
    assert error["swap"] > 100 * error[SUBSTITUTED]
    assert error["swap, output layer refitted"] > error[SUBSTITUTED]
    assert error["swap, all layers refitted"] > error[SUBSTITUTED]
    assert hardened.step(SUBSTITUTED).exact["u"] == pytest.approx(error[SUBSTITUTED], rel=0.01)


def test_the_steps_are_measured_on_the_networks_they_name(trained, hardened):
    first, *_ = hardened.steps
    assert first.field_error < 1e-12
    assert first.hardness == pytest.approx((1.5,))
    assert [step.hardness[0] for step in hardened.steps if step.name == "ramp"][-1] == pytest.approx(160)
    points = trained.problem.heldout_points(3000, 1)
    difference = hardened.solution(points)["u"] - trained(points)["u"]
    relative = np.linalg.norm(difference) / np.linalg.norm(trained(points)["u"])
    assert hardened.step(REFITTED).field_error == pytest.approx(relative, rel=0.05)


def test_the_residual_after_substitution_is_that_of_no_curvature(hardened):
    """r = u_xx + pi^2 sin(pi x) with u_xx = 0, dimensionless 1; and the conditions hold: the mean of both squares."""
    assert hardened.step("trained").heldout_residual < 1e-4
    assert hardened.step(SUBSTITUTED).heldout_residual == pytest.approx(np.sqrt(0.5), rel=0.05)


def test_saved_and_loaded_it_is_max_0_z_by_hand(trained, hardened, tmp_path):
    save_run(RunDirectory(tmp_path), trained)
    folder = hardening_report.save(hardened, tmp_path)
    assert folder == tmp_path / "hardened"
    assert hardening_report.save(hardened, tmp_path) == tmp_path / "hardened-2"
    loaded = Solution.load(folder)
    x = np.linspace(0, 1, 101)[:, None]
    (inner, shift), (outer, offset) = [
        (layer.weight.detach().numpy(), layer.bias.detach().numpy()) for layer in loaded.model.mlp.linears
    ]
    scale = loaded.model.mlp.field_scale.numpy()
    by_hand = (np.maximum(0, (2 * x - 1) @ inner.T + shift) @ outer.T + offset) * scale
    np.testing.assert_allclose(loaded(x)["u"], by_hand[:, 0], rtol=0, atol=1e-13 * abs(outer).sum())
    content = json.loads((folder / "harden.json").read_text())
    assert content["disruption"]["swap"] == hardened.step("swap").field_error
    assert [step["hardness"] for step in content["steps"] if step["name"] == SUBSTITUTED] == [[None]]
    assert json.loads((folder / "metrics.json").read_text())["activation"] == "relu"
    assert (folder / "figures" / "harden.png").stat().st_size > 10_000


def test_a_failure_leaves_nothing(trained, hardened, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(hardening_report, "draw", fail)
    with pytest.raises(OSError, match="disk full"):
        hardening_report.save(hardened, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_command(trained, tmp_path, capsys):
    save_run(RunDirectory(tmp_path), trained)
    assert run(["harden", str(tmp_path), "--tolerance", "0.05", "--steps", "2", "--iterations", "1", "-q"]) == 0
    out = capsys.readouterr().out
    assert "the held-out residual says nothing about this network" in out
    assert out.endswith(f"{tmp_path / 'hardened'}\n")
    steps = json.loads((tmp_path / "hardened" / "harden.json").read_text())["steps"]
    assert steps[2]["hardness"] == pytest.approx([np.sqrt(2 / np.pi) / 0.05])
    assert run(["info", str(tmp_path / "hardened")]) == 0
    assert "stopped: hardened" in capsys.readouterr().out
    assert run(["harden", str(tmp_path), "--tolerance", "0.05", "--hardness", "9"]) == 2
    assert "--hardness: cannot be combined with --tolerance" in capsys.readouterr().err


def test_a_partition_is_refused_with_a_way_out():
    found = problem(POISSON)
    on_cells = Solution(found, model_on(found, cells_of(found, [2])), {}, [], {})
    with pytest.raises(SpecError, match=r"is of the kind cells; solve with --set solver\.method=least_squares"):
        harden_solution(on_cells, Ramp())
