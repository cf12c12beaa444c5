"""Ritz: the minimum of the energy over the output layer of a sampled network, by Newton's iteration.

    minimise E(c) + PENALTY * sum over essential conditions of weight^2 mean(r^2):     H d = -g,   c <- c + a d

A quadratic energy needs one step. H is scaled to a unit diagonal and shifted until it is positive definite; the step a
is halved while the energy rises or is not finite. The layer grows by further units beside the old ones, so that the
energy falls from level to level. Of several scales the one with the lowest energy on other points is kept.

Sources: Ritz, J. reine angew. Math. 135 (1909), 1; Nocedal & Wright, Numerical Optimization, 2nd ed., § 3.4 (shifts).
"""

from __future__ import annotations

import math
from time import perf_counter

import torch
from torch import Tensor

from pinn.errors import Divergence
from pinn.network.activations import ACTIVATIONS
from pinn.network.features import sample_hyperplanes
from pinn.network.mlp import MLP
from pinn.spec.solver import RitzOptions
from pinn.training.assembly import Group, loss_terms, point_residuals
from pinn.training.divergence import require_finite
from pinn.training.energy import (
    CHUNK,
    Integral,
    energy_of,
    essential_groups,
    integrals,
    require_finite_energy,
    require_finite_slopes,
)
from pinn.training.energy_basis import EnergyBasis, orthonormal_basis
from pinn.training.linearisation import linear_rows, set_coefficients
from pinn.training.loop import Report, Run
from pinn.training.model import Model, new_network
from pinn.training.points import pick_by_weight
from pinn.training.state import State, model_of, model_state

FIRST_FEATURES = 200
FIRST_SCALES = (2.0, 4.0)
GROWTH = 1.6  # features from one level to the next
SHARE_BY_RESIDUAL = 0.5  # of new hyperplanes, through points where the equations' residual is large
POINTS_PER_FEATURE, BOUNDARY_PER_FEATURE = 20, 3
CONTROL = 1.7  # times as many points for the energy that levels are compared by
PENALTY = 1e6  # of conditions on the fields that are not met by construction: leaves errors near 1e-6
FIRST_SHIFT, STEEPER = 1e-14, 100.0  # relative to the unit diagonal
NEWTON_TOLERANCE = 1e-13  # of the energy: predicted fall in a step that is the last
SHORTEST_STEP = 1e-4
STAGNATION = 1e-7  # relative fall of the energy over a level, near 3e-4 of the fields, that counts as none
STAGNATION_GAIN = 1.25  # fall of the held-out residual that counts all the same


