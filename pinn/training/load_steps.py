"""Load steps: a large load is reached in several solves, each starting from the one before.

The load's constant grows from 0 to its value in equal steps. A step that diverges, or ends far from a solution, is
halved. Newton's iteration converges from near a solution only (Bonet & Wood, Nonlinear Continuum Mechanics for Finite
Element Analysis, 2nd ed., § 9.5).

The state of such a training is that of the step at work, with "load" beside it: where the load is (`Load`).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from pinn.errors import Divergence
from pinn.problem.problem import Problem
from pinn.training.loop import Outcome, train
from pinn.training.residuals.model import Model
from pinn.training.run.keeping import Keeper
from pinn.training.run.run import ProgressCallback, Run, Stage
from pinn.training.run.state import State, model_of, model_state
from pinn.training.run.stop_reason import StopReason

TOLERANCE_ON_THE_WAY = 1e-2  # held-out residual that is enough to start the next step from
FAILED = 1.0  # held-out residual as large as the terms of the equations themselves
MOST_HALVINGS = 5

Stages = Callable[[Problem], Sequence[Callable[[Run], Stage | None]]]


@dataclass
class Load:
    """Where the load is: `done` of it is reached with `model`, and the next step is `size`, never below `smallest`.

    iterations   of the steps so far
    time_limit   of the step at work, where it is not the last one: it follows from the clock when the step begins
    """

    done: float
    size: float
    smallest: float
    model: Model | None
    iterations: int = 0
    time_limit: float = 0.0

    @property
    def share(self) -> float:
        """Of the load, that the step at work is to reach."""
        return 1.0 if self.done + self.size > 1 - self.smallest / 2 else self.done + self.size

    def state_dict(self) -> State:
        return {
            "done": self.done,
            "size": self.size,
            "model": model_state(self.model),
            "iterations": self.iterations,
            "time_limit": self.time_limit,
        }


@dataclass
class AtLoad:
    """The keeper of one step, whose states say where the load is, too.

    first   of the states of the training: it must be on the disk. That of a later step is written if it can be.
    """

    keeper: Keeper
    load: State
    first: bool

    @property
    def stopping(self) -> bool:
        return self.keeper.stopping

    def keep(self, state: State) -> None:
        keep = self.keeper.keep if self.first or self.stopping else self.keeper.after_stage
        keep(self.beside(state))

    def after_stage(self, state: State) -> None:
        self.keeper.after_stage(self.beside(state))

    def after_step(self, state: Callable[[], State], seconds: float) -> None:
        self.keeper.after_step(lambda: self.beside(state()), seconds)

    def rescue(self) -> None:
        self.keeper.rescue()

    def beside(self, state: State) -> State:
        return {**state, "load": self.load}


def train_by_load_steps(
    run: Run,
    stages_of: Stages,
    at_load: Callable[[float], Problem],
    progress: ProgressCallback | None = None,
    keeper: Keeper | None = None,
    state: State | None = None,
) -> Outcome:
    """Train the run's problem through smaller loads; at_load gives the problem with a share of its load in (0, 1).

    state   where an earlier training was; it goes on from there
    Raises Divergence when no step, however small, leads on from the last good one before any model was found.
    """
    whole = 1.0 / (run.problem.spec.solver.load_steps or 1)
    load = Load(0.0, whole, whole / 2**MOST_HALVINGS, run.model)
    if state is not None:
        kept = state["load"]
        model = model_of(run.problem, kept["model"], run.device)
        load = Load(kept["done"], kept["size"], load.smallest, model, kept["iterations"], kept["time_limit"])
        run.started = perf_counter() - state["run"]["seconds"]
    first = state is None
    while True:
        share, final = load.share, load.share == 1.0
        if state is None:
            load.time_limit = run.seconds + run.remaining / (1 + max(0.0, (1 - share) / load.size))
        step = replace(
            run,
            problem=run.problem if final else at_load(share),
            model=copy.deepcopy(load.model),
            tolerance=run.tolerance if final else max(run.tolerance, TOLERANCE_ON_THE_WAY),
            time_limit=run.time_limit if final else load.time_limit,
            monitor=run.monitor if final else None,
            on_the_way=not final,
        )
        kept_by = AtLoad(keeper, load.state_dict(), first) if keeper else None
        message = ""
        try:
            found = train(step, stages_of(step.problem), labelled(progress, share), kept_by, state)
        except Divergence as error:
            found, message = None, str(error)
        state, first = None, False
        if found is not None:
            load.iterations += found.iterations
            message = found.message
            # near a clamped corner the residual of the best energy is large, so it says nothing of a minimum
            near = final or run.problem.spec.solver.minimises_energy or found.heldout < FAILED
            good = found.stop_reason is not StopReason.DIVERGED and near
            if found.stop_reason is StopReason.INTERRUPTED or (good and final):
                run.started = step.started
                return replace(found, iterations=load.iterations)
            if good:
                load.done, load.model = share, found.model
                continue
        if load.size / 2 < load.smallest or run.remaining <= 0:
            reason = (
                f"the load could not grow beyond {load.done:.4g} of its value: {message or 'no solution was found'}"
            )
            if found is None:
                raise Divergence(reason)
            return Outcome(found.model, found.heldout, StopReason.DIVERGED, load.iterations, reason)
        load.size /= 2


def labelled(progress: ProgressCallback | None, share: float) -> ProgressCallback | None:
    """The rows of the history with the share of the load that they belong to."""

    def label(row: dict) -> None:
        row["load"] = share
        if progress:
            progress(row)

    return label
