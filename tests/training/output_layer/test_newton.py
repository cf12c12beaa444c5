"""How far a step of Newton's iteration goes: one rule for one box and for cells."""

from __future__ import annotations

import math

import pytest
import torch

from pinn.errors import Divergence
from pinn.training.cells.solve import CellSystem
from pinn.training.output_layer.newton import SHORTEST_STEP, NewtonSystem, damped_step, newton
from pinn.training.output_layer.perceptron_system import PerceptronSystem
from pinn.training.output_layer.sampled_layer import sampled_model
from pinn.training.residuals.assembly import CONDITION_WEIGHT_SOLVED, jets_at, loss_at, loss_terms
from pinn.training.residuals.points import draw
from tests.training.cells.examples import cells_of, groups_of, model_on
from tests.training.examples import problem

CPU = torch.device("cpu")
REACTION = """
name: reaction
coordinates: [x]
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {reaction: -u_xx + 20*u**3 = -exact.u_xx + 20*exact.u**3}
conditions: [{on: boundary, u: exact.u}]
exact: {u: cos(5*x)}
"""


def on_one_box() -> NewtonSystem:
    found = problem(REACTION)
    model = sampled_model(found, 25, 4.0, 0, torch.Generator().manual_seed(0), CPU, torch.float64)
    groups = draw(found, 75, 25, 0, CPU, torch.float64, CONDITION_WEIGHT_SOLVED)
    return PerceptronSystem(model, groups, None, "a test")


def on_cells() -> NewtonSystem:
    found = problem(REACTION)
    cells = cells_of(found, [4])
    return CellSystem(model_on(found, cells, 10), groups_of(found, cells, 10), None)


@pytest.fixture(params=[on_one_box, on_cells])
def system(request) -> NewtonSystem:
    return request.param()


def zeros(system: NewtonSystem):
    return [jets_at(None, group) for group in system.groups]


def loss_of(system: NewtonSystem) -> float:
    """By a forward pass of the network itself."""
    return float(sum(loss_terms(system.model, system.groups).values(), torch.tensor(0.0)).detach())


def test_the_loss_and_the_jets_at_the_end_are_the_model_s(system):
    loss, jets = newton(system, zeros(system), steps=30, least_gain=1e-3)
    assert loss == pytest.approx(loss_of(system), rel=1e-9)
    assert loss == pytest.approx(loss_at(system.model, system.groups, jets), rel=1e-12)
    aim = system.solved(jets)  # a minimum of the linearised problem is one of the loss
    assert damped_step(system, aim, loss) is None or loss_of(system) > (1 - 1e-3) * loss


def test_a_step_that_goes_too_far_is_halved(system):
    jets = zeros(system)
    loss, jets = newton(system, jets, steps=1, least_gain=0.0)
    start, aim = system.coefficients(), system.solved(jets)
    beyond = start + 8 * (aim - start)
    system.set(beyond)
    assert loss_of(system) > loss
    system.set(start)
    found = damped_step(system, beyond, loss)
    assert found is not None
    after, _ = found
    share = float((system.coefficients() - start).norm() / (beyond - start).norm())
    assert after < loss
    assert share in (pytest.approx(1 / 2), pytest.approx(1 / 4), pytest.approx(1 / 8))
    system.set(torch.lerp(start, beyond, 2 * share))
    assert loss_of(system) >= loss  # the longest one of those that lower it


def test_where_no_step_lowers_the_loss_the_layers_stay_and_the_iteration_ends(system, monkeypatch):
    loss, jets = newton(system, zeros(system), steps=3, least_gain=0.0)
    kept, aim = system.coefficients(), system.solved(jets)
    asked = []
    monkeypatch.setattr(type(system), "solved", lambda self, jets: asked.append(1) or 2 * kept - aim)  # uphill
    after, at = newton(system, jets, steps=5, least_gain=0.0, loss=loss)
    assert len(asked) == 1
    assert after == loss
    assert at is jets
    assert torch.equal(system.coefficients(), kept)


def test_the_first_step_is_taken_whole_whatever_the_loss_was(system):
    """The fields that it starts from are another network's."""
    aim = 3 + torch.arange(len(system.coefficients()), dtype=torch.float64)
    found = damped_step(system, aim, math.inf)
    assert found is not None
    assert torch.equal(system.coefficients(), aim)
    assert found[0] > loss_of_zero(system)


def loss_of_zero(system: NewtonSystem) -> float:
    return loss_at(system.model, system.groups, zeros(system))


@pytest.mark.slow
def test_a_first_step_without_a_finite_loss_is_halved_until_it_has_one(system):
    aim = torch.ones_like(system.coefficients())
    while math.isfinite(loss_of_at(system, aim)):
        aim = 2 * aim
    start = torch.zeros_like(aim)
    system.set(start)
    found = damped_step(system, aim, math.inf)
    assert found is not None
    assert math.isfinite(found[0])
    torch.testing.assert_close(system.coefficients(), aim / 2)


def loss_of_at(system: NewtonSystem, coefficients: torch.Tensor) -> float:
    system.set(coefficients)
    return loss_of(system)


def test_no_finite_loss_at_all_is_a_divergence(system, monkeypatch):
    far = torch.full_like(system.coefficients(), 1e150 / SHORTEST_STEP)  # the cube is beyond 1e308
    monkeypatch.setattr(type(system), "solved", lambda self, jets: far)
    with pytest.raises(Divergence, match="loss is not finite after any step of Newton's iteration"):
        newton(system, zeros(system), steps=5, least_gain=0.0)


def test_a_step_that_gains_little_is_the_last(system, monkeypatch):
    asked = []
    solved = type(system).solved
    monkeypatch.setattr(type(system), "solved", lambda self, jets: asked.append(1) or solved(self, jets))
    newton(system, zeros(system), steps=30, least_gain=1.0 - 1e-12)
    assert len(asked) == 2  # the first has nothing to be compared with
