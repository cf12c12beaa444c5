"""Slabs: stretches of time with cells of their own, solved one after another and blended into one network.

A slab begins where the last one ends, with the last one's values there for its initial conditions, and its cells go on
a little beyond the start of the next: in that transition zone the windows of the two sum to one.
Source: Dong & Li, Comput. Methods Appl. Mech. Engrg. 387 (2021) 114129, § 2.3 (blocks in time).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pinn.domain.domain import Domain
from pinn.domain.places import Initial
from pinn.network.cell_network import BOXES, join
from pinn.network.cells import Cell, cells_of, cells_state, grid
from pinn.problem.problem import Problem
from pinn.training.cells.refinement import MERGE_BELOW, merged
from pinn.training.residuals.assembly import Group
from pinn.training.residuals.model import Model
from pinn.training.run.state import State, model_of, model_state

CELLS_PER_AXIS = {1: 4, 2: 2}  # of space, to begin with, by the number of space axes
BLEND = 0.05  # half width of the transition between slabs, relative to the slab before


@dataclass
class Slab:
    """From `first` to `last`, where the next slab begins; None for a steady problem.

    domain     the problem's on the time that the cells cover
    sampled    cell -> its hidden layer, weight [M, D] and bias [M]
    residuals  of the cells [L], as last measured
    """

    first: float | None
    last: float | None
    domain: Domain = field(repr=False)
    cells: list[Cell] = field(repr=False)
    model: Model | None = None
    sampled: dict[Cell, tuple[Tensor, Tensor]] = field(default_factory=dict, repr=False)
    residuals: NDArray[np.float64] | None = None

    def state_dict(self) -> State:
        kept = [self.sampled.get(cell) for cell in self.cells]
        return {
            "cells": cells_state(self.cells),
            "model": model_state(self.model),
            "sampled": [None if layer is None else list(layer) for layer in kept],
            "residuals": None if self.residuals is None else torch.as_tensor(self.residuals),
        }

    def load_state_dict(self, state: State, problem: Problem, device: torch.device) -> None:
        self.cells = cells_of(state["cells"])
        self.model = model_of(problem, state["model"], device)
        pairs = zip(self.cells, state["sampled"], strict=True)
        self.sampled = {cell: (layer[0], layer[1]) for cell, layer in pairs if layer is not None}
        self.residuals = None if state["residuals"] is None else state["residuals"].numpy()

    def inherit(self, before: Slab, tolerance: float) -> None:
        """Take over the cells at the end of the slab before, those merged again that need no cut."""
        assert self.domain.time is not None
        assert before.residuals is not None
        end = max(cell.upper[-1] for cell in before.cells)
        first, last = self.domain.time
        found, small = [], []
        for cell, residual in zip(before.cells, before.residuals, strict=True):
            if cell.upper[-1] == end:
                cuts = (*cell.cuts[:-1], (None, None))
                found.append(Cell((*cell.lower[:-1], first), (*cell.upper[:-1], last), cuts))
                small.append(residual < MERGE_BELOW * tolerance)
        self.cells = merged(found, np.array(small))


def first_slabs(problem: Problem, count: int) -> list[Slab]:
    """The problem's time in `count` slabs.

    One, if it is steady, or has unknowns, data or conditions at one moment, which concern all times together.
    """
    lower, upper = (corner.tolist() for corner in problem.bounds)
    counts = [CELLS_PER_AXIS.get(problem.space, 1)] * problem.space
    periodic = [axis for axis in problem.periods if axis < problem.space]
    if problem.time is None:
        return [Slab(None, None, problem.domain, grid(lower, upper, counts, periodic))]
    together = problem.unknowns or any(s.place.has_moments(problem.domain) for s in problem.statements)
    edges = np.linspace(*problem.time, (1 if together else count) + 1).tolist()
    slabs = []
    for first, last in pairwise(edges):
        end = last if last == edges[-1] else last + 2 * BLEND * (last - first)
        cells = grid([*lower[:-1], first], [*upper[:-1], end], [*counts, 1], periodic)
        slabs.append(Slab(first, last, problem.domain.within(first, end), cells))
    return slabs


def continued(group: Group, before: Model) -> Group:
    """Initial conditions with the values that the slab before has at its end."""
    if not isinstance(group.statements[0].place, Initial):
        return group
    points = group.points.points
    with torch.no_grad():
        jets = before.jets(points, group.plan, group.derivatives)
    offsets = {}
    for index, statement in zip(group.indices, group.statements, strict=True):
        inputs = group.inputs(statement, before.unknowns, slice(None))
        value = torch.as_tensor(statement.expression.value(inputs, jets)).to(points)
        offsets[index] = value.detach().expand(len(points))
    return replace(group, offsets=offsets)


def blended(problem: Problem, slabs: Sequence[Slab]) -> Model:
    """One network of all slabs' cells: each cell's window is multiplied by that of its slab."""
    models = [slab.model for slab in slabs if slab.model is not None]
    networks = [model.cell_network for model in models]
    parts: dict[str, list[Tensor]] = {name: [] for name in BOXES}
    for number, network in enumerate(networks):
        of_slab = {name: torch.zeros_like(network.lower) for name in BOXES}  # no end but those in time
        for side, earlier in (("lower", number - 1), ("upper", number)):
            if 0 <= earlier < len(networks) - 1:
                of_slab[side][..., -1], of_slab[f"{side}_width"][..., -1] = transition(slabs[earlier])
        for name in BOXES:
            parts[name].append(torch.cat([getattr(network, name), of_slab[name]], dim=1))
    model = Model(problem, join(networks, {name: torch.cat(boxes) for name, boxes in parts.items()}))
    model.raw.load_state_dict(models[-1].raw.state_dict())
    return model


def transition(earlier: Slab) -> tuple[float, float]:
    """Middle and half width of the zone, from `earlier.last` on, where the next slab takes over."""
    assert earlier.first is not None
    assert earlier.last is not None
    half = BLEND * (earlier.last - earlier.first)
    return earlier.last + half, half
