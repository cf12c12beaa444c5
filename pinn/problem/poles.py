"""Poles behind the boundaries of a problem's subdomains, and where they stand.

A pole stands on the outward normal of a boundary point, as far away as the next thing that may make the field vary
there: the radius of what curves inward, half of a gap outside, the part of the body in front of it. Poles are that
distance apart, times a factor, so that they are many where the body is narrow and few where it is not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import KDTree

from pinn.corners.functions import CornerFunctions
from pinn.corners.poles import PoleTable, harmonics_of
from pinn.equations.subdomains import Subdomain
from pinn.geometry.shapes.shape import Shape
from pinn.problem.holes import fillets, find_holes, has_constant_coefficients, laurent, roundings
from pinn.problem.problem import Problem

SAMPLES, ON_PIECE = 1200, 24  # points of all boundaries, and at least of a piece
OUTSIDE, INSIDE, FARTHEST = 0.6, 1.2, 0.25  # of the radius that fits outside, inside; of the domain's size
FACING, ACROSS = -0.3, 0.05  # cosine between normals of what faces each other; sine of the line between them
CLEAR = 0.75  # of a pole's distance: nothing of the subdomain is nearer to it
SHORTER, TRIES = 0.6, 4  # until a pole is clear of it
RESOLVED = 8  # powers of 1/r that angles are resolved for: with 1 the equations are met to 2e-8 only
# Nearest pole, in mean distances between the points of training on the boundary. Cook's panel, 400 features: held-out
# residual 450 without a bound, 7e-6 with 1, 3e-7 with 2. At fillets there are more points.
BETWEEN = 2.0
# Poles at each end of an arc, on a first level. A lug, 640 features, held-out residual 5.6e-4 without them at its round
# end, 2.3e-5 with 4, 9.9e-5 with 7, 170 with 10.
ENDING = 4
APART = 0.5  # of a pole's distance, from one pole to the next, on a first level


@dataclass(frozen=True, eq=False)
class Standing:
    """Poles that could be: places [M, 2], distances [M] from the boundary, the nearest first."""

    places: NDArray
    distances: NDArray

    def thinned(self, apart: float, nearest: float = 0.0) -> tuple[NDArray, NDArray]:
        """Those that are left when none is nearer to another than `apart` times its distance, to the boundary than
        `nearest`."""
        kept: list[int] = []
        for number, (place, distance) in enumerate(zip(self.places, self.distances, strict=True)):
            near = np.linalg.norm(self.places[kept] - place, axis=1) if kept else np.array([np.inf])
            if distance >= nearest and near.min() >= apart * distance:
                kept.append(number)
        return self.places[kept], self.distances[kept]


def pole_tables(problem: Problem, sharper: float, points: int) -> list[PoleTable]:
    """The poles of every subdomain of one material.

    sharper   by which factor they are nearer to each other than on a first level
    points    on the boundary, of training: a pole that is nearer to it than these to each other fits them, and nothing
              between them
    """
    found = []
    apart = sum(piece.measure for piece in problem.geometry.pieces) / points
    for subdomain in problem.subdomains:
        functions = functions_of_r(problem, subdomain)
        if functions is None:
            continue
        places, distances = standing(problem, subdomain).thinned(APART / sharper, BETWEEN * apart)
        gathered = at_arcs(subdomain.shape, ENDING + round(2 * math.log2(sharper)))
        places, distances = np.vstack([places, gathered[0]]), np.concatenate([distances, gathered[1]])
        if len(places):
            harmonics = harmonics_of(functions, problem.outputs)
            tensors = {"places": torch.as_tensor(places), "radii": torch.as_tensor(distances), "harmonics": harmonics}
            found.append(PoleTable(tensors, len(problem.outputs)))
    return found


@lru_cache(maxsize=64)
def functions_of_r(problem: Problem, subdomain: Subdomain) -> CornerFunctions | None:
    """What the equations have of r^-1 and log r; None where their coefficients vary, or fields have other weights."""
    if not has_constant_coefficients(problem, subdomain):
        return None
    return laurent(problem, subdomain, (0.0, 0.0), RESOLVED)


def at_arcs(shape: Shape, count: int) -> tuple[NDArray, NDArray]:
    """Places [M, 2] and distances [M] of `count` poles behind each end of a fillet and of a rounding, each half as far
    as the one before.

    Where a straight edge becomes an arc, stresses vary as r log r.
    """
    places: list[NDArray] = [np.zeros((0, 2))]
    distances: list[NDArray] = [np.zeros(0)]
    ends = [(end, normal, f.radius) for f in fillets(shape) for end, normal in zip(f.ends, f.normals, strict=True)]
    for end, normal, radius in (*ends, *roundings(shape)):
        steps = OUTSIDE * radius * 0.5 ** np.arange(count)
        places.append(end + steps[:, None] * normal)
        distances.append(steps)
    whole, away = np.vstack(places), np.concatenate(distances)
    outside = ~shape.contains(whole)
    return whole[outside], away[outside]


@lru_cache(maxsize=64)
def standing(problem: Problem, subdomain: Subdomain) -> Standing:
    """Where poles can stand; holes and fillets have functions about their own middles instead."""
    shape = subdomain.shape
    points, normals, piece = boundary_samples(shape)
    distance = free_distances(points, normals, piece, shape.size)
    whole = KDTree(points)
    for hole in find_holes(problem):
        if hole.subdomain is subdomain:
            kept = np.linalg.norm(points - hole.centre, axis=1) > hole.radius * (1 + 1e-6)
            points, normals, distance = points[kept], normals[kept], distance[kept]
    places, found = np.zeros_like(points), np.zeros(len(points), dtype=bool)
    for _ in range(TRIES):
        rest = np.flatnonzero(~found)
        tried = points[rest] + distance[rest, None] * normals[rest]
        clear = ~shape.contains(tried) & (whole.query(tried)[0] > CLEAR * distance[rest])
        places[rest[clear]], found[rest[clear]] = tried[clear], True
        distance[rest[~clear]] *= SHORTER
    order = [n for n in np.argsort(distance, kind="stable") if found[n]]
    return Standing(places[order], distance[order])


def boundary_samples(shape: Shape) -> tuple[NDArray, NDArray, NDArray]:
    """Points [M, 2], outward normals [M, 2] and the numbers of their pieces [M], about evenly along the boundary."""
    whole = sum(piece.measure for piece in shape.pieces)
    points, normals, numbers = [], [], []
    for number, piece in enumerate(shape.pieces):
        least = min(ON_PIECE, max(1, SAMPLES // len(shape.pieces)))  # the boundary of a mesh has a piece for each facet
        count = max(least, round(SAMPLES * piece.measure / whole))
        parameters = (np.arange(count)[:, None] + 0.5) / count
        points.append(piece.points(parameters))
        normals.append(piece.normals(parameters))
        numbers.append(np.full(count, number))
    return np.vstack(points), np.vstack(normals), np.concatenate(numbers)


def free_distances(points: NDArray, normals: NDArray, piece: NDArray, size: float) -> NDArray:
    """How far behind each boundary point its pole stands [M].

    The circle through x and y that touches the boundary in x has the radius |y - x|^2 / (2 |(y - x) . n|).
    """
    found = np.full(len(points), FARTHEST * size)
    for number, (point, normal) in enumerate(zip(points, normals, strict=True)):
        away = points - point
        along, square = away @ normal, (away**2).sum(axis=1)
        distance, facing = np.sqrt(square), normals @ normal < FACING
        outside = ((piece == piece[number]) | facing) & (along > 1e-3 * distance)
        inside = facing & (along < -ACROSS * distance)
        for which, share in ((outside, OUTSIDE), (inside, INSIDE)):
            if which.any():
                found[number] = min(found[number], share * (square[which] / (2 * np.abs(along[which]))).min())
    return found
