"""The training loop: stages one after another, one record of progress, one set of reasons to stop."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pinn.errors import Divergence, PinnError, ResourceError, one_line
from pinn.network.chunks import out_of_memory
from pinn.network.deadline import OutOfTime, deadline
from pinn.training.residuals.admissible import remark
from pinn.training.residuals.assembly import loss_terms
from pinn.training.residuals.divergence import require_finite
from pinn.training.residuals.model import Model
from pinn.training.run.keeping import Keeper, Resumable
from pinn.training.run.run import ProgressCallback, Report, Run, Stage
from pinn.training.run.state import State
from pinn.training.run.stop_reason import StopReason

OVERTIME = 0.1  # of the time limit, that a step may take beyond it
# What a state that is not one of this training can cause.
STRANGE = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


@dataclass
class Outcome:
    """The best model by held-out residual, or by what a stage judges by, and why the training ended.

    coarser   a model of another level, of a stage that goes from level to level
    cut       a sentence where the model covers a part of the problem's time, '' where it covers all
    """

    model: Model
    heldout: float
    stop_reason: StopReason
    iterations: int
    message: str = ""
    coarser: Model | None = None
    cut: str = ""


def train(
    run: Run,
    stages: Sequence[Callable[[Run], Stage | None]],
    progress: ProgressCallback | None = None,
    keeper: Keeper | None = None,
    state: State | None = None,
) -> Outcome:
    """Run the stages in turn until the held-out residual meets the tolerance, time is out, or all have finished.

    state   where an earlier training was, as `Training.state_dict` said; it goes on from there
    """
    training = Training(run, stages, progress, keeper)
    try:
        if state is not None:
            training.load_state_dict(state)
        elif keeper:
            keeper.keep(training.state_dict())
        training.proceed()
    except STRANGE as error:
        foreseen = isinstance(error, PinnError) or out_of_memory(error)
        if state is None or training.iteration > state["iteration"] or foreseen:
            raise
        raise ResourceError(  # the step that follows a state was possible when the state was written
            f"the checkpoint does not fit the run ({type(error).__name__}: {one_line(str(error), 200)}); start again "
            "with pinn solve"
        ) from None
    except KeyboardInterrupt:
        training.reason = StopReason.INTERRUPTED
        if keeper:
            keeper.rescue()
    except Divergence as error:
        training.reason, training.message = StopReason.DIVERGED, str(error)
    if run.best is None and run.model is None:
        raise KeyboardInterrupt if training.reason is StopReason.INTERRUPTED else Divergence(training.message)
    return outcome(run, training.reason, training.iteration, training.message)


class Training:
    """The stages one after another, and where they are.

    number      of the stage at work
    stage       that stage, None between two
    steps       of that stage
    iteration   of all stages
    reason      why the last stage ended, and the training with it if `ended`
    unfinished  number, steps and state of the stage that ended last, if it was for want of time
    """

    def __init__(
        self,
        run: Run,
        stages: Sequence[Callable[[Run], Stage | None]],
        progress: ProgressCallback | None = None,
        keeper: Keeper | None = None,
    ):
        self.run, self.stages, self.progress, self.keeper = run, stages, progress, keeper
        self.stage: Stage | None = None
        self.number = self.steps = self.iteration = 0
        self.reason, self.message = StopReason.ITERATION_LIMIT, ""
        self.ended = False
        self.unfinished: State | None = None

    def proceed(self) -> None:
        """Until the end. Raises KeyboardInterrupt and Divergence."""
        run = self.run
        while not self.ended and self.number < len(self.stages):
            if self.stage is None:
                self.stage = self.stages[self.number](run)
            if self.stage is not None:  # else it is not needed after those before it
                self.work(self.stage)
                if self.ended:
                    break
                if run.best is not None:
                    run.model = copy.deepcopy(run.best)
            self.number, self.stage, self.steps = self.number + 1, None, 0
            if self.keeper:
                self.keeper.after_stage(self.state_dict())
        self.ended = True
        if self.keeper:
            self.keeper.after_stage(self.state_dict())

    def work(self, stage: Stage) -> None:
        """Steps of one stage, until it is finished or the training has ended."""
        run = self.run
        while True:
            begun = run.seconds
            try:
                with deadline(self.latest()):
                    report = stage.step()
            except OutOfTime:
                self.break_off()
                return
            if not self.iteration:
                run.leave_time(run.seconds - begun)
            self.iteration, self.steps = self.iteration + report.iterations, self.steps + 1
            over = run.remaining <= 0 and run.model is not None  # a first model is always waited for
            heldout = report.heldout
            if heldout is None and (self.steps % stage.measure_every == 0 or over or report.finished):
                assert run.model is not None  # a stage that finishes or lets itself be measured has made one
                heldout = run.heldout(run.model)
            if heldout is not None:
                run.keep_if_best(heldout, report.merit)
                report.extra |= run.observe()
            row = record(run, stage.name, self.iteration, report, heldout)
            if self.progress:
                self.progress(row)
            if heldout is not None:
                if not math.isfinite(heldout):
                    if run.model is not None:
                        where = f"{stage.name} (held-out points)"
                        require_finite(
                            loss_terms(run.model, run.heldout_groups),
                            where,
                            self.iteration,
                            run.heldout_groups,
                            run.model,
                        )
                    raise Divergence(
                        f"held-out residual became {heldout} in stage {stage.name}, step {self.iteration}"
                        f"{remark(run.problem)}"
                    )
                if heldout <= run.tolerance and not report.unconfirmed:
                    self.reason, self.ended = StopReason.TOLERANCE, True
                    return
            if over:
                self.reason, self.ended = StopReason.TIME_LIMIT, True
                return
            if report.finished:
                self.reason, self.unfinished = report.finished, None
                if report.finished is StopReason.TIME_LIMIT and self.keeper:
                    self.unfinished = {"number": self.number, "steps": self.steps, "stage": state_of(stage)}
                return
            if self.keeper:
                self.keeper.after_step(self.state_dict, run.seconds - begun)
                if self.keeper.stopping:
                    self.keeper.keep(self.state_dict())
                    raise KeyboardInterrupt

    def latest(self) -> float:
        """When a step is broken off; never, as long as there is no model: a first one is always waited for."""
        if self.run.model is None and self.run.best is None:
            return math.inf
        return self.run.started + (1 + OVERTIME) * self.run.time_limit

    def break_off(self) -> None:
        """End for want of time in the middle of a step, whose stage is no state to go on from."""
        self.stage, self.reason, self.ended = None, StopReason.TIME_LIMIT, True

    def state_dict(self) -> State:
        return {
            "run": self.run.state_dict(),
            "number": self.number,
            "steps": self.steps,
            "iteration": self.iteration,
            "reason": self.reason.value,
            "ended": self.ended,
            "stage": None if self.stage is None else state_of(self.stage),
            "unfinished": self.unfinished,
        }

    def load_state_dict(self, state: State) -> None:
        self.run.load_state_dict(state["run"])
        self.number, self.steps, self.iteration = state["number"], state["steps"], state["iteration"]
        self.reason = StopReason(state["reason"])
        longer = self.reason is StopReason.TIME_LIMIT and self.run.remaining > 0  # than what it ended for
        self.ended = state["ended"] and not longer
        kept = state["stage"]
        if longer and kept is None and state["unfinished"] is not None:
            kept, self.number, self.steps = (state["unfinished"][name] for name in ("stage", "number", "steps"))
        if kept is not None and not self.ended:
            self.run.resuming = True
            self.stage = self.stages[self.number](self.run)
            self.run.resuming = False
            assert isinstance(self.stage, Resumable)
            self.stage.load_state_dict(kept)


def state_of(stage: Stage) -> State:
    assert isinstance(stage, Resumable)
    return {"name": stage.name, **stage.state_dict()}


def outcome(run: Run, reason: StopReason, iterations: int, message: str = "") -> Outcome:
    model = run.best if run.best is not None else run.model
    assert model is not None
    heldout = run.best_heldout if run.best is not None else run.heldout(model)
    return Outcome(model, heldout, reason, iterations, message, run.coarser)


def record(run: Run, stage: str, iteration: int, report: Report, heldout: float | None) -> dict[str, Any]:
    """One row of the history."""
    row: dict[str, Any] = {
        "stage": stage,
        "iteration": iteration,
        "seconds": run.seconds,
        "loss": report.loss,
        "heldout_residual": heldout,
        **report.extra,
        **{f"term:{name}": value for name, value in report.terms.items()},
    }
    if run.model is not None:
        row |= run.model.network.hardness_columns()
    run.history.append(row)
    return row
