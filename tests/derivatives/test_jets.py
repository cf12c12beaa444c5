"""Jets against nested reverse-mode differentiation, which knows none of their rules."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import Tensor

from pinn.derivatives.autograd import jets_by_autograd, partial_derivatives
from pinn.derivatives.jets import JetPlan, Partial, plan_jets, set_partitions
from pinn.network.activations import ACTIVATIONS
from pinn.network.features import InputFeatures
from pinn.network.hardness import Learning
from pinn.network.mlp import MLP

JETS = 1e-12  # of a channel's largest value: some hundred rounding errors through two layers
GRADIENTS = 1e-10  # the reference differentiates five times in a row
POINTS = 7


def up_to(order: int, dimension: int) -> list[Partial]:
    return [Partial(orders) for orders in product(range(order + 1), repeat=dimension) if sum(orders) <= order]


PLANE = up_to(4, 2)
PLANE_LAPLACIANS = [Partial((0, 0), 1), Partial((0, 0), 2), Partial((1, 0), 1), Partial((0, 2), 1), Partial((1, 1), 1)]
WITH_TIME = [
    *up_to(2, 3),
    *(Partial((0, 0, 0), 1), Partial((0, 0, 0), 2)),
    *(Partial((0, 0, 1), 1), Partial((0, 0, 2), 1), Partial((1, 0, 1), 1)),
]


def network(
    activation: str, dimension: int, fields: int = 2, periods=None, fourier: int = 0, hidden=(6, 5), **options
) -> MLP:
    generator = torch.Generator().manual_seed(3)
    # An off-centre box with unequal sides, so that every scale factor shows.
    centre, half_width = [0.3, -0.2, 0.5][:dimension], [1.3, 0.7, 0.9][:dimension]
    features = InputFeatures(centre, half_width, periods, fourier, 1.5, generator=generator)
    found = MLP(features, hidden, fields, activation, generator=generator, **options)
    found.field_scale.copy_(torch.tensor([1.0, 2.5])[:fields])
    return found


def random_points(dimension: int, seed: int = 5) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(POINTS, dimension, generator=generator, dtype=torch.float64) * 2 - 1


def differences(model: MLP, points: Tensor, partials: list[Partial], space: int) -> dict[Partial, float]:
    """Largest difference of each channel from the reference, as a share of the channel's largest value."""
    plan = plan_jets(partials, points.shape[1], space)
    with torch.no_grad():
        jets = model.jets(points, plan)
    reference = partial_derivatives(model, points, plan.channels, space)
    found = {}
    for channel, jet in zip(plan.channels, jets, strict=True):
        true = reference[channel].detach()
        computed = torch.zeros_like(true) if jet is None else jet.expand_as(true)
        difference, size = float((computed - true).abs().max()), float(true.abs().max())
        found[channel] = difference / size if size else difference
    return found


def weighted_sum(channels, like: Tensor) -> Tensor:
    """A fixed random combination of all channels, each weighted at each point by a normal number over its size."""
    generator = torch.Generator().manual_seed(17)
    total = like.new_zeros(())
    for channel in channels:
        weights = torch.randn(like.shape, generator=generator, dtype=like.dtype)
        if channel is not None:
            size = channel.detach().abs().max().clamp(min=1e-12)
            total = total + (weights / size * channel.expand_as(like)).sum()
    return total


def gradient_difference(model: MLP, points: Tensor, partials: list[Partial], space: int) -> float:
    plan = plan_jets(partials, points.shape[1], space)
    parameters = list(model.parameters())
    value = model(points)
    by_jets = weighted_sum(model.jets(points, plan), value)
    by_reference = weighted_sum(jets_by_autograd(model, points, plan), value)
    gradients = [
        torch.cat(
            [
                (torch.zeros_like(p) if g is None else g).flatten()
                for p, g in zip(parameters, torch.autograd.grad(total, parameters, allow_unused=True), strict=True)
            ]
        )
        for total in (by_jets, by_reference)
    ]
    assert gradients[1].norm() > 0
    return float((gradients[0] - gradients[1]).norm() / gradients[1].norm())


