"""Hardness lambda of lambda-GELU, x Phi(lambda x), and the coordinates that it is learned in.

    lambda = 1 + softplus(s/tau) >= 1                                              Source: arXiv 2603.21991

A step in s attenuates: with sigma the logistic function, d lambda/ds = sigma(s/tau)/tau vanishes towards lambda = 1. A
step of Adam in s, about eta whatever the gradient's size, moves lambda by eta sigma/tau; one of steepest descent by
eta (sigma/tau)^2 dL/dlambda. So a solver does not see s. It sees a step t, of learned size, from the present s:

    lambda(t) = lambda(s) + t                                      t >= 0
    lambda(t) = 1 + softplus((s + t tau/sigma(s/tau))/tau)         t < 0

with d lambda/dt = 1 at t = 0: gradients are those in lambda, and a step is one in lambda, to first order Adam's with
eta_s = eta tau/sigma and steepest descent's with eta_s = eta tau^2/sigma^2. Downwards the curve bends before it meets
lambda = 1. Upwards the tangent in s would overshoot without bound (t = 0.01 at lambda = 1.001 is a step of 10 in
s/tau), therefore the straight line. tau cancels; it matters to the plain softplus alone.

`recentre` moves s to the present lambda and t back to 0. Each solver asks for it where its memory allows:

    Adam, SOAP         after every step; their moments are those of dL/dlambda, whatever the centre
    Gauss-Newton       before every Jacobian: its columns are dr/dlambda, and the damping measures lambda like a weight
    L-BFGS, quasi-     where their memory begins: curvature pairs belong to one chart. They find the scale of t by
    Newton             themselves, from a first metric that measures lambda; and as t is free, the line search meets
                       neither a bound nor a projection, which would falsify the pairs. A lambda that they push far
                       below its bend stays near 1 until their memory begins again (`resample`).

By the gauge identity (network/mlp.py) a layer's lambda folds into its weights: it adds a path of training, not fields.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pinn.network.activations import softplus

LOWEST = -40.0  # s/tau that stands for lambda = 1: softplus(-40) is below float64's resolution of 1 + softplus
# Where learning begins at the earliest. At lambda = 1 no step in s moves lambda, and a line search whose first step
# goes downwards would never see a slope again.
SOFTEST = 1.1


@dataclass(frozen=True)
class Parameterisation:
    """How lambda follows from the coordinate s and the step t that is trained.

    hardness    (s, t, tau) -> lambda, all of the same shape
    coordinate  (lambda, tau) -> s with t = 0
    softest     smallest lambda to begin with
    local       d lambda/dt = 1 holds at t = 0 only: the centre moves with training
    """

    hardness: Callable[[Tensor, Tensor, float], Tensor]
    coordinate: Callable[[Tensor, float], Tensor]
    softest: float = 1.0
    local: bool = False


def in_hardness(s: Tensor, t: Tensor, tau: float) -> Tensor:
    """lambda(t) of the module's docstring."""
    u = s / tau
    falling = 1 + softplus(u + t.clamp(max=0.0) / torch.sigmoid(u))
    return torch.where(t < 0, falling, 1 + softplus(u) + t)


def constrained(s: Tensor, t: Tensor, tau: float) -> Tensor:
    """1 + softplus((s + t)/tau): the step is one in s."""
    return 1 + softplus((s + t) / tau)


def coordinate(hardness: Tensor, tau: float) -> Tensor:
    """s with 1 + softplus(s/tau) = lambda."""
    excess = (hardness - 1).clamp(min=math.exp(LOWEST))
    return tau * (excess + torch.log(-torch.expm1(-excess)))


PARAMETERISATIONS = {
    "optimizer_aware": Parameterisation(in_hardness, coordinate, SOFTEST, local=True),
    "softplus": Parameterisation(constrained, coordinate, SOFTEST),
    # The control: lambda itself, with no floor. It may reach 0, where x Phi(lambda x) is no activation any more.
    "naive": Parameterisation(lambda s, t, tau: s + t, lambda hardness, tau: hardness),
}


@dataclass(frozen=True)
class Learning:
    """That hardness is learned, and how: one lambda per layer or per neuron, in which coordinates."""

    per: str = "layer"
    parameterisation: str = "optimizer_aware"
    temperature: float = 1.0


class Hardness(nn.Module):
    """lambda of every hidden layer.

    value      of all of them, to begin with
    widths     of the hidden layers
    learning   None keeps them fixed

    s is a buffer [n], t a parameter [n], where n counts layers or neurons; t is None where lambda is fixed.
    """

    coordinate: Tensor
    step: nn.Parameter | None

    def __init__(
        self,
        value: float,
        widths: Sequence[int],
        learning: Learning | None,
        *,
        dtype: torch.dtype = torch.float64,
        device: torch.device | str = "cpu",
    ):
        super().__init__()
        chosen = learning or Learning(parameterisation="naive")
        self.sizes = [1] * len(widths) if chosen.per == "layer" else list(widths)
        self.parameterisation = PARAMETERISATIONS[chosen.parameterisation]
        self.temperature = chosen.temperature
        first = max(value, self.parameterisation.softest)
        start = torch.full((sum(self.sizes),), first, dtype=dtype, device=device)
        self.register_buffer("coordinate", self.parameterisation.coordinate(start, self.temperature))
        self.register_parameter("step", nn.Parameter(torch.zeros_like(start)) if learning else None)

    @property
    def values(self) -> Tensor:
        """All of them, [n]."""
        step = torch.zeros_like(self.coordinate) if self.step is None else self.step
        return self.parameterisation.hardness(self.coordinate, step, self.temperature)

    @property
    def layers(self) -> list[Tensor]:
        """lambda of each hidden layer, [1], or [W] with one for each of its W neurons."""
        return list(self.values.split(self.sizes))

    @property
    def slope(self) -> Tensor:
        """d lambda/dt at the present t, [n]; empty where lambda is fixed."""
        if self.step is None:
            return self.coordinate.new_zeros(0)
        with torch.enable_grad():
            step = self.step.detach().requires_grad_()
            found = self.parameterisation.hardness(self.coordinate, step, self.temperature)
            return torch.autograd.grad(found.sum(), step)[0]

    @torch.no_grad()
    def fixed(self, values: Tensor) -> Hardness:
        """As many lambdas, of the given values [n], not learned."""
        found = Hardness(1.0, self.sizes, None, dtype=self.coordinate.dtype, device=self.coordinate.device)
        found.sizes = self.sizes
        found.coordinate = values.detach().clone()
        return found

    @torch.no_grad()
    def recentre(self) -> bool:
        """The same lambda with t = 0, where the coordinates are local. Returns whether anything moved."""
        if self.step is None or not self.parameterisation.local or not self.step.any():
            return False
        moved = self.parameterisation.coordinate(self.values, self.temperature)
        self.coordinate.copy_(torch.where(self.step == 0, self.coordinate, moved))
        self.step.zero_()
        return True


def hardness_columns(layers: Iterable[Tensor]) -> dict[str, float]:
    """lambda of each layer, for a history; where its neurons have one each, their mean, smallest and largest."""
    columns = {}
    for layer, values in enumerate(layers):
        columns[f"hardness:{layer}"] = float(values.detach().mean())
        if values.numel() > 1:
            columns[f"hardness:{layer}.min"] = float(values.detach().min())
            columns[f"hardness:{layer}.max"] = float(values.detach().max())
    return columns
