"""Every kind of network comes back from a file and from the state of a training as it was, by the kind it says."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from pinn.corners.network import CornerNetwork
from pinn.network.features import InputFeatures
from pinn.network.march_network import MarchNetwork
from pinn.network.space_units import SpaceUnits
from pinn.problem.problem import Problem
from pinn.problem.singular import corner_bases
from pinn.run.encoding import from_bytes, to_bytes
from pinn.solution.saved import read_tensors, write_weights
from pinn.training.residuals.model import Model, new_network, series_network
from pinn.training.run.networks import KINDS, network_of
from pinn.training.run.state import load_tensors, model_of, model_state
from tests.training.cells.examples import cells_of, model_on, random_output
from tests.training.examples import COUPLED, bits, problem
from tests.training.examples import model_of as mlp_model

CPU = torch.device("cpu")
FAMILY = """
name: fin
coordinates: [x]
parameters: {m: {from: 1, to: 2}}
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {balance: u_xx = m**2*u}
conditions: [{on: left, u: 1}, {on: right, u_n: 0}]
"""
NOTCH = """
name: notch
coordinates: [x, y]
fields: [u, v]
domain: {polygon: {vertices: [[0, 0], [2, 0], [2, 1], [1, 1], [1, 2], [0, 2]]}}
equations: {first: laplacian(u) = 1, second: laplacian(v) + u = 0}
conditions: [{on: boundary, u: 0, v: 0}]
"""


def series_model(found: Problem) -> Model:
    model = Model(found, series_network(found, 6, torch.tensor([[0], [1], [2]]), CPU, torch.float64))
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator, dtype=weight.dtype))
    return model


def cell_model(found: Problem) -> Model:
    return random_output(model_on(found, cells_of(found, [2, 2]), 5))


def corner_model(found: Problem) -> Model:
    smooth = new_network(found, [5], torch.Generator().manual_seed(0), CPU, torch.float64)
    model = Model(found, CornerNetwork(smooth, corner_bases(found, 3.0)))
    with torch.no_grad():
        model.corners.coefficients.copy_(torch.linspace(-1, 1, len(model.corners.coefficients)))
    return model


def march_model(found: Problem) -> Model:
    generator = torch.Generator().manual_seed(6)
    edges = torch.tensor([0.0, 0.2, 0.5], dtype=torch.float64)
    features = InputFeatures([1.0], [1.0], {})

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    activation = found.spec.network.activation
    hidden = SpaceUnits(features, normal(4, features.width), normal(4), activation.name, activation.hardness)
    scale = torch.tensor([found.scaling.fields[name] for name in found.outputs], dtype=torch.float64)
    return Model(found, MarchNetwork(hidden, edges, normal(2, 4, len(scale), 5), scale))


MODELS: dict[str, tuple[str, Callable[[Problem], Model]]] = {
    "mlp": (COUPLED, mlp_model),
    "mlp and corners": (NOTCH, corner_model),
    "cells": (COUPLED, cell_model),
    "series": (FAMILY, series_model),
    "march": (COUPLED, march_model),
}


def test_every_kind_is_tried():
    assert MODELS.keys() == KINDS.keys()


@pytest.mark.slow
@pytest.mark.parametrize("kind", MODELS)
def test_a_network_comes_back_from_a_file(kind, tmp_path):
    text, make = MODELS[kind]
    found = problem(text)
    model = make(found)
    write_weights(tmp_path / "model.safetensors", found, model)
    tensors, said = read_tensors(tmp_path / "model.safetensors")
    assert said["network"] == kind
    network = network_of(found, said["network"], tensors)
    assert type(network) is type(model.network)
    again = Model(found, network)
    load_tensors(again, tensors)
    points = torch.as_tensor(found.heldout_points(50, 1))
    with torch.no_grad():
        assert torch.equal(again.network(points), model.network(points))
    assert float(model.network(points).detach().abs().max()) > 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", MODELS)
def test_a_network_comes_back_from_a_checkpoint(kind):
    text, make = MODELS[kind]
    found = problem(text)
    model = make(found)
    again = model_of(found, from_bytes(*to_bytes(model_state(model))), CPU)
    assert again is not None
    assert again.network.kind == kind
    assert bits(again) == bits(model)


def test_the_kind_decides_and_not_the_names_of_the_tensors():
    found = problem(COUPLED)
    tensors = dict(cell_model(found).state_dict())
    with pytest.raises(RuntimeError, match="Missing key"):
        load_tensors(Model(found, network_of(found, "mlp", tensors)), tensors)
    with pytest.raises(ValueError, match=r"unknown kind of network 'cell'; did you mean 'cells'\?"):
        network_of(found, "cell", tensors)


@pytest.mark.slow
@pytest.mark.parametrize("kind", MODELS)
def test_pre_activations_make_the_fields(kind):
    """Of an MLP: W s(lambda z)/lambda + b of the last hidden layer; of all kinds: as many units as weights say."""
    text, make = MODELS[kind]
    found = problem(text, network="{activation: {lambda_gelu: {hardness: 2}}}")
    model = make(found)
    points = torch.as_tensor(found.heldout_points(40, 1))
    with torch.no_grad():
        layers = list(model.network.pre_activations(points))
        assert all(float(hardness) == 2 for _, hardness in layers)
        if kind == "mlp":
            z, hardness = layers[-1]
            last = model.mlp.linears[-1]
            fields = last(torch.nn.functional.gelu(hardness * z) / hardness) * model.network.field_scale
            torch.testing.assert_close(fields, model.network(points))
        elif kind == "cells":
            assert [z.shape[1] for z, _ in layers] == [4] * len(layers)  # of five units the first is constant
            assert sum(len(z) for z, _ in layers) > len(points)  # windows overlap
        else:
            assert [z.shape for z, _ in layers] == [(40, {"mlp and corners": 5, "series": 6, "march": 4}[kind])]
