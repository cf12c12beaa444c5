"""Activation functions: the function itself, its derivatives in closed form, and how often it may be differentiated.

Notation: z is the pre-activation, s(z) the activation, s_n its n-th derivative; phi and Phi are the density and the
distribution function of the standard normal law.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

MAX_ORDER = 4
INFINITE = 1_000

# phi(z) underflows to zero in float64 beyond |z| = 38.6: polynomials multiplied by it are cut there, so that a
# saturated unit gives 0 and not inf * 0.
GAUSSIAN_EDGE = 39.0
LOG_OF_DENSITY = -0.5 * math.log(2 * math.pi)  # of phi at 0


@dataclass(frozen=True)
class Activation:
    """One activation function.

    function     z [...] -> s(z) [...], torch's own implementation where there is one (the independent reference)
    derivatives  (z [...], n <= 4) -> [s_0, s_1, ..., s_n], each [...], in closed form
    smoothness   s is C^smoothness; an equation of order m asks for smoothness >= m - 1 and a nonzero s_m
    order        highest n for which s_n is not zero almost everywhere
    scale        length of z over which s bends, relative to GELU's: sampled weights are longer by this factor
                 (measured: results/benchmarks/feature_scale.md; tanh, with poles at i pi/2, half of silu, at i pi)
    gain         of the first weights of a trained network: normal(0, gain^2/inputs)
                 (results/benchmarks/initial_gain.md; 1.2 lies between the two best of gelu and of sin, and is taken
                 over for those not measured)
    """

    name: str
    function: Callable[[Tensor], Tensor]
    derivatives: Callable[[Tensor, int], list[Tensor]]
    smoothness: int
    order: int
    scale: float = 1.0
    gain: float = 1.2


def gelu_derivatives(z: Tensor, n: int) -> list[Tensor]:
    """GELU s = z Phi(z); s_n = phi(z) p_n(z) for n >= 2 (Hendrycks & Gimpel, arXiv 1606.08415).

    Phi by erf, as torch has it: exact to the last digit of 1, which is all that a sum of units keeps of it, in half the
    time of erfc.
    """
    distribution = torch.erf(z * math.sqrt(0.5)) * 0.5 + 0.5
    if n == 0:
        return [z * distribution]
    edge = z.clamp(-GAUSSIAN_EDGE, GAUSSIAN_EDGE)
    square = edge * edge
    density = torch.exp(torch.rsub(square, LOG_OF_DENSITY, alpha=0.5))
    derivatives = [z * distribution, torch.addcmul(distribution, edge, density)]
    if n >= 2:
        derivatives.append(density * (2 - square))
    if n >= 3:
        derivatives.append(density * edge * (square - 4))
    if n >= 4:
        derivatives.append(density * ((7 - square) * square - 4))
    return derivatives


def tanh_derivatives(z: Tensor, n: int) -> list[Tensor]:
    """s = tanh z; s_1 = 1 - s^2, and each further derivative is a polynomial in s times s_1."""
    s = torch.tanh(z)
    slope = 1 - s * s
    derivatives = [s, slope, -2 * s * slope]
    if n >= 3:
        derivatives.append(slope * (6 * s * s - 2))
    if n >= 4:
        derivatives.append(s * slope * (16 - 24 * s * s))
    return derivatives[: n + 1]


def logistic_derivatives(z: Tensor, n: int) -> list[Tensor]:
    """s = 1/(1 + exp(-z)); s_1 = s(1 - s), and each further derivative is a polynomial in s times s_1."""
    s = torch.sigmoid(z)
    slope = s * (1 - s)
    derivatives = [s, slope, slope * (1 - 2 * s)]
    if n >= 3:
        derivatives.append(slope * (1 - 6 * slope))
    if n >= 4:
        derivatives.append(slope * (1 - 2 * s) * (1 - 12 * slope))
    return derivatives[: n + 1]


def times_identity(z: Tensor, gate: list[Tensor]) -> list[Tensor]:
    """Derivatives of z g(z) from those of g: (z g)_n = z g_n + n g_(n-1)."""
    return [z * gate[0]] + [z * gate[n] + n * gate[n - 1] for n in range(1, len(gate))]


def silu_derivatives(z: Tensor, n: int) -> list[Tensor]:
    """s = z / (1 + exp(-z))."""
    return times_identity(z, logistic_derivatives(z, n))


def softplus(z: Tensor) -> Tensor:
    """log(1 + exp z); torch's own default cuts it to z above 20, 2e-9 too early for float64."""
    return functional.softplus(z, threshold=40.0)


def softplus_derivatives(z: Tensor, n: int) -> list[Tensor]:
    """s = log(1 + exp z); s_1 is the logistic function."""
    return [softplus(z), *logistic_derivatives(z, max(n - 1, 0))][: n + 1]


