"""Least squares on a partition of unity that refines itself, marching through time in slabs.

The box around the domain is cut into cells with a sampled hidden layer each (`network/cell_network.py`); the output
layers of all cells of a slab are solved for together. Cells whose residual on fresh points exceeds a tolerance are
halved, and the slab is solved again, until none does. The next slab starts from the end of this one: its initial
conditions are those of the spec, with this slab's values for their right-hand sides. One pass through all slabs gives a
solution; the next pass starts from it, with a tolerance ten times smaller.

Sources: Dong & Li, Comput. Methods Appl. Mech. Engrg. 387 (2021) 114129, § 2.3 (blocks in time); Moseley, Markham &
Nissen-Meyer, Adv. Comput. Math. 49 (2023) 62 (windows).
"""

from __future__ import annotations

import math
from time import perf_counter
from typing import Any

import torch

from pinn.geometry.points.seeds import seed_of
from pinn.spec.blocks.solver import CellsOptions
from pinn.training.cells.layers import cell_network, default_scale, with_layers
from pinn.training.cells.points import draw_in_cells
from pinn.training.cells.refinement import cell_residuals, refined
from pinn.training.cells.slabs import Slab, blended, continued, first_slabs
from pinn.training.cells.solve import solve_cells
from pinn.training.output_layer.least_squares import BOUNDARY_PER_FEATURE, INTERIOR_PER_FEATURE
from pinn.training.residuals.assembly import CONDITION_WEIGHT_SOLVED, FieldJets, Group, jets_at
from pinn.training.residuals.model import Model
from pinn.training.run.run import Report, Run
from pinn.training.run.stop_reason import StopReason

FEATURES = {1: 30, 2: 80, 3: 250}  # per cell in the first pass, by the number of coordinates
MOST_COORDINATES = 2  # for which `auto` takes cells: in more, they and their features are too many
SLABS = 10
FIRST_TOLERANCE, TIGHTER = 1e-2, 0.1  # of the first pass; of a pass relative to the one before
MORE_FEATURES, LARGER_SCALE = 1.2, 1.05  # from one pass to the next
MOST_ROUNDS = 8  # of refinement on one slab in one pass
MARK = 0.5  # of the tolerance: cells above it are halved together with those that exceed it
LEAST_GAIN = 0.8  # worst residual of a pass relative to the one before, above which rounding errors rule
COSTLIER = 1.5  # a pass relative to the one before, at the least
COST_EXPONENT = 1.5  # of the number of cells, in the time of one solve
# Where a marching through the slabs is: attributes of the stage that make its state, beside the slabs.
KEPT = ("features", "scale", "tolerance", "current", "passes", "rounds", "pass_started", "worst", "last_worst")


