"""Run: what the stages of one training share, and what a stage is."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Protocol

import torch

from pinn.geometry.points.seeds import seed_of
from pinn.problem.problem import Problem
from pinn.training.residuals.assembly import Group, heldout_residual
from pinn.training.residuals.linearisation import show_case
from pinn.training.residuals.model import Model
from pinn.training.residuals.points import draw_heldout
from pinn.training.run.history import History
from pinn.training.run.state import State, model_of, model_state
from pinn.training.run.stop_reason import StopReason

ProgressCallback = Callable[[dict[str, Any]], None]
Monitor = Callable[[Model], dict[str, float]]  # columns of the history, such as the true error

# Seconds of what follows a training, beside some that every problem takes, in those of the first step: a companion for
# the estimates has as many features. A conductor in two parts: 6 s, of which 3 are always left, after a step of 2.3 s.
MEASURING_PER_STEP = 1.5
OBSERVED_EVERY = 1.05  # ratio of the seconds of two observations: curves of error against seconds are read in decades


@dataclass
class Report:
    """What one step of a stage says.

    heldout      measured by the stage itself, or None to let the loop measure it every `measure_every` steps
    finished     why, when the stage is at its end
    iterations   how many the step did
    merit        what the best model is chosen by, lower is better, where that is not the held-out residual: an energy
    unconfirmed  the residual alone is no reason to end: what the stage estimates is still above the tolerance
    """

    loss: float
    terms: dict[str, float] = field(default_factory=dict)
    heldout: float | None = None
    finished: StopReason | None = None
    extra: dict[str, float] = field(default_factory=dict)
    iterations: int = 1
    merit: float | None = None
    unconfirmed: bool = False


class Stage(Protocol):
    """A solver: made with the run it works on, then stepped until it is finished or the loop stops it."""

    name: str
    measure_every: int

    def step(self) -> Report: ...


@dataclass
class Run:
    """State that the stages of one training share. `model` is the current one; stages may replace it.

    monitor    looks at the best model every now and then; its seconds are not charged to the run
    resuming   a stage is being made again from a state
    on_the_way to a larger load: the model only has to be a start for the next
    coarser    beside the best model, one of another level: that before it, or that after it, which is no better
    spare      seconds between the time limit and the moment at which measuring has to begin
    """

    problem: Problem
    device: torch.device
    dtype: torch.dtype
    seed: int
    time_limit: float
    tolerance: float
    model: Model | None = None
    history: History = field(default_factory=History)
    started: float = field(default_factory=lambda: perf_counter())  # the clock of now, not of the import
    best: Model | None = None
    best_heldout: float = math.inf
    best_merit: float = math.inf
    heldout_groups: list[Group] = field(default_factory=list)
    groups_of_cases: list[list[Group]] = field(default_factory=list)
    monitor: Monitor | None = None
    observed: tuple[Model | None, float] = (None, 0.0)  # the model that was looked at last, and when
    resuming: bool = False
    on_the_way: bool = False
    coarser: Model | None = None
    spare: float = math.inf

    def __post_init__(self) -> None:
        self.heldout_groups = draw_heldout(self.problem, self.device, self.dtype)
        cases = self.problem.cases.values()
        self.groups_of_cases = [draw_heldout(case, self.device, self.dtype) for case in cases]
        self.generator = torch.Generator().manual_seed(self.seed)

    def seed_for(self, stage: str, *keys: str | int) -> int:
        """The seed of what a stage draws, by names and counters that its state has: a resumed run draws the same."""
        return seed_of(self.seed, stage, *keys)

    @property
    def seconds(self) -> float:
        return perf_counter() - self.started

    @property
    def remaining(self) -> float:
        return self.time_limit - self.seconds

    def leave_time(self, first_step: float) -> None:
        """Shorten the limit, by half at most, for a problem whose first step took long: so will measuring it."""
        missing = MEASURING_PER_STEP * first_step - self.spare
        self.time_limit -= min(max(missing, 0.0), self.time_limit / 2)

    def heldout(self, model: Model) -> float:
        """The held-out residual; of load cases the largest."""
        of_cases = self.heldout_of_cases(model)
        return max(of_cases) if of_cases else heldout_residual(model, self.heldout_groups)

    def heldout_of_cases(self, model: Model) -> list[float]:
        """That of each load case; none where there are no cases."""
        found = []
        for number, groups in enumerate(self.groups_of_cases):
            show_case(model, number)
            found.append(heldout_residual(model, groups))
        if found:
            show_case(model, 0)
        return found

    def keep_if_best(self, heldout: float, merit: float | None = None) -> None:
        """Keep the model if its merit is lower than any before, or its held-out residual where it has no merit."""
        better = heldout < self.best_heldout if merit is None else merit < self.best_merit
        if better and self.model is not None:
            self.best, self.best_heldout = copy.deepcopy(self.model), heldout
            self.best_merit = self.best_merit if merit is None else merit
        elif self.coarser is not None:
            self.coarser = self.model

    def observe(self) -> dict[str, float]:
        """What the monitor says of a new best model, if it is time to look at it."""
        last, when = self.observed
        if self.monitor is None or self.best is None or self.best is last or self.seconds < OBSERVED_EVERY * when:
            return {}
        self.observed = self.best, self.seconds
        begun = perf_counter()
        columns = self.monitor(self.best)
        self.started += perf_counter() - begun
        return columns

    def state_dict(self) -> State:
        last, when = self.observed
        return {
            "seconds": self.seconds,
            "generator": self.generator.get_state(),
            "model": model_state(self.model),
            "best": model_state(self.best),
            "coarser": model_state(self.coarser),
            "best_heldout": self.best_heldout,
            "best_merit": self.best_merit,
            "observed": when if last is self.best else None,
            "history": self.history.state_dict(),
        }

    def load_state_dict(self, state: State) -> None:
        """Go on from there: the seconds used before count."""
        self.generator.set_state(state["generator"])
        self.model = model_of(self.problem, state["model"], self.device)
        self.best = model_of(self.problem, state["best"], self.device)
        self.coarser = model_of(self.problem, state["coarser"], self.device)
        self.best_heldout, self.best_merit = state["best_heldout"], state["best_merit"]
        self.observed = (None, 0.0) if state["observed"] is None else (self.best, state["observed"])
        self.history.load_state_dict(state["history"])
        if not (math.isfinite(state["seconds"]) and self.best_heldout >= 0 and not math.isnan(self.best_merit)):
            raise ValueError("its clock or its best residual is no number")
        self.started = perf_counter() - state["seconds"]
