"""Stages that need gradients only: Adam, and L-BFGS with a strong Wolfe line search, both from torch."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from pinn.spec.solver import AdamOptions, LBFGSOptions
from pinn.training.assembly import Group, loss_terms
from pinn.training.loop import Report, Run, require_finite
from pinn.training.model import Model, new_network
from pinn.training.points import draw

HIDDEN = (64, 64, 64, 64)
INTERIOR, BOUNDARY = 2048, 512
RESAMPLE_EVERY = 100
FINAL_RATE = 1e-2  # of the first learning rate, at the end of a schedule
LBFGS_TOLERANCE = 1e-14  # relative change of the loss over ITERATIONS_WATCHED iterations that counts as none
ITERATIONS_WATCHED = 20
ITERATIONS_TIMED = 10
# Seconds still to come at the eager pace. Compiling costs 5 to 20; then a step takes about nine tenths to a half of the
# eager time (results/benchmarks/step_time.md).
WORTH_FUSING = 45.0

SCHEDULES = {
    "constant": lambda share: 1.0,
    "cosine": lambda share: FINAL_RATE + (1 - FINAL_RATE) * (1 + math.cos(math.pi * share)) / 2,
    "exponential": lambda share: FINAL_RATE**share,
}


def start(run: Run) -> Model:
    """The run's model, made now if no stage has made one."""
    if run.model is None:
        hidden = run.problem.spec.network.hidden or HIDDEN
        network = new_network(run.problem, hidden, run.generator, run.device, run.dtype)
        run.model = Model(run.problem, network, run.problem.spec.solver.derivatives)
    return run.model


def points(run: Run, iteration: int) -> list[Group]:
    return draw(run.problem, INTERIOR, BOUNDARY, run.seed * 7919 + 31 + iteration, run.device, run.dtype)


class Pace:
    """Whether fused jets are worth the seconds of compiling them: decided once, after ITERATIONS_TIMED iterations."""

    def __init__(self, run: Run, iterations: int):
        self.run, self.iterations = run, iterations
        self.began = run.seconds
        spec = run.problem.spec.solver
        self.allowed = spec.compile == "auto" and spec.derivatives == "jets"
        self.fuse = False

    def consider(self, iteration: int) -> None:
        if self.allowed and iteration == ITERATIONS_TIMED:
            per_iteration = (self.run.seconds - self.began) / iteration
            self.fuse = min(self.run.remaining, per_iteration * (self.iterations - iteration)) > WORTH_FUSING


def loss_of(model: Model, groups: list[Group], fuse: bool) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss and its terms. The network is left unfused: elsewhere each new set of jets would be compiled."""
    model.network.fused = fuse
    try:
        terms = loss_terms(model, groups)
    finally:
        model.network.fused = False
    return torch.stack(list(terms.values())).sum(), terms


class Adam:
    """Stage: one step is one update (Kingma & Ba, arXiv 1412.6980); fresh points every 100."""

    name = "adam"
    measure_every = 100

    def __init__(self, options: AdamOptions, run: Run):
        self.options, self.run = options, run
        self.model = start(run)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=options.learning_rate)
        self.groups: list[Group] = []
        self.iteration = 0
        self.pace = Pace(run, options.iterations)

    def step(self) -> Report:
        if self.iteration % RESAMPLE_EVERY == 0:
            self.groups = points(self.run, self.iteration)
        share = self.iteration / self.options.iterations
        for group in self.optimizer.param_groups:
            group["lr"] = self.options.learning_rate * SCHEDULES[self.options.schedule](share)
        self.pace.consider(self.iteration)
        self.iteration += 1
        self.optimizer.zero_grad(set_to_none=True)
        loss, terms = loss_of(self.model, self.groups, self.pace.fuse)
        if not torch.isfinite(loss):
            require_finite(terms, self.name, self.iteration, self.groups, self.model)
        loss.backward()
        self.optimizer.step()
        self.model.respect_bounds()
        finished = "iteration_limit" if self.iteration >= self.options.iterations else None
        return Report(
            float(loss.detach()), {name: float(term.detach()) for name, term in terms.items()}, finished=finished
        )


class LBFGS:
    """Stage: one step is one iteration with a strong Wolfe line search, on points that stay the same."""

    name = "lbfgs"
    measure_every = 20

    def __init__(self, options: LBFGSOptions, run: Run):
        self.options, self.run = options, run
        self.model = start(run)
        self.groups = points(run, 0)
        self.optimizer = torch.optim.LBFGS(
            self.model.parameters(),
            lr=options.learning_rate,
            max_iter=1,
            max_eval=25,
            history_size=options.history,
            tolerance_grad=0.0,
            tolerance_change=0.0,
            line_search_fn="strong_wolfe",
        )
        self.iteration = 0
        self.losses: list[float] = []
        self.pace = Pace(run, options.iterations)

    def step(self) -> Report:
        self.pace.consider(self.iteration)
        terms: dict[str, Tensor] = {}

        def closure() -> Tensor:
            nonlocal terms
            self.optimizer.zero_grad(set_to_none=True)
            loss, terms = loss_of(self.model, self.groups, self.pace.fuse)
            if not torch.isfinite(loss) and not self.losses:
                require_finite(terms, self.name, self.iteration, self.groups, self.model)
            loss.backward()
            return loss

        loss = float(self.optimizer.step(closure).detach())
        self.iteration += 1
        self.losses.append(loss)
        if not math.isfinite(loss):
            require_finite(loss_terms(self.model, self.groups), self.name, self.iteration, self.groups, self.model)
        self.model.respect_bounds()
        return Report(loss, {name: float(term.detach()) for name, term in terms.items()}, finished=self.finished())

    def finished(self) -> str | None:
        if self.iteration >= self.options.iterations:
            return "iteration_limit"
        recent = self.losses[-ITERATIONS_WATCHED:]
        if len(recent) == ITERATIONS_WATCHED and recent[0] - recent[-1] <= LBFGS_TOLERANCE * abs(recent[0]):
            return "stagnated"
        return None