class Ritz:
    """Stage: one step is one choice of (features M, scale R), with Newton's iteration on it."""

    name = "ritz"
    measure_every = 1

    def __init__(self, options: RitzOptions, run: Run):
        self.options, self.run = options, run
        self.features = options.features or FIRST_FEATURES
        self.start = run.model if one_hidden_layer(run.model) else None  # of an earlier load: its units are kept
        if self.start is not None:
            self.features = self.start.mlp.linears[0].out_features
        scales = [ACTIVATIONS[run.problem.spec.network.activation.name].scale * scale for scale in FIRST_SCALES]
        self.queue = [options.scale or scales[0]] if options.scale or self.start else scales
        self.level = 0
        self.kept: tuple[float, float, Model] | None = None  # (control energy, scale, model), the best of this level
        self.history: list[tuple[float, float]] = []  # (control energy, held-out residual) of each level
        self.seconds = 0.0

    def state_dict(self) -> State:
        energy, scale, model = self.kept or (math.inf, 0.0, None)
        return {
            "features": self.features,
            "level": self.level,
            "queue": list(self.queue),
            "history": [list(pair) for pair in self.history],
            "start": model_state(self.start),
            "kept": [energy, scale],
            "kept_model": model_state(model),
            "seconds": self.seconds,
        }

    def load_state_dict(self, state: State) -> None:
        problem, device = self.run.problem, self.run.device
        self.features, self.level, self.queue = state["features"], state["level"], list(state["queue"])
        self.history = [(energy, heldout) for energy, heldout in state["history"]]
        self.start, self.seconds = model_of(problem, state["start"], device), state["seconds"]
        model = model_of(problem, state["kept_model"], device)
        energy, scale = state["kept"]
        self.kept = None if model is None else (energy, scale, model)

    def step(self) -> Report:
        run, begun = self.run, perf_counter()
        scale = self.queue.pop(0)
        parts = integrals(
            run.problem,
            POINTS_PER_FEATURE * self.features,
            BOUNDARY_PER_FEATURE * self.features,
            run.device,
            run.dtype,
        )
        model = self.sampled_model(scale)
        boundary = BOUNDARY_PER_FEATURE * self.features
        self.minimise(model, parts, essential_groups(run.problem, boundary, run.seed, run.device, run.dtype))
        control = self.control_energy(model)
        if self.kept is None or control < self.kept[0]:
            self.kept = control, scale, model
            run.model = model
        heldout = run.heldout(model)
        self.seconds = perf_counter() - begun
        with torch.no_grad():
            energy = float(energy_of(model, parts))
        extra = {"features": float(self.features), "scale": scale, "energy": control}
        finished = self.plan_next(heldout) if not self.queue and heldout > run.tolerance else None
        return Report(energy, heldout=heldout, finished=finished, extra=extra, merit=control)

    def plan_next(self, heldout: float) -> str | None:
        """Queue the next level. Returns a stop reason when there is none."""
        assert self.kept is not None
        energy, scale, _ = self.kept
        self.history.append((energy, heldout))
        if self.options.features:
            return "iteration_limit"
        if len(self.history) > 2:
            (before, old), (after, new) = self.history[-3], self.history[-1]
            if before - after < 2 * STAGNATION * abs(after) and old < STAGNATION_GAIN * new:
                return "stagnated"
        if self.seconds * GROWTH**3 > self.run.remaining:
            return "time_limit"
        self.start = self.run.model
        self.features = math.ceil(self.features * GROWTH)
        self.level += 1
        # Features of reach 1/R in D dimensions: as many more of them fit as R^D grows.
        self.queue = [self.options.scale or scale * GROWTH ** (1 / len(self.run.problem.axes))]
        self.kept = None
        return None

    # ---- the basis -----------------------------------------------------------------------------------------------

    def sampled_model(self, scale: float) -> Model:
        """The start's hidden units and output layer with further units beside them, whose coefficients are zero."""
        run = self.run
        old = one_hidden_layer(self.start)
        count = 0 if old is None else old.linears[0].out_features
        fresh = self.features - count
        network = new_network(run.problem, [count + fresh], run.generator, run.device, run.dtype)
        hidden, output = network.linears
        with torch.no_grad():
            output.weight.zero_()
            output.bias.zero_()
            if old is not None:
                network.field_scale.copy_(old.field_scale)
                hidden.weight[:count].copy_(old.linears[0].weight)
                hidden.bias[:count].copy_(old.linears[0].bias)
                output.weight[:, :count].copy_(old.linears[1].weight)
                output.bias.copy_(old.linears[1].bias)
            if fresh:
                weight, bias = sample_hyperplanes(
                    network.features(self.hinges(fresh).to(network.field_scale)), fresh, scale, run.generator
                )
                hidden.weight[count:].copy_(weight)
                hidden.bias[count:].copy_(bias)
        return Model(run.problem, network)

    def hinges(self, count: int) -> Tensor:
        """Points [count, D] for new hyperplanes to pass through."""
        run, seed = self.run, self.run.seed * 7919 + 101 * self.level + len(self.queue)
        spread = torch.as_tensor(run.problem.heldout_points(count, seed + 1))
        if self.start is not None:
            some = int(SHARE_BY_RESIDUAL * count)
            points = torch.cat([group.points.points for group in run.heldout_groups]).to(spread)
            weights = torch.cat([point_residuals(self.start, group) for group in run.heldout_groups])
            spread[:some] = pick_by_weight(points, weights, min(some, len(points)), seed + 2)[:some]
        return spread

    # ---- Newton's iteration --------------------------------------------------------------------------------------

    def minimise(self, model: Model, parts: list[Integral], groups: list[Group]) -> None:
        """Leave the output layer at the minimum. Raises Divergence where energy, gradient or Hessian are not finite."""
        value, where = total(model, parts, groups), f"ritz, level {self.level + 1}"
        if not math.isfinite(value):
            self.refuse(value, model, parts, groups)
        basis = orthonormal_basis(model, parts)
        for _ in range(self.options.iterations):
            gradient, hessian = basis.gradient_and_hessian()
            add_penalty(model, basis, groups, gradient, hessian)
            if not (torch.isfinite(gradient).all() and torch.isfinite(hessian).all()):
                require_finite_slopes(model, parts, where)
                raise Divergence(f"the gradient or the Hessian of the energy is not finite in {where}")
            direction = newton_direction(gradient, hessian)
            fall = -float(gradient @ direction) / 2
            if not fall > 0:
                return
            old = coefficients(model)
            share, lowest = 1.0, value
            while share > SHORTEST_STEP:
                set_coefficients(model, old + share * basis.step(direction))
                value = total(model, parts, groups)
                if value < lowest:
                    break
                share /= 2
            else:
                set_coefficients(model, old)
                return
            if fall < NEWTON_TOLERANCE * abs(value) or self.run.remaining < 0:
                return

    def control_energy(self, model: Model) -> float:
        """Energy and penalty on other points than those it was minimised on.

        Raises Divergence where it is not finite and neither was that of any model before.
        """
        run = self.run
        interior, boundary = (int(CONTROL * n * self.features) for n in (POINTS_PER_FEATURE, BOUNDARY_PER_FEATURE))
        parts = integrals(run.problem, interior, boundary, run.device, run.dtype)
        groups = essential_groups(run.problem, boundary, run.seed + 1, run.device, run.dtype)
        value = total(model, parts, groups)
        if not math.isfinite(value) and not self.queue and run.best is None:
            self.refuse(value, model, parts, groups)
        return value if math.isfinite(value) else math.inf

    def refuse(self, value: float, model: Model, parts: list[Integral], groups: list[Group]) -> None:
        """Raises Divergence that names what makes the energy not finite."""
        require_finite_energy(model, parts, f"ritz, level {self.level + 1}")
        require_finite(loss_terms(model, groups), "ritz, level", self.level + 1, groups, model)
        raise Divergence(f"the energy became {value} in ritz, level {self.level + 1}")


