"""What a network sees of a point: scaled coordinates, periodic embedding, random Fourier features, sampled hyperplanes.

Scaled coordinates are (x - centre)/half_width. A coordinate of period P enters as cos and sin of 2 pi x/P, so that
every output of the network is periodic, with all its derivatives.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from pinn.derivatives.jets import JetPlan, Jets, activate
from pinn.network.activations import sin_derivatives


class InputFeatures(nn.Module):
    """h(x) = [A x + a, sin(B x + b)]: points [N, D] -> [N, width].

    centre, half_width   [D], of the box around the domain
    periods              axis -> period
    fourier              number of random waves, with angular frequencies normal(0, fourier_scale) per half width
    """

    weight: Tensor
    bias: Tensor

    def __init__(
        self,
        centre: Sequence[float],
        half_width: Sequence[float],
        periods: Mapping[int, float] | None = None,
        fourier: int = 0,
        fourier_scale: float = math.pi,
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        periods = periods or {}
        dimension = len(centre)
        linear, linear_bias, waves, phases = [], [], [], []
        for axis in range(dimension):
            if axis in periods:
                rate = 2 * math.pi / periods[axis]
                for phase in (math.pi / 2, 0.0):
                    waves.append([rate if i == axis else 0.0 for i in range(dimension)])
                    phases.append(phase - rate * centre[axis])
            else:
                rate = 1 / half_width[axis]
                linear.append([rate if i == axis else 0.0 for i in range(dimension)])
                linear_bias.append(-rate * centre[axis])
        if fourier:
            free = torch.tensor([0.0 if i in periods else 1 / half_width[i] for i in range(dimension)])
            for row in torch.randn(fourier, dimension, generator=generator) * fourier_scale * free:
                for phase in (math.pi / 2, 0.0):
                    waves.append(row.tolist())
                    phases.append(phase - sum(r * c for r, c in zip(row.tolist(), centre, strict=True)))
        self.linear_width = len(linear)
        self.width = len(linear) + len(waves)
        self.register_buffer("weight", torch.tensor(linear + waves, dtype=torch.float64))
        self.register_buffer("bias", torch.tensor(linear_bias + phases, dtype=torch.float64))

    def hide(self, axes: Sequence[int]) -> list[int]:
        """Take these axes out of the waves; returns the features that do not depend on them."""
        hidden = list(axes)
        self.weight[self.linear_width :, hidden] = 0.0
        return torch.nonzero(~self.weight[:, hidden].any(dim=1)).flatten().tolist()

    def restricted(self, values: Mapping[int, float]) -> InputFeatures:
        """The same features as functions of the other axes, where these have one value each: axis -> value."""
        found = copy.deepcopy(self)
        kept = [axis for axis in range(self.weight.shape[1]) if axis not in values]
        held = self.weight.new_tensor([values[axis] for axis in sorted(values)])
        found.bias = self.bias + self.weight[:, sorted(values)] @ held
        found.weight = self.weight[:, kept].contiguous()
        return found

    def forward(self, points: Tensor) -> Tensor:
        """points [N, D] -> [N, width]."""
        z = nn.functional.linear(points, self.weight, self.bias)
        return torch.cat([z[:, : self.linear_width], torch.sin(z[:, self.linear_width :])], dim=1)

    def jets(self, points: Tensor, plan: JetPlan) -> Jets:
        """Channels of the features; a channel that is the same at every point has one row."""
        z: Jets = []
        for channel in plan.channels:
            if channel.order == 0:
                z.append(nn.functional.linear(points, self.weight, self.bias))
            elif channel.order == 1:
                z.append(self.weight[:, channel.orders.index(1)][None])
            else:
                z.append(None)
        if self.linear_width == self.width:
            return z
        waves = activate(plan, sin_derivatives, [None if c is None else c[:, self.linear_width :] for c in z])
        count = points.shape[0]
        whole: Jets = []
        for linear, wave in zip(z, waves, strict=True):
            if wave is None:
                whole.append(None if linear is None else linear)
                continue
            flat = wave.new_zeros(1, self.linear_width) if linear is None else linear[:, : self.linear_width]
            whole.append(torch.cat([flat.expand(count, -1), wave.expand(count, -1)], dim=1))
        return whole


SHORTEST = 0.7  # of the sampled |w|, relative to the longest


def sample_hyperplanes(through: Tensor, count: int, scale: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """A sampled hidden layer: hinges s(w . h + b) whose hyperplanes w . h + b = 0 cross the domain.

    through    [count, I] feature vectors of the points that the hyperplanes pass through
    scale      R: |w| is uniform on (0.7 R, R), its direction uniform on the sphere

    One length for all leaves smooth solutions 500 times worse (Poisson, 400 features: 6e-10 against 1e-12); lengths
    uniform on (0, R) waste features on the nearly linear (plate with a hole, 800 features: three times worse).
    Returns w [count, I], b [count].
    """
    direction = torch.randn(count, through.shape[1], generator=generator, dtype=torch.float64)
    direction = direction / direction.norm(dim=1, keepdim=True)
    length = scale * (SHORTEST + (1 - SHORTEST) * torch.rand(count, 1, generator=generator, dtype=torch.float64))
    weight = (direction * length).to(through)
    return weight, -(weight * through).sum(dim=1)
