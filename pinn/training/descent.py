"""Descent: the stage that one update by an optimizer of torch per step makes, with a learning rate and fresh points."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import Parameter

from pinn.spec.solver import AdamOptions
from pinn.training.loop import Report, Run
from pinn.training.objective import Objective
from pinn.training.schedules import SCHEDULES
from pinn.training.state import State

HIDDEN = (64, 64, 64, 64)


class Descent:
    """Stage: one step is one update. What differs between methods is `name` and `new_optimizer`."""

    name: str
    measure_every = 100

    def __init__(self, options: AdamOptions, run: Run):
        self.options, self.run = options, run
        self.objective = Objective(run, options, self.name, HIDDEN)
        self.optimizer = self.new_optimizer(self.objective.parameters, options.learning_rate)
        self.iteration = 0

    def state_dict(self) -> State:
        return {
            "iteration": self.iteration,
            "objective": self.objective.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def load_state_dict(self, state: State) -> None:
        self.iteration = state["iteration"]
        self.objective.load_state_dict(state["objective"])
        self.optimizer.load_state_dict(state["optimizer"])

    @staticmethod
    def new_optimizer(parameters: Sequence[Parameter], learning_rate: float) -> torch.optim.Optimizer:
        raise NotImplementedError

    def step(self) -> Report:
        options, objective = self.options, self.objective
        if self.iteration == 0 or (options.resample and self.iteration % options.resample == 0):
            objective.draw(self.iteration)
        if options.weights.gradient_norm and self.iteration % options.weights.gradient_norm.every == 0:
            objective.rebalance()
        factor = SCHEDULES[options.schedule](self.iteration / options.iterations)
        for group in self.optimizer.param_groups:
            group["lr"] = options.learning_rate * factor
        self.iteration += 1
        self.optimizer.zero_grad(set_to_none=True)
        loss = objective()
        if not torch.isfinite(loss):
            objective.require_finite(self.iteration)
        loss.backward()
        self.optimizer.step()
        objective.model.respect_bounds()
        report = objective.report(
            float(loss.detach()), "iteration_limit" if self.iteration >= options.iterations else None
        )
        if objective.causal:
            objective.causal.update()
        return report
