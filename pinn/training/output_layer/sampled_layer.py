"""A network with one sampled hidden layer, for solvers that only look for its output layer."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from pinn.geometry.points.seeds import seed_of
from pinn.network.features import sample_hyperplanes
from pinn.problem.problem import Problem
from pinn.training.residuals.model import Model, new_network


def sampled_model(
    problem: Problem,
    features: int,
    scale: float,
    seed: int,
    generator: torch.Generator,
    device: torch.device,
    dtype: torch.dtype,
    without: Sequence[int] = (),
) -> Model:
    """`features` units s(w . h + b), directions uniform, |w| = scale, hyperplanes through points of the domain.

    The output layer is zero, the unknowns are at their first guesses.
    without   axes that the units do not see
    """
    network = new_network(problem, [features], generator, device, dtype)
    spread = torch.as_tensor(problem.heldout_points(features, seed_of(seed, "hyperplanes"))).to(network.field_scale)
    seen = network.features.hide(without)
    weight, bias = sample_hyperplanes(network.features(spread)[:, seen], features, scale, generator)
    with torch.no_grad():
        hidden, output = network.linears
        hidden.weight.zero_()
        hidden.weight[:, seen] = weight
        hidden.bias.copy_(bias)
        output.weight.zero_()
        output.bias.zero_()
    return Model(problem, network, problem.spec.solver.derivatives)
