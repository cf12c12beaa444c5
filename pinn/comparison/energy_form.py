"""The equations in energy form, first derivatives for second-order equations: is the training's gradient the energy's?

The energy U(w) = integral over the domain of W(x, u, grad u) asks for no second derivative, but dW/dw at a point holds
d(grad u)/dw and with it the activation's second derivative. For ReLU that is a Dirac on the kinks, which no point
meets: when a weight changes, the kinks move, W jumps across them, and autograd leaves out what U gains by that.
Measured here: the slope of U along directions in the hidden weights, by autograd and by finite differences of U.
Source: Rowan, On the failure of ReLU activation for physics-informed machine learning, arXiv 2512.11184, § 3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import sympy
import torch
from torch import Tensor

from pinn.comparison.equation_jacobian import gradient, gradients_by_order, jacobian_figures
from pinn.derivatives.jets import plan_jets
from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import CompiledExpression, Inputs, Jets
from pinn.equations.energy.variational import RandomJets, find_density, jets_of
from pinn.equations.hard_constraints.ansatz import spelled_out
from pinn.problem.problem import Problem
from pinn.training.residuals.model import Model

SEED = 314_159
CHECKED = 16  # points where the density is tried against the equations
FINE, SAMPLED = 2**13, 2**10  # points of the integral; as many as a training has
CHUNK = 2**12  # points at once
JACOBIAN_POINTS = 64
DIRECTIONS = 4  # random ones in the space of the hidden weights
STEP = 4e-3  # of the weights: a kink passes many points, and differences of smooth energies are right to 1e-8


def energy_density(problem: Problem) -> sympy.Expr | None:
    """W over the fields' jets, the equations' integrand: from stress and strain where the physics has them, else from
    the equations alone; None where neither gives the equations back."""
    posed = (problem.posed or problem.statements)[: len(problem.statements)]
    equations = [spelled_out(s.expression, problem.scope) for s in posed if s.is_equation]
    points = torch.as_tensor(problem.heldout_points(CHECKED, SEED))
    unknowns = {name: points.new_tensor(value[0]) for name, value in problem.unknowns.items()}
    jets = RandomJets(PointSet(points).inputs(problem.axes, unknowns))
    found = find_density(equations, problem.scope, jets, strain_energy(problem))
    return found if found is not None else find_density(equations, problem.scope, jets)


def strain_energy(problem: Problem) -> sympy.Expr | None:
    """stress : strain / 2, where the physics declares both."""
    stress, strain = problem.tensors.get("stress"), problem.tensors.get("strain")
    if stress is None or strain is None:
        return None
    resolve = problem.scope.resolve
    pairs = [(1 if k[0] == k[1] else 2, resolve(stress[k]), resolve(name)) for k, name in strain.items()]
    return sympy.Add(*(times * s * e / 2 for times, s, e in pairs))


def strained(density: sympy.Expr, problem: Problem) -> sympy.Expr:
    """The part of W with derivatives of the fields: without the work of loads, whose gradient no activation spoils."""
    flat = {jet: sympy.S.Zero for jet, (_, orders) in jets_of(density, problem.scope) if any(orders)}
    return density - cast(sympy.Expr, density.xreplace(flat))


Direction = Sequence[Tensor]  # in the space of the hidden weights, one tensor for each


@dataclass(frozen=True, eq=False)
class EnergyOfWeights:
    """Mean of a density over points of the domain, as a function of the hidden weights of a network on one box.

    whole     W over the fields' jets
    density   the part of it with derivatives, compiled
    """

    problem: Problem
    model: Model
    whole: sympy.Expr
    density: CompiledExpression

    @cached_property
    def weights(self) -> list[torch.nn.Parameter]:
        """Weights and biases of the hidden layers."""
        layers = self.model.mlp.linears[:-1]
        return [cast(torch.nn.Parameter, weight) for layer in layers for weight in (layer.weight, layer.bias)]

    @cached_property
    def directions(self) -> list[Direction]:
        """Random, in each layer as large as its weights."""
        generator = torch.Generator().manual_seed(SEED)
        sizes = [float(layer.weight.detach().square().mean().sqrt()) for layer in self.model.mlp.linears[:-1]]
        pairs = [(weight, size) for weight, size in zip(self.weights, (s for s in sizes for _ in "wb"), strict=True)]
        return [
            [size * torch.randn(w.shape, generator=generator, dtype=torch.float64).to(w) for w, size in pairs]
            for _ in range(DIRECTIONS)
        ]

    def points(self, count: int) -> Tensor:
        return torch.as_tensor(self.problem.heldout_points(count, SEED)).to(self.model.network.field_scale)

    def at(self, points: Tensor) -> tuple[Inputs, Jets]:
        """What the density needs at points [N, D]."""
        plan = plan_jets([d.partial for d in self.density.derivatives], len(self.problem.axes), self.problem.space)
        jets = self.model.jets(points, plan, self.density.derivatives)
        return PointSet(points).inputs(self.problem.axes, self.model.unknowns), jets

    def share(self, part: Tensor, points: Tensor) -> Tensor:
        """What `part` of the points adds to the mean over all."""
        return torch.as_tensor(self.density.value(*self.at(part))).expand(len(part)).sum() / len(points)

    def slopes(self, points: Tensor) -> Tensor:
        """Along the directions [K], by autograd at the points."""
        total = torch.zeros(DIRECTIONS, dtype=points.dtype)
        for part in points.split(CHUNK):
            flat = gradient([self.share(part, points)], self.weights)
            total += torch.stack([flat @ torch.cat([d.flatten() for d in one]) for one in self.directions])
        return total

    def differences(self, points: Tensor) -> Tensor:
        """The same by central differences of fourth order."""
        found = []
        for one in self.directions:
            first, second = (self.moved(points, one, n * STEP) - self.moved(points, one, -n * STEP) for n in (1, 2))
            found.append((8 * first - second) / (12 * STEP))
        return torch.stack(found)

    @torch.no_grad()
    def moved(self, points: Tensor, direction: Direction, distance: float) -> Tensor:
        """The energy a distance along a direction."""
        before = [weight.clone() for weight in self.weights]
        for weight, part in zip(self.weights, direction, strict=True):
            weight.add_(part, alpha=distance)
        energy = torch.stack([self.share(part, points) for part in points.split(CHUNK)]).sum()
        for weight, value in zip(self.weights, before, strict=True):
            weight.copy_(value)
        return energy

    def jacobian(self, points: Tensor) -> dict[int, Tensor]:
        """k -> sum over d of order k of dW/du_d du_d/dw at every point, [N, P]; W over its mean size."""
        orders = sorted({d.partial.order for d in self.density.derivatives})
        rows: dict[int, list[Tensor]] = {order: [] for order in orders}
        size = float(self.share(points, points).detach().abs()) * math.sqrt(len(points)) or 1.0
        for point in points.split(1):
            inputs, jets = self.at(point)
            slopes = self.density.linearise(inputs, {d: jet.detach() for d, jet in jets.items()})
            for order, row in gradients_by_order(slopes, jets, orders, self.weights).items():
                rows[order].append(row / size)
        return {order: torch.stack(found) for order, found in rows.items()}


def known_energy(problem: Problem, model: Model) -> EnergyOfWeights | None:
    """None too where there are several subdomains, each with a density of its own."""
    whole = energy_density(problem) if len(problem.subdomains) == 1 else None
    if whole is None:
        return None
    return EnergyOfWeights(problem, model, whole, problem.over_outputs(strained(whole, problem), problem.subdomains[0]))


def energy_form(problem: Problem, model: Model) -> dict[str, Any] | None:
    """What the energy says to the hidden weights of a model on one box; None where no energy is known.

    gradient_gap           |a - d| / |d| of the slopes a by autograd and d by differences, on the same fine points
    gradient_gap_sampled   the same, a at as many points as a training has
    """
    energy = known_energy(problem, model)
    if energy is None:
        return None
    fine = energy.points(FINE)
    true = energy.differences(fine)
    figures = jacobian_figures(energy.jacobian(fine[:JACOBIAN_POINTS]))
    return {
        "density": str(energy.whole),
        "jacobian_rank": figures.rank,
        "jacobian_rows": figures.rows,
        "jacobian_norm_by_order": figures.by_order,
        "gradient_gap": float((energy.slopes(fine) - true).norm() / true.norm()),
        "gradient_gap_sampled": float((energy.slopes(fine[:SAMPLED]) - true).norm() / true.norm()),
    }
