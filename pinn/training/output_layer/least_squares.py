"""Least squares on the output layer of a sampled network; for a nonlinear problem, Newton's iteration on it.

One hidden layer of M units s(w . h + b) is sampled: directions uniform, |w| = R, hyperplanes through points of the
domain. A linear problem is then one linear least-squares problem for the output layer. R and M decide the accuracy;
both are chosen on the held-out residual. R is searched on few features and followed as M grows. At singular corners the
functions that the equations ask for are further columns (corners/network.py), of higher exponents from level to level;
around holes those of r^(-k).

Sources: Dong & Li, Comput. Methods Appl. Mech. Engrg. 387 (2021) 114129 (sampled layers, least squares);
Calabrò, Fabiani & Siettos, ibid. 114188 (placing the hyperplanes).
"""

from __future__ import annotations

import math
from dataclasses import replace
from time import perf_counter

from pinn.corners.network import CornerNetwork
from pinn.corners.poles import PoleTable
from pinn.corners.table import CornerTable
from pinn.network.activations import ACTIVATIONS
from pinn.problem.holes import find_holes, hole_bases
from pinn.problem.poles import pole_tables
from pinn.problem.singular import bases_of_loads, corner_bases, has_functions, is_singular, order_of
from pinn.spec.blocks.solver import LeastSquaresOptions
from pinn.training.output_layer.gathered import gather, with_points_at_holes
from pinn.training.output_layer.newton import newton
from pinn.training.output_layer.perceptron_system import PerceptronSystem
from pinn.training.output_layer.sampled_layer import sampled_model
from pinn.training.residuals.assembly import CONDITION_WEIGHT_SOLVED, Group, jets_at, loss_at
from pinn.training.residuals.linearisation import show_case
from pinn.training.residuals.model import Model
from pinn.training.residuals.noise import NOISY_WEIGHT
from pinn.training.residuals.points import draw
from pinn.training.run.run import Report, Run
from pinn.training.run.state import State
from pinn.training.run.stop_reason import StopReason

FIRST_FEATURES = 400
FIRST_SCALES = (2.0, 4.0, 8.0)  # in units of the activation
SCALE_STEP = math.sqrt(2)
GROWTH = 1.6  # features from one level to the next: the last level costs about as much as all before together
INTERIOR_PER_FEATURE, BOUNDARY_PER_FEATURE = 3, 1
FURTHER_PART = 2  # interior points per feature for each further part: of a lug in two, held-out residual 3e-4 without
SHARE_PER_SEARCH = 0.08  # of the time left, for one more scale on a level
STAGNATION_LEVELS, STAGNATION_GAIN = 3, 1.25  # that together gain less than this factor
ROUNDING_RESIDUAL, ROUNDING_GAIN = 1e-5, 2.0  # below: a gain under 2 over two levels means that rounding errors rule
HOPELESS = 0.05  # held-out residual of a nonlinear problem after two levels: one scale does not resolve the solution
PROMISING = 1e-3  # held-out residual of the first level; from more, cells are faster (plate with a hole, advection)
LEVELS_TO_FORECAST = 3  # the gain of the first is no measure of those that follow
# Weights of noisy data on the way from no solution: with little weight from the start, Newton's steps have to follow
# the equations' curved valley (a modulus that is a field stays constant).
APPROACH = (3.0, 0.05)
# Exponents of corner functions: what is left over is r^a of the next, which smooth features have to follow. With 400
# features of an L-bracket the held-out residual is 2e-2 below 2, 7e-4 below 3, 4e-4 below 4, 8e-6 below 6, 6e-6 below
# 8.
EXPONENTS_BEYOND, EXPONENTS_PER_LEVEL = 4.0, 1.0
POWERS, POWERS_PER_LEVEL = 12, 4  # of 1/r about a hole: two of them that are as far apart as wide need 10 for 1e-4
PER_POWER = 6  # points on the outline of a hole, at least
NEARER = math.sqrt(GROWTH)  # poles, from one level to the next: as many more of them as of the features
BEHIND = 2  # boundary points per feature where there are poles, which boundaries alone decide about
CORNER_SHARE = 0.5  # of the features, as many functions at most
LOST = 1e-2  # held-out residual of the best model, above which there is no solution to start from
NEWTON_TOLERANCE = 1e-3  # a Newton step that lowers the loss by less than this fraction is the last


