"""Descent: the stage that one update by an optimizer of torch per step makes, with a learning rate and fresh points."""

from __future__ import annotations

from typing import Any

import torch

from pinn.spec.blocks.solver import AdamOptions
from pinn.training.all_weights.objective import Objective
from pinn.training.all_weights.schedules import SCHEDULES
from pinn.training.residuals.model import Model
from pinn.training.run.run import Report, Run
from pinn.training.run.state import State
from pinn.training.run.stop_reason import StopReason

HIDDEN = (64, 64, 64, 64)

ParameterGroup = dict[str, Any]  # torch's: parameters, and what the optimizer is to do differently for them


class Descent:
    """Stage: one step is one update. What differs between methods is `name` and `new_optimizer`."""

    name: str
    measure_every = 100

    def __init__(self, options: AdamOptions, run: Run):
        self.options, self.run = options, run
        self.objective = Objective(run, options, self.name, HIDDEN)
        hardness = run.problem.spec.network.activation.learning_rate or options.learning_rate
        groups = parameter_groups(self.objective.model, hardness)
        self.optimizer = self.new_optimizer(groups, options.learning_rate)
        self.rates = [group["lr"] for group in self.optimizer.param_groups]
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
    def new_optimizer(groups: list[ParameterGroup], learning_rate: float) -> torch.optim.Optimizer:
        raise NotImplementedError

    def step(self) -> Report:
        options, objective = self.options, self.objective
        if self.iteration == 0 or (options.resample and self.iteration % options.resample == 0):
            objective.draw(self.iteration)
        if options.weights.gradient_norm and self.iteration % options.weights.gradient_norm.every == 0:
            objective.rebalance()
        factor = SCHEDULES[options.schedule](self.iteration / options.iterations)
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor
        self.iteration += 1
        self.optimizer.zero_grad(set_to_none=True)
        loss = objective()
        if not torch.isfinite(loss):
            objective.require_finite(self.iteration)
        loss.backward()
        objective.require_finite_gradient(self.iteration, objective.gradient)
        self.optimizer.step()
        objective.model.respect_bounds()
        objective.model.recentre()
        report = objective.report(
            float(loss.detach()), StopReason.ITERATION_LIMIT if self.iteration >= options.iterations else None
        )
        if objective.causal:
            objective.causal.update()
        return report


def parameter_groups(model: Model, hardness_rate: float) -> list[ParameterGroup]:
    """All parameters; a trained hardness in a group of its own, with its learning rate and never any weight decay.

    A decay pulls a weight towards 0, but for a step in lambda 0 is merely where lambda is.
    """
    step = model.mlp.layer_hardness.step
    groups: list[ParameterGroup] = [{"params": [p for p in model.parameters() if p is not step]}]
    if step is not None:
        groups.append({"params": [step], "lr": hardness_rate, "weight_decay": 0.0})
    return groups
