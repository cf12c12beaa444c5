"""Curvature of the gates: the integral by quadrature, the mean square against autograd and against the prediction."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pinn.comparison.hardness import POINTS, gate_curvature, square_integral
from pinn.network.activations import ACTIVATIONS
from pinn.solution.solution import Solution
from pinn.training.residuals.model import Model
from tests.training.cells.examples import cells_of, model_on, network_of
from tests.training.examples import POISSON, model_of, problem


@pytest.mark.parametrize("hardness", [1.0, 7.0])
def test_the_integral_of_the_squared_second_derivative(hardness):
    x = torch.linspace(-10, 10, 200_001, dtype=torch.float64)
    second = hardness * ACTIVATIONS["gelu"].derivatives(hardness * x, 2)[2]
    assert square_integral(hardness) == pytest.approx(float(torch.trapezoid(second**2, x)), rel=1e-9)
    assert square_integral(hardness) / hardness == pytest.approx(0.7758, abs=1e-4)


def with_hardness(value: float) -> tuple[Solution, Model]:
    found = problem(POISSON, network=f"{{hidden: [300], activation: {{lambda_gelu: {{hardness: {value}}}}}}}")
    model = model_of(found)
    return Solution(found, model, {}, [], {}), model


def second_by_autograd(z: torch.Tensor, hardness: float) -> torch.Tensor:
    """Of torch's own z Phi(hardness z)."""
    z = z.detach().requires_grad_()
    value = torch.nn.functional.gelu(hardness * z).sum() / hardness
    (slope,) = torch.autograd.grad(value, z, create_graph=True)
    return torch.autograd.grad(slope.sum(), z)[0]


def test_the_mean_square_is_that_of_autograd_on_the_pre_activations():
    solution, model = with_hardness(3.0)
    points = torch.as_tensor(solution.problem.heldout_points(POINTS, 0))
    z = model.mlp.linears[0](model.mlp.features(points))
    expected = second_by_autograd(z, 3.0).square().mean()
    assert gate_curvature(solution).mean_square == pytest.approx(float(expected), rel=1e-9)


def test_the_mean_square_of_patches():
    found = problem(POISSON)
    model = model_on(found, cells_of(found, [2], hanging=False))
    network = network_of(model)
    points = torch.as_tensor(found.heldout_points(POINTS, 0))
    parts = []
    for cell, _, near in network.local(points):
        used = network.weight[cell].abs().sum(dim=1) > 0
        z = (near[:, None, :] * network.weight[cell][None, used]).sum(dim=2) + network.bias[cell][used]
        parts.append(second_by_autograd(z, 1.0).flatten())
    expected = torch.cat(parts).square().mean()
    assert gate_curvature(Solution(found, model, {}, [], {})).mean_square == pytest.approx(float(expected), rel=1e-9)


def test_the_mean_square_grows_as_predicted():
    found = {value: gate_curvature(with_hardness(value)[0]) for value in (20.0, 160.0)}
    for gates in found.values():
        assert gates.mean_square == pytest.approx(gates.predicted, rel=0.15)
    slope = np.log(found[160.0].mean_square / found[20.0].mean_square) / np.log(8)
    assert slope == pytest.approx(1, abs=0.1)