def one_hidden_layer(model: Model | None) -> MLP | None:
    """The model's network where its output layer is linear in sampled units, else None."""
    network = None if model is None else model.network
    return network if isinstance(network, MLP) and len(network.linears) == 2 else None


def coefficients(model: Model) -> Tensor:
    """The output layer, in the order of the gradient."""
    last = model.mlp.linears[-1]
    return torch.cat([last.weight, last.bias[:, None]], dim=1).detach().flatten()


def total(model: Model, parts: list[Integral], groups: list[Group]) -> float:
    """Energy and penalty."""
    with torch.no_grad():
        return float(energy_of(model, parts) + PENALTY * sum(loss_terms(model, groups).values(), torch.tensor(0.0)))


def add_penalty(model: Model, basis: EnergyBasis, groups: list[Group], gradient: Tensor, hessian: Tensor) -> None:
    """Add those of PENALTY |A c - b|^2, where A c - b are the weighted residuals of the conditions."""
    with torch.no_grad():
        at = coefficients(model)
        for group in groups:
            for chunk in group.chunks(CHUNK):
                state = model.jets(group.points.points[chunk], group.plan, group.derivatives)
                for rows, target in linear_rows(model, group, chunk, state):
                    projected = basis.project(rows)
                    gradient += 2 * PENALTY * (projected.T @ (rows @ at - target))
                    hessian += 2 * PENALTY * (projected.T @ projected)


def newton_direction(gradient: Tensor, hessian: Tensor) -> Tensor:
    """-(H + shift)^-1 g, H scaled to a unit diagonal, with the smallest shift tried that makes it positive definite."""
    scale = hessian.diagonal().abs().sqrt()
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))
    scaled = hessian / scale[:, None] / scale
    shift = FIRST_SHIFT * len(scale)
    while True:
        factor, failed = torch.linalg.cholesky_ex(scaled + shift * torch.eye(len(scale)).to(scaled))
        if not failed:
            return -torch.cholesky_solve((gradient / scale)[:, None], factor)[:, 0] / scale
        shift *= STEEPER
