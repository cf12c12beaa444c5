"""Curvature: whether a stationary point of a declared energy is a minimum.

The second variation of the energy at the solution, on the cells that a minimisation would begin with: negative in a few
directions, it is a saddle (a field of two wells that stays at the hill between them, a rod beyond its critical load).
Where the density is not convex in the highest derivatives (Legendre's condition), as the action of a motion, the
functional has no minimum at all, and a stationary point is what is asked for.
Source: Gelfand & Fomin, Calculus of Variations, §§ 24, 25.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from pinn.errors import PinnError
from pinn.problem.problem import Problem
from pinn.training.cells.energy_basis import orthonormal_basis
from pinn.training.cells.layers import cell_network, default_scale, with_layers
from pinn.training.cells.newton_step import NewtonStep
from pinn.training.cells.ritz import BOUNDARY_PER_FEATURE, PENALTY, POINTS_PER_FEATURE, features_in, first_cells
from pinn.training.residuals.energy import Integral, essential_groups, integrals
from pinn.training.residuals.model import Model

SEED = 90_001
NEGATIVE = -1e-3  # eigenvalue of the Hessian with a unit diagonal: below, the energy falls
CONCAVE = -1e-9  # eigenvalue in the highest derivatives, relative to the largest, that is no rounding error
MOST_UNKNOWNS = 3000  # of the Hessian whose eigenvalues are sought: some seconds


def falls(problem: Problem, model: Model) -> bool:
    """Whether the energy that a spec declares falls from the solution. False for a quadratic one, and in time."""
    if not problem.spec.energy or problem.is_linear or problem.time is not None or problem.parameters:
        return False
    try:
        values = curvatures(problem, model)
    except PinnError:  # an energy whose conditions do not fit it says nothing of a minimum
        return False
    return bool((values < NEGATIVE).any())


def curvatures(problem: Problem, model: Model) -> Tensor:
    """Eigenvalues [P] of the second variation, scaled to a unit diagonal.

    Empty where there would be too many, and where the functional has no minimum.
    """
    model = copy.deepcopy(model).double()
    like = model.network.field_scale
    features = features_in(len(problem.axes))
    cells = first_cells(problem)
    if features * len(cells) * len(problem.outputs) > MOST_UNKNOWNS:
        return like.new_zeros(0)
    layers = with_layers(cells, {}, features, default_scale(problem), torch.Generator().manual_seed(SEED))
    trial = Model(problem, cell_network(problem, layers, like))
    trial.raw.load_state_dict(model.raw.state_dict())
    interior, boundary = POINTS_PER_FEATURE * features * len(cells), BOUNDARY_PER_FEATURE * features * len(cells)
    parts = integrals(problem, interior, boundary, like.device, like.dtype)
    if not is_convex(model, parts[0]):
        return like.new_zeros(0)
    groups = essential_groups(problem, boundary, SEED, like.device, like.dtype)
    basis = orthonormal_basis(trial, parts)
    gradient, hessian = basis.distance_to(model, parts, groups, PENALTY)
    basis.set(basis.coefficients(), NewtonStep(hessian).direction(gradient))
    _, hessian = basis.gradient_and_hessian(parts, groups, PENALTY)
    scale = hessian.diagonal().abs().sqrt()
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))
    return torch.linalg.eigvalsh(hessian / scale[:, None] / scale)


@torch.no_grad()
def is_convex(model: Model, density: Integral) -> bool:
    """Whether the density's second derivatives in the highest derivatives of the fields are nowhere negative."""
    points = density.points.points
    jets = model.jets(points, density.plan, density.derivatives)
    most = max(d.partial.order for d in density.derivatives)
    highest = [d for d in density.derivatives if d.partial.order == most]
    seconds = density.term.expression.curvature(density.inputs(slice(None)), jets)
    matrix = points.new_zeros(len(points), len(highest), len(highest))
    for i, a in enumerate(highest):
        for k, b in enumerate(highest):
            second = seconds.get((a, b), seconds.get((b, a)))
            if second is not None:
                matrix[:, i, k] = torch.as_tensor(second).to(points)
    values = torch.linalg.eigvalsh(matrix)
    return bool(values.min() >= CONCAVE * values.abs().max())
