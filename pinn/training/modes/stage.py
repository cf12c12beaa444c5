"""Modes as a stage: sampled features, the pencil that the statements make of them, on levels of ever more features.

Scales and levels are chosen as in `LeastSquares`, on the largest residual of a mode. At corners the functions of A
alone are not enough: after r^a comes a term in lambda r^(a + o), o the order of A. They are taken with lambda = 0 and
with a lambda of the size that is sought, each with coefficients of its own, so that every mode finds its share (without
it the first eigenvalue of the L is 8e-5 off).

An eigenvalue's error is estimated by what another choice of features and points makes of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from time import perf_counter

import torch
from torch import Tensor

from pinn.corners.network import CornerNetwork
from pinn.equations.compiler.compile import Derivative
from pinn.equations.eigenproblem import Eigenproblem
from pinn.errors import Divergence
from pinn.network.chunks import matrix_of
from pinn.problem.holes import hole_bases
from pinn.problem.singular import corner_bases, has_functions, is_singular, order_of
from pinn.spec.blocks.solver import LeastSquaresOptions
from pinn.training.modes.measure import mode_residuals, orthonormal
from pinn.training.modes.pencil import Pairs, lowest, shift_for
from pinn.training.modes.rows import pencil_rows
from pinn.training.output_layer.gathered import gather
from pinn.training.output_layer.least_squares import (
    BOUNDARY_PER_FEATURE,
    CORNER_SHARE,
    EXPONENTS_BEYOND,
    EXPONENTS_PER_LEVEL,
    FIRST_FEATURES,
    INTERIOR_PER_FEATURE,
    POWERS,
    POWERS_PER_LEVEL,
    LeastSquares,
)
from pinn.training.output_layer.sampled_layer import sampled_model
from pinn.training.residuals.assembly import CONDITION_WEIGHT_SOLVED
from pinn.training.residuals.linearisation import set_coefficients
from pinn.training.residuals.model import Model
from pinn.training.residuals.points import draw
from pinn.training.run.run import Report, Run
from pinn.training.run.state import State
from pinn.training.run.stop_reason import StopReason

FLOOR = 1e-13  # relative error of an eigenvalue that is below all estimates: rounding


@dataclass(frozen=True, eq=False)
class Found:
    """What one choice of features gave: eigenvalues, residuals [K] and the shift that they are relative to."""

    eigenvalues: Tensor
    residuals: Tensor
    shift: float

    @property
    def worst(self) -> float:
        return float(self.residuals.max())


class ModesStage(LeastSquares):
    """Stage: one step is one choice of (features M, scale R), solved; the first step two of them."""

    name = "modes"

    def __init__(self, options: LeastSquaresOptions, run: Run):
        super().__init__(options, run)
        assert run.problem.eigen is not None
        self.eigen: Eigenproblem = run.problem.eigen
        self.best: Found | None = None
        self.other: Found | None = None  # the best of the others
        self.shift: float | None = None  # which the first solve chooses

    def state_dict(self) -> State:
        kept = {name: None if one is None else vars(one) for name, one in (("best", self.best), ("other", self.other))}
        return {**super().state_dict(), **kept, "shift": self.shift}

    def load_state_dict(self, state: State) -> None:
        super().load_state_dict(state)
        self.best, self.other = (None if state[n] is None else Found(**state[n]) for n in ("best", "other"))
        self.shift = state["shift"]

    def step(self) -> Report:
        begun = perf_counter()
        loss = math.inf
        tried = [self.queue.pop(0) for _ in range(2 if self.best is None else 1) if self.queue]
        for scale in tried:
            loss, model = self.solve(scale)
            self.results[scale] = self.latest.worst
            if self.latest is self.best:
                self.run.model = model
        self.seconds_of_level = perf_counter() - begun
        assert self.best is not None
        extra = {"features": self.features, "scale": tried[-1], "residual_of_this": self.latest.worst}
        finished, errors, known = None, self.errors, False
        if errors is not None:
            extra["eigenvalue_error"] = float(errors.max())
            for model in (self.run.model, self.run.best):  # what is best may be known better than when it was found
                if model is not None and torch.equal(model.eigenvalues, self.best.eigenvalues):
                    model.errors.copy_(errors)
            known = float(errors.max()) <= self.run.tolerance
        if known:
            finished = StopReason.TOLERANCE
        elif not self.queue:
            finished = self.plan_next()
        return Report(loss, heldout=self.best.worst, finished=finished, extra=extra, unconfirmed=not known)

    def solve(self, scale: float) -> tuple[float, Model]:
        """Features, points, pencil, modes. The loss is the square of the largest residual."""
        run, problem = self.run, self.run.problem
        seed = run.seed_for(self.name, self.level, len(self.results))
        counts = INTERIOR_PER_FEATURE * self.features, BOUNDARY_PER_FEATURE * self.features
        groups = draw(problem, *counts, seed, run.device, run.dtype, CONDITION_WEIGHT_SOLVED)
        model = self.sampled_model(scale, seed)
        rows = sum(len(group.points) * len(group.indices) for group in groups)
        with torch.no_grad(), matrix_of(2 * rows, model.output_size, "features of solver.method.least_squares"):
            pairs = self.pairs(model, [*pencil_rows(model, self.eigen, groups)])
            if not bool(torch.isfinite(pairs.vectors).all() & torch.isfinite(pairs.eigenvalues).all()):
                raise Divergence(f"modes gave coefficients that are not finite (features {self.features})")
            pairs = orthonormal(problem, model, self.eigen, pairs)
            residuals = mode_residuals(model, self.eigen, run.heldout_groups, pairs)
            residuals = torch.maximum(residuals, pairs.unsure)
            self.keep(model, pairs, residuals)
        found = Found(pairs.eigenvalues, residuals, pairs.shift)
        self.latest = found
        if self.best is None or found.worst < self.best.worst:
            self.best, self.other = found, self.best
        elif self.other is None or found.worst < self.other.worst:
            self.other = found
        return found.worst**2, model

    def pairs(self, model: Model, rows: list) -> Pairs:
        """The eigenvalues nearest to the shift, ordered by their distance from it."""
        stiffness = torch.cat([one.stiffness for one in rows])
        starts = torch.tensor([0, *(len(one.stiffness) for one in rows)]).cumsum(0).tolist()
        with_mass = [(start, one.mass) for start, one in zip(starts, rows, strict=False) if one.mass is not None]
        where = torch.cat([torch.arange(start, start + len(mass)) for start, mass in with_mass]).to(stiffness.device)
        mass = torch.cat([mass for _, mass in with_mass])
        rows.clear()
        count = self.eigen.count
        if self.shift is None:
            self.shift = self.eigen.shift or shift_for(stiffness, mass, where, count, self.typical_eigenvalue())
        found = lowest(stiffness, mass, where, count, self.shift)
        order = (found.eigenvalues - self.eigen.shift).abs().argsort()
        return Pairs(found.eigenvalues[order], found.vectors[:, order], found.shift, found.unsure[order])

    def keep(self, model: Model, pairs: Pairs, residuals: Tensor) -> None:
        """Let the model hold all modes, its network the first of them."""
        model.residuals.copy_(residuals)
        model.unsure.copy_(pairs.unsure)
        model.eigenvalues.copy_(pairs.eigenvalues)
        model.shapes.copy_(pairs.vectors.T)
        show(model, 0)

    def sampled_model(self, scale: float, seed: int) -> Model:
        run = self.run
        model = sampled_model(run.problem, self.features, scale, seed, run.generator, run.device, run.dtype)
        if has_functions(run.problem):
            gather(run.problem, model, math.sqrt(self.features / FIRST_FEATURES), seed)
            model = self.with_corners(model)
        return model

    def with_corners(self, model: Model) -> Model:
        problem = self.run.problem
        tables = hole_bases(problem, POWERS + self.level * POWERS_PER_LEVEL)
        if is_singular(problem):
            below = order_of(problem) + EXPONENTS_BEYOND + self.level * EXPONENTS_PER_LEVEL
            near = {**problem.guesses, self.eigen.name: self.typical_eigenvalue()}
            for corners in (problem.corners, problem.corners_near(near)):
                tables += corner_bases(problem, below, CORNER_SHARE / 2 * self.features, corners)
        network = CornerNetwork(model.mlp, tables).to(self.run.device)
        return Model(problem, network, problem.spec.solver.derivatives)

    def typical_eigenvalue(self) -> float:
        """Of those that are sought: as found before, else for which both sides of an equation have one size."""
        if self.best is not None:
            return float(self.best.eigenvalues.abs().median())
        problem, scaling = self.run.problem, self.run.problem.scaling
        ratios = []
        for index, mass in self.eigen.masses.items():
            points = problem.scaling_points(self.eigen.statements[index].place)
            zero = {d: points.points.new_zeros(len(points)) for d in mass.derivatives}
            guesses = {name: points.points.new_tensor(value) for name, value in problem.guesses.items()}
            slopes = mass.linearise(points.inputs(problem.axes, guesses), zero)
            size = sum(
                float(torch.as_tensor(slope).abs().mean()) * problem.units.of(key, scaling.fields)
                for key, slope in slopes.items()
                if isinstance(key, Derivative)
            )
            ratios.append(scaling.statements[index] / size)
        return min(ratios)

    @property
    def errors(self) -> Tensor | None:
        """Estimated relative errors of the eigenvalues, where there are two solves."""
        return None if self.best is None or self.other is None else estimated_errors(self.best, self.other)


@torch.no_grad()
def show(model: Model, number: int) -> None:
    """Let the model's network be one of its modes."""
    model.eigenvalue.copy_(model.eigenvalues[number])
    set_coefficients(model, model.shapes[number])


def estimated_errors(best: Found, other: Found) -> Tensor:
    """Of the eigenvalues, relative to their distance from the shift: [K].

    What another choice of features makes of them, and the square of the residual, which no coincidence makes small.
    """
    size = (best.eigenvalues - best.shift).abs()
    change = (best.eigenvalues - other.eigenvalues).abs() / size
    return torch.maximum(change, best.residuals.square()).clamp(min=FLOOR)
