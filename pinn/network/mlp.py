"""Multilayer perceptron whose forward pass carries jets.

    h_0 = features(x),   h_l = s(W_l h_(l-1) + b_l),   u = scale * (W h_L + b)

With a hardness lambda the activation of a layer is s(lambda z)/lambda, which for GELU is lambda-GELU: z Phi(lambda z).
Where layers are normalised it acts on n(z), which has mean 0 and variance 1 over the units at every point.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from pinn.derivatives.fused import fused_rule
from pinn.derivatives.jets import JetPlan, Jets, Partial, activate, plan_jets
from pinn.derivatives.normalisation import normalise, normalised
from pinn.network.activations import ACTIVATIONS, Activation
from pinn.network.features import InputFeatures
from pinn.network.hardness import Hardness, Learning, hardness_columns

CACHE_NUMBERS = 2**17  # 1 MB in float64
FIRST_OUTPUT = 0.1  # of Glorot's output weights, so that the first fields are small


@dataclass
class Tape:
    """What one forward pass leaves for per-point Jacobians.

    layers     per layer its input channels h and output channels z
    hardness   per hidden layer lambda, once per point [N, 1] or [N, W], where it is trained
    """

    layers: list[tuple[Jets, Jets]] = field(default_factory=list)
    hardness: list[Tensor] = field(default_factory=list)


class MLP(nn.Module):
    """Fields u: points [N, D] -> [N, F], and their jets.

    features     input map: points -> [N, I]
    hidden       widths of the hidden layers
    fields       F
    hardness     initial lambda >= 1 of every hidden layer (1 leaves the activation as it is)
    learning     how lambda is learned, None where it is fixed
    normalised   whether the units of every hidden layer are brought to mean 0 and variance 1 before the activation

    While `fused` is set, jets without a tape go through compiled kernels: the same values, faster once compiled.
    """

    kind: ClassVar[str] = "mlp"
    one_output_layer: ClassVar[bool] = True
    fused = False
    field_scale: Tensor

    def __init__(
        self,
        features: InputFeatures,
        hidden: Sequence[int],
        fields: int,
        activation: str,
        *,
        generator: torch.Generator,
        hardness: float = 1.0,
        learning: Learning | None = None,
        normalised: bool = False,
        dtype: torch.dtype = torch.float64,
        device: torch.device | str = "cpu",
    ):
        super().__init__()
        self.features = features.to(device=device, dtype=dtype)
        self.activation: Activation = ACTIVATIONS[activation]
        widths = [features.width, *hidden, fields]
        self.layers = nn.ModuleList(nn.Linear(n, m, dtype=dtype, device=device) for n, m in pairwise(widths))
        self.register_buffer("field_scale", torch.ones(fields, dtype=dtype, device=device))
        self.layer_hardness = Hardness(hardness, hidden, learning, dtype=dtype, device=device)
        self.plain = hardness == 1.0 and learning is None
        self.normalised = normalised
        self.initialise(generator)

    def restricted(self, values: Mapping[int, float]) -> MLP:
        """The same fields as functions of the other axes, where these have one value each: axis -> value."""
        found = copy.deepcopy(self)
        found.features = self.features.restricted(values)
        return found

    @property
    def linears(self) -> list[nn.Linear]:
        """The layers W_l, b_l, the output layer last."""
        return cast(list[nn.Linear], list(self.layers))  # ModuleList forgets the type of its items

    @property
    def cache_rows(self) -> int:
        """How many points to evaluate at once: as many as keep a channel of the widest layer in a core's cache.

        Eight times faster than 8192 points at once on a layer of 1639.
        """
        return min(8192, max(32, CACHE_NUMBERS // max(layer.out_features for layer in self.linears)))

    @property
    def hardness(self) -> list[Tensor]:
        """lambda of each hidden layer, [1], or [W] where every neuron has its own."""
        return self.layer_hardness.layers

    @property
    def learned_hardness(self) -> list[Tensor]:
        return [] if self.layer_hardness.step is None else self.hardness

    def hardness_columns(self) -> dict[str, float]:
        return {} if self.plain else hardness_columns(self.hardness)

    def initialise(self, generator: torch.Generator) -> None:
        """Glorot uniform weights; biases uniform over the range of the inputs, so that gates lie all over the domain.

        Source: Glorot & Bengio, AISTATS 2010, eq. 16.
        """
        with torch.no_grad():
            for layer in self.linears:
                bound = math.sqrt(6 / (layer.in_features + layer.out_features))
                layer.weight.copy_(uniform(layer.weight, bound, generator))
                layer.bias.copy_(uniform(layer.bias, 1 / math.sqrt(layer.in_features), generator))
                if layer is self.linears[-1]:
                    layer.bias.zero_()

    def place_gates(self, points: Tensor, generator: torch.Generator) -> None:
        """Start the hidden layers with gates that cross the domain: w normal(0, gain^2/I), w . h + b = 0 at a point.

        points   [N, D] of the domain; every unit takes one of them at random
        Glorot's weights leave many units nearly linear over the whole domain (results/benchmarks/initial_gain.md).
        """
        gain = self.activation.gain
        with torch.no_grad():
            h = self.features(points)
            for layer, hardness in zip(self.linears[:-1], self.hardness, strict=True):
                draw = torch.randn(layer.weight.shape, generator=generator, dtype=torch.float64)
                layer.weight.copy_(draw * gain / math.sqrt(layer.in_features))
                z = functional.linear(h, layer.weight)
                chosen = torch.randint(len(points), (layer.out_features,), generator=generator).to(h.device)
                layer.bias.copy_(-z.gather(0, chosen[None])[0])
                z = self.gated(z + layer.bias)
                h = self.activation.function(hardness * z) / hardness
            self.linears[-1].weight.mul_(FIRST_OUTPUT)

    def forward(self, points: Tensor) -> Tensor:
        """points [N, D] -> fields [N, F], through torch's own activation functions."""
        return self.linears[-1](self.hidden(points)) * self.field_scale

    def hidden(self, points: Tensor) -> Tensor:
        """points [N, D] -> the last hidden layer [N, W], through torch's own activation functions."""
        h = self.features(points)
        for layer, hardness in zip(self.linears[:-1], self.hardness, strict=True):
            z = self.gated(layer(h))
            h = self.activation.function(z) if self.plain else self.activation.function(hardness * z) / hardness
        return h

    def gated(self, z: Tensor) -> Tensor:
        """What the activation acts on: W h + b, or that normalised."""
        return normalised(z) if self.normalised else z

    def hidden_jets(self, points: Tensor, plan: JetPlan, tape: Tape | None = None) -> Jets:
        """Channels of the last hidden layer, each [N, W] (None where zero)."""
        stacked = self.fused_hidden_jets(points, plan) if self.fused and tape is None else None
        if stacked is not None:
            return list(stacked.unbind(0))
        h = self.features.jets(points, plan)
        for layer, hardness in zip(self.linears[:-1], self.hardness, strict=True):
            z = self._linear(layer, h, points.shape[0])
            if tape is not None:
                tape.layers.append((h, z))
            if self.normalised:
                z = normalise(plan, z)
            if self.plain:
                h = activate(plan, self.activation.derivatives, z)
            else:
                if tape is not None and hardness.requires_grad:
                    hardness = hardness.expand(points.shape[0], -1)
                    tape.hardness.append(hardness)
                hard = [None if c is None else hardness * c for c in z]
                h = [None if c is None else c / hardness for c in activate(plan, self.activation.derivatives, hard)]
        return h

    def fused_hidden_jets(self, points: Tensor, plan: JetPlan) -> Tensor | None:
        """Channels of the last hidden layer, stacked [C, N, W], by compiled kernels; None where there are none."""
        if self.normalised:
            return None
        h = stack(self.features.jets(points, plan), points.shape[0])
        for layer, hardness in zip(self.linears[:-1], self.hardness, strict=True):
            rule = fused_rule(plan, self.activation.derivatives, points, layer.out_features)
            if rule is None:
                return None
            if self.plain:
                h = rule(functional.linear(h, layer.weight), layer.bias)
            else:
                h = rule(functional.linear(h, hardness[:, None] * layer.weight), hardness * layer.bias) / hardness
        return h

    def jets(self, points: Tensor, plan: JetPlan, tape: Tape | None = None) -> Jets:
        """Channels of the fields, each [N, F] (None where zero)."""
        last = self.linears[-1]
        stacked = self.fused_hidden_jets(points, plan) if self.fused and tape is None else None
        if stacked is not None:
            z: Jets = list(functional.linear(stacked, last.weight).unbind(0))
            assert z[0] is not None
            z[0] = z[0] + last.bias
        else:
            h = self.hidden_jets(points, plan, tape)
            z = self._linear(last, h, points.shape[0])
            if tape is not None:
                tape.layers.append((h, z))
        return [None if c is None else c * self.field_scale for c in z]

    def pre_activations(self, points: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """(z [N, W], lambda [1] or [W]) of every hidden layer."""
        tape = Tape()
        self.hidden_jets(points, plan_jets([Partial((0,) * points.shape[1])], points.shape[1]), tape)
        for (_, z), hardness in zip(tape.layers, self.hardness, strict=True):
            assert z[0] is not None  # the value channel never vanishes
            yield self.gated(z[0]), hardness

    @staticmethod
    def _linear(layer: nn.Linear, h: Jets, count: int) -> Jets:
        """W h per channel, with the bias on the value channel only; one matrix product between full hidden layers."""
        worth_stacking = len(h) > 1 and layer.in_features <= 4 * layer.out_features
        full = [c for c in h if c is not None and c.shape[0] == count]
        if worth_stacking and len(full) == len(h):
            z: Jets = list(functional.linear(torch.stack(full), layer.weight).unbind(0))
        else:
            z = [None if c is None else functional.linear(c, layer.weight).expand(count, -1) for c in h]
        assert z[0] is not None
        z[0] = z[0] + layer.bias
        return z


def stack(h: Jets, count: int) -> Tensor:
    """Channels as one tensor [C, N, W], zeros written out."""
    zero = torch.zeros_like(next(channel for channel in h if channel is not None)[:1])
    return torch.stack([(zero if channel is None else channel).expand(count, -1) for channel in h])


def uniform(like: Tensor, bound: float, generator: torch.Generator) -> Tensor:
    """Uniform on (-bound, bound), in the shape, type and place of `like`; drawn on the CPU so that devices agree."""
    draw = torch.rand(like.shape, generator=generator, dtype=torch.float64)
    return ((2 * draw - 1) * bound).to(like)
