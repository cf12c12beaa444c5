"""Numbers that are none: every stage names the term, the point and the step, and keeps what was finite before."""

from __future__ import annotations

import math
import re

import pytest
import torch

import pinn
import pinn.errors
from pinn.equations.compiler.compile import CompiledExpression
from pinn.training.all_weights.objective import Objective
from pinn.training.loop import train
from pinn.training.stages import stages_of
from tests.training.examples import HEAT, POISSON, STRING, problem, run_of

STAGES = {
    "least_squares": "least_squares",
    "cells": "{cells: {slabs: 2, passes: 3, features: 20}}",
    "gauss_newton": "{gauss_newton: {iterations: 12}}",
    "adam": "{adam: {iterations: 250, resample: 20}}",
    "soap": "{soap: {iterations: 250, resample: 20}}",
    "lbfgs": "{lbfgs: {iterations: 60, resample: 10}}",
    "quasi_newton": "{quasi_newton: {iterations: 60, resample: 10}}",
}
STEPS = {"least_squares": 2, "cells": 1, "gauss_newton": 6, "adam": 110, "soap": 110, "lbfgs": 25, "quasi_newton": 25}


WITHOUT_NETWORK = "\n".join(line for line in POISSON.splitlines() if not line.startswith("network"))
BY_ENERGY = {
    "ritz": "{method: ritz}",
    "adam": "{formulation: energy, method: {adam: {iterations: 250, resample: 20}}}",
    "lbfgs": "{formulation: energy, method: {lbfgs: {iterations: 60, resample: 10}}}",
    "quasi_newton": "{formulation: energy, method: {quasi_newton: {iterations: 60, resample: 10}}}",
}


def place_in(message: str) -> float:
    """The x that a message names."""
    found = re.search(r" at x = ([^ ,]+)[, ]", message)
    assert found, message
    return float(found[1])


def is_finite(model) -> bool:
    return all(bool(torch.isfinite(weights).all()) for weights in model.parameters())


def poison(monkeypatch, beginning, order: int = 2) -> None:
    """Expressions of an order are NaN at the point nearest to x = 0.5, as soon as `beginning()` is true."""
    value = CompiledExpression.value

    def poisoned(self, inputs, jets):
        found = value(self, inputs, jets)
        if not beginning() or self.order < order:
            return found
        found = torch.as_tensor(found).clone().expand(len(inputs["x"])).clone()
        found[(inputs["x"] - 0.5).abs().argmin()] = math.nan
        return found

    monkeypatch.setattr(CompiledExpression, "value", poisoned)


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_names_the_term_the_point_and_the_step(stage, monkeypatch):
    rows = []
    poison(monkeypatch, lambda: len(rows) >= STEPS[stage])
    network = {} if stage in ("least_squares", "cells") else {"network": "{hidden: [8]}"}
    run = run_of(problem(WITHOUT_NETWORK, solver=f"{{method: {STAGES[stage]}}}", **network))
    outcome = train(run, stages_of(run.problem), rows.append)
    assert outcome.stop_reason == "diverged"
    assert re.search(r"term 'poisson' (became nan|is not finite) at x = [^ ]* in " + stage, outcome.message)
    assert place_in(outcome.message) == pytest.approx(0.5, abs=0.03)
    assert re.search(r"(step|level) \d+", outcome.message)
    assert math.isfinite(outcome.heldout)
    assert is_finite(outcome.model)


@pytest.mark.slow
@pytest.mark.parametrize("stage", BY_ENERGY)
def test_an_energy_that_is_not_finite_is_named_like_a_term(stage, monkeypatch):
    rows = []
    steps = {"ritz": 1, "adam": 110, "lbfgs": 30, "quasi_newton": 30}
    poison(monkeypatch, lambda: len(rows) >= steps[stage], order=1)
    run = run_of(problem(STRING, solver=BY_ENERGY[stage], network="{hidden: [8], constraints: hard}"))
    outcome = train(run, stages_of(run.problem), rows.append)
    assert outcome.stop_reason == "diverged"
    assert outcome.message.startswith("the integrand of 'energy' became nan at x = ")
    assert re.search(rf" in {stage}, (step|level) \d+; state where to start from", outcome.message)
    assert place_in(outcome.message) == pytest.approx(0.5, abs=0.03)
    assert math.isfinite(outcome.heldout)
    assert is_finite(outcome.model)


# Both are 0 at u_x = 0, where the first has an infinite slope and the second an infinite curvature.
STEEP = {"gradient": "(u_x**2)**(1/4)", "Hessian": "(u_x**2)**(3/4)"}


