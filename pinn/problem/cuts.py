"""Cuts through a plane body: lines on either side of which it is solved in parts, and where they lie.

A round hole is cut through its middle. A slit is cut along itself, from a tip on into the body along a ray that keeps
away from vertices and holes: a part that ends in a sliver has a corner more, and no room for what is singular there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pinn.corners.find import Corner
from pinn.geometry.shapes.polygon import Polygon
from pinn.problem.holes import ROUNDEST, inner_points
from pinn.problem.problem import Problem
from pinn.problem.singular import order_of, singular, window_of

DIRECTIONS = 8  # of cuts through holes, over half a turn, of which one is chosen
MOST_PARTS = 4  # each has unknowns of its own
SAME_LINE, NEAR = 1e-9, 1e-6  # of the size, and of a radius
NARROW = math.radians(15)  # of a slit, between its lips
TURNS = tuple(math.radians(turn) for turn in (0, 15, -15, 30, -30, 45, -45, 60, -60))  # of a cut at the tip of a slit
CLEAR = 0.05  # of the size: how far a cut ahead of a slit keeps from vertices and holes
SAMPLES, SEED = 4000, 5  # of the body, to find its parts
FAR, CHORD = 2.0, math.pi / 3  # in sizes, where a side of a cut ends, and of which angle its last edges are chords

Point = tuple[float, float]


@dataclass(frozen=True)
class Cut:
    """A line through the whole plane: a chain of points, and rays from its first and its last.

    back, onward   directions of these, of length 1; of a straight line the one is minus the other
    """

    points: tuple[Point, ...]
    back: Point
    onward: Point
    size: float

    @cached_property
    def left(self) -> Polygon:
        """What lies on the left, as far as a body of this size reaches."""
        return Polygon(ring(self.points, self.back, self.onward, FAR * self.size))

    def on_left(self, points: NDArray) -> NDArray[np.bool_]:
        return self.left.level(points) < 0

    def distances(self, points: NDArray) -> NDArray:
        """Of points [N, 2] of the body from the line."""
        return np.abs(self.left.level(points))

    def shape(self, left: bool) -> dict[str, Any]:
        """What lies on one side, as a spec writes it."""
        chain = (self.points, self.back, self.onward) if left else (self.points[::-1], self.onward, self.back)
        return {"polygon": {"vertices": ring(*chain, FAR * self.size)}}


def straight(point: Point, direction: Point, size: float) -> Cut:
    return Cut((point,), (-direction[0] + 0.0, -direction[1] + 0.0), direction, size)


def ring(points: Sequence[Point], back: Point, onward: Point, far: float) -> list[list[float]]:
    """Vertices around the left of a chain of points with rays, up to `far` from its ends."""
    start, end = (math.atan2(y, x) for x, y in (onward, back))
    turn = (end - start) % (2 * math.pi)
    count = max(2, math.ceil(turn / CHORD))
    middle = np.mean(np.array(points), axis=0)
    around = start + turn * np.arange(1, count) / count
    ends = [np.array(points[0]) + far * np.array(back), *map(np.array, points), points[-1] + far * np.array(onward)]
    arc = [middle + far * np.array([math.cos(angle), math.sin(angle)]) for angle in around]
    return [[float(x), float(y)] for x, y in (*ends, *arc)]


def cells(cuts: Sequence[Cut], points: NDArray) -> NDArray:
    """Which sides [parts, cuts] of the cuts have points."""
    return np.unique(np.column_stack([cut.on_left(points) for cut in cuts]), axis=0)


def inside(problem: Problem) -> NDArray:
    """Points of the body [N, 2]."""
    return np.array(problem.heldout_points(SAMPLES, SEED))[:, :2]


def cuts_of(problem: Problem) -> list[Cut]:
    """Lines through every inner outline that has a corner with jumping functions, and along slits; none where there
    would be too many parts."""
    order, size = order_of(problem), problem.geometry.size
    jump = [c.point for c in problem.corners if singular(c, order) and window_of(problem, c) is not None]
    vertices = np.array([c.point for c in problem.corners]).reshape(-1, 2)
    outlines = inner_points(problem.geometry)
    round_ones: list[tuple[NDArray, float]] = []
    slits = [from_edge(problem, corner, outlines) for corner in edge_slits(problem)]
    for number, outline in enumerate(outlines):
        near = [np.linalg.norm(outline - point, axis=1).min() < NEAR * size for point in jump]
        if not any(near):
            continue
        centre = (outline.min(axis=0) + outline.max(axis=0)) / 2
        away = np.linalg.norm(outline - centre, axis=1)
        if away.min() < ROUNDEST * away.max():
            others = [other for index, other in enumerate(outlines) if index != number]
            slits.append(along(problem, outline, others))
        else:
            round_ones.append((centre, float(away.max())))
    tried = [parallel(round_ones, direction, size) for direction in directions()] if round_ones else [[]]
    points = inside(problem)

    def rank(lines: Sequence[Cut]) -> tuple[float, ...]:
        """Few parts, corners far from the lines, short cuts."""
        clear = min((clearance(line, vertices, one) for line in lines for one in round_ones), default=1.0)
        length = sum(float(np.ptp(points @ line.onward)) for line in lines)
        return float(len(cells([*lines, *slits], points))), -round(clear, 6), length

    best = min(tried, key=rank)
    lines = [*best, *slits]
    return lines if lines and len(cells(lines, points)) <= MOST_PARTS else []


# ---- slits ----------------------------------------------------------------------------------------------------------


def edge_slits(problem: Problem) -> list[Corner]:
    """The tips of slits that begin at the outer boundary.

    The functions of a tip jump across its slit, but what is smooth beside them does not, and beyond the mouth they are
    no more all that jumps: a slit of 1/4 of the length, oblique, stayed 1.4e-2 off from 400 to 1024 features.
    """
    order, size = order_of(problem), problem.geometry.size
    inner = inner_points(problem.geometry)
    return [
        corner
        for corner in problem.corners
        if len(corner.vertex.sectors) == 1
        and 2 * math.pi - NARROW < corner.angle < 2 * math.pi
        and all(np.linalg.norm(outline - corner.point, axis=1).min() > NEAR * size for outline in inner)
        and singular(corner, order)
    ]


def from_edge(problem: Problem, tip: Corner, holes: Sequence[NDArray]) -> Cut:
    """From the mouth of a slit to its tip, and on."""
    (sector,) = tip.vertex.sectors
    middle, point = (sector.start + sector.end) / 2, (float(tip.point[0]), float(tip.point[1]))
    back = (-math.cos(middle), -math.sin(middle))
    return Cut((point,), back, ahead(problem, tip.point, middle, holes), problem.geometry.size)


def along(problem: Problem, outline: NDArray, holes: Sequence[NDArray]) -> Cut:
    """Between the two points of an outline that are the farthest from each other, and on from both."""
    apart = np.linalg.norm(outline[:, None] - outline[None], axis=2)
    first, second = (outline[n] for n in np.unravel_index(int(apart.argmax()), apart.shape))
    towards = math.atan2(*(second - first)[::-1])
    points = tuple((float(x), float(y)) for x, y in (first, second))
    back, onward = ahead(problem, first, towards + math.pi, holes), ahead(problem, second, towards, holes)
    return Cut(points, back, onward, problem.geometry.size)


def ahead(problem: Problem, tip: NDArray, angle: float, holes: Sequence[NDArray]) -> Point:
    """The direction of a cut ahead of a tip: straight on where that is clear of vertices and holes, else turned."""
    others = np.vstack([np.array([c.point for c in problem.corners]).reshape(-1, 2), *holes])
    rays = [(math.cos(angle + turn), math.sin(angle + turn)) for turn in TURNS]

    def clear(ray: Point) -> float:
        offset = others - tip
        before = offset[offset @ ray > NEAR * problem.geometry.size]
        return float(np.abs(before @ np.array([-ray[1], ray[0]])).min(initial=np.inf))

    enough = [ray for ray in rays if clear(ray) > CLEAR * problem.geometry.size]
    return enough[0] if enough else max(rays, key=clear)


# ---- holes ----------------------------------------------------------------------------------------------------------


def directions() -> list[Point]:
    """Over half a turn; those of the axes are exact."""
    angles = math.pi / DIRECTIONS * np.arange(DIRECTIONS)
    return [(round(math.cos(angle), 15) + 0.0, round(math.sin(angle), 15) + 0.0) for angle in angles]


def parallel(holes: Sequence[tuple[NDArray, float]], direction: Point, size: float) -> list[Cut]:
    """A line in this direction through the middle of each hole, one for those on the same line."""
    found: list[Cut] = []
    for centre, _ in holes:
        if all(line.distances(centre[None])[0] > SAME_LINE * size for line in found):
            found.append(straight((float(centre[0]), float(centre[1])), direction, size))
    return found


def clearance(line: Cut, vertices: NDArray, hole: tuple[NDArray, float]) -> float:
    """How far the vertices of a hole are from the line, in radii."""
    centre, radius = hole
    mine = vertices[np.linalg.norm(vertices - centre, axis=1) < (1 + NEAR) * radius]
    return float((line.distances(mine) / radius).min(initial=1.0))
