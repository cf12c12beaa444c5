"""Trials: what is set, and which of them are there already."""

from __future__ import annotations

import json

import pytest

import pinn
from pinn.comparison.trials import DEEP, plan_trials
from tests.training.examples import POISSON

LEARNING = {"per": "layer", "parameterisation": "optimizer_aware", "temperature": 1.0}


@pytest.fixture
def file(tmp_path):
    (tmp_path / "poisson.yaml").write_text(POISSON)
    return tmp_path / "poisson.yaml"


def leave(trial, stop_reason: str = "tolerance") -> None:
    """What a run leaves."""
    trial.job.out.mkdir(parents=True, exist_ok=True)
    (trial.job.out / "spec.yaml").write_text(trial.spec)
    (trial.job.out / "metrics.json").write_text(json.dumps({"stop_reason": stop_reason}))


def test_only_a_finished_run_of_the_same_settings_is_kept(file, tmp_path):
    def plan(*overrides: str):
        return plan_trials(file, ["gelu"], [], 2, overrides, tmp_path / "out")

    first, second = plan()
    assert not first.finished
    leave(first)
    assert first.finished
    assert plan()[0].finished
    assert not second.finished
    assert not plan("sampling.interior=61")[0].finished
    leave(first, "interrupted")
    assert not first.finished
    first.clear()
    assert not first.job.out.exists()


def test_activations_and_hardness_become_settings(file, tmp_path):
    trials = plan_trials(file, ["lambda_gelu", "relu"], [1.0, 160.0], 1, DEEP, tmp_path)
    specs = [pinn.load(file, overrides=trial.job.overrides).spec for trial in trials]
    found = [spec.network.activation.written() for spec in specs]
    assert found == [
        {"lambda_gelu": {"hardness": 1.0, "trainable": True, **LEARNING}},
        "relu",
        {"lambda_gelu": {"hardness": 1.0, "trainable": False}},
        {"lambda_gelu": {"hardness": 160.0, "trainable": False}},
    ]
    assert all([stage.name for stage in spec.solver.stages] == ["adam", "lbfgs"] for spec in specs)
    assert len({trial.job.out for trial in trials}) == 4
    assert [trial.hardness for trial in trials] == [None, None, 1.0, 160.0]


def test_lambda_gelu_of_the_spec_stays_as_it_is(file, tmp_path):
    for own in ({"hardness": 3, "trainable": False}, {"hardness": 1, "trainable": True, **LEARNING, "per": "neuron"}):
        setting = f"network.activation={json.dumps({'lambda_gelu': own})}"
        (trial,) = plan_trials(file, ["lambda_gelu"], [], 1, [setting], tmp_path)
        assert pinn.load(file, overrides=trial.job.overrides).spec.network.activation.written() == {"lambda_gelu": own}
