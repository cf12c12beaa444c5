"""Drawing the points of all statements: for training, where the residual is large, for measuring."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from pinn.domain.domain import Domain
from pinn.domain.point_set import joined
from pinn.geometry.points.seeds import seed_of
from pinn.problem.counts import statement_counts
from pinn.problem.problem import Problem
from pinn.training.residuals.assembly import CONDITION_WEIGHT_TRAINED, Group, collect, point_residuals
from pinn.training.residuals.model import Model

POOL = 8  # candidates per point drawn by the residual
HELDOUT_INTERIOR, HELDOUT_BOUNDARY = 2000, 1000
HELDOUT_SEED = 2**32  # the seeds of runs end below it, so that no run's seed leads to a held-out point


def draw(
    problem: Problem,
    interior: int,
    boundary: int,
    seed: int,
    device: torch.device,
    dtype: torch.dtype,
    condition_weight: float = CONDITION_WEIGHT_TRAINED,
    domain: Domain | None = None,
) -> list[Group]:
    """Training points of all statements, in a part of the problem's domain where one is given."""
    counts = statement_counts(problem, interior, boundary, domain=domain)
    return collect(problem, counts, seed, device, dtype, condition_weight, problem.spec.sampling.method, domain)


def draw_adaptive(problem: Problem, interior: int, boundary: int, seed: int, model: Model) -> list[Group]:
    """Training points; with `sampling.adaptive`, half of those inside go where `model`'s residual is large.

    Of POOL times as many candidates a point is taken with probability in proportion to its residual |r|. The other half
    stays uniform, so that nothing is forgotten.
    Source: Wu et al., Comput. Methods Appl. Mech. Engrg. 403 (2023) 115671, § 2.2 (residual-based distribution).
    """
    scale = model.network.field_scale
    groups = draw(problem, interior, boundary, seed, scale.device, scale.dtype)
    if not problem.spec.sampling.adaptive:
        return groups
    adapted, drawn_from = [], problem.domain.redrawn(seed)
    for number, group in enumerate(groups):
        place = group.statements[0].place
        if group.statements[0].is_equation:
            half = len(group.points) // 2
            candidates = drawn_from.sample(place, POOL * half, seed_of(seed, number, "candidates"))
            pool = replace(group, points=candidates.to(device=scale.device, dtype=scale.dtype))
            chosen = candidates.taken(picked(point_residuals(model, pool), half, seed_of(seed, number, "choice")))
            even = drawn_from.sample(
                place, len(group.points) - half, seed_of(seed, number, "even"), problem.spec.sampling.method
            )
            points = joined([even, chosen]).to(device=scale.device, dtype=scale.dtype)
            group = replace(group, points=points)
        adapted.append(group)
    return adapted


def draw_heldout(
    problem: Problem, device: torch.device, dtype: torch.dtype, domain: Domain | None = None
) -> list[Group]:
    """Points that no solver trains on, whatever its seed; the same for every run of a problem."""
    counts = statement_counts(problem, HELDOUT_INTERIOR, HELDOUT_BOUNDARY, domain=domain)
    return collect(problem, counts, seed_of(HELDOUT_SEED, "held-out"), device, dtype, domain=domain, measuring=True)


def picked(weights: torch.Tensor, count: int, seed: int) -> torch.Tensor:
    """Indices of `count` different points, each with probability in proportion to its weight [N]."""
    probability = weights.double().cpu().numpy()
    total = probability.sum()
    if not np.isfinite(total) or total <= 0:
        probability, total = np.ones(len(weights)), len(weights)
    chosen = np.random.default_rng(seed).choice(len(weights), count, replace=False, p=probability / total)
    return torch.as_tensor(chosen)
