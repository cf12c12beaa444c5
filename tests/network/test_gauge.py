"""The hardness folded into the weights: the same function, by torch's own GELU."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from pinn.network.gauge import folded_layers
from tests.training.examples import POISSON, model_of, problem


@pytest.mark.parametrize("per", ["layer", "neuron"])
def test_a_lambda_gelu_network_is_a_gelu_network(per):
    activation = f"{{lambda_gelu: {{hardness: 2, trainable: true, per: {per}}}}}"
    network = model_of(problem(POISSON, network=f"{{hidden: [9, 8, 7], activation: {activation}}}")).mlp
    count = len(network.layer_hardness.values)
    network.layer_hardness = network.layer_hardness.fixed(torch.logspace(0.2, 1.8, count, dtype=torch.float64))
    points = torch.linspace(0, 1, 50, dtype=torch.float64)[:, None]
    h = network.features(points)
    *hidden, (weight, bias) = folded_layers(network)
    for inner, shift in hidden:
        h = functional.gelu(h @ inner.T + shift)
    torch.testing.assert_close((h @ weight.T + bias) * network.field_scale, network(points), rtol=1e-13, atol=1e-13)


def test_without_hardness_the_weights_stay_as_they_are():
    network = model_of(problem(POISSON)).mlp
    for layer, (weight, bias) in zip(network.linears, folded_layers(network), strict=True):
        assert torch.equal(layer.weight, weight)
        assert torch.equal(layer.bias, bias)