@pytest.mark.slow
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_partial_to_order_four_in_the_plane(activation):
    found = differences(network(activation, 2), random_points(2), [*PLANE, *PLANE_LAPLACIANS], 2)
    assert set(found) >= {*PLANE, *PLANE_LAPLACIANS}
    assert max(found.values()) < JETS, max(found, key=lambda channel: found[channel])


@pytest.mark.parametrize("hidden", [(6,), (5, 4, 6)])
def test_layers_of_an_odd_number(hidden):
    """A rule that exchanged two axes would undo itself in the second layer."""
    found = differences(network("tanh", 2, hidden=hidden), random_points(2), [*PLANE, *PLANE_LAPLACIANS], 2)
    assert max(found.values()) < JETS, max(found, key=lambda channel: found[channel])


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_laplacians_leave_time_out(activation):
    found = differences(network(activation, 3), random_points(3), WITH_TIME, 2)
    assert max(found.values()) < JETS, max(found, key=lambda channel: found[channel])


def test_the_reference_against_a_polynomial():
    def function(points: Tensor) -> Tensor:
        x, y, t = points.unbind(1)
        return torch.stack([x**3 * y**2 * t + x**4 * t**2, y**4 - x * y], dim=1)

    points = random_points(3)
    x, y, t = points.unbind(1)
    found = partial_derivatives(function, points, [Partial((1, 1, 1)), Partial((0, 0, 0), 2), Partial((0, 0, 1), 1)], 2)
    bilaplacian = 2 * (6 * x * 2) * t + 24 * t**2
    mixed = 6 * x * y**2 + 2 * x**3 + 24 * x**2 * t
    torch.testing.assert_close(found[Partial((1, 1, 1))][:, 0], 6 * x**2 * y, rtol=1e-13, atol=1e-13)
    torch.testing.assert_close(found[Partial((0, 0, 0), 2)][:, 0], bilaplacian, rtol=1e-13, atol=1e-13)
    torch.testing.assert_close(found[Partial((0, 0, 0), 2)][:, 1], torch.full_like(x, 24.0), rtol=1e-13, atol=1e-13)
    torch.testing.assert_close(found[Partial((0, 0, 1), 1)][:, 0], mixed, rtol=1e-13, atol=1e-13)


@pytest.mark.slow
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_parameter_gradients(activation):
    assert gradient_difference(network(activation, 2), random_points(2), PLANE, 2) < GRADIENTS


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["gelu", "tanh"])
def test_parameter_gradients_with_time(activation):
    assert gradient_difference(network(activation, 3), random_points(3), WITH_TIME, 2) < GRADIENTS


@pytest.mark.slow
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("size", [50.0, 1e3])
def test_saturated_units_give_finite_jets(activation, size):
    model = network(activation, 2)
    with torch.no_grad():
        model.layers[0].bias.copy_(torch.tensor([size, -size, 0.1, size, -size, -0.3]))
        model.layers[1].weight[:, [0, 1, 3, 4]] *= 0.5 / size  # the second layer stays where it bends
    found = differences(model, random_points(2), PLANE, 2)
    # sin(1000) itself loses three digits
    assert max(found.values()) < 1e-11, max(found, key=lambda channel: found[channel])


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["gelu", "sin", "silu"])
def test_periodic_and_fourier_features(activation):
    for options in ({"periods": {0: 2.5}}, {"fourier": 3}, {"periods": {0: 2.5, 1: 0.8}, "fourier": 2}):
        partials = [*PLANE, *PLANE_LAPLACIANS]
        model = network(activation, 2, **options)
        found = differences(model, random_points(2), partials, 2)
        # A period of 0.8 multiplies by 7.9 per order, and so are the rounding errors.
        assert max(found.values()) < 1e-11, (options, max(found, key=lambda channel: found[channel]))
        assert gradient_difference(model, random_points(2), up_to(2, 2), 2) < GRADIENTS


