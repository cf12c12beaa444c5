"""Points for a partition: every cell gets its own, however small it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from pinn.domain.domain import Domain
from pinn.domain.integrals import Integral
from pinn.domain.places import Place
from pinn.domain.point_set import PointSet, joined
from pinn.geometry.points.seeds import seed_of
from pinn.geometry.shapes.sobol import ScrambledSobol
from pinn.network.cells import Cell, owners, widths
from pinn.problem.problem import Problem
from pinn.training.residuals.assembly import CONCENTRATED_SHARE, Group

MOST_DRAWS = 64  # times the points that are wanted in a cell: a cell with less of the domain in it gets fewer
DRAWS_OUTSIDE = 8  # times the same, after which a cell without any is taken to lie outside
FIRST_POOL, LAST_POOL = 12, 17  # log2 of the candidates from which the cells at a boundary take theirs


def draw_in_cells(
    problem: Problem,
    domain: Domain,
    cells: Sequence[Cell],
    interior: int,
    boundary: int,
    seed: int,
    condition_weight: float,
    like: torch.Tensor,
) -> list[Group]:
    """Points of all statements: `interior` inside each cell, `boundary` on each part of the boundary in it.

    domain   the problem's on the time slab that the cells cover
    """
    by_place: dict[Place, list[int]] = {}
    for index, statement in enumerate(problem.statements):
        by_place.setdefault(statement.place, []).append(index)
    groups = []
    for number, (place, indices) in enumerate(by_place.items()):
        of_place = seed_of(seed, number)
        if problem.statements[indices[0]].is_equation:
            points = PointSet(torch.as_tensor(inside(domain, cells, interior, of_place)[0]))
        elif place.listed:
            points = domain.sample(place, boundary * place.listed, of_place)
        else:
            points = near_cells(domain, place, cells, boundary, of_place)
        if place in problem.scan.concentrations:
            points = joined([points, concentrated(problem, domain, place, cells, len(points), of_place)])
        moved = points.to(device=like.device, dtype=like.dtype)
        lengths = None if isinstance(place, Integral) else lengths_at(cells, moved.points)  # it is as wide as its place
        groups.append(Group(problem, tuple(indices), moved, condition_weight, lengths=lengths))
    return groups


def concentrated(
    problem: Problem,
    domain: Domain,
    place: Place,
    cells: Sequence[Cell],
    beside: int,
    seed: int,
    measuring: bool = False,
) -> PointSet:
    """Points in the cells where the place's data vary in a small part of it (problem/scan.py), few `beside` others."""
    found = problem.scan.concentrations[place].drawn(beside // CONCENTRATED_SHARE, seed, measuring, domain.time)
    return found.taken(torch.as_tensor(owners(cells, found.points.numpy()) >= 0))


def lengths_at(cells: Sequence[Cell], points: torch.Tensor) -> torch.Tensor:
    """Half lengths [N, D] of the smallest of the cells that reach each point."""
    array = points.cpu().numpy()
    found = np.full(array.shape, np.inf)
    lower_width, upper_width = widths(cells)
    for cell, below, above in zip(cells, lower_width, upper_width, strict=True):
        half = [cell.length(axis) / 2 for axis in range(len(cell.lower))]
        reached = np.all((array >= cell.lower - below) & (array <= cell.upper + above), axis=1)
        found[reached] = np.minimum(found[reached], half)
    return torch.as_tensor(found).to(points)


def inside(
    domain: Domain, cells: Sequence[Cell], count: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """`count` points per cell, strictly inside the domain, and the cell of each.

    One Sobol sequence serves all cells, moved by a random shift in each (Cranley & Patterson 1976). A cell that lies
    across the boundary takes as much more of it as it needs, up to MOST_DRAWS times `count`: with fewer points than
    features its solution is anything between them.
    """
    lower, upper = (np.array([getattr(cell, name) for cell in cells])[:, None] for name in ("lower", "upper"))
    generator = np.random.default_rng(seed)
    sobol = ScrambledSobol(len(cells[0].lower), generator)
    first = 1 << max(count - 1, 0).bit_length()
    shift = generator.random((len(cells), 1, len(cells[0].lower)))
    margin = 1e-12 * max(float(np.max(np.abs(domain.shape.bounds), initial=0.0)), domain.shape.size)
    found: list[NDArray[np.float64]] = []
    owner: list[NDArray[np.int64]] = []
    missing = np.full(len(cells), count)
    drawn = 0
    while missing.any() and drawn < MOST_DRAWS * first:
        unit = sobol.random(max(first, drawn))[: count if drawn == 0 else None]
        drawn += max(first, drawn)
        open_cells = np.flatnonzero(missing)
        points = lower[open_cells] + (upper - lower)[open_cells] * ((unit[None] + shift[open_cells]) % 1.0)
        inner = domain.shape.level(points.reshape(-1, points.shape[2])[:, : domain.space]) < -margin
        inner = inner.reshape(points.shape[:2])
        inner &= np.cumsum(inner, axis=1) <= missing[open_cells, None]
        found.append(points[inner])
        owner.append(np.repeat(open_cells, inner.sum(axis=1)))
        missing[open_cells] -= inner.sum(axis=1)
        if drawn >= DRAWS_OUTSIDE * first:
            missing[missing == count] = 0
    return np.concatenate(found), np.concatenate(owner)


def near_cells(domain: Domain, place: Place, cells: Sequence[Cell], count: int, seed: int) -> PointSet:
    """Up to `count` points of a place in each cell it runs through, from pools that double until none has too few."""
    kept: list[PointSet] = []
    taken = np.zeros(len(cells), dtype=int)
    for log2 in range(FIRST_POOL, LAST_POOL + 1):
        pool = domain.sample(place, 2**log2, seed_of(seed, log2))
        owner = owners(cells, pool.points[: len(pool)].numpy())  # of the first ends
        order = np.argsort(owner, kind="stable")
        first = np.searchsorted(owner[order], np.arange(len(cells)))
        rank = np.empty(len(owner), dtype=int)
        rank[order] = np.arange(len(owner)) - first[np.maximum(owner[order], 0)]
        chosen = (owner >= 0) & (rank < (count - taken)[np.maximum(owner, 0)])
        kept.append(pool.taken(torch.as_tensor(np.flatnonzero(chosen))))
        taken += np.bincount(owner[chosen], minlength=len(cells))
        if len(pool) < 2**log2 or np.all((taken == 0) | (taken >= count)):
            break
    return joined(kept)
