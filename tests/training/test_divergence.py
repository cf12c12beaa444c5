"""NaN at one point from some step on: every stage names the term, the point and the step, and keeps what was finite."""

from __future__ import annotations

import math
import re

import pytest
import torch

import pinn
import pinn.errors
from pinn.equations.compile import CompiledExpression
from pinn.training.loop import train
from pinn.training.objective import Objective
from pinn.training.stages import stages_of
from tests.training.examples import POISSON, problem, run_of

STAGES = {
    "least_squares": "least_squares",
    "patches": "{patches: {slabs: 2, passes: 3, features: 20}}",
    "gauss_newton": "{gauss_newton: {iterations: 12}}",
    "adam": "{adam: {iterations: 250, resample: 20}}",
    "soap": "{soap: {iterations: 250, resample: 20}}",
    "lbfgs": "{lbfgs: {iterations: 60, resample: 10}}",
    "quasi_newton": "{quasi_newton: {iterations: 60, resample: 10}}",
}
STEPS = {"least_squares": 2, "patches": 1, "gauss_newton": 6, "adam": 110, "soap": 110, "lbfgs": 25, "quasi_newton": 25}


def poison(monkeypatch, beginning) -> None:
    """Every expression with derivatives is NaN at the point nearest to x = 0.5, as soon as `beginning()` is true."""
    value = CompiledExpression.value

    def poisoned(self, inputs, jets):
        found = value(self, inputs, jets)
        if not beginning() or self.order < 2:
            return found
        found = torch.as_tensor(found).clone().expand(len(inputs["x"])).clone()
        found[(inputs["x"] - 0.5).abs().argmin()] = math.nan
        return found

    monkeypatch.setattr(CompiledExpression, "value", poisoned)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_names_the_term_the_point_and_the_step(stage, monkeypatch):
    rows = []
    poison(monkeypatch, lambda: len(rows) >= STEPS[stage])
    network = {} if stage in ("least_squares", "patches") else {"network": "{hidden: [8]}"}
    text = "\n".join(line for line in POISSON.splitlines() if not line.startswith("network"))
    run = run_of(problem(text, solver=f"{{method: {STAGES[stage]}}}", **network))
    outcome = train(run, stages_of(run.problem), rows.append)
    assert outcome.stop_reason == "diverged"
    assert re.search(r"term 'poisson' (became nan|is not finite) at x = 0\.\d+ in " + stage, outcome.message)
    assert re.search(r"(step|level) \d+", outcome.message)
    assert math.isfinite(outcome.heldout)
    assert all(bool(torch.isfinite(weights).all()) for weights in outcome.model.parameters())


def test_a_gradient_that_is_not_finite_leaves_the_weights(monkeypatch):
    """The slope of sqrt at 0 is infinite: the loss is finite there, its gradient is not."""
    run = run_of(problem(POISSON, solver="{method: {adam: {iterations: 9}}}"))
    value = CompiledExpression.value

    def poisoned(self, inputs, jets):
        found = torch.as_tensor(value(self, inputs, jets))
        if self.order == 2 and found.requires_grad and len(rows) >= 3:
            near = (inputs["x"] - 0.5).abs().argmin() == torch.arange(len(inputs["x"]))
            found = found + torch.where(near, (0 * found).sqrt(), 0.0)
        return found

    rows = []
    monkeypatch.setattr(CompiledExpression, "value", poisoned)
    outcome = train(run, stages_of(run.problem), rows.append)
    assert outcome.stop_reason == "diverged"
    assert "the gradient of term 'poisson' is not finite at x = 0." in outcome.message
    assert outcome.message.endswith("in adam, step 4")
    assert all(bool(torch.isfinite(weights).all()) for weights in outcome.model.parameters())


def test_nan_from_the_command_is_exit_code_3(tmp_path, monkeypatch, capsys):
    from pinn.cli.main import run

    begun = []
    draw = Objective.draw
    monkeypatch.setattr(Objective, "draw", lambda self, step: draw(self, begun.append(step) or step))
    poison(monkeypatch, lambda: begun)
    file = tmp_path / "poisson.yaml"
    file.write_text(POISSON + "solver: {method: {adam: {iterations: 3}}}\n")
    code, said = run(["solve", str(file), "-q", "--out", str(tmp_path / "run")]), capsys.readouterr()
    assert code == 3, said.err
    assert "term 'poisson' became nan at x = 0." in said.out + said.err


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:115] . DefaultCPUAllocator: can't allocate memory: 9 bytes"),
    ],
)
def test_out_of_memory_is_exit_code_4_with_a_suggestion(error, monkeypatch, tmp_path):
    def fail(self, inputs, jets):
        raise error

    found = problem(POISSON, solver="{method: {adam: {iterations: 3}}}")
    monkeypatch.setattr(CompiledExpression, "value", fail)
    with pytest.raises(pinn.errors.ResourceError, match=r"out of memory.*; lower solver features") as refusal:
        pinn.solve(found, device="cpu")
    assert refusal.value.exit_code == 4
