"""Every stage, network, problem and export runs on a device that does not mix with the CPU, to the CPU's last bits."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file

from pinn.cli.main import run
from tests.training.examples import problem
from tests.training.pretend_card import CARD, CPU, OnCard
from tests.training.test_resume import TRAININGS, trained

pytestmark = pytest.mark.slow

ROUNDING = {"rtol": 1e-9, "atol": 1e-12}  # of views, whose strides, and with them the order of sums, may differ
AGAIN = ("adam", "gauss_newton projected", "in turn", "cells", "ritz")
STAGES = [training for training in TRAININGS if "by load" not in training and training not in AGAIN]
NOTCHED = """
name: notched
coordinates: [x, y]
fields: [u]
domain: {difference: [{disk: {center: [0, 0], radius: 1}}, {rectangle: {from: [0, -2], to: [2, 0]}}]}
equations: {poisson: -laplacian(u) = 1}
conditions: [{on: boundary, u: 0}]
"""
FREE = """
name: free
coordinates: [x]
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {poisson: u_xx = cos(pi*x)}
conditions: [{on: boundary, u_n: 0}]
solver: {method: {least_squares: {features: 30, scale: 2}}}
outputs: {figures: false}
"""
WHOLE = {**TRAININGS, "corners": (NOTCHED, "{least_squares: {features: 30, scale: 2}}")}
RUNS = ["corners", "least_squares", "cells periodic", "slices"]  # one for each kind of network


@pytest.fixture
def card(monkeypatch):
    """`cuda` means the pretend card."""
    monkeypatch.setattr("pinn.solution.solving.choose_device", lambda name: CARD if name == "cuda" else CPU)


@pytest.mark.parametrize("training", STAGES)
def test_stages_run_on_a_card(training):
    text, method = TRAININGS[training]
    states = []
    for device in (CPU, CARD):
        _, result = trained(problem(text, solver=f"{{method: {method}}}"), device=device)
        state = result.model.state_dict()
        assert all(isinstance(tensor, OnCard) == (device == CARD) for tensor in state.values())
        states.append({name: tensor.cpu() for name, tensor in state.items()})
    assert states[0].keys() == states[1].keys()
    for name, tensor in states[0].items():
        torch.testing.assert_close(states[1][name], tensor, **ROUNDING)


@pytest.mark.parametrize("training", RUNS)
def test_a_whole_run_on_a_card(training, card, tmp_path):
    """Training, errors, estimates, verdict, pictures and files."""
    text, method = WHOLE[training]
    (tmp_path / "spec.yaml").write_text(text)
    few = ["--set", "outputs.resolution=6", *(["--set", "outputs.times=2"] if "\ntime:" in text else [])]
    command = ["solve", str(tmp_path / "spec.yaml"), "--set", f"solver.method={method}", *few, "-q"]
    weights, metrics, codes = [], [], []
    for device in ("cpu", "cuda"):
        out = tmp_path / device
        codes.append(run([*command, "--device", device, "--out", str(out)]))
        weights.append(load_file(out / "model.safetensors"))
        metrics.append(json.loads((out / "metrics.json").read_text()))
        assert (out / "figures" / "summary.png").is_file()
    assert codes[0] == codes[1]
    assert metrics[0]["verdict"] == metrics[1]["verdict"]
    assert metrics[0]["relative_l2"] == pytest.approx(metrics[1]["relative_l2"], rel=1e-3, abs=1e-9)
    for name, tensor in weights[0].items():
        torch.testing.assert_close(weights[1][name], tensor, **ROUNDING)


def test_what_is_open_is_named_on_a_card(card, tmp_path):
    (tmp_path / "spec.yaml").write_text(FREE)
    found = []
    for device in ("cpu", "cuda"):
        out = tmp_path / device
        assert run(["solve", str(tmp_path / "spec.yaml"), "-q", "--device", device, "--out", str(out)]) == 5
        found.append(json.loads((out / "metrics.json").read_text())["because"])
    assert found[0] == found[1]
    assert "constant" in found[0]


def test_the_card_refuses_to_mix():
    here, there = torch.ones(3), torch.ones(3, device=CARD)
    for mixed in (lambda: here + there, lambda: here[there.long()], lambda: torch.stack([here, there])):
        with pytest.raises(RuntimeError, match="same device"):
            mixed()
    with pytest.raises(TypeError, match="can't convert"):
        there.numpy()
    assert there[torch.tensor([0, 1])].device == CARD
    assert torch.arange(2, 5, device=CARD).tolist() == [2, 3, 4]
    assert (there + torch.tensor(2.0)).cpu().tolist() == [3.0, 3.0, 3.0]
