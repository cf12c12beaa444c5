"""How many points each statement gets, and drawing them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from pinn.domain.point_set import PointSet
from pinn.equations.statements import Place
from pinn.geometry.shapes.pieces import total_measure
from pinn.problem.problem import Problem
from pinn.training.residuals.assembly import CONDITION_WEIGHT_TRAINED, Group, collect, point_residuals
from pinn.training.residuals.model import Model

CANDIDATES_SEED = 17
POOL = 8  # candidates per point drawn by the residual
MEASURE_POINTS = 1024  # to find how much of a patch a condition concerns
FEWEST = 16  # on any part of a boundary, however short
HELDOUT_SEED = 1_000_003  # training seeds are small: held-out points are never trained on
HELDOUT_INTERIOR, HELDOUT_BOUNDARY = 2000, 1000


def statement_counts(problem: Problem, interior: int, boundary: int, initial: int | None = None) -> list[int]:
    """Points per statement: `interior` for equations, `boundary` shared by its parts in proportion to their measure.

    A count in the spec goes before: of a condition, or of `sampling`.
    """
    sampling = problem.spec.sampling
    interior = sampling.interior or interior
    initial = sampling.initial or initial or boundary
    boundary = sampling.boundary or boundary
    places = {s.place for s in problem.statements if s.place.kind in ("boundary", "interface", "periodic")}
    measures = {place: problem.boundary_points(place, MEASURE_POINTS, 0).measure for place in places}
    whole = boundary_measure(problem, measures)
    counts = []
    for statement in problem.statements:
        match statement.place.kind:
            case "interior":
                count = interior
            case "initial":
                count = initial
            case "boundary" | "interface" | "periodic":
                count = max(FEWEST, round(boundary * measures[statement.place] / whole))
            case "data":
                count = len(statement.place.points)
            case _:
                count = len(statement.place.points) * (FEWEST if problem.time or problem.parameters else 1)
        counts.append(statement.count or count)
    return counts


def boundary_measure(problem: Problem, measures: dict[Place, float]) -> float:
    """Measure of what the places cover together; overlapping places count once, an interface like a boundary."""
    patches = dict.fromkeys(patch for place in measures for patch in place.patches)
    total = sum(problem.geometry.patch_measure(patch) for patch in patches)
    interfaces = {frozenset((p.subdomain, p.beside)): p for p in measures if p.kind == "interface"}
    total += sum(total_measure(problem.pieces(place)) for place in interfaces.values())
    return total * ((problem.time[1] - problem.time[0]) if problem.time else 1.0) or 1.0


def draw(
    problem: Problem,
    interior: int,
    boundary: int,
    seed: int,
    device: torch.device,
    dtype: torch.dtype,
    condition_weight: float = CONDITION_WEIGHT_TRAINED,
) -> list[Group]:
    """Training points of all statements."""
    counts = statement_counts(problem, interior, boundary)
    return collect(problem, counts, seed, device, dtype, condition_weight, problem.spec.sampling.method)


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
    adapted = []
    for number, group in enumerate(groups):
        place = group.statements[0].place
        if place.kind == "interior":
            half = len(group.points) // 2
            candidates = problem.sample(place, POOL * half, seed + CANDIDATES_SEED)
            pool = replace(group, points=candidates.to(device=scale.device, dtype=scale.dtype))
            chosen = pick_by_weight(candidates.points, point_residuals(model, pool), half, seed + number)
            even = problem.sample(place, len(group.points) - half, seed, problem.spec.sampling.method).points
            points = torch.cat([even.to(scale), chosen.to(scale)])
            group = replace(group, points=PointSet(points))
        adapted.append(group)
    return adapted


def draw_heldout(problem: Problem, device: torch.device, dtype: torch.dtype) -> list[Group]:
    """Points that no solver trains on; the same for every run of a problem."""
    counts = statement_counts(problem, HELDOUT_INTERIOR, HELDOUT_BOUNDARY)
    return collect(problem, counts, HELDOUT_SEED, device, dtype)


def pick_by_weight(points: torch.Tensor, weights: torch.Tensor, count: int, seed: int) -> torch.Tensor:
    """`count` different ones of the points [N, D], each with probability in proportion to its weight [N]."""
    probability = weights.double().cpu().numpy()
    total = probability.sum()
    if not np.isfinite(total) or total <= 0:
        probability, total = np.ones(len(points)), len(points)
    chosen = np.random.default_rng(seed).choice(len(points), count, replace=False, p=probability / total)
    return points[torch.as_tensor(chosen)]
