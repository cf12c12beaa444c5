"""What `auto` makes of a body in space: its equations, or the least energy where these stay far from satisfied."""

from __future__ import annotations

import math

import pytest

from pinn.spec.blocks.solver import LeastSquaresOptions
from pinn.training.cells.ritz import Ritz
from pinn.training.output_layer.least_squares import LeastSquares
from pinn.training.run.stop_reason import StopReason
from pinn.training.stages import USABLE_START, stages_of
from tests.training.examples import model_of, problem, run_of

BLOCK = """
name: block
coordinates: [x, y, z]
physics: {linear_elasticity: {youngs_modulus: 3, poissons_ratio: 0.3}}
domain: {cuboid: {from: [0, 0, 0], to: [2, 1, 1]}}
conditions:
  - {on: left, displacement: [0, 0, 0]}
  - {on: right, traction: [0, 0, 1]}
  - {on: rest, traction: [0, 0, 0]}
"""


def second_stage(text: str, heldout: float):
    run = run_of(problem(text))
    run.model = run.best = model_of(run.problem, seed=1)
    run.best_heldout = heldout
    return [stage(run) for stage in stages_of(run.problem)[1:]]


def test_a_body_whose_equations_are_far_from_satisfied_has_its_least_energy():
    stages = second_stage(BLOCK, 2 * USABLE_START)
    assert isinstance(stages[0], Ritz)


def test_a_body_that_is_resolved_keeps_its_residuals():
    assert second_stage(BLOCK, USABLE_START / 2)[0] is None


@pytest.mark.parametrize("change", [("on: right, traction: [0, 0, 1]", "on: right, equation: traction_z = uz + 1")])
def test_a_condition_that_no_energy_has_leaves_the_equations(change):
    stages = second_stage(BLOCK.replace(*change), 2 * USABLE_START)
    assert not any(isinstance(stage, Ritz) for stage in stages)


@pytest.mark.parametrize(
    ("residuals", "left_after"),
    [([0.05, 0.07], 2), ([0.05, 0.03, 0.02], 3), ([0.05, 0.009, 0.1], math.inf), ([0.005, 0.007, 0.1], math.inf)],
    ids=["worse at once", "slowly better", "good at last", "good at first"],
)
def test_a_first_level_is_left_as_soon_as_it_is_hopeless(monkeypatch, residuals, left_after):
    run = run_of(problem(BLOCK))
    stage = LeastSquares(LeastSquaresOptions(), run, leave=0.01)
    model, found = model_of(run.problem, seed=1), iter(residuals)
    monkeypatch.setattr(stage, "solve", lambda scale: (1.0, model))
    monkeypatch.setattr(run, "heldout", lambda model: next(found))
    for number in range(1, len(residuals) + 1):
        finished = stage.step().finished
        assert (finished is StopReason.STAGNATED) == (number == left_after)
        if finished is not None:
            break
