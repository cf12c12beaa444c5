"""The loss of gradient-only stages: when its jets are compiled, its gradient, its points and the weights it reports."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import pinn
from pinn.geometry.points.sequences import SEQUENCES
from pinn.problem.loading import load
from pinn.spec.blocks.solver import AdamOptions
from pinn.spec.blocks.weights import Weights
from pinn.training.all_weights.objective import WORTH_FUSING, Objective, fused_terms, worth_fusing
from pinn.training.residuals.jacobian import jacobian_rows, trained_parameters
from pinn.training.residuals.model import Model, new_network
from pinn.training.residuals.points import draw
from tests.training.examples import COUPLED, POISSON, model_of, problem, run_of

PLATE = Path(__file__).parents[3] / "problems/elasticity/manufactured_plate.yaml"
BURGERS = Path(__file__).parents[3] / "problems/transport/burgers.yaml"


def fuses(solver: str, seconds: float, iterations: int, interior: int = 2048) -> bool:
    found = problem(POISSON, network="{hidden: [64, 64]}", sampling=f"{{interior: {interior}}}", solver=solver)
    run = run_of(found, seconds=seconds)
    groups = draw(found, 1, 1, 0, run.device, run.dtype)
    return worth_fusing(run, model_of(found), groups, iterations)


def test_long_stages_are_fused():
    assert fuses("{}", seconds=100.0, iterations=10_000)


@pytest.mark.parametrize(
    "short",
    [
        {"seconds": WORTH_FUSING, "iterations": 10_000},
        {"seconds": 100.0, "iterations": 500},
        {"seconds": 100.0, "iterations": 10_000, "interior": 100},
        {"seconds": 100.0, "iterations": 10_000, "solver": "{compile: off}"},
        {"seconds": 100.0, "iterations": 10_000, "solver": "{derivatives: autograd}"},
    ],
)
def test_short_ones_are_not(short):
    assert not fuses(**{"solver": "{}", **short})


def test_a_slow_machine_decides_no_differently(monkeypatch):
    """Elapsed time plays no part, or a seed would not repeat a run."""
    expected = fuses("{}", seconds=100.0, iterations=10_000)
    monkeypatch.setattr("pinn.training.run.run.perf_counter", lambda: 1e9)
    assert fuses("{}", seconds=100.0, iterations=10_000) == expected


@pytest.mark.slow
def test_the_fused_gradient_is_the_one_of_the_jacobian_rows():
    """grad |r|^2 = 2 J^T r, J from the tape."""
    found = load(PLATE)
    generator = torch.Generator().manual_seed(1)
    device = torch.device("cpu")
    network = new_network(found, (16, 16), generator, device, torch.float64)
    model = Model(found, network)
    groups = draw(found, 128, 64, 1, device, torch.float64)
    loss = sum(fused_terms(model, groups, fuse=True).values())
    assert not network.fused
    gradient = torch.cat([g.flatten() for g in torch.autograd.grad(loss, trained_parameters(model))])
    expected = torch.zeros_like(gradient)
    for group in groups:
        residual, jacobian = jacobian_rows(model, group)
        expected += 2 * jacobian.T @ residual
    assert float((gradient - expected).abs().max()) < 1e-10 * float(expected.abs().max())


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["adam", "soap", "lbfgs", "quasi_newton"])
def test_the_loss_is_the_weighted_sum_of_its_terms(stage):
    method = f"{{{stage}: {{iterations: 4, resample: 2, weights: [gradient_norm, causal]}}}}"
    found = problem(COUPLED, solver=f"{{method: {method}, tolerance: 1e-25, threads: 1}}")
    for row in pinn.solve(found, device="cpu").history:
        terms = {key.removeprefix("term:"): value for key, value in row.items() if key.startswith("term:")}
        assert row["loss"] == pytest.approx(sum(row[f"weight:{name}"] * term for name, term in terms.items()))
        assert 0 <= row["weight:last times"] <= row["weight:first times"] == 1


@pytest.mark.parametrize("adaptive", [False, True])
def test_adaptive_points_go_where_the_residual_is_large(adaptive):
    found = load(
        BURGERS, [f"sampling.adaptive={str(adaptive).lower()}", "network.hidden=[20, 20]", "network.activation=tanh"]
    )
    objective = Objective(run_of(found), AdamOptions(), "adam", (20, 20))
    objective.draw(0)
    inside = next(group for group in objective.groups if group.statements[0].is_equation)
    assert len(torch.unique(inside.points.points, dim=0)) == len(inside.points)
    with torch.no_grad():  # u = tanh(50 x) is wrong near x = 0 only: u u_x and nu u_xx are large there
        network = objective.model.network
        for layer in network.linears:
            layer.weight.zero_()
            layer.bias.zero_()
        network.linears[0].weight[0, 0] = 50.0
        network.linears[1].weight[0, 0] = 1.0
        network.linears[2].weight[0, 0] = 1.0
    objective.draw(1)
    inside = next(group for group in objective.groups if group.statements[0].is_equation)
    share = float((inside.points.points[:, 0].abs() < 0.1).double().mean())
    assert share > 0.3 if adaptive else share == pytest.approx(0.1, abs=0.01)


def test_no_weights_leave_the_loss_alone():
    objective = Objective(run_of(problem(POISSON)), AdamOptions(weights=Weights()), "adam", (8,))
    objective.draw(0)
    objective.rebalance()
    loss = objective().detach()
    assert float(loss) == pytest.approx(sum(float(term.detach()) for term in objective.terms.values()), rel=1e-14)
    assert objective.report(1.0, None).extra == {}


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["adam", "soap", "lbfgs", "quasi_newton"])
def test_a_stage_after_cells_begins_its_own_perceptron_and_keeps_the_better_model(stage):
    method = f"{{method: [cells, {{{stage}: {{iterations: 2}}}}], tolerance: 1e-25, threads: 1}}"
    solution = pinn.solve(problem(POISSON, solver=method), device="cpu")
    assert [row["stage"] for row in solution.history[-3:]] == ["cells", stage, stage]
    heldout = [row["heldout_residual"] for row in solution.history if row["heldout_residual"] is not None]
    assert solution.metrics["heldout_residual"] == pytest.approx(min(heldout))


@pytest.mark.parametrize("method", SEQUENCES)
def test_half_of_the_adaptive_points_cover_all_of_the_domain(method):
    found = load(BURGERS, [f"sampling.method={method}", "sampling.adaptive=true", "network.hidden=[6]"])
    objective = Objective(run_of(found), AdamOptions(), "adam", (6,))
    objective.draw(0)
    inside = next(group for group in objective.groups if group.statements[0].is_equation)
    assert len(torch.unique(inside.points.points, dim=0)) == len(inside.points) == 2048
    even = inside.points.points[:1024]
    places = ((even[:, 0] + 1) * 4).long() * 8 + (even[:, 1] * 8).long()
    assert int(torch.bincount(places, minlength=64).min()) >= 4  # of 16 on average
