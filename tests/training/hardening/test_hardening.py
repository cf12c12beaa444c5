"""The ramp of lambda: its targets by quadrature, its steps, and what the networks on it are."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.special import ndtr

from pinn.errors import SpecError
from pinn.training.hardening.hardening import Ramp, set_hardness, softened, substituted, target_hardness
from tests.training.examples import POISSON, model_of, problem


@pytest.mark.parametrize("tolerance", [0.005, 0.1])
def test_the_target_for_the_integral(tolerance):
    hardness = target_hardness(tolerance, "integral")
    below, _ = quad(lambda z: ndtr(hardness * z), -40 / hardness, 0)
    assert 2 * below == pytest.approx(tolerance, rel=1e-9)
    assert target_hardness(0.005, "integral") == pytest.approx(160, abs=0.5)


@pytest.mark.parametrize("tolerance", [1e-3, 0.1])
def test_the_target_for_the_gap(tolerance):
    hardness = target_hardness(tolerance, "gap")
    z = np.linspace(-2, 2, 400_001) / hardness
    assert np.abs(z * ndtr(hardness * z) - np.maximum(z, 0)).max() == pytest.approx(tolerance, rel=1e-9)


def test_steps_are_equal_ratios_and_no_layer_becomes_softer():
    steps = torch.stack(list(Ramp(160.0, 4).values(torch.tensor([1.0, 10.0, 200.0], dtype=torch.float64))))
    ratios = steps[1:] / steps[:-1]
    torch.testing.assert_close(ratios, ratios[:1].expand(3, -1))
    assert steps[-1].tolist() == pytest.approx([160.0, 160.0, 200.0])


def test_the_ramp_starts_at_the_trained_network_and_ends_near_its_relu():
    network = model_of(
        problem(POISSON, network="{hidden: [9, 8], activation: {lambda_gelu: {hardness: 3, trainable: true}}}")
    ).mlp
    points = torch.linspace(0, 1, 60, dtype=torch.float64)[:, None]
    soft, hard = softened(network), substituted(network)
    torch.testing.assert_close(soft(points), network(points), rtol=1e-14, atol=1e-14)
    h = network.features(points).numpy()
    *hidden, last = [(layer.weight.detach().numpy(), layer.bias.detach().numpy()) for layer in network.linears]
    for weight, bias in hidden:
        h = np.maximum(0, h @ weight.T + bias)
    expected = (h @ last[0].T + last[1]) * network.field_scale.numpy()
    np.testing.assert_allclose(hard(points).detach().numpy(), expected, rtol=1e-13, atol=1e-13)
    gaps = []
    for value in (10.0, 1000.0):
        set_hardness(soft, torch.full((2,), value, dtype=torch.float64))
        gaps.append(float((soft(points) - hard(points)).detach().abs().max()))
    assert gaps[1] < 0.03 * gaps[0]


def test_only_gelu_hardens():
    with pytest.raises(SpecError, match="from gelu or lambda_gelu to relu; the run's activation is tanh"):
        softened(model_of(problem(POISSON, network="{hidden: [9], activation: tanh}")).mlp)
