"""Ritz: the minimum of the energy over the output layers of a partition of unity that refines itself.

    minimise E(c) + PENALTY * sum over essential conditions of weight^2 mean(r^2):     H d = -g,   c <- c + a d

The cells have sampled hidden layers (`network/cell_network.py`). A quadratic energy needs one step of Newton's
iteration. H is scaled to a unit diagonal and shifted until it is positive definite; the step a is halved while the
energy rises or is not finite. A stationary point whose H is indefinite is a saddle, and is left along the direction of
the most negative curvature (a straight rod beyond its critical load). From level to level those cells are halved that
hold most of the equations' residual.

Sources: Ritz, J. reine angew. Math. 135 (1909), 1; Babuska & Melenk, Int. J. Numer. Meth. Engng. 40 (1997), 727 (the
partition of unity); Nocedal & Wright, Numerical Optimization, 2nd ed., § 3.4 (shifts); Dörfler, SIAM J. Numer. Anal. 33
(1996), 1106 (which cells).
"""

from __future__ import annotations

import math
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pinn.errors import Divergence
from pinn.network.cells import Cell, cells_of, cells_state, grid
from pinn.problem.problem import Problem
from pinn.spec.blocks.solver import RitzOptions
from pinn.training.cells.energy_basis import ROUNDING, EnergyBasis, orthonormal_basis
from pinn.training.cells.layers import Layer, cell_network, default_scale, with_layers
from pinn.training.cells.newton_step import NewtonStep
from pinn.training.cells.points import lengths_at
from pinn.training.cells.refinement import energy_errors, refined
from pinn.training.residuals.assembly import Group, loss_terms
from pinn.training.residuals.divergence import require_finite
from pinn.training.residuals.energy import (
    Integral,
    energy_of,
    essential_groups,
    integrals,
    require_finite_energy,
    require_finite_slopes,
)
from pinn.training.residuals.model import Model
from pinn.training.run.run import Report, Run
from pinn.training.run.state import State, model_of, model_state
from pinn.training.run.stop_reason import StopReason

FEATURES = {1: 30, 2: 60, 3: 120}  # per cell, by the number of coordinates
CELLS = {1: 4, 2: 4, 3: 2}  # along the longest side of the domain, to begin with
POINTS_PER_FEATURE, BOUNDARY_PER_FEATURE = 40, 6
CONTROL = 1.7  # times as many points for the energy that levels are compared by
PENALTY = 1e6  # of conditions on the fields that are not met by construction: leaves errors near 1e-6
MARKED = 0.7  # of the squared error, in the cells that are halved
FEWEST_MARKED = 0.25  # of the cells: a level costs more than it brings with less
SLENDERNESS = 1.9  # of a cell that is cut across its longest axis: with more, points per area would not resolve it
TO_GRADIENT = 1e4  # factor of the shift where no step along the direction lowers the energy
NEWTON_TOLERANCE = 1e-9  # of the energy: predicted fall in a step that is the last, near 3e-5 of the fields
SHORTEST_STEP = 1e-4
STAGNATION = 1e-7  # relative fall of the energy over a level, near 3e-4 of the fields, that counts as none
STAGNATION_GAIN = 1.25  # fall of the held-out residual that counts all the same
COST_EXPONENT = 2  # of the number of cells, in the time of one level
MOST_UNKNOWNS = 15_000  # the Hessian and its factor have 3.6 GB then in float64
MOST_SADDLES = 8  # stationary points that are left along their negative curvature, one after the other
STEEPEST = 1e6  # shift of a unit diagonal with which a step is one along the gradient


