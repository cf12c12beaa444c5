import numpy as np
import pytest
import torch

from pinn.certificates.network import perceptron_jets
from pinn.certificates.regions import variables
from pinn.certificates.ridge import Ridge
from pinn.certificates.taylor import Taylor, algebra
from pinn.derivatives.jets import Partial, plan_jets
from pinn.errors import SpecError
from pinn.network.features import InputFeatures
from pinn.network.mlp import MLP

RADIUS = 0.05
VALUE, SLOPE, LAPLACIAN, THIRD = Partial((0, 0)), Partial((1, 0)), Partial((0, 0), 1), Partial((1, 2))


def network(hidden, activation, *, hardness=1.0, fourier=0, periods=None, normalised=False) -> MLP:
    generator = torch.Generator().manual_seed(0)
    features = InputFeatures([0.5, 0.5], [0.5, 0.5], periods, fourier, generator=generator)
    found = MLP(
        features, hidden, 2, activation, generator=generator, hardness=hardness, normalised=normalised
    )  # fmt: skip
    found.field_scale.copy_(torch.tensor([1.3, 0.7]))
    found.place_gates(torch.rand(200, 2, generator=generator, dtype=torch.float64), generator)
    return found


def held(found: MLP, models: list[Taylor], partials, centre, radius) -> float:
    """Asserts that no sampled jet leaves its model; returns the largest radius, relative to the jet."""
    plan = plan_jets(partials, 2)
    rng = np.random.default_rng(1)
    t = np.concatenate([rng.uniform(-1, 1, (200, 2)), [[1, 1], [-1, -1], [1, -1], [-1, 1]]])
    points = (centre[:, None] + radius[:, None] * t).reshape(-1, 2)
    jets = found.jets(torch.as_tensor(points), plan)
    widest = 0.0
    for channel, model in zip(jets, models, strict=True):
        if channel is None:
            assert model is None or not model.c.any()
            continue
        values = channel.detach().expand(len(points), 2).numpy().reshape(len(centre), len(t), 2)
        slack = 1e-13 * np.abs(values).max()
        low, high = model.range()
        assert (values >= low[:, None] - slack).all()
        assert (values <= high[:, None] + slack).all()
        monomials = np.prod(t[:, None, :] ** model.space.exponents, axis=2)
        off = np.abs(np.einsum("sk,kbf->bsf", monomials, model.c) - values)
        assert (off <= model.e[:, None] + slack).all()
        widest = max(widest, float(model.e.max() / np.abs(values).max()))
    return widest


BOXES = np.random.default_rng(2).random((4, 2)), np.full((4, 2), RADIUS)
ORDERS = [VALUE, SLOPE, LAPLACIAN, THIRD]


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["gelu", "tanh", "silu", "softplus", "sin"])
@pytest.mark.parametrize("hardness", [1.0, 2.5])
def test_no_jet_of_one_hidden_layer_leaves_its_bounds(activation, hardness):
    space, found = algebra(2, 8), network([30], activation, hardness=hardness)
    ridge = Ridge.of(found)
    assert ridge is not None
    plan = plan_jets(ORDERS, 2)
    by_units = held(found, ridge.jets(*BOXES, plan, space), ORDERS, *BOXES)  # pyright: ignore[reportArgumentType]
    in_general = held(found, perceptron_jets(found, variables(*BOXES, space), plan), ORDERS, *BOXES)  # pyright: ignore
    assert by_units < (1e-2 if hardness == 1 else 2.0)
    assert abs(by_units - in_general) < 1e-3 * in_general


@pytest.mark.parametrize(
    "options",
    [
        {"hidden": [12, 12], "activation": "gelu"},
        {"hidden": [12, 12], "activation": "gelu", "hardness": 2.0},
        {"hidden": [12, 12, 12], "activation": "silu"},
        {"hidden": [12, 12], "activation": "gelu", "normalised": True},
        {"hidden": [12], "activation": "tanh", "fourier": 3},
        {"hidden": [12, 8], "activation": "softplus", "periods": {0: 1.0}},
    ],
    ids=str,
)
def test_no_jet_of_a_perceptron_leaves_its_bounds(options):
    found, partials = network(**options), [VALUE, SLOPE, LAPLACIAN]
    boxes = BOXES[0], BOXES[1] / 3
    models = perceptron_jets(found, variables(*boxes, algebra(2, 5)), plan_jets(partials, 2))
    assert held(found, models, partials, *boxes) < 1.0  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
def test_piecewise_linear_ones_have_values_and_gates(activation):
    found, partials = network([12, 12], activation), [VALUE, SLOPE]
    models = perceptron_jets(found, variables(*BOXES, algebra(2, 2)), plan_jets(partials, 2))
    held(found, models, partials, *BOXES)  # pyright: ignore[reportArgumentType]
    with pytest.raises(SpecError, match="no second derivative"):
        perceptron_jets(found, variables(*BOXES, algebra(2, 2)), plan_jets([LAPLACIAN], 2))


def test_cancelling_units_keep_their_digits():
    """Large weights of opposite signs: what is left is bounded to far less than the units' own rounding in double."""
    found = network([40], "gelu")
    with torch.no_grad():
        found.linears[-1].weight[:, 20:] = -found.linears[-1].weight[:, :20] * 1e6
        found.linears[-1].weight[:, :20] *= 1e6
        found.linears[0].weight[20:] = found.linears[0].weight[:20]
        found.linears[0].bias[20:] = found.linears[0].bias[:20]
    ridge = Ridge.of(found)
    assert ridge is not None
    (model, *_) = ridge.jets(BOXES[0], BOXES[1] / 50, plan_jets([LAPLACIAN], 2), algebra(2, 8))[-1:]
    size = float(found.linears[-1].weight.detach().abs().max())
    assert np.abs(model.c[0]).max() < 1e-14 * size
    assert model.e.max() < 1e-13 * size
