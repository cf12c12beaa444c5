"""The training loop: stages one after another, one record of progress, one set of reasons to stop."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Protocol

import torch

from pinn.errors import Divergence
from pinn.problem import Problem
from pinn.training.admissible import remark
from pinn.training.assembly import Group, heldout_residual, residuals
from pinn.training.model import Model
from pinn.training.points import draw_heldout

ProgressCallback = Callable[[dict[str, Any]], None]
Monitor = Callable[[Model], dict[str, float]]  # columns of the history, such as the true error

OBSERVED_EVERY = 1.05  # ratio of the seconds of two observations: curves of error against seconds are read in decades


@dataclass
class Report:
    """What one step of a stage says.

    heldout      measured by the stage itself, or None to let the loop measure it every `measure_every` steps
    finished     a stop reason when the stage is at its end
    iterations   how many the step did
    merit        what the best model is chosen by, lower is better, where that is not the held-out residual: an energy
    """

    loss: float
    terms: dict[str, float] = field(default_factory=dict)
    heldout: float | None = None
    finished: str | None = None
    extra: dict[str, float] = field(default_factory=dict)
    iterations: int = 1
    merit: float | None = None


class Stage(Protocol):
    """A solver: made with the run it works on, then stepped until it is finished or the loop stops it."""

    name: str
    measure_every: int

    def step(self) -> Report: ...


@dataclass
class Run:
    """State that the stages of one training share. `model` is the current one; stages may replace it.

    monitor   looks at the best model every now and then; its seconds are not charged to the run
    """

    problem: Problem
    device: torch.device
    dtype: torch.dtype
    seed: int
    time_limit: float
    tolerance: float
    model: Model | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    started: float = field(default_factory=perf_counter)
    best: Model | None = None
    best_heldout: float = math.inf
    best_merit: float = math.inf
    heldout_groups: list[Group] = field(default_factory=list)
    monitor: Monitor | None = None
    observed: tuple[Model | None, float] = (None, 0.0)  # the model that was looked at last, and when

    def __post_init__(self) -> None:
        self.heldout_groups = draw_heldout(self.problem, self.device, self.dtype)
        self.generator = torch.Generator().manual_seed(self.seed)

    @property
    def seconds(self) -> float:
        return perf_counter() - self.started

    @property
    def remaining(self) -> float:
        return self.time_limit - self.seconds

    def heldout(self, model: Model) -> float:
        return heldout_residual(model, self.heldout_groups)

    def keep_if_best(self, heldout: float, merit: float | None = None) -> None:
        """Keep the model if its merit is lower than any before, or its held-out residual where it has no merit."""
        better = heldout < self.best_heldout if merit is None else merit < self.best_merit
        if better and self.model is not None:
            self.best, self.best_heldout = copy.deepcopy(self.model), heldout
            self.best_merit = self.best_merit if merit is None else merit

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


@dataclass
class Outcome:
    """The best model by held-out residual, and why the training ended."""

    model: Model
    heldout: float
    stop_reason: str
    iterations: int
    message: str = ""


def train(
    run: Run, stages: Sequence[Callable[[Run], Stage | None]], progress: ProgressCallback | None = None
) -> Outcome:
    """Run the stages in turn until the held-out residual meets the tolerance, time is out, or all have finished."""
    reason, message, iteration = "iteration_limit", "", 0
    try:
        for make in stages:
            stage = make(run)
            if stage is None:  # not needed after those before it
                continue
            steps = 0
            while True:
                report = stage.step()
                iteration, steps = iteration + report.iterations, steps + 1
                over = run.remaining <= 0 and run.model is not None  # a first model is always waited for
                heldout = report.heldout
                if heldout is None and (steps % stage.measure_every == 0 or over or report.finished):
                    assert run.model is not None  # a stage that finishes or lets itself be measured has made one
                    heldout = run.heldout(run.model)
                if heldout is not None:
                    run.keep_if_best(heldout, report.merit)
                    report.extra |= run.observe()
                row = record(run, stage.name, iteration, report, heldout)
                if progress:
                    progress(row)
                if heldout is not None:
                    if not math.isfinite(heldout):
                        raise Divergence(
                            f"held-out residual became {heldout} in stage {stage.name}, step {iteration}"
                            f"{remark(run.problem)}"
                        )
                    if heldout <= run.tolerance:
                        return outcome(run, "tolerance", iteration)
                if over:
                    return outcome(run, "time_limit", iteration)
                if report.finished:
                    reason = report.finished
                    break
            if run.best is not None:
                run.model = copy.deepcopy(run.best)
    except KeyboardInterrupt:
        reason = "interrupted"
    except Divergence as error:
        reason, message = "diverged", str(error)
    if run.best is None and run.model is None:
        raise KeyboardInterrupt if reason == "interrupted" else Divergence(message)
    return outcome(run, reason, iteration, message)


def outcome(run: Run, reason: str, iterations: int, message: str = "") -> Outcome:
    model = run.best if run.best is not None else run.model
    assert model is not None
    heldout = run.best_heldout if run.best is not None else run.heldout(model)
    return Outcome(model, heldout, reason, iterations, message)


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
    if run.model is not None and not run.model.network.plain:
        for layer, hardness in enumerate(run.model.network.hardness.tolist()):
            row[f"hardness:{layer}"] = hardness
    run.history.append(row)
    return row


def require_finite(
    terms: dict[str, torch.Tensor], stage: str, step: int, groups: Sequence[Group], model: Model
) -> None:
    """Raises Divergence that names the first term that is not finite, and a point where it happens."""
    for name, value in terms.items():
        if math.isfinite(float(value.detach())):
            continue
        for group in groups:
            for statement, residual in zip(group.statements, residuals(model, group), strict=True):
                bad = torch.nonzero(~torch.isfinite(residual)).flatten()
                if statement.name == name and len(bad):
                    point = group.points.points[bad[0]].tolist()
                    place = ", ".join(f"{a} = {c:.6g}" for a, c in zip(model_axes(group), point, strict=True))
                    raise Divergence(
                        f"term '{name}' became {float(residual[bad[0]].detach())} at {place} in {stage}, step {step}"
                        f"{remark(group.problem)}"
                    )
        raise Divergence(f"term '{name}' became {float(value.detach())} in {stage}, step {step}")


def model_axes(group: Group) -> tuple[str, ...]:
    return group.problem.axes