def test_periodic_features_are_periodic_and_fourier_features_are_not():
    points = random_points(2)
    shifted = points + torch.tensor([2.5, 0.0], dtype=torch.float64)
    periodic, free = network("gelu", 2, periods={0: 2.5}, fourier=2), network("gelu", 2, fourier=2)
    torch.testing.assert_close(periodic(points), periodic(shifted), rtol=0, atol=1e-13)
    assert float((free(points) - free(shifted)).detach().abs().max()) > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("trainable", [False, True])
def test_lambda_gelu_of_hardness_three(trainable):
    model = network("lambda_gelu", 2, hardness=3.0, learning=Learning() if trainable else None)
    hardness = torch.cat(model.hardness).detach()
    torch.testing.assert_close(hardness, torch.full((2,), 3.0, dtype=torch.float64), rtol=1e-14, atol=0)
    partials = [*PLANE, *PLANE_LAPLACIANS]
    assert max(differences(model, random_points(2), partials, 2).values()) < JETS
    assert gradient_difference(model, random_points(2), up_to(3, 2), 2) < GRADIENTS
    assert ("layer_hardness.step" in dict(model.named_parameters())) is trainable


@pytest.mark.slow
@pytest.mark.parametrize("per", ["layer", "neuron"])
def test_gradient_with_respect_to_the_hardness(per):
    model = network("lambda_gelu", 2, hardness=3.0, learning=Learning(per))
    points, plan = random_points(2), plan_jets(PLANE, 2)
    by_jets, by_reference = (
        torch.autograd.grad(weighted_sum(jets, model(points)), model.layer_hardness.step)[0]
        for jets in (model.jets(points, plan), jets_by_autograd(model, points, plan))
    )
    assert float(by_reference.abs().min()) > 1e-3
    torch.testing.assert_close(by_jets, by_reference, rtol=GRADIENTS, atol=0)


def test_value_channel_is_the_forward_pass():
    model, points = network("gelu", 2), random_points(2)
    (value,) = model.jets(points, plan_jets([], 2))
    torch.testing.assert_close(value, model(points), rtol=1e-14, atol=1e-14)


def channel_count(partials: list[Partial], dimension: int, space: int | None = None) -> int:
    plan: JetPlan = plan_jets(partials, dimension, space)
    assert plan.channels[0] == Partial((0,) * dimension)
    assert {plan.index(partial) for partial in partials} <= set(range(len(plan.channels)))
    return len(plan.channels)


def test_channel_counts():
    """METHODS § 1: plane elasticity 6 channels, Laplacian in two dimensions 4, in five 7."""
    assert channel_count([Partial((2, 0)), Partial((1, 1)), Partial((0, 2))], 2) == 6
    assert channel_count([Partial((0, 0), 1)], 2) == 4
    assert channel_count([Partial((0,) * 5, 1)], 5) == 7
    assert channel_count([Partial((0, 0), 1), Partial((1, 0)), Partial((0, 1))], 2) == 4  # steady Navier-Stokes
    assert channel_count([Partial((0, 0, 0), 1), Partial((0, 0, 1))], 3, 2) == 5  # heat: value, x, y, t, Laplacian
    assert channel_count([Partial((2, 0)), Partial((0, 1))], 2) == 4  # Burgers: value, x, xx, t
    assert channel_count([], 3) == 1


@pytest.mark.parametrize(("size", "bell"), list(enumerate([1, 1, 2, 5, 15, 52])))
def test_set_partitions_are_counted_by_bell_numbers(size, bell):
    partitions = [frozenset(frozenset(block) for block in partition) for partition in set_partitions(range(size))]
    assert len(partitions) == len(set(partitions)) == bell
    assert all(sorted(item for block in partition for item in block) == list(range(size)) for partition in partitions)


@pytest.mark.parametrize("partial", [Partial((5, 0)), Partial((2, 3)), Partial((1, 0), 2), Partial((0, 0), 3)])
def test_orders_above_four_are_refused(partial):
    with pytest.raises(ValueError, match=f"up to order 4 are available, got order {partial.order}"):
        plan_jets([partial], 2)
