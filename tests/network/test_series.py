"""A series in the parameters: jets against nested autograd, polynomials exactly, a slice as a perceptron."""

import numpy as np
import pytest
import torch

from pinn.derivatives.autograd import partial_derivatives
from pinn.derivatives.jets import Partial, plan_jets
from pinn.network.features import InputFeatures
from pinn.network.mlp import MLP
from pinn.network.series import SeriesNetwork, chebyshev, chebyshev_nodes, interpolation
from tests.derivatives.test_products import up_to

LOWER, UPPER = np.array([0.5, -1.0]), np.array([2.0, 3.0])  # of the two parameters
DEGREES = torch.tensor([[i, j] for i in range(3) for j in range(2)])


@pytest.fixture
def network():
    """Two fields over x, y, t and two parameters before t."""
    generator = torch.Generator().manual_seed(1)
    features = InputFeatures([0, 0, 1.25, 1, 0], [1, 1, 0.75, 2, 1])
    seen = features.hide([2, 3])
    assert seen == [0, 1, 4]
    terms = MLP(features, [5], 2 * len(DEGREES), "gelu", generator=generator)
    with torch.no_grad():
        terms.linears[0].weight[:, [2, 3]] = 0.0
    centre, half_width = torch.as_tensor((LOWER + UPPER) / 2), torch.as_tensor((UPPER - LOWER) / 2)
    return SeriesNetwork(terms, [2, 3], centre, half_width, DEGREES, torch.tensor([2.0, 0.1], dtype=torch.float64))


@pytest.fixture
def points():
    unit = np.random.default_rng(2).random((20, 5))
    unit[:, 2:4] = LOWER + (UPPER - LOWER) * unit[:, 2:4]
    return torch.as_tensor(unit)


def test_jets(network, points):
    plan = plan_jets([*up_to(2, 5), Partial((0, 0, 1, 0, 0), 1), Partial((1, 0, 1, 0, 1))], 5, 2)
    with torch.no_grad():
        jets = network.jets(points, plan)
    reference = partial_derivatives(network, points, plan.channels, 2)
    for channel, jet in zip(plan.channels, jets, strict=True):
        true = reference[channel].detach()
        found = torch.zeros_like(true) if jet is None else jet
        assert float((found - true).abs().max()) <= 1e-12 * max(1.0, float(true.abs().max())), channel


def test_slice_is_a_perceptron_with_the_same_fields(network, points):
    points[:, 2], points[:, 3] = 0.8, 2.5
    found = network.restricted({2: 0.8, 3: 2.5})
    assert isinstance(found, MLP)
    with torch.no_grad():
        assert torch.allclose(found(points[:, [0, 1, 4]]), network(points), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("degree", [0, 1, 2, 7])
def test_polynomials(degree):
    t = torch.linspace(-1, 1, 9, dtype=torch.float64)
    for order in range(4):
        for k, column in enumerate(chebyshev(t, degree, order).T):
            true = (
                np.polynomial.Chebyshev.basis(k).deriv(order)(t.numpy()) if order else np.cos(k * np.arccos(t.numpy()))
            )
            assert column.numpy() == pytest.approx(np.asarray(true), abs=1e-10 * 10**order)


def test_series_runs_through_the_nodes():
    values = torch.exp(chebyshev_nodes(6))
    series = interpolation(6) @ values
    assert torch.allclose(chebyshev(chebyshev_nodes(6), 5, 0) @ series, values, rtol=1e-14)
    middle = torch.zeros(1, dtype=torch.float64)
    assert float(chebyshev(middle, 5, 0) @ series) == pytest.approx(1, abs=1e-4)
