"""Gauss-Newton on all weights, damped as by Levenberg and Marquardt, with geodesic acceleration.

    minimise |r(w + d)|^2:      d = -(J^T J + mu I)^-1 J^T r + acceleration/2        (pinn.training.all_weights.damping)

The equations are solved by Cholesky in the space of the weights or of the residuals, whichever is smaller, and by
preconditioned conjugate gradients where both are large.
"""

from __future__ import annotations

import math
from functools import partial
from statistics import median

import torch
from torch import Tensor

from pinn.network.chunks import matrix_of
from pinn.spec.blocks.solver import GaussNewtonOptions
from pinn.training.all_weights import damping
from pinn.training.all_weights.krylov import MOST_ITERATIONS, Krylov
from pinn.training.all_weights.normal_equations import DampedSystem, ResidualSpace, WeightSpace
from pinn.training.all_weights.start import start
from pinn.training.output_layer.variable_projection import ProjectedJacobian, output_size, solve_output_layer
from pinn.training.residuals.assembly import Group, loss_terms, residuals
from pinn.training.residuals.divergence import require_finite, require_finite_gradient
from pinn.training.residuals.jacobian import JACOBIAN_CHUNK, Jacobian, count_rows, count_weights, trained_parameters
from pinn.training.residuals.model import Model
from pinn.training.residuals.points import draw_adaptive
from pinn.training.run.run import Report, Run
from pinn.training.run.state import State, groups_of, groups_state
from pinn.training.run.stop_reason import StopReason

HIDDEN = (24, 24, 24)
POINTS_PER_WEIGHT = (
    5  # equations inside; with 2.7, Burgers' residual between the points stays twenty times the one on them
)
FEWEST_POINTS, MOST_POINTS = 2500, 10_000
BOUNDARY_SHARE = 0.2  # of the points inside
POINTS_PER_OUTPUT_WEIGHT = 3  # points for each weight of an eliminated output layer, as in least squares
LARGEST_DENSE = 5000  # of min(residuals, weights): above, a Cholesky factor takes longer than conjugate gradients
TRIES = 3  # dampings that a step tries
OPERATIONS_PER_SECOND = 3e10  # of two ordinary cores: only decides whether a step is begun
MOST_REJECTIONS = 3  # steps in a row, each on twelve dampings, without any gain
STAGNATION_STEPS = 100  # that together lower the loss by less than 1 %


