"""What hardening does to a run's field, measured after every step, and the ReLU network that it leads to.

Errors are relative L2 norms at points that nothing was fitted at, of the worst field: against the trained field, its
gradient (in units of the domain's half widths) and the exact solution. The residual is the strong one, held out: a ReLU
network has no second derivatives, so what remains of an equation of order two is what zero curvature leaves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from time import perf_counter

import torch
from torch import Tensor

from pinn.comparison.curvature import required_order
from pinn.equations.compiler.compile import Derivative
from pinn.errors import SpecError
from pinn.network.activations import ACTIVATIONS
from pinn.network.mlp import MLP
from pinn.problem.compatibility import refuse_incompatible
from pinn.problem.features import Asked
from pinn.problem.problem import Problem
from pinn.solution.measuring import errors
from pinn.solution.metrics import metrics
from pinn.solution.seconds import Seconds
from pinn.solution.solution import Solution
from pinn.spec.blocks.network import ActivationOptions
from pinn.training.hardening.field_fit import GRADIENT_WEIGHT, TargetField, first_jet, target_points, unit
from pinn.training.hardening.hardening import Ramp, harden, without_ramp
from pinn.training.loop import Outcome
from pinn.training.residuals.assembly import heldout_residual
from pinn.training.residuals.model import Model
from pinn.training.residuals.points import draw_heldout
from pinn.training.run.stop_reason import StopReason

MEASURED_POINTS, MEASURED_SEED = 4000, 7_919
SUBSTITUTED, REFITTED = "substituted", "output layer refitted"
CONTROLS = ("swap", "swap, output layer refitted", "swap, all layers refitted")


@dataclass(frozen=True)
class Step:
    """A network on the way, measured.

    hardness   lambda of every layer, of its hardest neuron where they differ; infinity for ReLU
    exact      quantity -> relative L2 error against the exact solution, where it is known
    seconds    since the beginning, without the measuring
    """

    name: str
    hardness: tuple[float, ...]
    field_error: float
    gradient_error: float
    exact: dict[str, float]
    heldout_residual: float
    seconds: float

    @property
    def worst_exact(self) -> float | None:
        return max(self.exact.values(), default=None)


@dataclass(frozen=True, eq=False)
class Hardened:
    """The ReLU network as a solution, and the steps that led to it, the controls last.

    accepted_without_ramp   Gauss-Newton steps that lowered the last control's misfit
    """

    solution: Solution
    ramp: Ramp
    steps: tuple[Step, ...]
    accepted_without_ramp: int

    def step(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)


class Measurement:
    """Measures networks against the trained solution."""

    def __init__(self, solution: Solution):
        self.solution, self.problem = solution, solution.problem
        self.points = torch.as_tensor(self.problem.heldout_points(MEASURED_POINTS, MEASURED_SEED))
        self.trained = jet(solution, self.points)
        scale = solution.model.network.field_scale
        self.groups = draw_heldout(self.problem, scale.device, scale.dtype)
        self.begun = perf_counter()

    def model(self, network: MLP) -> Model:
        """With the unknown parameters of the trained one."""
        model = Model(self.problem, network)
        model.raw.load_state_dict(self.solution.model.raw.state_dict())
        return model

    def measure(self, name: str, network: MLP) -> Step:
        paused = perf_counter()
        model = self.model(network)
        found = Solution(self.problem, model, {}, [], {})
        values, gradients = jet_errors(self.problem, jet(found, self.points), self.trained)
        smooth = network.activation.smoothness > 0
        step = Step(
            name,
            tuple(h.max().item() if smooth else math.inf for h in network.hardness),
            values,
            gradients,
            {quantity: error for quantity, error in errors(found)[0].items() if quantity in self.problem.fields},
            heldout_residual(model, self.groups),
            paused - self.begun,
        )
        self.begun += perf_counter() - paused
        return step


def harden_solution(solution: Solution, ramp: Ramp, progress: Callable[[Step], None] = lambda step: None) -> Hardened:
    """Harden a trained solution, and measure every step and the controls. `progress` sees each step.

    Raises SpecError for a network that is not a multilayer perceptron with GELU or lambda-GELU.
    """
    if (kind := solution.model.network.kind) != MLP.kind:
        raise SpecError(
            (),
            f"hardening needs a multilayer perceptron, the run's network is of the kind {kind}; "
            "solve with --set solver.method=least_squares or gauss_newton",
        )
    problem = solution.problem
    refuse_incompatible(Asked(problem.spec, problem, by="harden"))
    network = solution.model.mlp
    points = target_points(problem, network)
    field = jet(solution, points)
    finite = torch.stack([torch.isfinite(values) for values in field.values()]).all(dim=0)
    known = {name: value.detach() for name, value in solution.model.unknowns.items()}
    target = TargetField(problem, points[finite], {d: values[finite] for d, values in field.items()}, known)
    measurement, steps = Measurement(solution), []

    def observe(name: str, network: MLP) -> None:
        steps.append(measurement.measure(name, network))
        progress(steps[-1])

    hard = harden(network, target, ramp, observe)
    seconds = steps[-1].seconds
    accepted = without_ramp(network, target, ramp, observe)
    iterations = ramp.steps * ramp.iterations
    return Hardened(relu_solution(measurement, hard, steps, iterations, seconds), ramp, tuple(steps), accepted)


def relu_solution(
    measurement: Measurement, network: MLP, steps: list[Step], iterations: int, seconds: float
) -> Solution:
    """The ReLU network as the solution of the same problem with `activation: relu`, so that it is saved and loaded."""
    solution = measurement.solution
    spec = measurement.problem.spec
    relu = spec.network.model_copy(update={"activation": ActivationOptions(name="relu")})
    problem = replace(measurement.problem, spec=spec.model_copy(update={"network": relu}))
    model = Model(problem, network)
    model.raw.load_state_dict(solution.model.raw.state_dict())
    found = Solution(problem, model, {}, [], dict(solution.environment))
    last = next(step for step in steps if step.name == REFITTED)
    message = f"the trained field is kept to {last.field_error:.1e}, its gradient to {last.gradient_error:.1e}" + (
        f"; {meaningless(problem)}" if meaningless(problem) else ""
    )
    outcome = Outcome(model, last.heldout_residual, StopReason.HARDENED, iterations, message)
    found.metrics = {
        "name": problem.name,
        "engine": "native",
        **metrics(found, outcome, network.field_scale.device, Seconds(seconds, seconds)),
        "loss": last.field_error**2 + (GRADIENT_WEIGHT * last.gradient_error) ** 2,
    }
    return found


def meaningless(problem: Problem) -> str:
    """Why the residual of a ReLU network says nothing here; empty where all equations are of first order."""
    order = required_order(problem)
    if order <= ACTIVATIONS["relu"].order:
        return ""
    return f"an equation is of order {order}, where relu is zero: the held-out residual says nothing about this network"


def jet(solution: Solution, points: Tensor) -> dict[Derivative, Tensor]:
    """Values and gradients of the fields at points [N, D], each [N]."""
    rows = solution.model.network.cache_rows
    wanted = first_jet(solution.problem)
    parts = [solution.derivatives(part.numpy(), wanted) for part in points.split(rows)]
    return {d: torch.cat([torch.as_tensor(part[d]).double() for part in parts]) for d in wanted}


def jet_errors(
    problem: Problem, found: Mapping[Derivative, Tensor], true: Mapping[Derivative, Tensor]
) -> tuple[float, float]:
    """Relative L2 errors of the values and of the gradients, each of the worst field; absolute where it is zero."""
    worst = [0.0, 0.0]
    for name in problem.fields:
        for order in (0, 1):
            mine = [d for d in true if d.field == name and d.partial.order == order]
            error = sum(float(((found[d] - true[d]) * unit(problem, d)).square().mean()) for d in mine)
            size = sum(float((true[d] * unit(problem, d)).square().mean()) for d in mine)
            worst[order] = max(worst[order], math.sqrt(error / size) if size > 0 else math.sqrt(error))
    return worst[0], worst[1]


def summary(hardened: Hardened, run: str) -> dict:
    """The content of harden.json."""
    ramp, substituted = hardened.ramp, hardened.step(SUBSTITUTED)
    return {
        "problem": hardened.solution.problem.name,
        "run": run,
        "target": ramp.target,
        "ramp_steps": ramp.steps,
        "iterations_per_step": ramp.iterations,
        "required_order": required_order(hardened.solution.problem),
        "accepted_without_ramp": hardened.accepted_without_ramp,
        "steps": [asdict(step) for step in hardened.steps],
        "disruption": {
            "ramp": substituted.field_error,
            **{name: hardened.step(name).field_error for name in CONTROLS},
        },
    }
