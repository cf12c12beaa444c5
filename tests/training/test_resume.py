"""A training that goes on from its state after any step ends with the same bits as one that was never interrupted."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

import pytest
import torch

from pinn.run.encoding import from_bytes, to_bytes
from pinn.solution.solving import at_load
from pinn.training.load_steps import train_by_load_steps
from pinn.training.loop import train
from pinn.training.run.run import Run
from pinn.training.stages import stages_of
from tests.training.examples import COUPLED, HEAT, PERIODIC, POISSON, STRING, bits, problem, run_of
from tests.training.march.examples import DIFFUSION, ordinary

pytestmark = pytest.mark.slow

LINEAR_FAMILY = """
name: fin
coordinates: [x]
parameters: {m: {from: 1, to: 2}}
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {balance: u_xx = m**2*u}
conditions: [{on: left, u: 1}, {on: right, u_n: 0}]
"""
MODES = """
name: string
coordinates: [x]
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {wave: -u_xx = 0}
conditions: [{on: boundary, u: 0}]
modes: {count: 2, mass: 1}
"""
LOAD_CASES = """
name: bar
coordinates: [x]
constants: {f: 0, end: 0}
cases: {weight: {f: 1}, pulled: {end: 2}}
combinations: {both: {weight: 1.5, pulled: -2}}
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {balance: u_xx = -f*cos(20*x)}
conditions: [{on: left, u: 0}, {on: right, u_n: end}]
"""
BALANCED = "weights: {gradient_norm: {every: 4}, causal: {bins: 4}}"
TRAININGS = {
    "adam": (COUPLED, "{adam: {iterations: 12, resample: 5, learning_rate: 1e-2}}"),
    "adam weighted": (COUPLED, f"{{adam: {{iterations: 12, resample: 5, {BALANCED}}}}}"),
    "adam adaptive": (POISSON, "{adam: {iterations: 12, resample: 5}}"),
    "soap": (COUPLED, "{soap: {iterations: 12, resample: 5, learning_rate: 1e-2}}"),
    "lbfgs": (COUPLED, "{lbfgs: {iterations: 12, resample: 5, history: 5}}"),
    "quasi_newton": (COUPLED, "{quasi_newton: {iterations: 12, resample: 5}}"),
    "gauss_newton": (COUPLED, "{gauss_newton: {iterations: 4}}"),
    "gauss_newton projected": (POISSON, "{gauss_newton: {iterations: 4}}"),
    "gauss_newton iterative": (POISSON, "{gauss_newton: {iterations: 4, solver: iterative}}"),
    "least_squares": (POISSON, "least_squares"),
    "load cases": (LOAD_CASES, "least_squares"),
    "modes": (MODES, "auto"),
    "least_squares nonlinear": (COUPLED, "{least_squares: {features: 30, iterations: 3}}"),
    "cells": (HEAT, "{cells: {slabs: 3, passes: 2, features: 35}}"),
    "cells periodic": (PERIODIC % "auto", "{cells: {slabs: 2, passes: 1, features: 20}}"),
    "march": (ordinary(1, "[r, p]", ["r_t = 2*r - r*p", "p_t = r*p - p"], "r: 2, p: 1"), "march"),
    "march in space": (DIFFUSION, "{march: {features: 30, scale: 2, nodes: 3}}"),
    "slices": (LINEAR_FAMILY, "{slices: {features: 20, terms: 3}}"),
    "ritz": (STRING, "{ritz: {features: 8, levels: 3}}"),
    "ritz of three levels": (STRING, "{ritz: {features: 8, levels: 3, iterations: 3}}"),
    "ritz by load": (STRING, "{ritz: {features: 8, levels: 3}}, load: P, load_steps: 2"),
    "gauss_newton by load": (STRING, "{gauss_newton: {iterations: 3}}, load: P, load_steps: 2"),
    "in turn by load": (STRING, "[{adam: {iterations: 4}}, {gauss_newton: {iterations: 3}}], load: P, load_steps: 2"),
    "in turn": (POISSON, "[{adam: {iterations: 12}}, {lbfgs: {iterations: 5}}, {quasi_newton: {iterations: 3}}]"),
}  # fmt: skip


class Interrupting:
    """A keeper that has the training stopped after some steps, and holds its state as bytes."""

    def __init__(self, steps: int):
        self.left = steps
        self.stopping = False
        self.kept = (b"", b"")

    def keep(self, state: dict[str, Any]) -> None:
        self.kept = to_bytes(state)

    def after_stage(self, state: dict[str, Any]) -> None:
        self.keep(state)

    def after_step(self, state, seconds: float) -> None:
        self.left -= 1
        self.stopping = self.left == 0

    def rescue(self) -> None:
        pass


def trained(found, keeper=None, state=None, device="cpu"):
    tolerance = 1e-9 if found.eigen or found.cases else 1e-30  # until nothing is gained any more
    run = run_of(found, seed=3, tolerance=tolerance, seconds=1e6, device=device)
    if found.spec.solver.load_steps:
        return run, train_by_load_steps(run, stages_of, partial(at_load, found), keeper=keeper, state=state)
    return run, train(run, stages_of(found), keeper=keeper, state=state)


@pytest.mark.parametrize("name", TRAININGS)
def test_interrupted_every_few_steps_it_ends_with_the_same_bits(name, monkeypatch):
    monkeypatch.setattr("pinn.training.output_layer.least_squares.FIRST_FEATURES", 20)
    text, method = TRAININGS[name]
    blocks = {"sampling": "{interior: 60, boundary: 16, adaptive: true}"} if name.endswith("adaptive") else {}
    require_same_bits(problem(text, solver=f"{{method: {method}}}", **blocks))


def test_interrupted_every_few_steps_it_ends_with_the_same_rows_of_a_thinned_history(monkeypatch):
    monkeypatch.setattr("pinn.training.run.history.MOST", 4)
    text, method = TRAININGS["in turn"]
    run = require_same_bits(problem(text, solver=f"{{method: {method}}}"))
    assert [row["iteration"] for row in run.history if row["stage"] == "adam"] == [1, 5, 9, 12]


def require_same_bits(found) -> Run:
    """Train in one piece and in many; the run of the former."""
    whole, outcome = trained(found)
    state, pieces = None, 0
    while True:
        keeper = Interrupting(steps=(1, 2, 4)[pieces % 3])
        with suppress(KeyboardInterrupt):  # there is no model yet
            pieced, last = trained(found, keeper, state)
        if not keeper.stopping:
            break
        state, pieces = from_bytes(*keeper.kept), pieces + 1
    assert pieces > 0
    assert len(pieced.history) == len(whole.history)
    for row, again in zip(whole.history, pieced.history, strict=True):
        assert {**row, "seconds": 0} == {**again, "seconds": 0}
    assert bits(outcome.model) == bits(last.model)
    assert torch.equal(whole.generator.get_state(), pieced.generator.get_state())
    assert outcome.stop_reason == last.stop_reason
    return whole
