"""Leibniz's rule on jets against nested reverse-mode differentiation of the product."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import Tensor

from pinn.derivatives.autograd import partial_derivatives
from pinn.derivatives.jets import Partial, plan_jets
from pinn.derivatives.products import multiply, shares

ROUNDING = 1e-12  # of a channel's largest value


def up_to(order: int, dimension: int) -> list[Partial]:
    return [Partial(orders) for orders in product(range(order + 1), repeat=dimension) if sum(orders) <= order]


CASES = {
    "plane": (2, 2, [*up_to(4, 2), *(Partial(o, n) for o, n in (((0, 0), 1), ((0, 0), 2), ((1, 0), 1), ((1, 1), 1)))]),
    "time": (3, 2, [*up_to(3, 3), Partial((0, 0, 0), 2), Partial((0, 0, 1), 1), Partial((1, 0, 1), 1)]),
    "time twice": (2, 1, [*up_to(4, 2), Partial((0, 2), 1), Partial((1, 1), 1), Partial((0, 0), 2)]),
    "space": (3, 3, [Partial((0, 0, 0), 2), Partial((0, 1, 1), 1), Partial((1, 1, 1))]),
}


def weight(points: Tensor) -> Tensor:
    """Every axis its own, none a polynomial."""
    rates = torch.tensor([0.7, -1.1, 0.4])[: points.shape[1]].to(points)
    return torch.exp(points @ rates)[:, None] + torch.sin(points * rates).sum(dim=1, keepdim=True) ** 2


def functions(points: Tensor) -> Tensor:
    return torch.stack([torch.cos(points.sum(dim=1) * 1.3), (points**2).sum(dim=1) * torch.exp(points[:, 0])], dim=1)


def points_of(dimension: int) -> Tensor:
    return torch.rand(5, dimension, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 2 - 1


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_channels_of_a_product(name):
    dimension, space, partials = CASES[name]
    points = points_of(dimension)
    plan = plan_jets(partials, dimension, space)
    needed = {orders for channel in plan.channels for _, orders, _ in shares(channel, space)}
    weights = partial_derivatives(weight, points, [Partial(orders) for orders in needed], space)
    reference = partial_derivatives(lambda x: weight(x) * functions(x), points, plan.channels, space)
    h = partial_derivatives(functions, points, plan.channels, space)
    weights, reference, h = ({key: value.detach() for key, value in found.items()} for found in (weights, reference, h))
    found = multiply(plan, lambda orders: weights[Partial(orders)][:, 0], [h[channel] for channel in plan.channels])
    for channel, jet in zip(plan.channels, found, strict=True):
        assert jet is not None
        true = reference[channel]
        assert float((jet - true).abs().max()) <= ROUNDING * float(true.abs().max()), channel


def test_factors_that_vanish_are_left_out():
    """w depends on x alone, h on y alone: None stands for zero, and a row for the same value at all points."""
    points = points_of(2)
    plan = plan_jets(up_to(3, 2), 2)

    def of_x(orders: tuple[int, ...]) -> Tensor | None:
        return None if orders[1] else torch.exp(0.5 * points[:, 0]) * 0.5 ** orders[0]

    y = points[:, 1:]
    of_y = [y**2, 2 * y, torch.full((1, 1), 2.0, dtype=torch.float64), None]
    h = [None if channel.orders[0] else of_y[channel.orders[1]] for channel in plan.channels]
    found = multiply(plan, of_x, h)
    reference = partial_derivatives(lambda p: torch.exp(0.5 * p[:, :1]) * p[:, 1:] ** 2, points, plan.channels, 2)
    for channel, jet in zip(plan.channels, found, strict=True):
        if jet is None:
            assert not reference[channel].any()
        else:
            torch.testing.assert_close(jet.expand(5, 1), reference[channel], rtol=ROUNDING, atol=ROUNDING)
    assert found[plan.index(Partial((0, 3)))] is None


@pytest.mark.parametrize("name", CASES)
def test_the_shares_of_a_channel_number_two_to_its_order(name):
    """A single differentiation has two ways, a Laplacian one on h whole and three along each of the space axes."""
    _, space, partials = CASES[name]
    for partial in partials:
        total = sum(count for count, _, _ in shares(partial, space))
        assert total == 2 ** sum(partial.orders) * (1 + 3 * space) ** partial.laplacians
