"""Separation: a body is cut through its holes where the functions of a corner would jump inside it.

A function r^a phi(theta) of a vertex on the outline of a hole has no one value all the way round that hole, and smooth
features have the same value on both faces of a crack. So such a body is solved in parts, with straight cuts through the
middle of each hole and along each slit, across which everything is continuous: no part surrounds a hole. It is what a
user could have written with `subdomains` and `interfaces`, and the run's spec.yaml says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pinn.errors import SpecError
from pinn.geometry.build.partition import build_partition
from pinn.geometry.mesh.shape import MeshShape
from pinn.geometry.shapes.shape import GeometryError
from pinn.problem.compatibility import excluded
from pinn.problem.features import SUBDOMAINS, Asked
from pinn.problem.holes import ROUNDEST, inner_points
from pinn.problem.loading import build_problem
from pinn.problem.problem import Problem
from pinn.problem.singular import order_of, singular, usable, window_of
from pinn.spec.blocks.interface import Interface
from pinn.spec.schema import REST

METHODS = ("auto", "least_squares")  # which have functions of corners
DIRECTIONS = 8  # of cuts, over half a turn, of which one is chosen
MOST_PARTS = 4  # each has unknowns of its own
SAME_LINE, NEAR = 1e-9, 1e-6  # of the size, and of a radius
SAMPLES, SEED = 4000, 5  # of the body, to find its parts


@dataclass(frozen=True)
class Cut:
    """A straight line: a point of it and its direction, of length 1."""

    point: tuple[float, float]
    direction: tuple[float, float]

    @property
    def normal(self) -> NDArray:
        return np.array([-self.direction[1], self.direction[0]])

    def beyond(self, points: NDArray) -> NDArray:
        """Distances [N] of points [N, 2], positive on the left."""
        return (points - self.point) @ self.normal

    def shape(self, left: bool, size: float) -> dict[str, Any]:
        """What lies on one side, as a spec writes it."""
        along = 2 * size * np.array(self.direction)
        across = (2 if left else -2) * size * self.normal
        start, end = self.point - along, self.point + along
        ring = [start, end, end + across, start + across]
        return {"polygon": {"vertices": [[float(x), float(y)] for x, y in (ring if left else ring[::-1])]}}


def separated(problem: Problem) -> Problem:
    """The problem in parts where that helps, else itself."""
    if not separable(problem):
        return problem
    cuts = cuts_of(problem)
    if not cuts:
        return problem
    try:
        found = in_parts(problem, cuts)
    except (GeometryError, SpecError):  # a cut along an edge, or through what is too thin to be cut
        return problem
    return found if found is not None and jumping(found) < jumping(problem) else problem


def separable(problem: Problem) -> bool:
    """Whether the body is one of a single material that `subdomains` can be stated for."""
    if len(problem.coordinates) != 2:
        return False
    spec = problem.spec
    one = problem.subdomains.partition is None and not isinstance(problem.geometry, MeshShape)
    asked = not spec.solver.minimises_energy and not spec.network.hidden and spec.solver.stages[0].name in METHODS
    return (
        problem.eigen is None
        and one
        and asked
        and usable(problem)
        and continuous_quantities(problem) is not None
        and not excluded(SUBDOMAINS, Asked(spec, problem))
        and jumping(problem) > 0
    )


def jumping(problem: Problem) -> int:
    """How many singular corners have functions that jump inside their part of the body."""
    order = order_of(problem)
    return sum(window_of(problem, c) is not None for c in problem.corners if singular(c, order))


def continuous_quantities(problem: Problem) -> tuple[str, ...] | None:
    """What determines the fields across a cut; None where equations are not of second order in every field."""
    orders = dict.fromkeys(problem.fields, 0)
    for statement in problem.statements:
        if statement.is_equation:
            for jet in statement.expression.derivatives:
                orders[jet.field] = max(orders[jet.field], jet.partial.order)
    if any(order != 2 for order in orders.values()):
        return None
    if {"displacement", "traction"} <= problem.vectors.keys():
        return "displacement", "traction"
    return (*problem.fields, *(f"{name}_n" for name in problem.fields))


# ---- where to cut ---------------------------------------------------------------------------------------------------


def cuts_of(problem: Problem) -> list[Cut]:
    """Lines through every inner outline that has a corner with jumping functions; none where there are too many."""
    order, size = order_of(problem), problem.geometry.size
    jump = [c.point for c in problem.corners if singular(c, order) and window_of(problem, c) is not None]
    vertices = np.array([c.point for c in problem.corners]).reshape(-1, 2)
    round_ones: list[tuple[NDArray, float]] = []
    slits: list[Cut] = []
    for outline in inner_points(problem.geometry):
        near = [np.linalg.norm(outline - point, axis=1).min() < NEAR * size for point in jump]
        if not any(near):
            continue
        centre = (outline.min(axis=0) + outline.max(axis=0)) / 2
        away = np.linalg.norm(outline - centre, axis=1)
        if away.min() < ROUNDEST * away.max():
            slits.append(along(outline))
        else:
            round_ones.append((centre, float(away.max())))
    tried = [parallel(round_ones, direction, size) for direction in directions()] if round_ones else [[]]
    points = np.array(problem.heldout_points(SAMPLES, SEED))[:, :2]

    def rank(lines: Sequence[Cut]) -> tuple[float, ...]:
        """Few parts, corners far from the lines, short cuts."""
        clear = min((clearance(line, vertices, one) for line in lines for one in round_ones), default=1.0)
        length = sum(float(np.ptp(points @ line.direction)) for line in lines)
        return float(len(cells([*lines, *slits], points))), -round(clear, 6), length

    best = min(tried, key=rank)
    lines = [*best, *slits]
    return lines if lines and len(cells(lines, points)) <= MOST_PARTS else []


def along(outline: NDArray) -> Cut:
    """The line through the two points of an outline that are the farthest from each other."""
    apart = np.linalg.norm(outline[:, None] - outline[None], axis=2)
    first, second = (outline[n] for n in np.unravel_index(int(apart.argmax()), apart.shape))
    x, y = (first + second) / 2
    dx, dy = (second - first) / apart.max()
    return Cut((float(x), float(y)), (float(dx), float(dy)))


def directions() -> list[tuple[float, float]]:
    """Over half a turn; those of the axes are exact."""
    angles = math.pi / DIRECTIONS * np.arange(DIRECTIONS)
    return [(round(math.cos(angle), 15) + 0.0, round(math.sin(angle), 15) + 0.0) for angle in angles]


def parallel(holes: Sequence[tuple[NDArray, float]], direction: tuple[float, float], size: float) -> list[Cut]:
    """A line in this direction through the middle of each hole, one for those on the same line."""
    found: list[Cut] = []
    for centre, _ in holes:
        if all(abs(line.beyond(centre)) > SAME_LINE * size for line in found):
            found.append(Cut((float(centre[0]), float(centre[1])), direction))
    return found


def clearance(line: Cut, vertices: NDArray, hole: tuple[NDArray, float]) -> float:
    """How far the vertices of a hole are from the line, in radii."""
    centre, radius = hole
    mine = vertices[np.linalg.norm(vertices - centre, axis=1) < (1 + NEAR) * radius]
    return float((np.abs(line.beyond(mine)) / radius).min(initial=1.0))


def cells(lines: Sequence[Cut], points: NDArray) -> NDArray:
    """Which sides [parts, lines] of the lines have points."""
    return np.unique(np.column_stack([line.beyond(points) > 0 for line in lines]), axis=0)


def in_parts(problem: Problem, lines: Sequence[Cut]) -> Problem | None:
    """The problem with these cuts as `subdomains` and `interfaces`. Raises GeometryError, SpecError."""
    spec, size = problem.spec, problem.geometry.size
    sides = cells(lines, np.array(problem.heldout_points(SAMPLES, SEED))[:, :2])
    trees: dict[str, Any] = {}
    for number, side in enumerate(sides):
        shapes = [line.shape(bool(left), size) for line, left in zip(lines, side, strict=True)]
        trees[f"part_{number + 1}"] = shapes[0] if len(shapes) == 1 else {"intersection": shapes}
    names = list(trees)
    trees[names[-1]] = REST
    quantities = continuous_quantities(problem)
    assert quantities is not None
    number, shape = problem.scope.number, problem.geometry
    partition = build_partition({**trees, names[-1]: None}, shape, number, spec.coordinates, problem.folder)
    interfaces = [Interface(between=pair, continuous=quantities) for pair in partition.touching]
    return build_problem(spec.model_copy(update={"subdomains": trees, "interfaces": interfaces}), problem.folder)
