"""Distillation: a small perceptron, the student, fitted to the field of a finished solution, the teacher.

Values and gradients of the teacher are fitted by Gauss-Newton (training/hardening/field_fit.py), so that the teacher
may be anything that answers with them: one large hidden layer, cells, functions of corners, a march. The deviation is
measured at points that nothing was fitted at.
Sources: Hinton, Vinyals & Dean, arXiv 1503.02531; with derivatives: Czarnecki et al., arXiv 1706.04859.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from time import process_time

import torch

from pinn.comparison.curvature import required_order
from pinn.comparison.hardening import Measurement, jet, jet_errors
from pinn.derivatives.jets import plan_jets
from pinn.errors import SpecError
from pinn.network.activations import ACTIVATIONS
from pinn.network.mlp import MLP
from pinn.problem.compatibility import refuse_incompatible
from pinn.problem.features import Asked
from pinn.problem.problem import Problem
from pinn.solution.metrics import metrics
from pinn.solution.seconds import Seconds
from pinn.solution.solution import Solution
from pinn.spec.blocks.network import ActivationOptions
from pinn.training.hardening.field_fit import GRADIENT_WEIGHT, FieldFit, TargetField, target_points
from pinn.training.loop import Outcome
from pinn.training.residuals.assembly import heldout_residual
from pinn.training.residuals.model import Model, new_network
from pinn.training.run.stop_reason import StopReason

ITERATIONS = 60  # Gauss-Newton steps on each student
FIRST_UNITS, MOST_UNITS = 8, 256  # of students that are tried for a tolerance, each twice as wide as the one before
TIMED_POINTS, TIMED_ROUNDS = 4096, 5
SEED = 5


@dataclass(frozen=True)
class Sketch:
    """What a student is to be: widths of its hidden layers, activation, Gauss-Newton steps, seed of first weights."""

    hidden: tuple[int, ...]
    activation: str = "gelu"
    iterations: int = ITERATIONS
    seed: int = SEED


@dataclass(frozen=True)
class Figures:
    """Of a network.

    deviation, gradient_deviation   from the teacher, relative L2 of the worst field, values and gradients
    microseconds                    of processor time for the values at one point, of many
    """

    name: str
    weights: int
    deviation: float
    gradient_deviation: float
    heldout_residual: float
    microseconds: float


@dataclass(frozen=True, eq=False)
class Distilled:
    """The student as a solution of the teacher's problem, the figures of all that were tried, the teacher's first."""

    solution: Solution
    figures: tuple[Figures, ...]
    accepted: int


def distil(
    solution: Solution,
    sketches: Sequence[Sketch],
    tolerance: float = 0.0,
    say: Callable[[Figures], None] = lambda figures: None,
) -> Distilled:
    """The first student whose deviation is at most the tolerance, or the last one. `say` sees the figures of each.

    Raises SpecError for what cannot be distilled.
    """
    problem = solution.problem
    refuse_incompatible(Asked(problem.spec, problem, by="harden"))  # what follows one field follows one field
    measurement = Measurement(solution)
    figures = [of_teacher(solution)]
    say(figures[0])
    begun = process_time()
    for number, sketch in enumerate(sketches):
        student, accepted = fitted(solution, sketch)
        found = as_solution(solution, student, sketch)
        figures.append(figures_of(name_of(sketch), found, measurement))
        say(figures[-1])
        if figures[-1].deviation <= tolerance or number == len(sketches) - 1:
            finish(found, figures[-1], accepted, process_time() - begun)
            return Distilled(found, tuple(figures), accepted)
    raise ValueError("no student is asked for")


def sketches_for(units: Sequence[int] | None, activation: str, iterations: int) -> list[Sketch]:
    """One student of these widths, or ever wider ones of one hidden layer."""
    if activation not in ACTIVATIONS or activation == "lambda_gelu":
        allowed = ", ".join(name for name in ACTIVATIONS if name != "lambda_gelu")
        raise SpecError(("--activation",), f"must be one of {allowed}, got {activation}")
    if units is not None:
        return [Sketch(tuple(units), activation, iterations)]
    widths, width = [], FIRST_UNITS
    while width <= MOST_UNITS:
        widths.append(width)
        width *= 2
    return [Sketch((width,), activation, iterations) for width in widths]


def name_of(sketch: Sketch) -> str:
    return f"student {' x '.join(map(str, sketch.hidden))} {sketch.activation}"


def fitted(solution: Solution, sketch: Sketch) -> tuple[MLP, int]:
    """The student, and how many of the Gauss-Newton steps lowered its misfit."""
    problem = solution.problem
    network = untrained(solution, sketch)
    points = target_points(problem, network)
    field = jet(solution, points)
    finite = torch.stack([torch.isfinite(values) for values in field.values()]).all(dim=0)
    if not finite.any():
        raise SpecError((), "the solution has no finite values to distil")
    known = {name: value.detach() for name, value in solution.model.unknowns.items()}
    target = TargetField(problem, points[finite], {d: values[finite] for d, values in field.items()}, known)
    accepted = FieldFit(target, network, math.inf).fit(sketch.iterations)
    return network, accepted


def untrained(solution: Solution, sketch: Sketch) -> MLP:
    problem = student_problem(solution, sketch)
    generator = torch.Generator().manual_seed(sketch.seed)
    network = new_network(problem, sketch.hidden, generator, torch.device("cpu"), torch.float64)
    network.place_gates(torch.as_tensor(problem.heldout_points(256, sketch.seed)), generator)
    return network


def student_problem(solution: Solution, sketch: Sketch) -> Problem:
    """The same problem, with the student's network in its spec, so that its run is loaded as any other."""
    spec = solution.problem.spec
    changes = {
        "activation": ActivationOptions(name=sketch.activation),
        "hidden": list(sketch.hidden),
        "normalisation": "none",
        "corners": "none",
    }
    return replace(solution.problem, spec=spec.model_copy(update={"network": spec.network.model_copy(update=changes)}))