class Ritz:
    """Stage: one step is one level, i.e. Newton's iteration on one set of cells."""

    name = "ritz"
    measure_every = 1

    def __init__(self, options: RitzOptions, run: Run):
        self.options, self.run = options, run
        self.features = options.features or features_in(len(run.problem.axes))
        self.scale = options.scale or default_scale(run.problem)
        self.cells = first_cells(run.problem)
        self.layers: dict[Cell, Layer] = {}
        self.level = 0
        self.start = run.model  # of an earlier load, or of the level before
        self.history: list[tuple[float, float]] = []  # (control energy, held-out residual) of each level
        self.unknowns = 0  # coefficients of the last level
        self.accuracy = max(NEWTON_TOLERANCE, ROUNDING * torch.finfo(run.dtype).eps)
        self.like = torch.zeros(0, dtype=run.dtype, device=run.device)

    def state_dict(self) -> State:
        return {
            "cells": cells_state(self.cells),
            "layers": [list(self.layers[cell]) if cell in self.layers else None for cell in self.cells],
            "level": self.level,
            "start": model_state(self.start),
            "history": [list(pair) for pair in self.history],
        }

    def load_state_dict(self, state: State) -> None:
        self.cells, self.level = cells_of(state["cells"]), state["level"]
        pairs = zip(self.cells, state["layers"], strict=True)
        self.layers = {cell: (layer[0], layer[1]) for cell, layer in pairs if layer is not None}
        self.start = model_of(self.run.problem, state["start"], self.run.device)
        self.history = [(energy, heldout) for energy, heldout in state["history"]]

    def step(self) -> Report:
        run, begun = self.run, perf_counter()
        self.layers = with_layers(self.cells, self.layers, self.features, self.scale, run.generator)
        model = Model(run.problem, cell_network(run.problem, self.layers, self.like))
        parts, groups = self.energy_and_conditions(1.0, run.seed_for(self.name))
        self.minimise(model, parts, groups)
        before, control = self.control_energies(model)
        if self.history:
            run.coarser = self.start
        run.model = self.start = model
        heldout = run.heldout(model)
        if before is not None:
            self.history[-1] = before, self.history[-1][1]
        self.history.append((control, heldout))
        with torch.no_grad():
            energy = float(energy_of(model, parts))
        extra = {"cells": float(len(self.cells)), "features": float(self.features), "energy": control}
        if before is not None:
            extra["energy_error"] = error_from(before, control)
            run.best_merit = (
                before  # of the level before by this level's quadrature, so that like is compared with like
            )
        finished = self.plan_next(model, parts, perf_counter() - begun) if heldout > run.tolerance else None
        return Report(
            energy,
            heldout=heldout,
            finished=finished,
            extra=extra,
            merit=control,
        )

    def plan_next(self, model: Model, parts: list[Integral], seconds: float) -> StopReason | None:
        """Refine the cells for the next level. Returns a stop reason when there is none."""
        run = self.run
        self.level += 1
        if self.level >= self.options.levels or run.on_the_way:
            return StopReason.ITERATION_LIMIT
        if len(self.history) > 2:
            (before, old), (after, new) = self.history[-3], self.history[-1]
            if before - after <= 2 * STAGNATION * abs(after) and old < STAGNATION_GAIN * new:
                return StopReason.STAGNATED
        marked = largest(energy_errors(model, parts[0], self.cells), MARKED, FEWEST_MARKED)
        seed = run.seed_for(self.name, "cuts", self.level)
        cells = refined(model, run.problem.domain, self.cells, marked, seed, SLENDERNESS)
        growth, self.cells = len(cells) / len(self.cells), cells
        if self.unknowns * growth > MOST_UNKNOWNS:
            return StopReason.STAGNATED
        return StopReason.TIME_LIMIT if seconds * growth**COST_EXPONENT > run.remaining else None

    def energy_and_conditions(self, share: float, seed: int) -> tuple[list[Integral], list[Group]]:
        """Quadrature and points of conditions for this level, `share` times as many as to minimise on."""
        run = self.run
        boundary = int(share * BOUNDARY_PER_FEATURE * self.features * len(self.cells))
        per_cell = share * POINTS_PER_FEATURE * max(self.features, features_in(len(run.problem.axes)))

        def density(points: NDArray[np.float64]) -> NDArray[np.float64]:
            return per_cell / (2 * lengths_at(self.cells, torch.as_tensor(points))).prod(dim=1).numpy()

        largest_cell = max(np.prod(np.subtract(cell.upper, cell.lower)) for cell in self.cells)
        interior = int(per_cell * run.problem.domain.measure / largest_cell)
        parts = integrals(run.problem, interior, boundary, run.device, run.dtype, density)
        return parts, essential_groups(run.problem, boundary, seed, run.device, run.dtype)

    # ---- Newton's iteration --------------------------------------------------------------------------------------

    def minimise(self, model: Model, parts: list[Integral], groups: list[Group]) -> None:
        """Leave the output layers at the minimum.

        Raises Divergence where the energy, its gradient or its Hessian is not finite.
        """
        value = total(model, parts, groups)
        if not math.isfinite(value):
            self.refuse(value, model, parts, groups)
        basis = orthonormal_basis(model, parts)
        self.unknowns = basis.size
        if self.start is not None and not self.run.problem.is_linear:
            value = self.begin(basis, parts, groups, value)
        for _ in range(MOST_SADDLES):
            value = self.descend(model, basis, parts, groups, value)
            if self.run.problem.is_linear or self.run.remaining < 0:
                return
            lower = self.leave_saddle(basis, parts, groups, value)
            if lower is None:
                return
            value = lower

    def descend(
        self, model: Model, basis: EnergyBasis, parts: list[Integral], groups: list[Group], value: float
    ) -> float:
        """Newton's iteration from an energy to a stationary point. Returns the energy there. Raises Divergence."""
        where = f"ritz, level {self.level + 1}"
        newton, hessian = None, torch.zeros(0)
        for _ in range(self.options.iterations):
            if newton is None or not self.run.problem.is_linear:
                gradient, hessian = basis.gradient_and_hessian(parts, groups, PENALTY)
                newton = NewtonStep(hessian) if torch.isfinite(hessian).all() else None
            else:  # the same Hessian: what rounding errors and the shift left undone
                gradient = basis.gradient(parts, groups, PENALTY)
            if newton is None or not torch.isfinite(gradient).all():
                require_finite_slopes(model, parts, where)
                raise Divergence(f"the gradient or the Hessian of the energy is not finite in {where}")
            fall, lowest = 0.0, value
            while newton.shift <= STEEPEST:
                direction = newton.direction(gradient)
                fall = -float(gradient @ direction) / 2
                if not fall > 0:
                    return lowest
                value = self.search(basis, direction, parts, groups, lowest)
                if value < lowest or fall < self.accuracy * abs(lowest):
                    break
                newton = NewtonStep(hessian, TO_GRADIENT * newton.shift)
            if not value < lowest:
                return lowest
            if fall < self.accuracy * abs(value) or self.run.remaining < 0:
                break
        return value

    def leave_saddle(
        self, basis: EnergyBasis, parts: list[Integral], groups: list[Group], value: float
    ) -> float | None:
        """Step off a stationary point that is no minimum, along its most negative curvature, to either side.

        Returns the lower energy there; None at a minimum.
        """
        _, hessian = basis.gradient_and_hessian(parts, groups, PENALTY)
        direction = NewtonStep(hessian).lowest() if torch.isfinite(hessian).all() else None
        if direction is None:
            return None
        old, size = basis.coefficients(), 1.0
        while size > SHORTEST_STEP:
            for share in (size, -size):
                basis.set(old, direction, share)
                lower = total(basis.model, parts, groups)
                if lower < value - self.accuracy * abs(value):
                    return lower
            size /= 2
        basis.set(old)
        return None

    def search(
        self, basis: EnergyBasis, direction: Tensor, parts: list[Integral], groups: list[Group], lowest: float
    ) -> float:
        """Take the first of the steps 1, 1/2, … that has an energy below `lowest`, else none. Returns the energy."""
        old, share = basis.coefficients(), 1.0
        while share > SHORTEST_STEP:
            basis.set(old, direction, share)
            value = total(basis.model, parts, groups)
            if value < lowest:
                return value
            share /= 2
        basis.set(old)
        return lowest

    def begin(self, basis: EnergyBasis, parts: list[Integral], groups: list[Group], value: float) -> float:
        """Output layers near the fields of `start`, where their energy is below `value`. Returns the energy."""
        assert self.start is not None
        zero = basis.coefficients()
        gradient, hessian = basis.distance_to(self.start, parts, groups, PENALTY)
        if not (torch.isfinite(gradient).all() and torch.isfinite(hessian).all()):
            return value
        basis.set(zero, NewtonStep(hessian).direction(gradient))
        fitted = total(basis.model, parts, groups)
        if fitted <= value:
            return fitted
        basis.set(zero)
        return value

    def control_energies(self, model: Model) -> tuple[float | None, float]:
        """Energy and penalty on other points than those it was minimised on: of the level before, and of this one.

        Raises Divergence where it is not finite and neither was that of any model before.
        """
        parts, groups = self.energy_and_conditions(CONTROL, self.run.seed_for(self.name, "control"))
        value = total(model, parts, groups)
        if not math.isfinite(value) and self.run.best is None:
            self.refuse(value, model, parts, groups)
        before = total(self.start, parts, groups) if self.start is not None and self.history else None
        return before, value if math.isfinite(value) else math.inf

    def refuse(self, value: float, model: Model, parts: list[Integral], groups: list[Group]) -> None:
        """Raises Divergence that names what makes the energy not finite."""
        require_finite_energy(model, parts, f"ritz, level {self.level + 1}")
        require_finite(loss_terms(model, groups), "ritz, level", self.level + 1, groups, model)
        raise Divergence(f"the energy became {value} in ritz, level {self.level + 1}")


