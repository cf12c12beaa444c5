"""Learning the hardness with every solver: derivatives of residuals in lambda, the floor, steps that ignore tau."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

import pinn
from pinn.spec.blocks.solver import STAGE_OPTIONS
from pinn.training.all_weights.descent import parameter_groups
from pinn.training.residuals.jacobian import jacobian_rows, trained_parameters
from pinn.training.residuals.points import draw
from pinn.training.stages import STAGES
from tests.training.examples import COUPLED, POISSON, model_of, problem, run_of

STEPS = {"adam": 4, "soap": 4, "lbfgs": 3, "quasi_newton": 3, "gauss_newton": 2}


def network(hidden: str = "[6, 5]", **options) -> str:
    learned = json.dumps({"lambda_gelu": {"hardness": 1.4, "trainable": True, **options}})
    return f"{{hidden: {hidden}, activation: {learned}}}"


def perturbed(found, seed: int = 1):
    """A model whose hardnesses all differ."""
    model = model_of(found)
    step = model.mlp.layer_hardness.step
    assert step is not None
    with torch.no_grad():
        step.copy_(torch.rand(step.shape, generator=torch.Generator().manual_seed(seed), dtype=step.dtype) - 0.3)
    return model, step


@pytest.mark.slow
@pytest.mark.parametrize("text", [POISSON, COUPLED])
@pytest.mark.parametrize("per", ["layer", "neuron"])
def test_columns_of_the_hardness_are_differences_in_lambda(text, per):
    """Gauss-Newton's columns, after recentring, against residuals at lambda + h and lambda - h."""
    found = problem(text, network=network(per=per))
    model, step = perturbed(found)
    hardness = model.mlp.layer_hardness
    assert model.recentre()
    start = sum(parameter.numel() for layer in model.mlp.linears for parameter in layer.parameters())
    largest = 0.0
    for group in draw(found, 12, 8, 0, torch.device("cpu"), torch.float64):
        columns = jacobian_rows(model, group)[1][:, start : start + step.numel()]
        assert columns.shape[1] == (2 if per == "layer" else 11)
        for index in range(step.numel()):
            at = hardness.coordinate.clone()
            sides = []
            for sign in (1, -1):
                moved = hardness.values.detach().clone()
                moved[index] += sign * 1e-6
                hardness.coordinate.copy_(hardness.parameterisation.coordinate(moved, 1.0))
                sides.append(jacobian_rows(model, group)[0])
                hardness.coordinate.copy_(at)
            expected = (sides[0] - sides[1]) / 2e-6
            scale = max(float(expected.abs().max()), 1e-3)
            torch.testing.assert_close(columns[:, index], expected, rtol=1e-5, atol=1e-6 * scale)
            largest = max(largest, scale)
    assert largest > 0.01


@pytest.mark.parametrize("name", STEPS)
def test_every_solver_begins_with_unit_steps_of_lambda(name):
    """A centre that was left elsewhere by an earlier stage moves to the present lambda, with the first step at last."""
    found = problem(POISSON, network=network())
    model, _ = perturbed(found)
    run = run_of(found)
    run.model = model
    hardness = model.mlp.layer_hardness
    left = hardness.coordinate.clone()
    stage = STAGES[name](STAGE_OPTIONS[name](), run)
    stage.step()
    assert not torch.equal(hardness.coordinate, left)


@pytest.mark.slow
@pytest.mark.parametrize("name", STEPS)
def test_the_temperature_cancels(name):
    """lambda = 1 + softplus(s/tau): steps in lambda do not know tau, whichever solver makes them."""
    ends = []
    for temperature in (1.0, 7.0):
        block = network(temperature=temperature)
        method = f"{{method: {{{name}: {{iterations: {STEPS[name]}}}}}, threads: 1}}"
        history = pinn.solve(problem(POISSON, network=block, solver=method), seed=2, device="cpu").history
        ends.append([history[-1][f"hardness:{layer}"] for layer in (0, 1)])
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-9)
    assert max(abs(value - 1.4) for value in ends[0]) > 1e-4


def lambdas(parameterisation: str, rate: float, iterations: int = 40, seed: int = 0) -> np.ndarray:
    """lambda of three layers under Adam on Poisson's equation, [iterations, 3]."""
    block = network("[8, 8, 8]", hardness=1.2, parameterisation=parameterisation, learning_rate=rate)
    method = f"{{adam: {{iterations: {iterations}, schedule: constant, learning_rate: 1e-2}}}}"
    solver = f"{{method: {method}, threads: 1, compile: 'off'}}"
    history = pinn.solve(problem(POISSON, network=block, solver=solver), seed=seed, device="cpu").history
    return np.array([[row[f"hardness:{layer}"] for layer in range(3)] for row in history])


@pytest.mark.slow
def test_naive_learning_runs_through_zero_where_the_constrained_one_keeps_its_floor():
    """Adam, rate 0.5 for lambda: at 0 a naive layer is linear, x/2; below, its gates open to the other side."""
    assert min(lambdas("naive", 0.5, seed=seed).min() for seed in range(4)) < 0
    for constrained in ("optimizer_aware", "softplus"):
        found = lambdas(constrained, 0.5)
        assert found.min() >= 1
        assert np.isfinite(found).all()


@pytest.mark.slow
def test_first_steps_of_adam_on_a_real_problem():
    """The first one is the learning rate in lambda, and sigma(s)/tau of it in s."""
    aware, plain = (lambdas(name, 1e-3, 1)[0] - 1.2 for name in ("optimizer_aware", "softplus"))
    slope = 1 - np.exp(-0.2)  # sigma(s) where softplus(s) = 0.2
    np.testing.assert_allclose(np.abs(aware), 1e-3, rtol=5e-3)
    np.testing.assert_allclose(np.abs(plain), 1e-3 * slope, rtol=5e-3)
    assert (np.sign(aware) == np.sign(plain)).all()


def test_hardness_has_a_group_of_its_own_without_weight_decay():
    model = model_of(problem(POISSON, network=network(per="neuron")))
    step = model.mlp.layer_hardness.step
    groups = parameter_groups(model, 0.5)
    assert [id(parameter) for parameter in groups[1]["params"]] == [id(step)]
    assert groups[1]["lr"] == 0.5
    assert sum(p.numel() for group in groups for p in group["params"]) == sum(
        p.numel() for p in trained_parameters(model)
    )
    with torch.no_grad():
        step.fill_(0.2)
    optimizer = torch.optim.AdamW(groups, lr=0.1, weight_decay=0.5)
    before = model.mlp.linears[0].weight.detach().clone()
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    assert torch.equal(step, torch.full_like(step, 0.2))
    assert not torch.equal(model.mlp.linears[0].weight, before)


@pytest.mark.slow
def test_history_of_neurons_has_their_mean_and_their_ends():
    solver = "{method: {adam: {iterations: 5, learning_rate: 1e-2}}, threads: 1}"
    solution = pinn.solve(problem(POISSON, network=network(per="neuron"), solver=solver), device="cpu")
    row = solution.history[-1]
    for index, values in enumerate(solution.model.mlp.hardness):
        columns = [row[f"hardness:{index}{end}"] for end in (".min", "", ".max")]
        assert columns[0] < columns[1] < columns[2]
        assert len(values) == (6, 5)[index]