@pytest.mark.parametrize(("stage", "slopes"), [*((stage, "gradient") for stage in BY_ENERGY), ("ritz", "Hessian")])
def test_slopes_of_an_energy_that_are_not_finite_are_named(stage, slopes):
    text = STRING.replace("u_x**2/2 + u**4/4", STEEP[slopes])
    run = run_of(problem(text, solver=BY_ENERGY[stage], network="{hidden: [8], constraints: hard}"))
    made = stages_of(run.problem)[0](run)
    assert made is not None
    if run.model is not None:  # else the stage begins with zero fields of its own
        with torch.no_grad():
            run.model.mlp.linears[-1].weight.zero_()
            run.model.mlp.linears[-1].bias.zero_()
    said = f"the {slopes} of the integrand of 'energy' is not finite at x = [^ ]* in {stage}, "
    with pytest.raises(pinn.errors.Divergence, match=said):
        made.step()


HOLE = "sqrt(abs(x - 0.7) - 0.004)"  # too narrow for the points that are looked at before training
ORIGINS = {
    "coefficient": (WITHOUT_NETWORK.replace("u_xx =", f"{HOLE}*u_xx ="), "poisson"),
    "source": (WITHOUT_NETWORK.replace("-pi**2*sin(pi*x)", HOLE), "poisson"),
    "condition": (HEAT.replace("u: sin(pi*x)", f"u: {HOLE}"), "u on initial"),
}


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("stage", STAGES)
def test_a_statement_that_is_not_finite_in_a_narrow_place_is_named(stage, origin):
    text, term = ORIGINS[origin]
    network = {} if stage in ("least_squares", "cells") else {"network": "{hidden: [8]}"}
    points = "{interior: 600, initial: 600}"
    run = run_of(problem(text, solver=f"{{method: {STAGES[stage]}}}", sampling=points, **network))
    try:
        message = train(run, stages_of(run.problem)).message
    except pinn.errors.Divergence as error:
        message = str(error)
    assert message.startswith(f"term '{term}' ")
    assert place_in(message) == pytest.approx(0.7, abs=0.004)
    assert re.search(rf" in {stage}, (step|level) 1$", message)
    assert run.model is None or is_finite(run.model)


@pytest.mark.slow
@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "cells"])
def test_a_point_of_the_sampler_that_is_not_finite_is_named(stage, monkeypatch):
    """And a normal: the sampler of boundaries gives one of each. Cells leave out what lies in no cell."""
    import pinn.problem.problem

    text = """
name: square
coordinates: [x, y]
fields: [u]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: {laplace: laplacian(u) = 1}
conditions: [{on: [left, right], u: x*y}, {on: [top, bottom], u_n: 0}]
"""
    network = {} if stage in ("least_squares", "cells") else {"network": "{hidden: [8]}"}
    sampled = pinn.domain.domain.sample_pieces
    for part, term, said in (
        ("points", "u on left, right", "x = nan, y = [^ ]* (so the sampler gave this point)"),
        ("normals", "u_n on top, bottom", "x = [^ ]*, y = [01] (where the sampler gave a normal that is not finite)"),
    ):
        run = run_of(problem(text, solver=f"{{method: {STAGES[stage]}}}", **network))
        assert run.problem.scaling

        def broken(pieces, *rest, part=part):
            drawn = sampled(pieces, *rest)
            getattr(drawn, part)[3, 0 if part == "points" else slice(None)] = math.nan
            return drawn

        with monkeypatch.context() as patch:
            patch.setattr("pinn.domain.domain.sample_pieces", broken)
            try:
                message = train(run, stages_of(run.problem)).message
            except pinn.errors.Divergence as error:
                message = str(error)
        assert re.match(f"term '{term}' [a-z ]* at " + said.replace("(", r"\(").replace(")", r"\)"), message), message


OF_GRADIENTS = [stage for stage in STAGES if stage not in ("least_squares", "cells")]


@pytest.mark.parametrize("network", ["{hidden: [8, 7]}", "{hidden: [8]}"])
@pytest.mark.parametrize("stage", OF_GRADIENTS)
def test_a_gradient_that_is_not_finite_leaves_the_weights(stage, network, monkeypatch):
    """The slope of sqrt at 0 is infinite: the loss is finite there, its gradient is not."""
    run = run_of(problem(POISSON, solver=f"{{method: {STAGES[stage]}}}", network=network))
    value = CompiledExpression.value

    def poisoned(self, inputs, jets):
        found = torch.as_tensor(value(self, inputs, jets))
        if self.order == 2 and found.requires_grad and len(rows) >= 3:
            near, found = (inputs["x"] - 0.5).abs() < 0.03, found.clone()
            found[near] = found[near] + (0 * found[near]).sqrt()
        return found

    rows = []
    monkeypatch.setattr(CompiledExpression, "value", poisoned)
    outcome = train(run, stages_of(run.problem), rows.append)
    assert outcome.stop_reason == "diverged"
    assert "the gradient of term 'poisson' is not finite at x = " in outcome.message
    assert place_in(outcome.message) == pytest.approx(0.5, abs=0.03)
    assert re.search(rf"in {stage}, step [45]$", outcome.message)  # L-BFGS's own line search ends at step 4
    assert run.model is not None
    assert is_finite(outcome.model)
    assert is_finite(run.model)


@pytest.mark.slow
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
