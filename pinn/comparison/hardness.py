"""The walk from GELU to ReLU: what becomes of error and curvature as the hardness lambda of x Phi(lambda x) grows.

    integral of f'' = 1 for every lambda,      integral of f''^2 = 0.7758 lambda.

With pre-activations z of density p, smooth on the gate's width sqrt(2)/lambda, the mean of f''(z)^2 over units and
points is therefore p(0) 0.7758 lambda: the curvature concentrates where no collocation point sees it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from pinn.network.activations import gelu_derivatives
from pinn.solution.solution import Solution

POINTS = 2000
NEAR_ZERO = 0.2  # of the pre-activations' root mean square: the half width of the window that p(0) is counted in


@dataclass(frozen=True)
class GateCurvature:
    """Over all hidden units and points: the mean of f''(z)^2, and for GELUs what p(0) 0.7758 lambda predicts."""

    mean_square: float
    predicted: float | None


def gate_curvature(solution: Solution) -> GateCurvature:
    """Measured on the run's own network, at points never trained on."""
    network = solution.model.network
    points = torch.as_tensor(solution.problem.heldout_points(POINTS, 0)).to(network.field_scale)
    second, inputs, slopes = [], [], []
    with torch.no_grad():
        for z, hardness in network.pre_activations(points):
            second.append((hardness * network.activation.derivatives(hardness * z, 2)[2]).flatten())
            inputs.append(z.flatten())
            slopes.append(hardness.expand_as(z).flatten())
    mean_square = float(torch.cat(second).square().mean())
    if network.activation.derivatives is not gelu_derivatives:
        return GateCurvature(mean_square, None)
    z, slope = torch.cat(inputs), torch.cat(slopes)
    window = NEAR_ZERO * float(z.square().mean().sqrt())
    near = z.abs() < window
    density = float(near.double().mean()) / (2 * window)
    hardness = float(slope[near].mean()) if near.any() else float(slope.mean())
    return GateCurvature(mean_square, density * square_integral(hardness))


def square_integral(hardness: float) -> float:
    """Integral of f''^2 over the line, for f = x Phi(hardness x): 11 hardness / (8 sqrt(pi)).

    f'' = hardness phi(v) (2 - v^2) with v = hardness x, and the integral of phi^2 (4 - 4 v^2 + v^4) dv is
    (4 - 2 + 3/4) / (2 sqrt(pi)).
    """
    return 11 * hardness / (8 * math.sqrt(math.pi))
