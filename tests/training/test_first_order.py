"""When Adam and L-BFGS compile their jets, and that the gradient then is Gauss-Newton's."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from pinn.loading import load
from pinn.training.first_order import ITERATIONS_TIMED, Pace, loss_of
from pinn.training.jacobian import jacobian_rows, trained_parameters
from pinn.training.model import Model, new_network
from pinn.training.points import draw

PLATE = Path(__file__).parents[2] / "problems/elasticity/manufactured_plate.yaml"


def pace(seconds: float, remaining: float, iterations: int, compile: str = "auto", derivatives: str = "jets") -> bool:
    """What is decided after the timed iterations took so many seconds."""
    solver = SimpleNamespace(compile=compile, derivatives=derivatives)
    run: Any = SimpleNamespace(
        seconds=3.0, remaining=remaining, problem=SimpleNamespace(spec=SimpleNamespace(solver=solver))
    )
    found = Pace(run, iterations)
    run.seconds += seconds
    for iteration in range(ITERATIONS_TIMED + 1):
        assert not found.fuse
        found.consider(iteration)
    return found.fuse


def test_long_stages_are_fused():
    assert pace(seconds=1.0, remaining=100.0, iterations=10_000)


@pytest.mark.parametrize(
    "short",
    [
        {"seconds": 1.0, "remaining": 20.0, "iterations": 10_000},
        {"seconds": 1.0, "remaining": 100.0, "iterations": 100},
        {"seconds": 1.0, "remaining": 100.0, "iterations": 10_000, "compile": "off"},
        {"seconds": 1.0, "remaining": 100.0, "iterations": 10_000, "derivatives": "autograd"},
    ],
)
def test_short_ones_are_not(short):
    assert not pace(**short)


def test_the_fused_gradient_is_the_one_of_the_jacobian_rows():
    """grad |r|^2 = 2 J^T r, J from the tape."""
    problem = load(PLATE)
    generator = torch.Generator().manual_seed(1)
    device = torch.device("cpu")
    network = new_network(problem, (16, 16), generator, device, torch.float64)
    model = Model(problem, network)
    groups = draw(problem, 128, 64, 1, device, torch.float64)
    loss, _ = loss_of(model, groups, fuse=True)
    assert not network.fused
    gradient = torch.cat([g.flatten() for g in torch.autograd.grad(loss, trained_parameters(model))])
    expected = torch.zeros_like(gradient)
    for group in groups:
        residual, jacobian = jacobian_rows(model, group)
        expected += 2 * jacobian.T @ residual
    assert float((gradient - expected).abs().max()) < 1e-10 * float(expected.abs().max())
