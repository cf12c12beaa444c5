"""Where a load acts: inside a subdomain, or on its edge, with the sector of the body about the point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pinn.corners.vertices import End, ends_of, sectors_of
from pinn.domain.domain import Domain
from pinn.equations.subdomains import Subdomain, Subdomains
from pinn.errors import SpecError
from pinn.geometry.mesh.cell_shape import CellShape
from pinn.geometry.shapes.pieces import Piece
from pinn.point_loads.kernels import Sector

Array = NDArray[np.float64]
ON_EDGE = 1e-6  # of the domain's size: so near to the boundary is on it
SAMPLES = 400  # of a piece, to find where it is nearest
AT_END = 1e-6  # of a piece
ROUNDING = 1e-12  # of the domain's size: a point that is written so well is where it is written
STEPS, STEP = 3, 1e-4
AHEAD = 2000  # points of a ray along which the body is looked for


@dataclass(frozen=True, eq=False)
class EdgeFrom:
    """An edge as it leaves the loaded point: the piece from a parameter on, forward or backward."""

    end: End
    piece: Piece
    parameter: float
    forward: bool

    def points(self, share: float) -> tuple[Array, Array]:
        """The point [1, 2] at a share of what is left of the piece, and its outward normal."""
        left = 1 - self.parameter if self.forward else -self.parameter
        at = np.array([[self.parameter + share * left]])
        return self.piece.points(at), self.piece.normals(at)

    def turn(self, direction: float) -> float:
        """What its direction at the point itself is off from this one, which was taken a little way along."""
        (normal,) = self.piece.normals(np.array([[self.parameter]]))
        x, y = np.array([-normal[1], normal[0]])
        away = math.atan2(y, x) - direction
        return (away + math.pi / 2) % math.pi - math.pi / 2  # the tangent may point the other way


@dataclass(frozen=True, eq=False)
class LoadedPoint:
    """A point of a subdomain.

    point    [S]; one that is written as near to an edge lies on it
    sector   the directions that lie in the subdomain
    edges    the two of the sector; none inside
    """

    point: Array
    subdomain: Subdomain
    sector: Sector
    edges: tuple[EdgeFrom, ...] = ()


def locate(subdomains: Subdomains, domain: Domain, given: Sequence[float], path: Sequence[str | int]) -> LoadedPoint:
    """Raises SpecError for a point outside, on an interface, or on a boundary where it has no closed form."""
    point, size = np.array(given, dtype=float), domain.shape.size
    if not domain.contains(given, ON_EDGE):
        listed = ", ".join(f"{value:g}" for value in given)
        raise SpecError(path, f"the point ({listed}) lies outside the domain")
    if domain.space != 2:
        if abs(float(domain.shape.level(point[None])[0])) <= ON_EDGE * size:
            where = "end: write it as a condition there" if domain.space == 1 else "surface: spread it over a patch"
            raise SpecError(path, f"lies on the boundary; inside a point load is known, not at an {where}")
        return LoadedPoint(point, around(subdomains, point, size, path), Sector())
    found = [(one, edges) for one in subdomains if (edges := touching(one, point, size))]
    if not found:
        return LoadedPoint(point, around(subdomains, point, size, path), Sector())
    (subdomain, edges), *others = found
    if others or not {edge.end.patch for edge in edges} <= set(domain.shape.patches):
        raise SpecError(path, "lies on an interface; move it into one of the subdomains")
    sectors = sectors_of([edge.end for edge in edges])
    if len(sectors) != 1:
        raise SpecError(path, f"lies where {len(sectors)} parts of the body meet; move it into one of them")
    (one,) = sectors
    both = tuple(next(edge for edge in edges if edge.end.near is end.near) for end in (one.opening, one.closing))
    angles = (one.start, one.end)
    if not isinstance(subdomain.shape, CellShape):
        angles = tuple(angle + edge.turn(angle) for angle, edge in zip(angles, both, strict=True))
    there = both[0].points(0.0)[0][0]
    point = point if np.linalg.norm(point - there) < ROUNDING * size else there
    return LoadedPoint(point, subdomain, Sector(*angles), both)


def around(subdomains: Subdomains, point: Array, size: float, path: Sequence[str | int]) -> Subdomain:
    """The subdomain that a point lies in, away from all others. Raises SpecError."""
    inside = [one for one in subdomains if bool(one.shape.contains(point[None], ON_EDGE * size)[0])]
    if len(inside) != 1:
        raise SpecError(path, "lies on an interface; move it into one of the subdomains")
    return inside[0]


def touching(subdomain: Subdomain, point: Array, size: float) -> list[EdgeFrom]:
    """The pieces of a subdomain's boundary through a point, as they leave it."""
    found = []
    for piece in subdomain.shape.pieces:
        at, distance = nearest(piece, point)
        if distance <= ON_EDGE * size:
            at = float(round(at)) if min(at, 1 - at) < AT_END else at
            ends = ends_of(subdomain.name, piece, [at], isinstance(subdomain.shape, CellShape))
            ways = [True, False] if len(ends) == 2 else [at < 0.5]
            found += [EdgeFrom(end, piece, at, forward) for end, forward in zip(ends, ways, strict=True)]
    return found


def nearest(piece: Piece, point: Array) -> tuple[float, float]:
    """(parameter, distance) of the point of a curve that is nearest."""

    def distance(parameter: float) -> float:
        return float(np.linalg.norm(piece.points(np.array([[parameter]]))[0] - point))

    tried = np.linspace(0.0, 1.0, SAMPLES)
    first = int(np.argmin(np.linalg.norm(piece.points(tried[:, None]) - point, axis=1)))
    low, high = tried[max(first - 1, 0)], tried[min(first + 1, SAMPLES - 1)]
    from scipy.optimize import minimize_scalar  # slow to import

    found = minimize_scalar(distance, bounds=(low, high), method="bounded", options={"xatol": 1e-12})
    best = float(min((float(found.x), low, high, tried[first]), key=distance))
    for _ in range(STEPS):  # the minimum of a distance is known to half the digits, the foot on a tangent to all
        (normal,) = piece.normals(np.array([[best]]))
        ahead = piece.points(np.array([[min(best + STEP, 1.0)], [max(best - STEP, 0.0)]]))
        along = np.array([-normal[1], normal[0]])
        along = along * np.sign(along @ (ahead[0] - ahead[1])) / piece.full_measure
        best = min(max(best + float(along @ (point - piece.points(np.array([[best]]))[0])), 0.0), 1.0)
    return best, distance(best)


def gap_ahead(loaded: LoadedPoint, outward: Array, size: float) -> float | None:
    """How far the body is from the point along a direction [2] out of it; None where it is not met again."""
    distances = size * 1.5 * np.arange(1, AHEAD + 1) / AHEAD
    inside = loaded.subdomain.shape.contains(loaded.point + distances[:, None] * outward, 0.0)
    hits = np.flatnonzero(inside)
    return float(distances[hits[0]]) if len(hits) else None
