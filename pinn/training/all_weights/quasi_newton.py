"""Quasi-Newton with the whole inverse Hessian: needs gradients only, and P^2 numbers for P weights."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from pinn.errors import SpecError
from pinn.problem.problem import Problem
from pinn.spec.blocks.solver import QuasiNewtonOptions
from pinn.training.all_weights.inverse_hessian import InverseHessian
from pinn.training.all_weights.line_search import flat_gradient, strong_wolfe
from pinn.training.all_weights.objective import Objective
from pinn.training.residuals.model import new_network
from pinn.training.run.run import Report, Run
from pinn.training.run.state import State
from pinn.training.run.stop_reason import StopReason

HIDDEN = (24, 24, 24)
MOST_WEIGHTS = 20_000  # 3.2 GB in float64
MOST_FAILURES = 2  # line searches in a row without any gain, the last one along the gradient


class QuasiNewton:
    """Stage: one step is one direction -H g, one line search and one update of H.

    Fresh points every `resample` steps: H is kept, since the loss on other points is nearly the same function.
    """

    name = "quasi_newton"
    measure_every = 20

    def __init__(self, options: QuasiNewtonOptions, run: Run):
        self.options, self.run = options, run
        self.objective = Objective(run, options, self.name, HIDDEN)
        require_memory(sum(parameter.numel() for parameter in self.objective.parameters))
        self.hessian = InverseHessian(options.update)
        self.iteration = 0
        self.failures = 0
        self.value = math.nan
        self.gradient = torch.empty(0)

    def state_dict(self) -> State:
        return {
            "iteration": self.iteration,
            "failures": self.failures,
            "value": self.value,
            "gradient": self.gradient,
            "inverse_hessian": self.hessian.matrix,
            "objective": self.objective.state_dict(),
        }

    def load_state_dict(self, state: State) -> None:
        self.iteration, self.failures = state["iteration"], state["failures"]
        self.value, self.gradient = state["value"], state["gradient"].to(self.run.device)
        matrix = state["inverse_hessian"]
        self.hessian.matrix = None if matrix is None else matrix.to(self.run.device)
        self.objective.load_state_dict(state["objective"])

    def step(self) -> Report:
        due = self.iteration == 0 or (self.options.resample and self.iteration % self.options.resample == 0)
        moved = self.hessian.matrix is None and self.objective.model.recentre()
        if due:
            self.objective.draw(self.iteration)
            self.objective.rebalance()
        if due or moved:
            self.value, self.gradient = self.evaluate()
        self.iteration += 1
        if not math.isfinite(self.value):
            self.objective.require_finite(self.iteration)
        self.objective.require_finite_gradient(self.iteration, [self.gradient])
        direction = self.hessian.direction(self.gradient)
        if float(direction @ self.gradient) >= 0:  # H is no longer positive definite to working precision
            self.hessian.forget()
            direction = -self.gradient
        first = 1.0 if self.hessian.matrix is not None else min(1.0, 1 / float(self.gradient.norm() + 1e-300))
        parameters = self.objective.parameters
        weights = parameters_to_vector(parameters).detach()
        terms = {0.0: self.objective.terms}

        def evaluate(step: float) -> tuple[float, Tensor]:
            vector_to_parameters(weights + step * direction, parameters)
            found = self.evaluate()
            terms[step] = self.objective.terms
            return found

        found = strong_wolfe(evaluate, direction, self.value, self.gradient, first)
        if found is None:
            self.failures = self.failures + 1 if self.hessian.matrix is not None else MOST_FAILURES
            self.hessian.forget()
            vector_to_parameters(weights, parameters)
            self.objective.terms = terms[0.0]
        else:
            self.failures = 0
            s, y = found.step * direction, found.gradient - self.gradient
            self.hessian.learn(s, y, -found.step * float(s @ self.gradient))
            self.value, self.gradient, self.objective.terms = found.value, found.gradient, terms[found.step]
            vector_to_parameters(weights + s, parameters)
            self.respect_bounds()
        return self.objective.report(self.value, self.finished())

    def evaluate(self) -> tuple[float, Tensor]:
        """(loss, gradient [P]) at the model's weights."""
        loss = self.objective()
        return float(loss.detach()), flat_gradient(loss, self.objective.parameters)

    def respect_bounds(self) -> None:
        """Unknowns back into their bounds; where one was outside, the loss is evaluated again."""
        before = parameters_to_vector(self.objective.parameters).detach()
        self.objective.model.respect_bounds()
        if not torch.equal(before, parameters_to_vector(self.objective.parameters).detach()):
            self.hessian.forget()
            self.value, self.gradient = self.evaluate()

    def finished(self) -> StopReason | None:
        if self.iteration >= self.options.iterations:
            return StopReason.ITERATION_LIMIT
        return StopReason.STAGNATED if self.failures >= MOST_FAILURES else None


def require_memory(weights: int) -> None:
    """Raises SpecError where the inverse Hessian would not fit."""
    if weights > MOST_WEIGHTS:
        gigabytes = 8e-9 * weights**2
        raise SpecError(
            ("network", "hidden"),
            f"quasi_newton keeps a matrix of {weights} x {weights} numbers ({gigabytes:.0f} GB), at most "
            f"{MOST_WEIGHTS} weights; take fewer hidden units, or lbfgs or soap",
        )


def require_memory_for(problem: Problem) -> None:
    """The same before anything is trained, for the network that the spec asks for."""
    hidden = problem.spec.network.hidden
    if hidden:
        network = new_network(problem, hidden, torch.Generator(), torch.device("meta"), torch.float64)
        require_memory(sum(parameter.numel() for parameter in network.parameters()))
