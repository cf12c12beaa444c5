"""Networks that were marched: jets against nested autograd, slabs that join, a constant beyond the units."""

from __future__ import annotations

import pytest
import torch

from pinn.derivatives.autograd import jets_by_autograd
from pinn.derivatives.jets import Partial, plan_jets
from pinn.network.features import InputFeatures
from pinn.network.march_network import MarchNetwork
from pinn.network.space_units import SpaceUnits

EDGES = torch.tensor([0.0, 0.3, 1.0, 1.5], dtype=torch.float64)
WANTED = [(0, 0, 0), (1, 0, 0), (0, 0, 1), (1, 1, 0), (0, 2, 1), (2, 0, 2), (0, 0, 3)]


def network(space: int, fields: int = 2, units: int = 5, periods: dict[int, float] | None = None) -> MarchNetwork:
    generator = torch.Generator().manual_seed(3)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    features = InputFeatures([0.5] * space, [0.5] * space, periods or {}) if space else None
    width = features.width if features is not None else 0
    count = units if space else 0
    hidden = SpaceUnits(features, normal(count, width), normal(count), "lambda_gelu", 1.5)
    return MarchNetwork(hidden, EDGES, normal(3, 5, fields, count + 1), torch.tensor([1.0, 3.0], dtype=torch.float64))


def points(space: int) -> torch.Tensor:
    return torch.rand(40, space + 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 1.4


@pytest.mark.parametrize("periods", [{}, {1: 2.0}], ids=["box", "periodic"])
def test_jets_are_the_derivatives_of_the_fields(periods):
    marched, at = network(2, periods=periods), points(2)
    plan = plan_jets([Partial(orders) for orders in WANTED] + [Partial((0, 0, 1), 1)], 3, 2)
    for channel, found, slow in zip(
        plan.channels, marched.jets(at, plan), jets_by_autograd(marched, at, plan), strict=True
    ):
        assert found is not None, channel
        torch.testing.assert_close(found, slow, rtol=1e-10, atol=1e-10)


def test_without_space_the_fields_are_polynomials_of_time():
    marched, at = network(0), points(0)
    plan = plan_jets([Partial((1,)), Partial((2,))], 1, 0)
    for found, slow in zip(marched.jets(at, plan), jets_by_autograd(marched, at, plan), strict=True):
        torch.testing.assert_close(found, slow, rtol=1e-10, atol=1e-10)


def test_every_point_is_seen_by_its_own_slab():
    marched = network(1)
    with torch.no_grad():
        marched.coefficients.zero_()
        marched.coefficients[:, 0, :, -1] = torch.tensor([[1.0], [2.0], [3.0]], dtype=torch.float64)
    at = torch.tensor([[0.2, 0.1], [0.9, 0.5], [0.1, 1.4], [0.1, -1.0], [0.1, 9.0]], dtype=torch.float64)
    assert marched(at)[:, 1].tolist() == [3.0, 6.0, 9.0, 3.0, 9.0]