class GaussNewton:
    """Stage: one step is one Jacobian and one accepted update of all weights."""

    name = "gauss_newton"
    measure_every = 5

    def __init__(self, options: GaussNewtonOptions, run: Run, usable: float = math.inf):
        self.options = options
        self.run = run
        model = start(run, HIDDEN, usable)
        small = count_weights(model) <= LARGEST_DENSE and options.solver != "iterative"
        self.projected = run.problem.is_linear and options.variable_projection and small
        self.damping = 0.0
        self.iteration = 0
        self.rejections = 0
        self.groups: list[Group] = []
        self.losses: list[float] = []
        self.seconds = 0.0  # of the last step

    def state_dict(self) -> State:
        return {
            "damping": self.damping,
            "iteration": self.iteration,
            "rejections": self.rejections,
            "groups": groups_state(self.groups),
            "losses": self.losses[-STAGNATION_STEPS:],
            "seconds": self.seconds,
        }

    def load_state_dict(self, state: State) -> None:
        self.damping, self.iteration, self.rejections = state["damping"], state["iteration"], state["rejections"]
        self.groups = groups_of(self.run.problem, state["groups"], self.run.device)
        self.losses, self.seconds = list(state["losses"]), state["seconds"]

    def step(self) -> Report:
        run, begun = self.run, self.run.seconds
        model = run.model
        assert model is not None
        due = self.rejections > 0 or self.iteration % (self.options.resample or 1) == 0
        if not self.groups or (self.options.resample and due):
            self.groups = self.draw(model)
        if max(self.seconds, self.predicted_seconds(model)) > run.remaining:
            loss = self.losses[-1] if self.losses else float(self.residual(model).square().sum())
            return Report(loss, heldout=run.heldout(model), finished=StopReason.TIME_LIMIT)
        self.iteration += 1
        with matrix_of(count_rows(self.groups), count_weights(model), "network.hidden, or the stage's batch"):
            report = self.descend(model)
        self.seconds = run.seconds - begun
        return report

    def descend(self, model: Model) -> Report:
        """One damped step from the model."""
        if self.projected:
            solve_output_layer(model, self.groups)
        model.recentre()
        jacobian = Jacobian(model, self.groups)
        loss = float(jacobian.residual.square().sum())
        if not math.isfinite(loss):
            require_finite(loss_terms(model, self.groups), self.name, self.iteration, self.groups, model)
        if not torch.isfinite(jacobian.transposed_times(jacobian.residual)).all():
            require_finite_gradient(self.name, self.iteration, self.groups, model)
        old = [parameter.detach().clone() for parameter in trained_parameters(model)]

        def residual(update: Tensor) -> Tensor:
            assign(trained_parameters(model), old, update)
            if self.projected:
                solve_output_layer(model, self.groups)
            return self.residual(model)

        def land(update: Tensor) -> Tensor:
            assign(trained_parameters(model), old, update)
            model.respect_bounds()
            if self.projected:
                solve_output_layer(model, self.groups)
            return self.residual(model)

        system = self.system(model, jacobian)
        taken = damping.boldest(system, jacobian.residual, self.damping, self.options.target_ratio, residual, land)
        if taken is None:
            assign(trained_parameters(model), old, jacobian.residual.new_zeros(jacobian.shape[1]))
            failed = self.damping or damping.FIRST_DAMPING * system.size
            self.damping, new_loss = failed * damping.STEEPER**3, loss
        else:
            land(taken.update)
            self.damping, new_loss = taken.damping / (damping.BOLDER if system.costly else 1), taken.loss
        self.losses.append(new_loss)
        with torch.no_grad():
            terms = {name: float(term) for name, term in loss_terms(model, self.groups).items()}
        return Report(new_loss, terms, finished=self.finished(taken is None), extra={"damping": self.damping})

    def draw(self, model: Model) -> list[Group]:
        equations = sum(s.is_equation for s in self.run.problem.statements)
        wanted = POINTS_PER_WEIGHT * count_weights(model) // max(equations, 1)
        interior = self.options.batch or min(max(wanted, FEWEST_POINTS), MOST_POINTS)
        if self.projected:
            interior = max(interior, POINTS_PER_OUTPUT_WEIGHT * output_size(model))
        seed = self.run.seed_for(self.name, self.iteration)
        return draw_adaptive(self.run.problem, interior, max(64, round(BOUNDARY_SHARE * interior)), seed, model)

    def system(self, model: Model, jacobian: Jacobian) -> DampedSystem:
        if self.iterative(*jacobian.shape):
            return Krylov(jacobian, self.run.generator)
        matrix = ProjectedJacobian(model, jacobian) if self.projected else jacobian
        rows, weights = jacobian.shape
        return ResidualSpace(torch.cat(list(matrix.rows()))) if rows < weights else WeightSpace(matrix)

    def iterative(self, rows: int, weights: int) -> bool:
        return self.options.solver == "iterative" or (
            self.options.solver == "auto" and min(rows, weights) > LARGEST_DENSE
        )

    def predicted_seconds(self, model: Model) -> float:
        """Of one step, so that a network too large for the time left is not even begun."""
        rows, weights = count_rows(self.groups), count_weights(model)
        small, large = sorted((rows, weights))
        if self.iterative(rows, weights):
            operations = 2 * MOST_ITERATIONS * 4 * rows * weights
        else:
            operations = large * small**2 + TRIES * small**3 / 3
            if self.projected:
                operations += (3 * TRIES + 1) * 2 * rows * output_size(model) ** 2
        return operations / OPERATIONS_PER_SECOND

    def residual(self, model: Model) -> Tensor:
        """Weighted residuals [N] in the order of the Jacobian's rows."""
        found = []
        with torch.no_grad():
            for group in self.groups:
                for _, parts in group.in_chunks(partial(residuals, model, group), JACOBIAN_CHUNK):
                    for statement, residual in zip(group.statements, parts, strict=True):
                        found.append(residual * (group.weight(statement) / math.sqrt(len(group.points))))
        return torch.cat(found)

    def finished(self, rejected: bool) -> StopReason | None:
        if self.iteration >= self.options.iterations:
            return StopReason.ITERATION_LIMIT
        recent = self.losses[-STAGNATION_STEPS:]
        self.rejections = self.rejections + 1 if rejected else 0
        if self.rejections >= MOST_REJECTIONS:
            return StopReason.STAGNATED
        half = STAGNATION_STEPS // 2  # medians, since every draw of points has a loss of its own
        if len(recent) == STAGNATION_STEPS and median(recent[half:]) > 0.99 * median(recent[:half]):
            return StopReason.STAGNATED
        return None


def assign(parameters: list[torch.nn.Parameter], old: list[Tensor], update: Tensor) -> None:
    """parameters = old + update, the update [P] split in their order."""
    start = 0
    with torch.no_grad():
        for parameter, value in zip(parameters, old, strict=True):
            parameter.copy_(value + update[start : start + value.numel()].reshape(value.shape))
            start += value.numel()
