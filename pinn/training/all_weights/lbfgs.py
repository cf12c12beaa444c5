"""L-BFGS: limited-memory BFGS with a strong Wolfe line search (Nocedal & Wright, § 7.2); torch's."""

from __future__ import annotations

import torch
from torch import Tensor

from pinn.errors import Divergence
from pinn.spec.blocks.solver import LBFGSOptions
from pinn.training.all_weights.objective import Objective
from pinn.training.run.run import Report, Run
from pinn.training.run.state import State
from pinn.training.run.stop_reason import StopReason

HIDDEN = (64, 64, 64, 64)
STAGNATION = 1e-14  # relative change of the loss over ITERATIONS_WATCHED iterations that counts as none
ITERATIONS_WATCHED = 20
MOST_EVALUATIONS = 25  # of the loss in one line search


class LBFGS:
    """Stage: one step is one iteration. The points stay, unless `resample` says otherwise.

    Fresh points are another function, so what is known of the old one's curvature is forgotten with it.
    """

    name = "lbfgs"
    measure_every = 20

    def __init__(self, options: LBFGSOptions, run: Run):
        self.options, self.run = options, run
        self.objective = Objective(run, options, self.name, HIDDEN)
        self.iteration = 0
        self.losses: list[float] = []
        self.optimizer = self.new_optimizer()

    def state_dict(self) -> State:
        return {
            "iteration": self.iteration,
            "losses": self.losses[-ITERATIONS_WATCHED:],
            "objective": self.objective.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def load_state_dict(self, state: State) -> None:
        self.iteration, self.losses = state["iteration"], list(state["losses"])
        self.objective.load_state_dict(state["objective"])
        self.optimizer.load_state_dict(state["optimizer"])

    def begin(self) -> None:
        """Points, weights, and an optimizer that knows nothing of earlier ones."""
        self.objective.model.recentre()
        self.objective.draw(self.iteration)
        self.objective.rebalance()
        self.losses = []
        self.optimizer = self.new_optimizer()

    def new_optimizer(self) -> torch.optim.LBFGS:
        return torch.optim.LBFGS(
            self.objective.parameters,
            lr=self.options.learning_rate,
            max_iter=1,
            max_eval=MOST_EVALUATIONS,
            history_size=self.options.history,
            tolerance_grad=0.0,
            tolerance_change=0.0,
            line_search_fn="strong_wolfe",
        )

    def step(self) -> Report:
        if self.iteration == 0 or (self.options.resample and self.iteration % self.options.resample == 0):
            self.begin()
        terms: dict[str, Tensor] = {}

        def closure() -> Tensor:
            nonlocal terms
            self.optimizer.zero_grad(set_to_none=True)
            loss = self.objective()
            here = not terms  # the first evaluation: where the step begins, as is the loss that torch returns
            terms = terms or self.objective.terms
            if here and not torch.isfinite(loss):
                self.objective.require_finite(self.iteration + 1)
            loss.backward()
            if here:
                self.objective.require_finite_gradient(self.iteration + 1, self.objective.gradient)
            return loss

        try:
            loss = float(self.optimizer.step(closure).detach())
        except IndexError:  # torch's line search, where every step that it tries gives NaN
            self.objective.require_finite(self.iteration + 1)
            raise Divergence(f"no step gives a finite loss in {self.name}, step {self.iteration + 1}") from None
        self.iteration += 1
        self.losses.append(loss)
        self.objective.terms = terms
        self.objective.model.respect_bounds()
        return self.objective.report(loss, self.finished())

    def finished(self) -> StopReason | None:
        if self.iteration >= self.options.iterations:
            return StopReason.ITERATION_LIMIT
        recent = self.losses[-ITERATIONS_WATCHED:]
        if len(recent) == ITERATIONS_WATCHED and recent[0] - recent[-1] <= STAGNATION * abs(recent[0]):
            return StopReason.STAGNATED
        return None
