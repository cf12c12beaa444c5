"""Weights that balance a loss while it trains: of statements by their gradients, of times by cause and effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from pinn.spec.blocks.weights import CausalOptions, GradientNormOptions
from pinn.training.residuals.assembly import Group, mean_square
from pinn.training.run.state import State

SETTLED = 0.99  # weight of the last times above which causality is enforced more strictly
STRICTER, STRICTEST = 10.0, 100.0  # factor of one such change, and of all of them together


class GradientNormWeights:
    """One weight lambda_i per statement, so that the gradients of all lambda_i L_i have the same norm.

        lambda_i <- memory * lambda_i + (1 - memory) * (sum_j |grad L_j|) / |grad L_i|

    The first update takes the new value whole.
    Sources: Wang, Teng & Perdikaris, SIAM J. Sci. Comput. 43 (2021) A3055; Wang et al., arXiv 2308.08468.
    """

    def __init__(self, options: GradientNormOptions):
        self.options = options
        self.values: dict[str, float] = {}

    def state_dict(self) -> State:
        return {"values": dict(self.values)}

    def load_state_dict(self, state: State) -> None:
        self.values = dict(state["values"])

    def update(self, terms: Mapping[str, Tensor], parameters: Sequence[Tensor]) -> None:
        """New weights from the terms L_i of the loss; their graph is kept for another backward pass."""
        norms = {name: gradient_norm(term, parameters) for name, term in terms.items()}
        whole = sum(norms.values())
        for name, norm in norms.items():
            if not 0 < norm < float("inf"):
                continue  # a statement that is met exactly, or no longer finite, keeps its weight
            balanced = whole / norm
            memory = self.options.memory if name in self.values else 0.0
            self.values[name] = memory * self.values.get(name, 0.0) + (1 - memory) * balanced


class CausalWeights:
    """One weight per bin of time for the equations: a bin counts once the earlier ones are solved.

        w_i = exp(-strength * sum_{k<i} L_k),    L_k = sum over the equations of mean(r^2 in bin k)

    Where even the last weight exceeds SETTLED, the strength grows, up to STRICTEST times what it was.
    Source: Wang, Sankaran & Perdikaris, Comput. Methods Appl. Mech. Engrg. 421 (2024) 116813.
    """

    def __init__(self, options: CausalOptions, time: tuple[float, float]):
        self.options, self.time = options, time
        self.strength = options.strength
        self.values: Tensor | None = None  # [bins]
        self.losses: Tensor | None = None  # [bins], of the residuals seen since the last update

    def state_dict(self) -> State:
        return {"strength": self.strength, "values": self.values, "losses": self.losses}

    def load_state_dict(self, state: State) -> None:
        self.strength, self.values, self.losses = state["strength"], state["values"], state["losses"]

    def bins(self, group: Group) -> Tensor:
        """The bin of each point [N], time being the last coordinate."""
        first, last = self.time
        share = (group.points.points[:, -1] - first) / (last - first)
        return (share * self.options.bins).long().clamp(0, self.options.bins - 1)

    def mean(self, group: Group, residual: Tensor) -> Tensor:
        """mean(w r^2) of a statement; the residuals are remembered for the next update."""
        if not group.statements[0].is_equation:
            return mean_square(group, residual)
        bins, squares = self.bins(group), residual.square()
        if self.losses is None:
            self.losses = squares.new_zeros(self.options.bins)
        count = torch.bincount(bins, minlength=self.options.bins).clamp(min=1)
        self.losses += torch.zeros_like(self.losses).index_add_(0, bins, squares.detach()) / count
        if self.values is None:
            return squares.mean()
        return (self.values[bins] * squares).mean()

    def forget(self) -> None:
        """Begin to remember residuals anew."""
        self.losses = None

    def update(self) -> None:
        """New weights from the residuals seen since the last update."""
        if self.losses is None:
            return
        earlier = self.losses.cumsum(0) - self.losses
        self.values = torch.exp(-self.strength * earlier)
        if float(self.values[-1]) > SETTLED:
            self.strength = min(STRICTER * self.strength, STRICTEST * self.options.strength)
        self.forget()


def gradient_norm(term: Tensor, parameters: Sequence[Tensor]) -> float:
    gradients = torch.autograd.grad(term, parameters, retain_graph=True, allow_unused=True)
    squares = [gradient.square().sum() for gradient in gradients if gradient is not None]
    return float(torch.stack(squares).sum().sqrt()) if squares else 0.0
