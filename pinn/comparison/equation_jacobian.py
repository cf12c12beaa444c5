"""What the equations say to the weights: the Jacobian of their residuals, split by order of derivatives.

A residual r depends on the weights w through the fields' partial derivatives u_d only, so

    dr/dw = sum over the orders k of J_k,      J_k = sum over the derivatives d of order k of (dr/du_d) du_d/dw.

With an activation whose derivatives of order k vanish, J_k = 0: what the equations say of u_d reaches no weight.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import Derivative, Jets
from pinn.problem.problem import Problem
from pinn.training.residuals.assembly import Group, loss_terms
from pinn.training.residuals.model import Model
from pinn.training.residuals.points import draw

SEED = 271_828  # of the points, which are not those of the training
GRADIENT_INTERIOR, GRADIENT_BOUNDARY = 512, 256


@dataclass(frozen=True)
class JacobianFigures:
    """Of the Jacobian of the equations' residuals with respect to the weights of a network.

    norm       Frobenius, the rows divided by sqrt(N) so that it does not grow with the points
    by_order   the same of the part J_k, for every order k of derivatives that the equations hold, under its digits
    rank       numerical: singular values above the largest times the longer side times the resolution of the numbers
    rows       equations times points, which the rank cannot exceed
    """

    norm: float
    by_order: dict[str, float]
    rank: int
    rows: int


def equations_at(problem: Problem, model: Model, count: int) -> Group:
    """The problem's equations at `count` points inside the domain."""
    indices = tuple(i for i, s in enumerate(problem.statements) if s.is_equation)
    points = torch.as_tensor(problem.heldout_points(count, SEED)).to(model.network.field_scale)
    return Group(problem, indices, PointSet(points))


def jacobian_by_order(model: Model, group: Group) -> dict[int, Tensor]:
    """k -> J_k [N*E, P], the rows of a point together, for N points, E equations and P weights of the network.

    Dimensionless, divided by sqrt(N). One point at a time: slow, and the same for every kind of network.
    """
    weights = [weight for weight in model.network.parameters() if weight.requires_grad]
    orders = sorted({d.partial.order for d in group.derivatives})
    rows: dict[int, list[Tensor]] = {order: [] for order in orders}
    for chunk in group.chunks(1):
        jets = model.jets(group.points.points[chunk], group.plan, group.derivatives)
        state = {d: jet.detach() for d, jet in jets.items()}
        for index, statement in zip(group.indices, group.statements, strict=True):
            slopes = statement.expression.linearise(group.inputs(statement, model.unknowns, chunk), state)
            scale = group.weight(statement) / group.magnitude(index, {}, chunk) / math.sqrt(len(group.points))
            for order, part in gradients_by_order(slopes, jets, orders, weights).items():
                rows[order].append(part * scale)
    return {order: torch.stack(found) for order, found in rows.items()}


def gradients_by_order(
    slopes: Mapping[Derivative | str, Tensor], jets: Jets, orders: Iterable[int], weights: list[torch.nn.Parameter]
) -> dict[int, Tensor]:
    """k -> sum over the derivatives d of order k of slopes[d] du_d/dw [P], summed over the points."""
    found = {}
    for order in orders:
        part = sum(
            torch.as_tensor(slope, dtype=jets[d].dtype).detach() * jets[d]
            for d, slope in slopes.items()
            if isinstance(d, Derivative) and d.partial.order == order
        )
        found[order] = gradient([part], weights)
    return found


def jacobian_figures(by_order: dict[int, Tensor]) -> JacobianFigures:
    if not by_order:
        return JacobianFigures(0.0, {}, 0, 0)
    whole = torch.stack(list(by_order.values())).sum(dim=0)
    whole = whole[:, whole.any(dim=0)]  # of many cells most are out of reach of the points
    rank = int(torch.linalg.matrix_rank(whole)) if whole.numel() and whole.isfinite().all() else 0
    return JacobianFigures(
        float(whole.norm()), {str(k): float(part.norm()) for k, part in by_order.items()}, rank, len(whole)
    )


def equation_gradient_share(problem: Problem, model: Model) -> float:
    """|g_e| / (|g_e| + |g_c|) of the loss's gradients from the equations and from everything else; 0 where both are 0.

    Where training has converged the two cancel, and the share is 1/2.
    """
    scale = model.network.field_scale
    groups = draw(problem, GRADIENT_INTERIOR, GRADIENT_BOUNDARY, SEED, scale.device, scale.dtype)
    weights = [weight for weight in model.network.parameters() if weight.requires_grad]
    sizes = []
    for inside in (True, False):
        chosen = [group for group in groups if group.statements[0].is_equation == inside]
        sizes.append(float(gradient(loss_terms(model, chosen).values(), weights).norm()))
    return sizes[0] / sum(sizes) if sum(sizes) > 0 else 0.0


def gradient(parts: Iterable[Tensor | float], weights: list[torch.nn.Parameter]) -> Tensor:
    """d(sum of parts)/d(weights), flat [P]; zero where nothing depends on them."""
    total = sum((torch.as_tensor(part).sum() for part in parts), torch.zeros(()))
    found: tuple[Tensor | None, ...] = (None,) * len(weights)
    if total.requires_grad:
        found = torch.autograd.grad(total, weights, allow_unused=True, retain_graph=True)
    pairs = zip(found, weights, strict=True)
    return torch.cat([(torch.zeros_like(weight) if part is None else part).flatten() for part, weight in pairs])