class Cells:
    """Stage: one step is one solve on the cells of one slab; a pass through all slabs gives a new model."""

    name = "cells"
    measure_every = 2**62  # only a whole pass is measured

    def __init__(self, options: CellsOptions, run: Run):
        self.options, self.run = options, run
        self.problem = run.problem
        self.dimension = len(self.problem.axes)
        self.features = options.features or FEATURES.get(self.dimension, FEATURES[3])
        self.scale = options.scale or default_scale(run.problem)
        self.tolerance = FIRST_TOLERANCE
        self.slabs = first_slabs(self.problem, options.slabs or SLABS)
        self.current = self.passes = self.rounds = 0
        self.pass_started = run.seconds
        self.worst, self.last_worst = 0.0, math.inf  # residual of a cell in this pass, and in the one before
        self.like = torch.zeros(0, dtype=run.dtype, device=run.device)

    def state_dict(self) -> dict[str, Any]:
        kept = {name: getattr(self, name) for name in KEPT}
        return {**kept, "slabs": [slab.state_dict() for slab in self.slabs]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for name in KEPT:
            setattr(self, name, state[name])
        for slab, kept in zip(self.slabs, state["slabs"], strict=True):
            slab.load_state_dict(kept, self.problem, self.run.device)

    def step(self) -> Report:
        begun = perf_counter()
        slab = self.slabs[self.current]
        before = self.slabs[self.current - 1] if self.current else None
        if before is not None and self.passes == 0 and self.rounds == 0:
            slab.inherit(before, self.tolerance)
        seed = self.run.seed_for(self.name, self.passes, self.current, self.rounds)
        loss = self.solve(slab, before, seed)
        assert slab.model is not None
        slab.residuals = cell_residuals(slab.model, self.problem, slab.domain, slab.cells, seed_of(seed, "residuals"))
        worst = float(slab.residuals.max())
        report = Report(loss, extra={"cells": len(slab.cells), "features": self.features, "cell_residual": worst})
        self.rounds += 1
        if worst > self.tolerance and self.rounds < MOST_ROUNDS:
            cells = refined(
                slab.model, slab.domain, slab.cells, slab.residuals > MARK * self.tolerance, seed_of(seed, "cuts")
            )
            seconds = (perf_counter() - begun) * (len(cells) / len(slab.cells)) ** COST_EXPONENT
            if seconds < self.run.remaining:
                slab.cells = cells
                return report
        self.current, self.rounds, self.worst = self.current + 1, 0, max(self.worst, worst)
        if self.current == len(self.slabs):
            self.end_pass(report)
        elif self.run.remaining < 0 and self.run.model is None:
            self.run.model = blended(self.problem, self.slabs[: self.current])
        return report

    def end_pass(self, report: Report) -> None:
        run = self.run
        run.model = blended(self.problem, self.slabs)
        report.heldout = run.heldout(run.model)
        seconds = run.seconds - self.pass_started
        self.passes, self.current, self.pass_started = self.passes + 1, 0, run.seconds
        self.tolerance *= TIGHTER
        if not self.options.features:
            self.features = math.ceil(self.features * MORE_FEATURES)
        if not self.options.scale:
            self.scale *= LARGER_SCALE
        if self.passes >= self.options.passes:
            report.finished = StopReason.ITERATION_LIMIT
        elif self.worst > LEAST_GAIN * self.last_worst:
            report.finished = StopReason.STAGNATED
        elif COSTLIER * seconds > run.remaining:
            report.finished = StopReason.TIME_LIMIT
        self.worst, self.last_worst = 0.0, self.worst

    def solve(self, slab: Slab, before: Slab | None, seed: int) -> float:
        """Draw points, solve for the output layers of all cells of the slab. Returns the loss."""
        interior, boundary = INTERIOR_PER_FEATURE * self.features, BOUNDARY_PER_FEATURE * self.features
        groups = draw_in_cells(
            self.problem, slab.domain, slab.cells, interior, boundary, seed, CONDITION_WEIGHT_SOLVED, self.like
        )
        if before is not None and before.model is not None:
            groups = [continued(group, before.model) for group in groups]
        start = None if self.problem.is_linear else [self.start(slab, before, group) for group in groups]
        model = self.sampled(slab)
        loss = solve_cells(model, groups, start, self.options.regularisation)
        slab.model = model
        return loss

    def sampled(self, slab: Slab) -> Model:
        """A model with a hidden layer on each of the slab's cells: the one it has, else a fresh one."""
        slab.sampled = with_layers(slab.cells, slab.sampled, self.features, self.scale, self.run.generator)
        model = Model(self.problem, cell_network(self.problem, slab.sampled, self.like))
        if self.run.model is not None:
            model.raw.load_state_dict(self.run.model.raw.state_dict())
        return model

    def start(self, slab: Slab, before: Slab | None, group: Group) -> FieldJets:
        """Jets to linearise at: the slab's last solution, else the end of the slab before, else an earlier stage's."""
        last = slab.model if slab.model is not None or before is not None else self.run.model
        if last is not None or before is None or before.model is None or slab.first is None:
            return jets_at(last, group)
        frozen = group.points.points.clone()
        frozen[:, -1] = slab.first
        with torch.no_grad():
            jets = before.model.jets(frozen, group.plan, group.derivatives)
        return {d: torch.zeros_like(jet) if d.partial.orders[-1] else jet for d, jet in jets.items()}