class LeastSquares:
    """Stage: one step is one choice of (features M, scale R), solved.

    patient   False: leave the time to the next stage as soon as the tolerance is out of sight
    leave     held-out residual of the first level above which it is left to the next stage
    """

    name = "least_squares"
    measure_every = 1

    def __init__(self, options: LeastSquaresOptions, run: Run, patient: bool = True, leave: float = math.inf):
        self.options = options
        self.patient = patient
        self.leave = leave
        self.run = run
        self.features = options.features or FIRST_FEATURES
        self.level = 0
        unit = ACTIVATIONS[run.problem.spec.network.activation.name].scale
        self.queue = [options.scale] if options.scale else [unit * scale for scale in FIRST_SCALES]
        self.results: dict[float, float] = {}  # scale -> held-out residual, on this level
        self.level_best: list[float] = []
        self.seconds_of_level = 0.0

    def state_dict(self) -> State:
        return {
            "features": self.features,
            "level": self.level,
            "queue": list(self.queue),
            "results": dict(self.results),
            "level_best": list(self.level_best),
            "seconds_of_level": self.seconds_of_level,
        }

    def load_state_dict(self, state: State) -> None:
        self.features, self.level, self.queue = state["features"], state["level"], list(state["queue"])
        self.results, self.level_best = dict(state["results"]), list(state["level_best"])
        self.seconds_of_level = state["seconds_of_level"]

    def step(self) -> Report:
        begun = perf_counter()
        scale = self.queue.pop(0)
        loss, model = self.solve(scale)
        heldout = self.run.heldout(model)
        self.results[scale] = heldout
        if heldout < self.run.best_heldout or self.run.model is None:
            self.run.model = model
        self.seconds_of_level = perf_counter() - begun
        extra = {"features": self.features, "scale": scale}
        finished = None
        if self.hopeless():
            finished = StopReason.STAGNATED
        elif heldout > self.run.tolerance and not self.queue:
            finished = self.plan_next()
        return Report(loss, heldout=heldout, finished=finished, extra=extra)

    def hopeless(self) -> bool:
        """Whether the first level is above what it may be: with the first scale, and more so with the second."""
        found = list(self.results.values())
        worse = len(found) > 1 and found[-1] > found[0]
        return self.level == 0 and (worse or not self.queue) and min(found) > self.leave

    def plan_next(self) -> StopReason | None:
        """Queue the next scales or the next level. Returns a stop reason when there is none."""
        best = min(self.results, key=lambda scale: self.results[scale])
        for neighbour in (best * SCALE_STEP, best / SCALE_STEP):
            tried = any(abs(scale / neighbour - 1) < 0.1 for scale in self.results)
            if not tried and not self.options.scale and self.affordable(1.0, SHARE_PER_SEARCH):
                self.queue = [neighbour]
                return None
        self.level_best.append(self.results[best])
        if self.options.features:
            return StopReason.ITERATION_LIMIT
        if not self.run.problem.is_linear and self.level >= self.levels_granted and min(self.level_best) > HOPELESS:
            return StopReason.STAGNATED
        if self.stagnates() or not (self.patient or self.in_sight()):
            return StopReason.STAGNATED
        enough = self.affordable(GROWTH**3, 1.0)
        self.features = math.ceil(self.features * GROWTH)
        self.level += 1
        # Features of reach 1/R in D dimensions: as many more of them fit as R^D grows.
        self.queue = [best * GROWTH ** (1 / len(self.run.problem.axes))]
        self.results = {}
        return None if enough else StopReason.TIME_LIMIT

    def stagnates(self) -> bool:
        for levels, gain in ((STAGNATION_LEVELS, STAGNATION_GAIN), (2, ROUNDING_GAIN)):
            recent = self.level_best[-levels - 1 :]
            small = levels == STAGNATION_LEVELS or recent[0] < ROUNDING_RESIDUAL
            if len(recent) > levels and small and min(recent[1:]) * gain > recent[0]:
                return True
        return False

    @property
    def levels_granted(self) -> int:
        """Levels on which a nonlinear problem may stay unresolved; fronts in time are never resolved by one scale."""
        return 0 if self.run.problem.time and not self.patient else 1

    def in_sight(self) -> bool:
        """Whether the tolerance can be met in the time left: by the first level, later by the gain of the last."""
        if len(self.level_best) < LEVELS_TO_FORECAST:
            return self.level_best[0] < PROMISING
        gain = self.level_best[-2] / self.level_best[-1]
        if gain <= 1:
            return False
        levels = max(1, math.ceil(math.log(self.level_best[-1] / self.run.tolerance) / math.log(gain)))
        return self.affordable(sum(GROWTH ** (3 * k) for k in range(1, min(levels, 20) + 1)), 1.0)

    def affordable(self, factor: float, share: float) -> bool:
        return self.seconds_of_level * factor < share * self.run.remaining

    def solve(self, scale: float) -> tuple[float, Model]:
        """Sample the hidden layer, draw points, solve. Returns the loss and the model."""
        run = self.run
        problem = run.problem
        seed = run.seed_for(self.name, self.level, len(self.results))
        groups = draw(
            problem,
            (INTERIOR_PER_FEATURE + FURTHER_PART * (len(problem.subdomains) - 1)) * self.features,
            (BEHIND if has_functions(problem) else BOUNDARY_PER_FEATURE) * self.features,
            seed,
            run.device,
            run.dtype,
            CONDITION_WEIGHT_SOLVED,
        )
        if has_functions(problem):
            groups = with_points_at_holes(problem, groups, PER_POWER * self.powers, seed)
        model = self.sampled_model(scale, seed)
        if problem.is_linear:
            system = self.system(model, groups)
            coefficients, residual = system.solution(None)
            if problem.cases:
                model.loaded.copy_(coefficients.T)
                show_case(model, 0)
            else:
                system.set(coefficients)
            return residual**2, model
        lost = run.best_heldout > LOST and any(statement.noise is not None for statement in problem.statements)
        loss, jets = math.inf, [jets_at(run.model, group) for group in groups]
        for number, weight in enumerate((*APPROACH, NOISY_WEIGHT) if lost else (NOISY_WEIGHT,)):
            system = self.system(model, [replace(group, noisy_weight=weight) for group in groups])
            loss, jets = newton(
                system,
                jets,
                steps=self.options.iterations,
                least_gain=NEWTON_TOLERANCE,
                loss=loss_at(model, system.groups, jets) if number else math.inf,
                over=lambda: run.remaining < 0,
            )
        return loss, model

    def system(self, model: Model, groups: list[Group]) -> PerceptronSystem:
        where = f"{self.name}, level {self.level + 1}"
        return PerceptronSystem(model, groups, self.options.regularisation, where)

    def sampled_model(self, scale: float, seed: int) -> Model:
        run = self.run
        model = sampled_model(run.problem, self.features, scale, seed, run.generator, run.device, run.dtype)
        if has_functions(run.problem):
            gather(run.problem, model, math.sqrt(self.features / FIRST_FEATURES), seed)
            model = self.with_corners(model)
        if self.run.model is not None:
            model.raw.load_state_dict(self.run.model.raw.state_dict())
        return model

    @property
    def powers(self) -> int:
        """Of 1/r about each hole."""
        return POWERS + self.level * POWERS_PER_LEVEL

    def with_corners(self, model: Model) -> Model:
        """The model with the functions of corners and holes, the coefficients zero."""
        problem = self.run.problem
        tables: list[CornerTable | PoleTable] = [*hole_bases(problem, self.powers)]
        if is_singular(problem):
            below = order_of(problem) + EXPONENTS_BEYOND + self.level * EXPONENTS_PER_LEVEL
            tables += corner_bases(problem, below, CORNER_SHARE * self.features)
            tables += bases_of_loads(problem, below)
        if find_holes(problem):  # beside corners alone they are as many as the points, and leave the fields open
            tables += pole_tables(problem, NEARER**self.level, BEHIND * self.features)
        network = CornerNetwork(model.mlp, tables).to(self.run.device)
        return Model(problem, network, problem.spec.solver.derivatives)
