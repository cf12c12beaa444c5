"""Hardening: a trained GELU network becomes a ReLU network, its field kept by fitting it while lambda grows.

    f(z; lambda) = z Phi(lambda z)  ->  max(z, 0)  as lambda -> infinity

    integral |Phi(lambda z) - H(z)| dz = sqrt(2/pi)/lambda,        sup |f - ReLU| = 0.169971/lambda

lambda grows in equal ratios from the trained values to the target, the field is fitted at every step, and then ReLU is
substituted. Source: arXiv 2603.21991 (lambda-GELU, substitution at lambda = 160, where the integral is 0.005).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.errors import SpecError
from pinn.network.activations import gelu_derivatives
from pinn.network.mlp import MLP
from pinn.training.hardening.field_fit import FieldFit, TargetField

DEFAULT_TARGET = 160.0  # arXiv 2603.21991
SUP_GAP = 0.16997120747990369  # largest z Phi(-z), at z = 0.751792
TARGETS: dict[str, Callable[[float], float]] = {
    "integral": lambda tolerance: math.sqrt(2 / math.pi) / tolerance,
    "gap": lambda tolerance: SUP_GAP / tolerance,
}
Observer = Callable[[str, MLP], None]  # a step's name and the network after it


@dataclass(frozen=True)
class Ramp:
    """steps of lambda up to `target`, and Gauss-Newton steps on the field at each of them."""

    target: float = DEFAULT_TARGET
    steps: int = 10
    iterations: int = 2

    def values(self, start: Tensor) -> Iterator[Tensor]:
        """Every lambda [n] at every step, in equal ratios; one beyond the target stays where it is."""
        end = start.clamp(min=self.target)
        for step in range(1, self.steps + 1):
            yield start * (end / start) ** (step / self.steps)


def target_hardness(tolerance: float, measure: str) -> float:
    """lambda at which the gate (`integral`) or the function itself (`gap`) is this close to ReLU's."""
    return max(1.0, TARGETS[measure](tolerance))


def softened(network: MLP) -> MLP:
    """A copy of a GELU or lambda-GELU network whose lambda is not trained."""
    if network.activation.derivatives is not gelu_derivatives:
        raise SpecError(
            (), f"hardening leads from gelu or lambda_gelu to relu; the run's activation is {network.activation.name}"
        )
    found = copy.deepcopy(network)
    found.plain = False
    set_hardness(found, network.layer_hardness.values)
    return found


def set_hardness(network: MLP, hardness: Tensor) -> None:
    """Fixed values of lambda, [n], one per layer or per neuron as the network has them."""
    network.layer_hardness = network.layer_hardness.fixed(hardness)


def substituted(network: MLP) -> MLP:
    """The ReLU network with the same weights: ReLU(lambda z)/lambda is ReLU(z)."""
    return like(network, "relu")


def like(network: MLP, activation: str) -> MLP:
    """A network of the same shape and weights with another activation, without hardness."""
    last = network.linears[-1]
    found = MLP(
        copy.deepcopy(network.features),
        [layer.out_features for layer in network.linears[:-1]],
        last.out_features,
        activation,
        generator=torch.Generator().manual_seed(0),
        dtype=last.weight.dtype,
        device=last.weight.device,
    )
    found.layers.load_state_dict(network.layers.state_dict())
    found.field_scale.copy_(network.field_scale)
    return found


def harden(trained: MLP, target: TargetField, ramp: Ramp, observe: Observer, seconds: float = math.inf) -> MLP:
    """The ReLU network at the end of the ramp, its output layer solved for once more.

    observe   sees the network after every step
    """
    network = softened(trained)
    observe("trained", network)
    fit = FieldFit(target, network, seconds)
    for hardness in ramp.values(trained.layer_hardness.values.detach()):
        set_hardness(network, hardness)
        fit.fit(ramp.iterations)
        observe("ramp", network)
    hard = substituted(network)
    observe("substituted", hard)
    FieldFit(target, hard, seconds).solve_output()
    observe("output layer refitted", hard)
    return hard


def without_ramp(trained: MLP, target: TargetField, ramp: Ramp, observe: Observer, seconds: float = math.inf) -> int:
    """The controls: ReLU at once, then only the output layer refitted, then all layers with the ramp's whole budget.

    Returns how many of the steps on all layers lowered the misfit.
    """
    hard = substituted(trained)
    observe("swap", hard)
    fit = FieldFit(target, hard, seconds)
    fit.solve_output()
    observe("swap, output layer refitted", hard)
    accepted = fit.fit(ramp.steps * ramp.iterations)
    observe("swap, all layers refitted", hard)
    return accepted
