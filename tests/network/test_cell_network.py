"""The blend of small networks: jets against nested autograd, periodicity, what a join keeps."""

from __future__ import annotations

import pytest
import torch

from pinn.derivatives.autograd import partial_derivatives
from pinn.derivatives.jets import Partial, plan_jets
from pinn.network import cell_network
from pinn.network.cell_network import CellNetwork, join
from tests.derivatives.test_products import up_to
from tests.network.examples import (
    LOWER,
    NAMES,
    UPPER,
    basis_jets,
    hanging,
    network_on,
    partition,
    points_in,
    window_of,
    window_sums,
)

JETS = 1e-8  # of a channel's largest value: the reference loses 1 - sigmoid where a step is nearly 1
CASES = {
    "plane": (2, 2, (), [*up_to(4, 2), Partial((0, 0), 1), Partial((0, 0), 2), Partial((1, 1), 1)]),
    "periodic": (2, 2, (0,), [*up_to(2, 2), Partial((2, 1)), Partial((0, 0), 2)]),
    "line and time": (2, 1, (), [*up_to(2, 2), Partial((0, 0), 2), Partial((0, 1), 1)]),
    "plane and time": (3, 2, (1,), [*up_to(2, 3), Partial((0, 0, 0), 2), Partial((0, 0, 1), 1), Partial((1, 1, 1))]),
}


