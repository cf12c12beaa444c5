"""Holes of a problem: inner outlines of its subdomains, with the functions that fields around them are made of.

An inclusion is a hole of what surrounds it, and a fillet is a part of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from pinn.corners.basis import CornerBasis
from pinn.corners.find import orders_of
from pinn.corners.functions import CornerFunctions
from pinn.corners.holes import around, hole_functions
from pinn.corners.principal import NoWedge, Surroundings, principal_row, terms_at_vertex
from pinn.equations.subdomains import Subdomain
from pinn.geometry.shapes.pieces import Piece
from pinn.geometry.shapes.shape import Shape
from pinn.problem.problem import Problem
from pinn.spec.language.branches import symbols_of
from pinn.spec.language.expressions import symbol

SAME_POINT = 1e-7  # of the size
FLATTEST, SAME_CIRCLE = 2.0, 1e-2  # 1/radius of an arc, in 1/size; how round one is, as far as chords show it
SMOOTH = 1 - 1e-3  # cosine between the normals of a fillet and of what it goes on as
ALONG = np.linspace(0.0, 1.0, 65)[:, None]  # where a piece is looked at
ROUNDEST = 0.4  # of the largest distance from the middle, the least: r^-12 is 6e4 there; a slit is no hole


@dataclass(frozen=True, eq=False)
class Hole:
    """Of a subdomain: its middle [2], and the largest distance of its outline from it."""

    subdomain: Subdomain
    centre: NDArray
    radius: float


@lru_cache(maxsize=32)
def find_holes(problem: Problem) -> tuple[Hole, ...]:
    """Those of plane subdomains whose equations have constant coefficients."""
    return tuple(
        Hole(subdomain, centre, radius)
        for subdomain in problem.subdomains
        if has_constant_coefficients(problem, subdomain)
        for centre, radius in [
            *inner_outlines(subdomain.shape),
            *((f.centre, f.radius) for f in fillets(subdomain.shape)),
            *cut_outlines(problem, subdomain),
        ]
    )


def cut_outlines(problem: Problem, subdomain: Subdomain) -> list[tuple[NDArray, float]]:
    """Middle and radius of the holes of the whole domain that a subdomain has a part of the outline of."""
    if problem.subdomains.partition is None:
        return []
    own = [centre for centre, _ in inner_outlines(subdomain.shape)]
    points = np.concatenate([piece.points(ALONG) for piece in subdomain.shape.pieces])
    found = []
    for centre, radius in inner_outlines(problem.geometry):
        apart = np.linalg.norm(points - centre, axis=1)
        beside = (apart < (1 + SAME_POINT) * radius).sum() > 1
        if beside and all(np.linalg.norm(centre - other) > SAME_POINT * radius for other in own):
            found.append((centre, radius))
    return found


def has_constant_coefficients(problem: Problem, subdomain: Subdomain) -> bool:
    axes = {symbol(axis) for axis in problem.axes}
    equations = [s.expression for s in problem.statements if s.is_equation and s.place.subdomain == subdomain.name]
    return all(
        not symbols_of(coefficient) & axes
        for equation in equations
        for key, coefficient in equation.coefficients.items()
        if not isinstance(key, str)
    )


def inner_points(shape: Shape) -> list[NDArray]:
    """Points [N, 2] along each closed outline but the outer one."""
    pieces = shape.pieces
    points = [piece.points(ALONG) for piece in pieces]
    ends = np.array([end for part in points for end in (part[0], part[-1])])
    near = KDTree(ends).query_pairs(SAME_POINT * shape.size, output_type="ndarray") // 2
    count = len(pieces)
    graph = coo_matrix((np.ones(len(near)), (near[:, 0], near[:, 1])), shape=(count, count))
    number, label = connected_components(graph, directed=False)
    outlines = [np.concatenate([points[n] for n in np.flatnonzero(label == one)]) for one in range(number)]
    outer = max(range(number), key=lambda one: float(np.prod(np.ptp(outlines[one], axis=0))))
    return [outline for one, outline in enumerate(outlines) if one != outer]


def inner_outlines(shape: Shape) -> list[tuple[NDArray, float]]:
    """Middle and radius of each closed outline but the outer one, where it is round enough and its middle is not inside
    the shape."""
    found = []
    for outline in inner_points(shape):
        centre = (outline.min(axis=0) + outline.max(axis=0)) / 2
        away = np.linalg.norm(outline - centre, axis=1)
        if away.min() > ROUNDEST * away.max() and not shape.contains(centre[None])[0]:
            found.append((centre, float(away.max())))
    return found


@dataclass(frozen=True, eq=False)
class Fillet:
    """An arc of the boundary that curves inward: its middle [2], radius, ends [2, 2] and outward normals there."""

    centre: NDArray
    radius: float
    ends: NDArray
    normals: NDArray


def fillets(shape: Shape) -> list[Fillet]:
    """Those that are no part of a hole: what is singular in the middle of an arc is not far from it."""
    holes, found = inner_outlines(shape), []
    for number, piece in enumerate(shape.pieces):
        points, normals = piece.points(ALONG), piece.normals(ALONG)
        curvature = mean_curvature(piece)
        if curvature * shape.size < FLATTEST:
            continue
        middles = points + normals / curvature
        centre = middles.mean(axis=0)
        is_arc = np.abs(middles - centre).max() < SAME_CIRCLE / curvature
        beside = all(np.linalg.norm(centre - other) > radius for other, radius in holes)
        others = [other for index, other in enumerate(shape.pieces) if index != number]
        beside &= not shape.contains(np.array([centre]))[0]
        if is_arc and beside and goes_on_smoothly(piece, others, shape.size):
            found.append(Fillet(centre, 1 / curvature, points[[0, -1]], normals[[0, -1]]))
    return found


def mean_curvature(piece: Piece) -> float:
    """Of a piece of a boundary, positive where it curves inward."""
    along, turning = np.diff(piece.points(ALONG), axis=0), np.diff(piece.normals(ALONG), axis=0)
    return float(-(along * turning).sum() / (along**2).sum())


def roundings(shape: Shape) -> list[tuple[NDArray, NDArray, float]]:
    """Ends [2] of arcs that curve outward, at which the boundary goes on with another curvature; the outward normals
    [2] there and the radii. The end of a lug is one."""
    found = []
    for number, piece in enumerate(shape.pieces):
        curvature = mean_curvature(piece)
        if -curvature * shape.size < FLATTEST:
            continue
        others = [one for index, one in enumerate(shape.pieces) if index != number]
        others = [one for one in others if abs(mean_curvature(one) - curvature) > SAME_CIRCLE * abs(curvature)]
        for end in (np.array([[0.0]]), np.array([[1.0]])):
            if smoothly_at(piece, end, others, shape.size):
                found.append((piece.points(end)[0], piece.normals(end)[0], -1 / curvature))
    return found


def goes_on_smoothly(piece: Piece, others: Sequence[Piece], size: float) -> bool:
    """Whether an end of a piece lies on the end of another, with the same normal."""
    return smoothly_at(piece, np.array([[0.0], [1.0]]), others, size)


def smoothly_at(piece: Piece, parameters: NDArray, others: Sequence[Piece], size: float) -> bool:
    """The same of these ends [n, 1] alone."""
    ends = np.array([[0.0], [1.0]])
    points, normals = piece.points(parameters), piece.normals(parameters)
    for other in others:
        apart = np.linalg.norm(points[:, None] - other.points(ends)[None], axis=2)
        along = normals @ other.normals(ends).T
        if ((apart < SAME_POINT * size) & (along > SMOOTH)).any():
            return True
    return False


def hole_bases(problem: Problem, powers: int) -> list[CornerBasis]:
    """The functions of every hole, up to r^(-powers) and log r, in units of its radius."""
    found = []
    for hole in find_holes(problem):
        functions = laurent(problem, hole.subdomain, (float(hole.centre[0]), float(hole.centre[1])), powers)
        if functions is not None:
            found.append(CornerBasis(hole.centre, functions, problem.outputs, hole.radius))
    return found


def laurent(problem: Problem, subdomain: Subdomain, centre: tuple[float, float], powers: int) -> CornerFunctions | None:
    """The functions of r^-k up to k = `powers` and log r; None where fields have other weights than zero, or equations
    of different orders."""
    outputs = subdomain.outputs
    surroundings = Surroundings(problem.domain.axes, centre, {})
    equations = [s for s in problem.statements if s.is_equation and s.place.subdomain == subdomain.name]
    try:
        terms = [terms_at_vertex(statement.expression, surroundings, None) for statement in equations]
        orders, weights = orders_of([terms], [outputs])
    except NoWedge:
        return None
    # What a field of another weight, or of an equation of another order, needs at the seam of a full turn is not just
    # continuity.
    if any(weights) or len(set(orders)) > 1:
        return None
    names = {name: (0, field) for field, name in enumerate(outputs)}
    rows = tuple(principal_row(part, names, weights, (), {}, order) for part, order in zip(terms, orders, strict=True))
    return hole_functions(around(rows, outputs, weights), powers)
