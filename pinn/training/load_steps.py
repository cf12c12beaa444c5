"""Load steps: a large load is reached in several solves, each starting from the one before.

The load's constant grows from 0 to its value in equal steps. A step that diverges, or ends far from a solution, is
halved. Newton's iteration converges from near a solution only (Bonet & Wood, Nonlinear Continuum Mechanics for Finite
Element Analysis, 2nd ed., § 9.5).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace

from pinn.checks import uses_energy
from pinn.errors import Divergence
from pinn.problem import Problem
from pinn.training.loop import Outcome, ProgressCallback, Run, Stage, train

TOLERANCE_ON_THE_WAY = 1e-2  # held-out residual that is enough to start the next step from
FAILED = 1.0  # held-out residual as large as the terms of the equations themselves
MOST_HALVINGS = 5

Stages = Callable[[Problem], Sequence[Callable[[Run], Stage | None]]]


def train_by_load_steps(
    run: Run, stages_of: Stages, at_load: Callable[[float], Problem], progress: ProgressCallback | None = None
) -> Outcome:
    """Train the run's problem through smaller loads; at_load gives the problem with a share of its load in (0, 1).

    Raises Divergence when no step, however small, leads on from the last good one before any model was found.
    """
    smallest = 1.0 / (run.problem.spec.solver.load_steps or 1) / 2**MOST_HALVINGS
    done, size, iterations = 0.0, smallest * 2**MOST_HALVINGS, 0
    model = run.model
    while True:
        share = 1.0 if done + size > 1 - smallest / 2 else done + size
        final = share == 1.0
        left = 1 + max(0.0, (1 - share) / size)
        step = replace(
            run,
            problem=run.problem if final else at_load(share),
            model=copy.deepcopy(model),
            tolerance=run.tolerance if final else max(run.tolerance, TOLERANCE_ON_THE_WAY),
            time_limit=run.time_limit if final else run.seconds + run.remaining / left,
            monitor=run.monitor if final else None,
            on_the_way=not final,
        )
        message = ""
        try:
            found = train(step, stages_of(step.problem), labelled(progress, share))
        except Divergence as error:
            found, message = None, str(error)
        if found is not None:
            iterations += found.iterations
            message = found.message
            # near a clamped corner the residual of the best energy is large, so it says nothing of a minimum
            near = final or uses_energy(run.problem.spec) or found.heldout < FAILED
            good = found.stop_reason != "diverged" and near
            if found.stop_reason == "interrupted" or (good and final):
                run.started = step.started
                return replace(found, iterations=iterations)
            if good:
                done, model = share, found.model
                continue
        if size / 2 < smallest or run.remaining <= 0:
            reason = f"the load could not grow beyond {done:.4g} of its value: {message or 'no solution was found'}"
            if found is None:
                raise Divergence(reason)
            return Outcome(found.model, found.heldout, "diverged", iterations, reason)
        size /= 2


def labelled(progress: ProgressCallback | None, share: float) -> ProgressCallback | None:
    """The rows of the history with the share of the load that they belong to."""

    def label(row: dict) -> None:
        row["load"] = share
        if progress:
            progress(row)

    return label