def differences(network: CellNetwork, points, partials, space) -> dict[Partial, float]:
    plan = plan_jets(partials, points.shape[1], space)
    with torch.no_grad():
        jets = network.jets(points, plan)
    reference = partial_derivatives(network, points, plan.channels, space)
    return {
        channel: float(((jet - true).abs().max() / true.abs().max()).detach())
        for channel, jet in zip(plan.channels, jets, strict=True)
        for true in (reference[channel].detach(),)
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_jets_on_hanging_cells(name):
    dimension, space, periodic, partials = CASES[name]
    network = network_on(hanging(dimension, periodic), periodic, units=3, fields=1 if len(partials) > 9 else 2)
    points = points_in(dimension, 30)
    overlapping = sum(len(reached) for _, reached, _ in network.local(points))
    assert overlapping > 1.5 * len(points)
    found = differences(network, points, partials, space)
    assert max(found.values()) < JETS, max(found, key=lambda channel: found[channel])


@pytest.mark.parametrize("periodic", [(), (0,), (0, 1)])
def test_all_cells_at_once_are_what_each_is_alone(periodic, monkeypatch):
    """Points sorted to the cells against every cell asked for itself, whatever the sizes of tiles and chunks."""
    network = network_on(partition(2, periodic, seed=5), periodic, units=7, activation="lambda_gelu", hardness=2.0)
    points = points_in(2, 300)
    plan = plan_jets([*up_to(2, 2), Partial((0, 0), 1)], 2)
    expected = [torch.zeros(len(points), 2, dtype=torch.float64) for _ in plan.channels]
    with torch.no_grad():
        for cell in range(network.cells):
            centre = (network.lower[cell, 0] + network.upper[cell, 0]) / 2
            turns = torch.where(network.period > 0, torch.round((points - centre) / network.period), 0.0)
            near = points - turns * network.period
            for total, channel in zip(expected, basis_jets(network, cell, near, plan), strict=True):
                assert channel is not None
                total += channel @ network.output[cell].T * network.field_scale
        for rows, units in ((cell_network.ROWS, cell_network.ON_CPU), (70, 1000)):
            monkeypatch.setattr(cell_network, "ROWS", rows)
            monkeypatch.setattr(cell_network, "ON_CPU", units)
            for found, true in zip(network.jets(points, plan), expected, strict=True):
                torch.testing.assert_close(found, true, rtol=0, atol=1e-12 * float(true.abs().max()))
            torch.testing.assert_close(network(points), expected[0], rtol=1e-12, atol=1e-12)
        assert [channel.shape for channel in network.jets(points[:0], plan)] == [(0, 2)] * len(plan.channels)
        assert network(points[:0]).shape == (0, 2)


@pytest.mark.parametrize(("activation", "hardness"), [("tanh", 1.0), ("sin", 1.0), ("lambda_gelu", 3.0)])
def test_activations_and_hardness(activation, hardness):
    cells = hanging(2, ())
    network = network_on(cells, activation=activation, hardness=hardness)
    found = differences(network, points_in(2, 20), [*up_to(3, 2), Partial((0, 0), 1)], 2)
    assert max(found.values()) < JETS
    softer = network_on(cells, activation=activation)
    assert (hardness == 1) is torch.equal(network(points_in(2, 9)), softer(points_in(2, 9)))


def test_one_cell_is_a_plain_network():
    """Without a neighbour there is no window: s(lambda (V x + b))/lambda through the output layer, times the scale."""
    network = network_on(partition(2, (), 0, rounds=0)[:1], hardness=3.0, activation="lambda_gelu")
    for name in NAMES[2:]:
        getattr(network, name).zero_()
    points = points_in(2, 11)
    z = 3 * (points @ network.weight[0].T + network.bias[0])
    hidden = z * 0.5 * torch.erfc(-z / 2**0.5) / 3
    expected = hidden @ network.output[0].T * torch.tensor([1.0, 2.5], dtype=torch.float64)
    torch.testing.assert_close(network(points), expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("periodic", [(0,), (0, 1)])
def test_periodic_axes(periodic):
    network = network_on(partition(2, periodic, seed=5), periodic)
    points = points_in(2, 60)
    plan = plan_jets(up_to(2, 2), 2)
    with torch.no_grad():
        here = network.jets(points, plan)
        for axis in (0, 1):
            for turns in (1, -2):
                moved = points.clone()
                moved[:, axis] += turns * (UPPER[axis] - LOWER[axis])
                there = network.jets(moved, plan)
                same = all(torch.allclose(a, b, rtol=0, atol=1e-9) for a, b in zip(here, there, strict=True))
                assert same is (axis in periodic), (axis, turns)
                if axis in periodic:
                    sums = window_sums(network, moved)
                    torch.testing.assert_close(sums, torch.ones_like(sums), rtol=0, atol=1e-12)


def test_constant_fields_from_constant_units():
    """With a first unit that is constant and one coefficient for all cells, the blend is that constant everywhere."""
    network = network_on(partition(2, (0,), seed=3), (0,), fields=1, activation="tanh")
    with torch.no_grad():
        network.weight[:, 0] = 0.0
        network.bias[:, 0] = 1.0
        network.output.zero_()
        network.output[:, :, 0] = 2.0
    plan = plan_jets(up_to(2, 2), 2)
    value, *others = network.jets(points_in(2, 500), plan)
    torch.testing.assert_close(
        value, torch.full_like(value, 2 * torch.tanh(torch.tensor(1.0).double())), rtol=1e-13, atol=0
    )
    sharpest = float(1 / network.lower_width[network.lower_width > 0].min())
    assert all(float(jet.detach().abs().max()) < 1e-11 * sharpest**2 for jet in others)


def zeros_reached(network: CellNetwork, points) -> float:
    """Share of the points that a cell was given for which its window is zero."""
    shares = []
    for cell, _, near in network.local(points):
        window = window_of(network, cell, near)((0, 0))
        assert window is not None
        shares.append(window == 0)
    return float(torch.cat(shares).double().mean())


@pytest.mark.parametrize("periodic", [(), (0,)])
def test_cells_are_given_no_points_beyond_their_windows(periodic):
    network = network_on(partition(2, periodic, seed=5), periodic)
    assert zeros_reached(network, points_in(2, 2000)) < 0.01
    second = {name: getattr(network, name).clone() for name in NAMES}  # a second box that cuts each cell at x = 1
    for name in NAMES:
        second[name].zero_()
    second["upper"][..., 0], second["upper_width"][..., 0] = 1.0, 0.1
    for name in NAMES:
        setattr(network, name, torch.cat([getattr(network, name), second[name]], dim=1))
    assert zeros_reached(network, points_in(2, 2000)) < 0.01


def test_joined_networks_keep_what_each_is():
    """Cells of two networks with different numbers of units, in the boxes they had: the sum of both."""
    parts = [
        network_on(partition(2, (0,), seed, rounds=5), (0,), units, activation="lambda_gelu", hardness=2.0, seed=seed)
        for seed, units in ((0, 4), (1, 6))
    ]
    joined = join(parts, {name: torch.cat([getattr(part, name) for part in parts]) for name in NAMES})
    points = points_in(2, 50)
    assert (joined.cells, joined.units) == (parts[0].cells + parts[1].cells, 6)
    torch.testing.assert_close(joined(points), parts[0](points) + parts[1](points), rtol=1e-12, atol=1e-12)
    plan = plan_jets(up_to(2, 2), 2)
    for whole, first, second in zip(*(network.jets(points, plan) for network in (joined, *parts)), strict=True):
        torch.testing.assert_close(whole, first + second, rtol=1e-11, atol=1e-11)