def as_solution(solution: Solution, network: MLP, sketch: Sketch) -> Solution:
    problem = student_problem(solution, sketch)
    model = Model(problem, network)
    model.raw.load_state_dict(solution.model.raw.state_dict())
    return Solution(problem, model, {}, [], dict(solution.environment))


def of_teacher(solution: Solution) -> Figures:
    network = solution.model.network
    weights = sum(tensor.numel() for tensor in solution.model.state_dict().values())
    residual = float(solution.metrics.get("heldout_residual", math.nan))
    return Figures(f"teacher ({network.kind})", weights, 0.0, 0.0, residual, microseconds(solution))


def figures_of(name: str, found: Solution, measurement: Measurement) -> Figures:
    values, gradients = jet_errors(measurement.problem, jet(found, measurement.points), measurement.trained)
    weights = sum(parameter.numel() for parameter in found.model.network.parameters())
    residual = heldout_residual(found.model, measurement.groups)
    return Figures(name, weights, values, gradients, residual, microseconds(found))


def microseconds(solution: Solution) -> float:
    """For one point, in the best of some rounds of many."""
    points = torch.as_tensor(solution.problem.heldout_points(TIMED_POINTS, SEED)).to(solution.model.network.field_scale)
    plan = plan_jets([], points.shape[1])
    best = math.inf
    with torch.no_grad():
        for _ in range(TIMED_ROUNDS):
            begun = process_time()
            for part in points.split(solution.model.network.cache_rows):
                solution.model.network.jets(part, plan)
            best = min(best, process_time() - begun)
    return best / len(points) * 1e6


def finish(found: Solution, figures: Figures, iterations: int, seconds: float) -> None:
    """The student's metrics: what a run says of itself."""
    message = (
        f"the teacher's field is kept to {figures.deviation:.1e}, its gradient to {figures.gradient_deviation:.1e}"
    )
    # of a network without the curvature that the equations ask for no residual says anything: ReLU's reason
    flat = found.model.network.activation.order < required_order(found.problem)
    reason = StopReason.HARDENED if flat else StopReason.DISTILLED
    outcome = Outcome(found.model, figures.heldout_residual, reason, iterations, message)
    found.metrics = {
        "name": found.problem.name,
        "engine": "native",
        **metrics(found, outcome, torch.device("cpu"), Seconds(seconds, seconds)),
        "loss": figures.deviation**2 + (GRADIENT_WEIGHT * figures.gradient_deviation) ** 2,
    }


def summary(distilled: Distilled, run: str) -> dict:
    """The content of distill.json."""
    return {
        "problem": distilled.solution.problem.name,
        "run": run,
        "accepted": distilled.accepted,
        "networks": [asdict(figures) for figures in distilled.figures],
    }
