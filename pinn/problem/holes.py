"""Holes of a problem: inner outlines of its subdomains, with the functions that fields around them are made of.

An inclusion is a hole of what surrounds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from pinn.corners.basis import CornerBasis
from pinn.corners.find import orders_of
from pinn.corners.holes import around, hole_functions
from pinn.corners.principal import NoWedge, Surroundings, principal_row, terms_at_vertex
from pinn.equations.subdomains import Subdomain
from pinn.geometry.shapes.shape import Shape
from pinn.problem.problem import Problem
from pinn.spec.language.branches import symbols_of
from pinn.spec.language.expressions import symbol

SAME_POINT = 1e-7  # of the size
ALONG = np.linspace(0.0, 1.0, 65)[:, None]  # where a piece is looked at


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
        for centre, radius in inner_outlines(subdomain.shape)
    )


def has_constant_coefficients(problem: Problem, subdomain: Subdomain) -> bool:
    axes = {symbol(axis) for axis in problem.axes}
    equations = [s.expression for s in problem.statements if s.is_equation and s.place.subdomain == subdomain.name]
    return all(
        not symbols_of(coefficient) & axes
        for equation in equations
        for key, coefficient in equation.coefficients.items()
        if not isinstance(key, str)
    )


def inner_outlines(shape: Shape) -> list[tuple[NDArray, float]]:
    """Middle and radius of each closed outline but the outer one, where its middle is not inside the shape."""
    pieces = shape.pieces
    points = [piece.points(ALONG) for piece in pieces]
    ends = np.array([end for part in points for end in (part[0], part[-1])])
    near = KDTree(ends).query_pairs(SAME_POINT * shape.size, output_type="ndarray") // 2
    count = len(pieces)
    graph = coo_matrix((np.ones(len(near)), (near[:, 0], near[:, 1])), shape=(count, count))
    number, label = connected_components(graph, directed=False)
    outlines = [np.concatenate([points[n] for n in np.flatnonzero(label == one)]) for one in range(number)]
    outer = max(range(number), key=lambda one: float(np.prod(np.ptp(outlines[one], axis=0))))
    found = []
    for one, outline in enumerate(outlines):
        centre = (outline.min(axis=0) + outline.max(axis=0)) / 2
        if one != outer and not shape.contains(centre[None])[0]:
            found.append((centre, float(np.linalg.norm(outline - centre, axis=1).max())))
    return found


def hole_bases(problem: Problem, powers: int) -> list[CornerBasis]:
    """The functions of every hole, up to r^(-powers) and log r, in units of its radius."""
    found = []
    for hole in find_holes(problem):
        outputs = hole.subdomain.outputs
        surroundings = Surroundings(problem.domain.axes, (float(hole.centre[0]), float(hole.centre[1])), {})
        equations = [s for s in problem.statements if s.is_equation and s.place.subdomain == hole.subdomain.name]
        try:
            terms = [terms_at_vertex(statement.expression, surroundings, None) for statement in equations]
            orders, weights = orders_of([terms], [outputs])
        except NoWedge:
            continue
        if any(weights):  # what a field of another weight needs at the seam of a full turn is not just continuity
            continue
        names = {name: (0, field) for field, name in enumerate(outputs)}
        rows = tuple(
            principal_row(part, names, weights, (), {}, order) for part, order in zip(terms, orders, strict=True)
        )
        functions = hole_functions(around(rows, outputs, weights), powers)
        found.append(CornerBasis(hole.centre, functions, problem.outputs, hole.radius))
    return found
