"""March through time: features in space, Radau IIA collocation in each slab, one factorisation per slab length.

A level is one march with so many units in space, sampled at one scale. On the first level scales are compared on the
initial conditions and the first slab, on fresh points. A level whose held-out residual does not meet the tolerance is
followed by one with more units; without space by one with shorter slabs.

Where data jump at the start, the residual is unbounded there, like t^(-1/2) behind a flux that is switched on, and its
mean over points says more of the points than of the level. Such levels are judged by how much the fields change from
one to the next.

Sources: Hairer & Wanner, Solving Ordinary Differential Equations II, 2nd ed., §§ IV.5, IV.8; Frozen-PINN, arXiv
2405.20836.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from pinn.errors import Divergence
from pinn.geometry.points.seeds import seed_of
from pinn.network.activations import ACTIVATIONS
from pinn.spec.blocks.solver import MarchOptions
from pinn.training.march.begin import (
    BOUNDARY,
    INTERIOR,
    STAGES,
    STAGES_WITHOUT_SPACE,
    Choice,
    begun,
    network_of,
)
from pinn.training.march.march import March
from pinn.training.march.rows import Rows, draw_rows
from pinn.training.residuals.model import Model
from pinn.training.run.run import Report, Run
from pinn.training.run.stop_reason import StopReason

FEATURES = {1: 100, 2: 300, 3: 500}
FIRST_SCALES = (2.0, 4.0, 8.0)  # in units of the activation
FEWEST_TRIED, MOST_TRIED = 100, 300  # features of a trial, and columns of one
WORSE = 2.0  # residual of a trial, relative to the best, after which larger scales are not tried
GROWTH = 1.6  # units from one level to the next
LIMIT = 0.5  # of the tolerance: residual between the nodes
LEAST_LIMIT = 1e-11  # below it, rounding errors of second derivatives in time rule
TIGHTER = 0.1  # limit of a level without space relative to that before
MOST_LEVELS = 8
# Of the held-out residual from one level to the next, which costs four times as much: below it another is of no use
# where the fields are rough, and further on.
LEAST_GAIN, LEAST_GAIN_FURTHER, ROUGH = 1.5, 4.0, 1e-3
KEPT = (
    "features",
    "queue",
    "tried",
    "level",
    "limit",
    "heldouts",
    "changes",
    "begun",
)  # attributes that make the state, beside the march
PART = 1.0  # held-out residual of a part of the fields, as the training sees it: beyond its end they miss everything
POINTS, SEED = 2000, 90_002  # of the points at which the fields of two levels are compared; no run's own seed
FINER = 2.0  # how much larger the residual of a rough level may be, to be preferred to the one before
STRETCH = 1 / 50  # of the time, that one step of the stage covers at least


class MarchStage:
    """Stage: one step is a trial of a scale, or some slabs; a march to the end gives a new model."""

    name = "march"
    measure_every = 2**62  # only a whole march is measured

    def __init__(self, options: MarchOptions, run: Run):
        self.options, self.run, self.problem = options, run, run.problem
        problem = run.problem
        assert problem.time is not None
        self.time = problem.time
        self.features = options.features or FEATURES.get(problem.space, FEATURES[3])
        unit = ACTIVATIONS[problem.spec.network.activation.name].scale
        scales = [options.scale] if options.scale else [unit * scale for scale in FIRST_SCALES]
        self.queue = scales if problem.space else [1.0]
        self.tried: dict[float, float] = {}
        self.level = 0
        self.limit = max(LIMIT * run.tolerance, LEAST_LIMIT)
        self.heldouts: list[float] = []
        self.changes: list[float] = []  # relative differences of the fields from one level to the next
        self.march: March | None = None
        self.begun = run.seconds

    def step(self) -> Report:
        if self.march is None and (len(self.queue) > 1 or self.tried):
            return self.try_scale()
        if self.march is None:
            self.march = self.new_march(self.queue[0])
            self.begun = self.run.seconds
        march = self.march
        goal = march.moment + STRETCH * (self.time[1] - self.time[0])
        broken = None
        try:
            while not march.over and march.moment < goal and (self.run.remaining > 0 or not march.slabs):
                march.advance()
        except Divergence as error:
            broken = error
        report = Report(
            march.worst,
            extra={"t": march.moment, "slabs": len(march.slabs), "features": self.features},
        )
        if march.over:
            self.end_level(report)
        elif broken is not None or self.run.remaining <= 0:
            self.end_early(report, broken)
        return report

    def end_early(self, report: Report, broken: Divergence | None) -> None:
        """End for want of time, or where Newton fails: with what there is, unless an earlier level is whole."""
        report.finished = StopReason.TIME_LIMIT if broken is None else StopReason.STAGNATED
        if self.heldouts:
            report.heldout = self.heldouts[-1]
            return
        assert self.march is not None
        if not self.march.slabs:
            assert broken is not None
            raise broken
        self.run.model = self.model()
        report.heldout = PART

    def model(self) -> Model:
        """Of the slabs that the march has behind it."""
        assert self.march is not None
        return Model(self.problem, network_of(self.march), self.problem.spec.solver.derivatives)

    def new_march(self, scale: float) -> March:
        """At the start, with units of that scale."""
        return begun(self.problem, self.choice(self.features, scale, self.limit), self.run.device, self.run.dtype)

    def choice(self, features: int, scale: float, limit: float) -> Choice:
        nodes = self.options.nodes or (STAGES if self.problem.space else STAGES_WITHOUT_SPACE)
        return Choice(features, scale, nodes, limit, self.run.seed_for(self.name, self.level))

    def try_scale(self) -> Report:
        """The residual of one slab on fresh points, for the next scale; larger ones are left out once it grows."""
        scale = self.queue.pop(0)
        features = min(self.features, max(FEWEST_TRIED, MOST_TRIED // len(self.problem.outputs)))
        choice = self.choice(features, scale, math.inf)
        try:
            march = begun(self.problem, choice, self.run.device, self.run.dtype)
            march.advance()
            seed = seed_of(choice.seed, "fresh")
            functions, like = march.scheme.functions, march.scheme.scale
            fresh = draw_rows(self.problem, functions, like, INTERIOR * features, BOUNDARY * features, seed)
            self.tried[scale] = missed(march, fresh)
        except Divergence:
            self.tried[scale] = math.inf
        measured, best = self.tried[scale], min(self.tried, key=lambda one: self.tried[one])
        if self.tried[scale] > WORSE * self.tried[best]:
            self.queue = []
        if not self.queue:
            sharper = (self.features / features) ** (1 / self.problem.space)  # as many more fit into every direction
            self.queue, self.tried = [best * sharper], {}
        return Report(measured, extra={"scale": scale, "features": float(features)})

    def end_level(self, report: Report) -> None:
        run = self.run
        assert self.march is not None
        model = self.model()
        run.model, report.heldout = model, run.heldout(model)
        self.heldouts.append(report.heldout)
        if run.best is not None:
            self.changes.append(change(run.best, model, self.problem.heldout_points(POINTS, SEED)))
        rough = report.heldout > ROUGH
        report.merit = merit(report.heldout, self.level)
        seconds = run.seconds - self.begun
        self.march = None
        self.level += 1
        gained = self.changes if rough and self.problem.space else self.heldouts
        least = LEAST_GAIN if rough else LEAST_GAIN_FURTHER
        stuck = len(gained) > 1 and gained[-1] * least > min(gained[:-1])
        if self.options.features or self.level >= MOST_LEVELS or stuck:
            report.finished = StopReason.STAGNATED if stuck else StopReason.ITERATION_LIMIT
            return
        if self.problem.space:
            self.features = math.ceil(self.features * GROWTH)
            self.queue = [scale * GROWTH ** (1 / self.problem.space) for scale in self.queue]
            costlier = GROWTH**3
        else:
            self.limit, costlier = max(self.limit * TIGHTER, LEAST_LIMIT), 2.0
        if costlier * seconds > run.remaining:
            report.finished = StopReason.TIME_LIMIT

    def state_dict(self) -> dict[str, Any]:
        kept = {name: getattr(self, name) for name in KEPT}
        return {**kept, "march": None if self.march is None else self.march.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for name in KEPT:
            setattr(self, name, state[name])
        if state["march"] is not None:
            self.march = self.new_march(self.queue[0])
            self.march.load_state_dict(state["march"])


def merit(heldout: float, level: int) -> float:
    """What the best level is chosen by, lower is better: the residual where it is small; else the finer one is, nearly.

    A level that is not rough is better than every one that is.
    """
    return heldout if heldout <= ROUGH else ROUGH + heldout / FINER**level


def change(before: Model, after: Model, points: np.ndarray) -> float:
    """The largest relative L2 difference of a field at points [N, D]."""
    places = torch.as_tensor(points).to(next(after.network.parameters()))
    with torch.no_grad():
        old, new = before.network(places), after.network(places)
    size = new.norm(dim=0)
    return float(((new - old).norm(dim=0) / torch.where(size > 0, size, 1.0)).max())


def missed(march: March, fresh: Sequence[Rows]) -> float:
    """Root mean square over the statements of their residuals on fresh points: the start, and the first slab."""
    scheme = replace(march.scheme, rows=[rows for rows in fresh if not rows.initial])
    start = replace(march.scheme, rows=[rows for rows in fresh if rows.initial])
    (end, coefficients), places = march.slabs[0], np.array([0.0, 0.5, 1.0])
    length = end - march.begin
    times = march.scheme.like(march.begin + places * length)
    state = march.state_at(coefficients, places, length)
    found = [*scheme.defects(state[:, 1:], times[1:]), *start.defects(state[:, :1], times[:1])]
    return math.sqrt(sum(defect**2 for defect in found) / len(found))
