"""An unfinished march: what is solved up to some time is kept as a problem that ends there."""

from __future__ import annotations

from dataclasses import replace

from pinn.network.march_network import MarchNetwork
from pinn.problem.loading import build_problem
from pinn.problem.problem import Problem
from pinn.training.loop import Outcome
from pinn.training.residuals.assembly import heldout_residual
from pinn.training.residuals.model import Model
from pinn.training.residuals.points import draw_heldout
from pinn.training.run.stop_reason import StopReason

CLOSE = 1e-9  # of the duration, to the end


def reached(problem: Problem, model: Model) -> float | None:
    """The time up to which a model has slabs, where that is before the problem's end."""
    if problem.time is None or not isinstance(model.network, MarchNetwork):
        return None
    end = float(model.network.edges[-1])
    return end if problem.time[1] - end > CLOSE * problem.domain.duration else None


def up_to(problem: Problem, result: Outcome, end: float) -> tuple[Problem, Outcome]:
    """The problem with `end` for its last time, and the outcome of that: no tolerance is met by a part.

    Probes, a reference and instants of outputs may lie beyond, and are left out.
    """
    assert problem.time is not None
    spec = problem.spec
    assert spec.time is not None
    shorter = build_problem(
        spec.model_copy(
            update={
                "time": spec.time.model_copy(update={"end": end}),
                "probes": {},
                "reference": None,
                "outputs": spec.outputs.model_copy(update={"times": None}),
            }
        ),
        problem.folder,
    )
    model = Model(shorter, result.model.network, result.model.derivatives)
    scale = model.network.field_scale
    return shorter, replace(
        result,
        model=model,
        heldout=heldout_residual(model, draw_heldout(shorter, scale.device, scale.dtype)),
        stop_reason=StopReason.TIME_LIMIT if result.stop_reason is StopReason.TOLERANCE else result.stop_reason,
        cut=f"the march came to t = {end:.6g} of {problem.time[1]:.6g}; the fields and all that is said end there",
    )
