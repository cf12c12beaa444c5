"""Features gathered around singular corners and holes: the nearer a hyperplane passes, the shorter its feature.

The functions of a corner leave a remainder that varies on the distance to it, and on the distances between corners that
lie close together (the end of a slender body). Hyperplanes through points at a distance rho from a corner, rho uniform
in its logarithm, have |w| = W/max(rho, l), l the distance to the nearest other vertex.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pinn.domain.places import OnBoundary
from pinn.domain.point_set import joined
from pinn.geometry.points.seeds import seed_of
from pinn.network.features import SHORTEST
from pinn.problem.holes import Hole, find_holes
from pinn.problem.problem import Problem
from pinn.problem.singular import order_of, singular
from pinn.training.residuals.assembly import Group
from pinn.training.residuals.model import Model

# Of the features, and W in units of the activation. One solve of 400 features, held-out residual without and with them:
# dam 7.3e-4, 1.3e-4; bonded rubber 9.5e-5, 4e-7; pressure vessel 3.9e-2, 1.3e-2; L-bracket 7.5e-6, 9.0e-6; strip of
# two materials 4.2e-4, 1.4e-5. A half of them is as good, around all vertices they are worse.
SHARE, LENGTH = 0.4, 2.5
NEAREST, FARTHEST = 0.2, 4.0  # rho, in units of l
BESIDE, CANDIDATES = 0.25, 8192  # of a hole's radius; points of a boundary, of which those beside it are taken
TRIES = 50  # for each point that is wanted; of a slender domain most lie outside


def gather(problem: Problem, model: Model, sharper: float, seed: int) -> None:
    """Move a share of the units of the model's first layer to singular corners and holes.

    sharper   by which factor lengths are below those of a first level
    """
    network = model.mlp
    hidden, features = network.linears[0], network.features
    count = gathered_units(hidden.out_features)
    vertices, spacing = places(problem, hidden.out_features)
    rng = np.random.default_rng(seed_of(seed, "corners"))
    points, distances = drawn(problem, vertices, spacing, count, rng)
    direction = rng.standard_normal(points.shape)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    unit = network.activation.scale * LENGTH * sharper
    length = unit * rng.uniform(SHORTEST, 1.0, len(points)) / distances
    slopes = torch.diagonal(features.weight[:2, :2])  # the first features are the coordinates of the plane, scaled
    normal = torch.as_tensor(direction * length[:, None]).to(slopes) / slopes
    with torch.no_grad():
        through = features(torch.as_tensor(points).to(slopes))[:, :2]
        hidden.weight[: len(points)] = 0.0
        hidden.weight[: len(points), :2] = normal
        hidden.bias[: len(points)] = -(normal * through).sum(dim=1)


def gathered_units(units: int) -> int:
    """How many of a layer's units are gathered: the first ones."""
    return int(SHARE * units)


def places(problem: Problem, features: int) -> tuple[NDArray, NDArray]:
    """Singular corners [K, 2] with the distance from each to the nearest other vertex [K]; holes with their radii.

    No distance is below what as many points as there are features are apart: nothing shorter is resolved. Two lips of a
    narrow slit, for example, are one place.
    """
    order, size = order_of(problem), problem.geometry.size
    everywhere = np.array([corner.point for corner in problem.corners]).reshape(-1, 2)
    chosen = np.array([corner.point for corner in problem.corners if singular(corner, order)]).reshape(-1, 2)
    apart = np.linalg.norm(chosen[:, None] - everywhere[None], axis=2)
    apart[apart < 1e-9 * size] = size / 2
    holes = find_holes(problem)
    centres = np.array([hole.centre for hole in holes]).reshape(-1, 2)
    radii = np.array([hole.radius for hole in holes])
    least = math.sqrt(problem.geometry.measure / features)
    spacing = np.append(np.maximum(apart.min(axis=1, initial=size / 2), least), radii)
    return np.vstack([chosen, centres]), spacing


def drawn(
    problem: Problem, vertices: NDArray, spacing: NDArray, count: int, rng: np.random.Generator
) -> tuple[NDArray, NDArray]:
    """At most `count` points of the domain about the vertices, and max(rho, l) of each."""
    tries = TRIES * count
    which = rng.integers(len(vertices), size=tries)
    rho = spacing[which] * np.exp(rng.uniform(math.log(NEAREST), math.log(FARTHEST), tries))
    theta = rng.uniform(0.0, 2 * math.pi, tries)
    points = vertices[which] + rho[:, None] * np.column_stack([np.cos(theta), np.sin(theta)])
    inside = np.flatnonzero(problem.geometry.contains(points))[:count]
    return points[inside], np.maximum(rho, spacing[which])[inside]


def with_points_at_holes(problem: Problem, groups: Sequence[Group], wanted: int, seed: int) -> list[Group]:
    """The groups with at least `wanted` points on the outline of every hole and fillet.

    A small one has few of the points that are even along a boundary, and functions of its own that these do not tell
    apart: a fillet of 1/60 of the length, 400 features, held-out residual 13 without them.
    """
    holes, found = find_holes(problem), []
    for number, group in enumerate(groups):
        place, points = group.statements[0].place, group.points
        if not holes or not isinstance(place, OnBoundary) or points.ends > 1:
            found.append(group)
            continue
        candidates = place.sample(problem.domain, CANDIDATES, seed_of(seed, number, "holes"))
        parts = [points]
        for hole in holes:
            missing = wanted - int(beside(hole, points.points).sum())
            near = torch.nonzero(beside(hole, candidates.points)).flatten()[: max(0, missing)]
            parts.append(candidates.taken(near).to(device=points.points.device, dtype=points.points.dtype))
        found.append(replace(group, points=joined(parts)))
    return found


def beside(hole: Hole, points: Tensor) -> Tensor:
    """Which points [N, D] are on its outline, or not far from the ends of it."""
    away = (points[:, :2] - torch.as_tensor(hole.centre).to(points)).norm(dim=1)
    return (away - hole.radius).abs() < BESIDE * hole.radius
