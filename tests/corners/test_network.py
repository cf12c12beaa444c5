"""A perceptron with the functions of corners: one field, its derivatives, its types."""

from __future__ import annotations

import copy
import math

import pytest
import torch

from pinn.corners.basis import CornerBasis
from pinn.corners.functions import corner_functions
from pinn.corners.network import CornerNetwork, sum_of
from pinn.corners.table import CornerTable
from pinn.derivatives.autograd import partial_derivatives
from pinn.derivatives.jets import Partial, plan_jets
from pinn.network.features import InputFeatures
from pinn.network.mlp import MLP
from pinn.network.sum_network import SumNetwork
from tests.corners.wedges import laplace

PLAN = plan_jets([Partial((2, 0)), Partial((1, 1)), Partial((0, 2))], 2)


@pytest.fixture
def network() -> CornerNetwork:
    generator = torch.Generator().manual_seed(0)
    smooth = MLP(InputFeatures([0.0, 0.0], [1.0, 1.0]), [9], 2, "gelu", generator=generator)
    smooth.field_scale.copy_(torch.tensor([3.0, 0.5]))
    found = corner_functions(laplace([0.0, 1.5 * math.pi], [1.0], "DD"), 3.0)
    tables = [CornerBasis(vertex, found, ["u0", "other"], radius=1.3) for vertex in ([0.0, 0.0], [0.3, -2.0])]
    whole = CornerNetwork(smooth, tables)
    with torch.no_grad():
        whole.coefficients.copy_(torch.randn(len(whole.coefficients), generator=generator, dtype=torch.float64))
    return whole


@pytest.fixture
def points() -> torch.Tensor:
    theta = torch.linspace(0.1, 4.5, 50, dtype=torch.float64)
    return 0.8 * torch.stack([torch.cos(theta), torch.sin(theta)], dim=1)


def test_derivatives_are_those_of_the_fields(network, points):
    assert len(points) > network.smooth.cache_rows or network.smooth.cache_rows > 32  # in several parts, or in one
    expected = partial_derivatives(network, points, PLAN.channels, 2)
    for channel, jet in zip(PLAN.channels, network.jets(points, PLAN), strict=True):
        torch.testing.assert_close(jet, expected[channel], rtol=1e-9, atol=1e-9)


def test_each_corner_has_its_own_coefficients(network, points):
    first, second = network.of_corners
    assert len(first) == len(second) == len(network.tables[0])
    smooth = network.smooth(points)
    value = plan_jets([], 2)
    corners = [t.jets(points, value)[0] @ c for t, c in zip(network.tables, (first, second), strict=True)]
    torch.testing.assert_close(network(points), smooth + corners[0] + corners[1])


def test_functions_are_exact_for_points_in_float32(network, points):
    """Of the second derivatives of r^(8/3) to r^(2/3) near the vertex no more is lost than the points' own digits."""
    single = (points * 1e-3).float()
    table = network.tables[0].to(torch.float32)
    found, exact = table.jets(single, PLAN), table.jets(single.double(), PLAN)
    for one, other in zip(found, exact, strict=True):
        assert one.dtype == torch.float32
        torch.testing.assert_close(one, other.float(), rtol=0, atol=0)


def test_what_is_unbounded_in_the_vertex_is_finite_there(network):
    for jet in network.jets(torch.zeros(1, 2, dtype=torch.float64), PLAN):
        assert torch.isfinite(jet).all()


def test_a_correction_has_the_functions_of_its_solution_and_evaluates_them_once(network, points, monkeypatch):
    other = copy.deepcopy(network)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.mul_(-0.7).add_(0.1)
    whole, slow = sum_of(network, other), SumNetwork(network, other)
    torch.testing.assert_close(whole(points), slow(points))
    for jet, expected in zip(whole.jets(points, PLAN), slow.jets(points, PLAN), strict=True):
        torch.testing.assert_close(jet, expected)
    calls, combined = [], CornerTable.combined
    monkeypatch.setattr(CornerTable, "combined", lambda table, *given: calls.append(table) or combined(table, *given))
    whole.jets(points, PLAN)
    assert len(calls) == len(network.tables)
    assert type(sum_of(network, network.smooth)) is SumNetwork