GELU_TANH_CUBIC = 0.044715  # Hendrycks & Gimpel, § 2
GELU_TANH_EDGE = 20.0  # tanh is 1 to the last digit long before


def gelu_tanh_derivatives(z: Tensor, n: int) -> list[Tensor]:
    """s = z (1 + tanh v)/2, v = sqrt(2/pi) (z + 0.044715 z^3); off the exact GELU by 1.9e-3 in s_2."""
    edge = z.clamp(-GELU_TANH_EDGE, GELU_TANH_EDGE)
    c = math.sqrt(2 / math.pi)
    v = c * (edge + GELU_TANH_CUBIC * edge**3)
    v1 = c * (1 + 3 * GELU_TANH_CUBIC * edge**2)
    v2 = 6 * c * GELU_TANH_CUBIC * edge
    v3 = 6 * c * GELU_TANH_CUBIC
    t = tanh_derivatives(v, n)
    gate = [0.5 * (1 + t[0])]
    if n >= 1:
        gate.append(0.5 * t[1] * v1)
    if n >= 2:
        gate.append(0.5 * (t[2] * v1**2 + t[1] * v2))
    if n >= 3:
        gate.append(0.5 * (t[3] * v1**3 + 3 * t[2] * v1 * v2 + t[1] * v3))
    if n >= 4:
        gate.append(0.5 * (t[4] * v1**4 + 6 * t[3] * v1**2 * v2 + t[2] * (3 * v2**2 + 4 * v1 * v3)))
    return [z * gate[0], *times_identity(edge, gate)[1:]]


def sin_derivatives(z: Tensor, n: int) -> list[Tensor]:
    """s = sin z."""
    sine, cosine = torch.sin(z), torch.cos(z)
    return [sine, cosine, -sine, -cosine, sine][: n + 1]


def elu_derivatives(z: Tensor, n: int) -> list[Tensor]:
    """s = z for z > 0, else exp(z) - 1: C^1, since s_2 jumps from 1 to 0 at z = 0.

    Source: Clevert et al., arXiv 1511.07289.
    """
    exponential = torch.exp(z.clamp(max=0.0))
    zero = torch.zeros_like(z)
    return [functional.elu(z), torch.where(z > 0, torch.ones_like(z), exponential)][: n + 1] + [
        torch.where(z > 0, zero, exponential) for _ in range(2, n + 1)
    ]


def piecewise_linear_derivatives(slope_below: float) -> Callable[[Tensor, int], list[Tensor]]:
    """s = z for z > 0, slope_below z otherwise: s_1 is a step, s_2 and all further ones are zero almost everywhere."""

    def derivatives(z: Tensor, n: int) -> list[Tensor]:
        gate = torch.where(z > 0, torch.ones_like(z), torch.full_like(z, slope_below))
        return [z * gate, gate][: n + 1] + [torch.zeros_like(z) for _ in range(2, n + 1)]

    return derivatives


def relu3_derivatives(z: Tensor, n: int) -> list[Tensor]:
    """s = max(z, 0)^3: C^2, s_3 is a step, s_4 is zero almost everywhere."""
    positive = z.clamp(min=0.0)
    step = (z > 0).to(z.dtype)
    return [positive**3, 3 * positive**2, 6 * positive, 6 * step, torch.zeros_like(z)][: n + 1]


ACTIVATIONS: dict[str, Activation] = {
    activation.name: activation
    for activation in (
        Activation("gelu", functional.gelu, gelu_derivatives, INFINITE, INFINITE),
        Activation(
            "gelu_tanh",
            lambda z: functional.gelu(z, approximate="tanh"),
            gelu_tanh_derivatives,
            INFINITE,
            INFINITE,
            scale=0.8,
        ),
        # x Phi(hardness x) = GELU(hardness x)/hardness: the hardness is a change of scale, which network/mlp.py
        # applies.
        Activation("lambda_gelu", functional.gelu, gelu_derivatives, INFINITE, INFINITE),
        Activation("tanh", torch.tanh, tanh_derivatives, INFINITE, INFINITE, scale=0.4, gain=1.0),
        Activation("silu", functional.silu, silu_derivatives, INFINITE, INFINITE, scale=0.9, gain=1.4),
        Activation("sin", torch.sin, sin_derivatives, INFINITE, INFINITE, scale=2.3),
        Activation("softplus", softplus, softplus_derivatives, INFINITE, INFINITE, scale=0.9, gain=2.0),
        Activation("elu", functional.elu, elu_derivatives, 1, INFINITE),
        Activation("relu", torch.relu, piecewise_linear_derivatives(0.0), 0, 1),
        Activation(
            "leaky_relu",
            lambda z: functional.leaky_relu(z, 0.01),
            piecewise_linear_derivatives(0.01),
            0,
            1,
        ),
        Activation("relu3", lambda z: torch.relu(z) ** 3, relu3_derivatives, 2, 3, gain=0.35),
    )
}
