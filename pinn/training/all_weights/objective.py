"""Objective: the loss that gradient-only stages lower, with its points and its weights.

    loss = sum over the statements of weight_e * term_e,     term_e = (statement weight)^2 mean(w r_e^2)

`weight_e` balances gradients and w balances times; both are 1 unless the stage's `weights` say otherwise. With
formulation: energy the equations and the natural conditions make way for the energy by quadrature, and

    loss = energy + PENALTY * sum over the conditions on the fields of term_e          (the deep energy method)

Source: Samaniego et al., Comput. Methods Appl. Mech. Engrg. 362 (2020) 112790, § 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from pinn.spec.blocks.solver import AdamOptions, LBFGSOptions, QuasiNewtonOptions
from pinn.training.all_weights.start import start
from pinn.training.all_weights.weights import CausalWeights, GradientNormWeights
from pinn.training.residuals.assembly import Group, loss_terms, mean_square
from pinn.training.residuals.divergence import require_finite, require_finite_gradient
from pinn.training.residuals.energy import (
    Integral,
    energy_of,
    essential_groups,
    integrals,
    require_finite_energy,
    require_finite_slopes,
)
from pinn.training.residuals.model import Model
from pinn.training.residuals.points import draw_adaptive
from pinn.training.run.run import Report, Run
from pinn.training.run.state import State, groups_of, groups_state
from pinn.training.run.stop_reason import StopReason

INTERIOR, BOUNDARY = 2048, 512
# Of an eager pass with its gradient, per point, channel and hidden unit, on one core of a server in float64: 1.9e-8
# with three layers of 20, 2.6e-8 with four of 64, 2.8e-8 with two of 128.
SECONDS_PER_NUMBER = 2.5e-8
# Predicted seconds above which jets are fused. Compiling costs 5 to 20; then a step takes about nine tenths to a half
# of the eager time (results/benchmarks/step_time.md).
WORTH_FUSING = 45.0

PENALTY = 500.0  # of conditions on the fields beside an energy of order one; more of it slows descent down
MESHES = 5  # quadratures that draws take turns with, so that a network cannot fit one of them


class Objective:
    """The loss of a stage at the model's weights. Called, it gives the loss, and leaves its terms in `terms`."""

    def __init__(
        self, run: Run, options: AdamOptions | LBFGSOptions | QuasiNewtonOptions, stage: str, hidden: Sequence[int]
    ):
        self.run, self.options, self.stage = run, options, stage
        self.model = start(run, hidden)
        self.parameters = list(self.model.parameters())
        self.groups: list[Group] = []
        self.terms: dict[str, Tensor] = {}
        self.fuse: bool | None = None
        weights = options.weights
        self.balance = GradientNormWeights(weights.gradient_norm) if weights.gradient_norm else None
        self.by_energy = run.problem.spec.solver.formulation == "energy"
        self.parts: list[Integral] = []
        self.turn = 0  # which quadrature the parts are of
        self.causal = CausalWeights(weights.causal, run.problem.time) if weights.causal and run.problem.time else None

    def state_dict(self) -> State:
        return {
            "groups": groups_state(self.groups),
            "turn": self.turn,
            "fuse": self.fuse,
            "terms": {name: term.detach() for name, term in self.terms.items()},
            "balance": self.balance.state_dict() if self.balance else None,
            "causal": self.causal.state_dict() if self.causal else None,
        }

    def load_state_dict(self, state: State) -> None:
        self.groups = groups_of(self.run.problem, state["groups"], self.run.device)
        self.turn, self.fuse, self.terms = state["turn"], state["fuse"], dict(state["terms"])
        if self.by_energy:
            self.draw_parts()
        for part, kept in ((self.balance, state["balance"]), (self.causal, state["causal"])):
            if part:
                part.load_state_dict(kept)

    def draw(self, iteration: int) -> None:
        """Fresh points, and weights that suit them."""
        run = self.run
        if self.by_energy:
            self.draw_quadrature(iteration)
            return
        self.groups = draw_adaptive(run.problem, INTERIOR, BOUNDARY, run.seed_for(self.stage, iteration), self.model)
        if self.fuse is None:
            self.fuse = worth_fusing(run, self.model, self.groups, self.options.iterations)
        if self.causal:
            self.causal.forget()
            with torch.set_grad_enabled(self.model.derivatives == "autograd"):
                self()
            self.causal.update()

    def draw_quadrature(self, iteration: int) -> None:
        """The next of MESHES quadratures, and points of the conditions that stand beside the energy."""
        run = self.run
        self.turn = iteration // (self.options.resample or 1) % MESHES
        boundary = self.draw_parts()
        self.groups = essential_groups(
            run.problem, boundary, run.seed_for(self.stage, iteration), run.device, run.dtype
        )

    def draw_parts(self) -> int:
        """The quadrature whose turn it is. Returns its number of points on the boundary."""
        finer = 1 + self.turn / MESHES
        interior, boundary = (round(finer * count) for count in (INTERIOR, BOUNDARY))
        self.parts = integrals(self.run.problem, interior, boundary, self.run.device, self.run.dtype)
        return boundary

    def rebalance(self) -> None:
        """New weights of the statements, from their gradients here."""
        if self.balance:
            self()
            self.balance.update(self.terms, self.parameters)

    def __call__(self) -> Tensor:
        if self.by_energy:
            penalties = loss_terms(self.model, self.groups)
            self.terms = {"energy": energy_of(self.model, self.parts)}
            self.terms |= {name: PENALTY * term for name, term in penalties.items()}
            return torch.stack(list(self.terms.values())).sum()
        if self.causal:
            self.causal.forget()
        mean = self.causal.mean if self.causal else mean_square
        self.terms = fused_terms(self.model, self.groups, bool(self.fuse), mean)
        return torch.stack([self.weight(name) * term for name, term in self.terms.items()]).sum()

    def weight(self, name: str) -> float:
        return self.balance.values.get(name, 1.0) if self.balance else 1.0

    def require_finite(self, iteration: int) -> None:
        """Raises Divergence that names the term, the point and the step where the loss is not finite."""
        if self.by_energy:
            require_finite_energy(self.model, self.parts, f"{self.stage}, step {iteration}")
        require_finite(self.terms, self.stage, iteration, self.groups, self.model)

    def require_finite_gradient(self, iteration: int, slopes: Sequence[Tensor | None]) -> None:
        """Raises Divergence, which leaves the weights as they are, where the gradient, in pieces, is not finite."""
        if all(math.isfinite(slope.sum()) for slope in slopes if slope is not None):
            return
        if self.by_energy:
            require_finite_slopes(self.model, self.parts, f"{self.stage}, step {iteration}")
        require_finite_gradient(self.stage, iteration, self.groups, self.model)

    @property
    def gradient(self) -> list[Tensor | None]:
        """That of the last backward pass, one piece for each of the parameters."""
        return [parameter.grad for parameter in self.parameters]

    def report(self, loss: float, finished: StopReason | None) -> Report:
        """A step's report from the terms of the last evaluation, with the weights in use."""
        extra = {}
        if self.balance:
            extra = {f"weight:{name}": self.weight(name) for name in self.terms}
        if self.causal and self.causal.values is not None:
            extra["weight:first times"] = float(self.causal.values[0])
            extra["weight:last times"] = float(self.causal.values[-1])
            extra["causal strength"] = self.causal.strength
        terms = {name: float(term.detach()) for name, term in self.terms.items()}
        merit = loss if self.by_energy else None
        return Report(loss, terms, finished=finished, extra=extra, merit=merit)


def worth_fusing(run: Run, model: Model, groups: Sequence[Group], iterations: int) -> bool:
    """Whether fused jets are worth the seconds of compiling them.

    Fused sums round differently, so the decision follows from the work alone, never from measured time: a seed repeats
    a run bit for bit however busy the machine is.
    """
    spec = run.problem.spec.solver
    if spec.compile == "off" or spec.derivatives != "jets":
        return False
    units = sum(layer.out_features for layer in model.mlp.linears[:-1])
    numbers = units * sum(len(group.points) * len(group.plan.channels) for group in groups)
    return min(run.time_limit, SECONDS_PER_NUMBER * numbers * iterations) > WORTH_FUSING


def fused_terms(
    model: Model,
    groups: Sequence[Group],
    fuse: bool,
    mean: Callable[[Group, Tensor], Tensor] = mean_square,
) -> dict[str, Tensor]:
    """The terms of the loss. The network is left unfused: elsewhere each new set of jets would be compiled."""
    model.mlp.fused = fuse
    try:
        return loss_terms(model, groups, mean)
    finally:
        model.mlp.fused = False
