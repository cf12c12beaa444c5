"""The energy form: densities of real problems, and slopes against an energy integrated exactly."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import pinn
from pinn.comparison.energy_figure import energy_figure
from pinn.comparison.energy_form import STEP, energy_form, known_energy
from tests.training.examples import COUPLED, POISSON, PROBLEMS, model_of, problem


@pytest.mark.slow
@pytest.mark.parametrize("name", ["elasticity/plate_with_hole", "elasticity/cantilever", "elasticity/plate_kirchhoff"])
def test_energies_of_elasticity_are_positive(name):
    found = pinn.load(PROBLEMS / f"{name}.yaml")
    energy = known_energy(found, model_of(found))
    assert energy is not None
    assert max(d.partial.order for d in energy.density.derivatives) == (2 if "kirchhoff" in name else 1)
    generator = torch.Generator().manual_seed(0)
    random = {d: torch.randn(50, generator=generator, dtype=torch.float64) for d in energy.density.derivatives}
    points = energy.points(50)
    assert (energy.density.value(energy.at(points)[0], random) > 0).all()


@pytest.mark.slow
def test_strain_energy_of_a_modulus_that_varies():
    modulus = "physics={linear_elasticity: {youngs_modulus: 1 + x*y, poissons_ratio: 0.3 + 0.05*x, plane: strain}}"
    found = pinn.load(PROBLEMS / "elasticity/plate_with_hole.yaml", overrides=[modulus])
    energy = known_energy(found, model_of(found))
    assert energy is not None
    generator = torch.Generator().manual_seed(0)
    random = {d: torch.randn(50, generator=generator, dtype=torch.float64) for d in energy.density.derivatives}
    slopes = {(d.field, d.partial.orders): value for d, value in random.items()}
    inputs = energy.at(energy.points(50))[0]
    youngs, nu = 1 + inputs["x"] * inputs["y"], 0.3 + 0.05 * inputs["x"]
    lame_lambda, lame_mu = youngs * nu / ((1 + nu) * (1 - 2 * nu)), youngs / (2 * (1 + nu))
    xx, yy, xy = slopes["ux", (1, 0)], slopes["uy", (0, 1)], (slopes["ux", (0, 1)] + slopes["uy", (1, 0)]) / 2
    expected = lame_lambda / 2 * (xx + yy) ** 2 + lame_mu * (xx**2 + yy**2 + 2 * xy**2)
    torch.testing.assert_close(energy.density.value(inputs, random), expected, rtol=1e-12, atol=0)


def test_no_energy_is_claimed_where_there_is_none():
    found = problem(COUPLED)
    assert energy_form(found, model_of(found)) is None
    assert energy_figure({"gelu": found}, 3) is None


@pytest.mark.parametrize(
    ("activation", "small"), [("gelu", 1e-7), ("tanh", 1e-7), ("{lambda_gelu: {hardness: 5}}", 1e-5)]
)
def test_autograd_knows_the_energy_of_smooth_networks(activation, small):
    found = problem(POISSON, network=f"{{hidden: [8, 7], activation: {activation}}}")
    figures = energy_form(found, model_of(found))
    assert figures is not None
    assert figures["gradient_gap"] < small
    assert figures["gradient_gap_sampled"] < 0.05
    assert figures["jacobian_rank"] > 10


def exact_energy(w, b, a) -> float:
    """Integral over (0, 1) of u_x^2/2 for u = sum of a max(w xi + b, 0), xi = 2x - 1: constant between the kinks."""
    kinks = (1 - b / w) / 2
    edges = np.sort(np.concatenate([[0, 1], kinks[(kinks > 0) & (kinks < 1)]]))
    middle = 2 * (edges[1:] + edges[:-1]) / 2 - 1
    slope = ((w * middle[:, None] + b > 0) * 2 * w * a).sum(axis=1)
    return float((slope**2 / 2 * np.diff(edges)).sum())


def test_autograd_misses_the_kinks_that_move():
    """One hidden layer of ReLU in one dimension, whose energy is known exactly."""
    found = problem(POISSON.replace("u_xx = -pi", "-u_xx = pi"), network="{hidden: [9], activation: relu}")
    model = model_of(found)
    energy = known_energy(found, model)
    assert energy is not None
    network = model.mlp
    w, b = (p.detach().numpy().copy() for p in (network.linears[0].weight[:, 0], network.linears[0].bias))
    a = network.linears[1].weight.detach().numpy()[0] * float(network.field_scale)
    exact = []
    for dw, db in energy.directions:
        at = [exact_energy(w + s * dw.numpy()[:, 0], b + s * db.numpy(), a) for s in (STEP, -STEP)]
        exact.append((at[0] - at[1]) / (2 * STEP))
    exact = np.array(exact)
    points = energy.points(2**14)
    assert energy.moved(points, energy.directions[0], 0.0).item() == pytest.approx(exact_energy(w, b, a), rel=1e-3)
    np.testing.assert_allclose(energy.differences(points).numpy(), exact, atol=0.02 * np.abs(exact).max())
    gap = np.linalg.norm(energy.slopes(points).numpy() - exact) / np.linalg.norm(exact)
    assert gap > 0.2
    figures = energy_form(found, model)
    assert figures is not None
    assert figures["gradient_gap"] == pytest.approx(gap, rel=0.1)


def test_weights_stay_where_they_were():
    found = problem(POISSON)
    model = model_of(found)
    before = [weight.detach().clone() for weight in model.parameters()]
    energy_form(found, model)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
