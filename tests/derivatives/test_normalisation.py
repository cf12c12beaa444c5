"""Layer normalisation of jets against torch's own, differentiated by torch."""

from __future__ import annotations

import pytest
import torch

from pinn.derivatives.autograd import jets_by_autograd
from pinn.derivatives.jets import plan_jets
from pinn.derivatives.normalisation import normalised
from tests.derivatives.test_jets import JETS, PLANE, PLANE_LAPLACIANS, WITH_TIME, differences, network, random_points


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["lambda_gelu", "tanh"])
@pytest.mark.parametrize(
    ("partials", "dimension", "space"), [(PLANE, 2, 2), (PLANE_LAPLACIANS, 2, 2), (WITH_TIME, 3, 2)]
)
def test_jets_are_the_derivatives(activation, partials, dimension, space):
    hardness = 1.7 if activation == "lambda_gelu" else 1.0
    model = network(activation, dimension, normalised=True, hardness=hardness)
    found = differences(model, random_points(dimension), partials, space)
    assert max(found.values()) < 10 * JETS, found  # quotients of products of order four


def test_units_have_mean_0_and_variance_1():
    z = torch.randn(5, 40, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 30 + 7
    torch.testing.assert_close(normalised(z).mean(1), torch.zeros(5).double(), rtol=0, atol=1e-14)
    torch.testing.assert_close(normalised(z).var(1, correction=0), torch.ones(5).double(), rtol=0, atol=1e-7)


def test_layers_are_normalised_before_the_activation():
    model = network("gelu", 2, normalised=True, hidden=(30,))
    ((z, _),) = model.pre_activations(random_points(2))
    torch.testing.assert_close(z.mean(1), torch.zeros(len(z)).double(), rtol=0, atol=1e-14)
    expected = model.linears[-1](torch.nn.functional.gelu(z)) * model.field_scale
    torch.testing.assert_close(model(random_points(2)), expected)


def test_a_shift_and_a_factor_of_all_weights_change_nothing():
    model, points = network("gelu", 2, normalised=True, hidden=(30,)), random_points(2)
    before = model(points)
    with torch.no_grad():
        model.linears[0].weight.mul_(1e3)
        model.linears[0].bias.mul_(1e3).add_(20)
    torch.testing.assert_close(model(points), before, rtol=1e-4, atol=1e-5)  # EPS is a part of 1e-5 of the variance


def test_gradients_pass_through():
    """d(Laplacian)/d(weights) of the jets against that of the reference."""
    model, points = network("gelu", 2, fields=1, normalised=True), random_points(2)
    plan = plan_jets(PLANE_LAPLACIANS[:1], 2, 2)
    channel = plan.index(PLANE_LAPLACIANS[0])
    weights = [layer.weight for layer in model.linears]
    found = torch.autograd.grad(model.jets(points, plan)[channel].square().sum(), weights)
    expected = torch.autograd.grad(jets_by_autograd(model, points, plan)[channel].square().sum(), weights)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10 * float(other.abs().max()))