def error_from(before: float, after: float) -> float:
    """Relative error in the energy's norm, estimated from the energies of two levels: sqrt(|E_1 - E_2| / |E_2|).

    For the minimum u of a quadratic energy |u - v|^2 / 2 = E(v) - E(u), |u|^2 / 2 = -E(u). So it is a lower bound for
    the coarser level, and an upper one for the finer, if the error fell by sqrt(2) at the least.
    Source: Bank & Weiser, Math. Comp. 44 (1985), 283 (saturation).
    """
    return math.sqrt(abs(before - after) / abs(after)) if after and math.isfinite(before + after) else math.inf


def features_in(dimension: int) -> int:
    """Features of a cell; the points that these need are needed to resolve its window too."""
    return FEATURES.get(dimension, FEATURES[3])


def first_cells(problem: Problem) -> list[Cell]:
    """A grid of cells, nearly as long as they are wide where the domain is not more slender than they are many."""
    lower, upper = problem.bounds
    widths = upper - lower
    along = CELLS.get(len(widths), CELLS[3])
    counts = np.maximum(np.rint(along * widths / widths.max()), 1).astype(int)
    return grid(lower.tolist(), upper.tolist(), counts.tolist(), list(problem.periods))


def largest(sizes: NDArray[np.float64], share: float, fewest: float) -> NDArray[np.bool_]:
    """The largest, so few that their squares make this share of the sum of squares, but at least `fewest` of all."""
    order = np.argsort(sizes)[::-1]
    sums = np.cumsum(sizes[order] ** 2)
    count = max(1 + int(np.searchsorted(sums, share * sums[-1])), math.ceil(fewest * len(sizes)))
    found = np.zeros(len(sizes), dtype=bool)
    found[order[:count]] = True
    return found


def total(model: Model, parts: list[Integral], groups: list[Group]) -> float:
    """Energy and penalty."""
    with torch.no_grad():
        return float(energy_of(model, parts) + PENALTY * sum(loss_terms(model, groups).values(), torch.tensor(0.0)))
