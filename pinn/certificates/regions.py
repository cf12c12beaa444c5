"""Regions: where something is certified, as the image of a box of parameters under a map that Taylor models follow.

The inside of a domain is a box that holds it, of which parts that certainly lie outside are left out; what is kept may
reach beyond the domain, and a bound over more than the domain is one over the domain. A piece of the boundary is a box
with a side of length zero, a segment, or an arc; over time and parameters each goes on as a box does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import sympy

from pinn.certificates.composition import cosine, sine
from pinn.certificates.taylor import EPS, TINY, Algebra, Array, Taylor
from pinn.domain.domain import Domain
from pinn.domain.places import Boundary, Initial, Interior, Place, Points
from pinn.errors import SpecError
from pinn.geometry.shapes.ball import Ball
from pinn.geometry.shapes.boxes import Box
from pinn.geometry.shapes.csg import Difference, Intersection, Union
from pinn.geometry.shapes.curves import CircleArc, SubCurve
from pinn.geometry.shapes.pieces import Flat, Piece, Relabelled, Reversed
from pinn.geometry.shapes.planar import Annulus, Disk
from pinn.geometry.shapes.shape import Shape
from pinn.geometry.shapes.solids import Sphere

OVERHANG = 1e-9  # of a cut piece, how much more of it is taken at both ends than its ends say
SLACK = 1e-12  # relative, of distances that decide what lies outside

Ground = dict[str, object]  # a shape as plain data, which the checker reads


@dataclass(frozen=True, eq=False)
class Region:
    """x(p) for p in the box lower <= p <= upper.

    kind      "box" (x = p), "segment" or "arc" (the first parameter runs along it; all others are coordinates)
    data      of a segment origin and span, of an arc centre, radius
    normal    outward, constant; of an arc +1 or -1 times the direction from its centre
    ground    the shape that x lies in, in space, where parts of the box may be left out
    where     an expression that is 1 at the points that count
    """

    name: str
    lower: Array
    upper: Array
    kind: str = "box"
    data: dict[str, list[float]] = field(default_factory=dict)
    normal: tuple[float, ...] | None = None
    ground: Ground | None = None
    where: sympy.Expr | None = None

    @property
    def measure_factor(self) -> float:
        """Length of the curve for one unit of the first parameter."""
        if self.kind == "segment":
            return math.hypot(*self.data["span"])
        return self.data["radius"][0] if self.kind == "arc" else 1.0

    def places(self, centre: Array, radius: Array, space: Algebra) -> Taylor:
        """x [B, D] over the boxes centre +- radius [B, m]."""
        parameters = variables(centre, radius, space)
        if self.kind == "box":
            return parameters
        first, rest = parameters[:, 0], parameters[:, 1:]
        columns: list[Taylor] = []
        if self.kind == "segment":
            for start, span in zip(self.data["origin"], self.data["span"], strict=True):
                columns.append(first * span + start)
        else:
            for start, turn in zip(self.data["center"], (cosine(first), sine(first)), strict=True):
                columns.append(turn * self.data["radius"][0] + start)
        c = np.concatenate([np.stack([f.c for f in columns], axis=2), rest.c], axis=2)
        return Taylor(space, c, np.concatenate([np.stack([f.e for f in columns], axis=1), rest.e], axis=1))

    def normals(self, centre: Array, radius: Array, space: Algebra) -> list[Taylor]:
        """Components [B] of the outward normal; none where there is none."""
        if self.normal is None:
            return []
        if self.kind == "arc":
            angle = variables(centre, radius, space)[:, 0]
            return [cosine(angle) * self.normal[0], sine(angle) * self.normal[0]]
        return [Taylor.constant(space, np.full(len(centre), n), 4 * EPS * (n not in (0, 1, -1))) for n in self.normal]

    def outside(self, lower: Array, upper: Array) -> np.ndarray:
        """Which boxes [B] of parameters certainly have no point of the region."""
        if self.ground is None:
            return np.zeros(len(lower), dtype=bool)
        return off(self.ground, lower, upper)


def variables(centre: Array, radius: Array, space: Algebra) -> Taylor:
    c = np.zeros((len(space), *centre.shape))
    c[0] = centre
    for axis in range(space.variables):
        c[space.number([int(axis == i) for i in range(space.variables)]), :, axis] = radius[:, axis]
    return Taylor(space, c, np.zeros(centre.shape))


# ---- shapes as plain data -------------------------------------------------------------------------------------------


def ground_of(shape: Shape) -> Ground | None:
    """What of a shape decides where its outside is; None where nothing is known."""
    match shape:
        case Box():
            return {"box": [shape.lower.tolist(), shape.upper.tolist()]}
        case Disk() | Sphere() | Ball():
            return {"ball": [shape.center.tolist(), shape.radius]}
        case Annulus():
            outer: Ground = {"ball": [shape.center.tolist(), shape.outer_radius]}
            return {"difference": [outer, {"ball": [shape.center.tolist(), shape.inner_radius]}]}
        case Union() | Intersection() | Difference():
            word = type(shape).__name__.lower()
            return {word: [ground_of(part) or {"unknown": []} for part in shape.shapes]}
    return None


def box_of(shape: Shape) -> tuple[Array, Array]:
    """A box that holds the shape. The `bounds` of a combination are tightened by samples: these are of its parts."""
    match shape:
        case Box():
            return shape.bounds
        case Difference():
            return box_of(shape.shapes[0])
        case Union() | Intersection():
            corners = [box_of(part) for part in shape.shapes]
            lowest, highest = (np.min, np.max) if isinstance(shape, Union) else (np.max, np.min)
            return lowest([low for low, _ in corners], axis=0), highest([high for _, high in corners], axis=0)
    lower, upper = shape.bounds
    return lower - OVERHANG * (upper - lower), upper + OVERHANG * (upper - lower)


def off(ground: Ground, lower: Array, upper: Array) -> np.ndarray:
    """Which boxes [B, >= S] certainly have no point of the shape."""
    ((word, data),) = ground.items()
    match word, data:
        case "box", [low, high]:
            size = len(low)
            return ((upper[:, :size] < low) | (lower[:, :size] > high)).any(axis=1)
        case "ball", [middle, radius]:
            return nearest(lower, upper, np.array(middle)) > radius * (1 + SLACK) + TINY
        case "union", [*parts]:
            return np.logical_and.reduce([off(part, lower, upper) for part in parts])
        case "intersection", [*parts]:
            return np.logical_or.reduce([off(part, lower, upper) for part in parts])
        case "difference", [first, *others]:
            return np.logical_or.reduce([off(first, lower, upper), *(within(part, lower, upper) for part in others)])
    return np.zeros(len(lower), dtype=bool)


def within(ground: Ground, lower: Array, upper: Array) -> np.ndarray:
    """Which boxes certainly lie inside the shape, and not on its boundary."""
    ((word, data),) = ground.items()
    match word, data:
        case "box", [low, high]:
            size = len(low)
            return ((lower[:, :size] > low) & (upper[:, :size] < high)).all(axis=1)
        case "ball", [middle, radius]:
            return farthest(lower, upper, np.array(middle)) < radius * (1 - SLACK)
        case "union", [*parts]:
            return np.logical_or.reduce([within(part, lower, upper) for part in parts])
        case "intersection", [*parts]:
            return np.logical_and.reduce([within(part, lower, upper) for part in parts])
        case "difference", [first, *others]:
            return np.logical_and.reduce([within(first, lower, upper), *(off(part, lower, upper) for part in others)])
    return np.zeros(len(lower), dtype=bool)


def nearest(lower: Array, upper: Array, point: Array) -> Array:
    gap = np.maximum(np.maximum(lower[:, : len(point)] - point, point - upper[:, : len(point)]), 0.0)
    return np.linalg.norm(gap, axis=1)


def farthest(lower: Array, upper: Array, point: Array) -> Array:
    gap = np.maximum(np.abs(lower[:, : len(point)] - point), np.abs(point - upper[:, : len(point)]))
    return np.linalg.norm(gap, axis=1)


# ---- places as regions ----------------------------------------------------------------------------------------------


def regions_of(place: Place, domain: Domain) -> list[Region]:
    """What a statement's place is made of. Raises SpecError where it cannot be."""
    if domain.family is not None and domain.family.moving:
        raise SpecError(("parameters",), "a family whose shape moves cannot be certified")
    lower, upper = domain.bounds
    match place:
        case Interior(subdomain):
            shape = domain.over(subdomain) if subdomain else domain.shape
            low, high = lower.copy(), upper.copy()
            low[: domain.space], high[: domain.space] = box_of(shape)
            return [Region(f"inside {subdomain}".strip(), low, high, ground=ground_of(shape))]
        case Initial(where, subdomain):
            shape = domain.over(subdomain) if subdomain else domain.shape
            low, high = lower.copy(), upper.copy()
            low[: domain.space], high[: domain.space] = box_of(shape)
            high[-1] = low[-1]
            return [Region(f"initial {subdomain}".strip(), low, high, ground=ground_of(shape), where=where)]
        case Points(points):
            found = []
            for number, point in enumerate(points):
                low, high = lower.copy(), upper.copy()
                low[: len(point)] = high[: len(point)] = point
                found.append(Region(f"point {number + 1}", low, high))
            return found
        case Boundary(patches, where):
            pieces = domain.over(place.subdomain).pieces_of(patches)
            return [piece_region(piece, lower, upper, domain.space, where) for piece in pieces]
    raise SpecError((), f"what is stated on {place.label} cannot be certified: {type(place).__name__}")


def piece_region(piece: Piece, lower: Array, upper: Array, space: int, where: sympy.Expr | None) -> Region:
    name, side, start, end = piece.patch, 1.0, 0.0, 1.0
    while isinstance(piece, SubCurve | Reversed | Relabelled):
        if isinstance(piece, SubCurve):
            length = piece.end - piece.start
            start, end = piece.start + length * start - OVERHANG, piece.start + length * end + OVERHANG
            piece = piece.curve
        elif isinstance(piece, Reversed):
            side, piece = -side, piece.piece
        else:
            piece = piece.piece
    if isinstance(piece, CircleArc) and space == 2:
        turn = piece.to_angle - piece.from_angle
        first, last = piece.from_angle + turn * start, piece.from_angle + turn * end
        low, high = min(first, last) - OVERHANG, max(first, last) + OVERHANG
        data = {"center": piece.center.tolist(), "radius": [float(piece.radius)]}
        normal = (side * piece.side,)
        return Region(
            name, np.append(low, lower[space:]), np.append(high, upper[space:]), "arc", data, normal, where=where
        )
    if isinstance(piece, Flat):
        normal = tuple((side * piece.normal).tolist())
        along = (np.abs(piece.spans) > 0).sum(axis=1)
        if (along <= 1).all():
            origin, spans = piece.origin, piece.spans.sum(axis=0) if len(piece.spans) else np.zeros(space)
            if len(piece.spans) == 1:
                origin, spans = origin + start * spans, (end - start) * spans
            ends = np.stack([origin, origin + spans])
            low, high = lower.copy(), upper.copy()
            low[:space], high[:space] = ends.min(axis=0), ends.max(axis=0)
            return Region(name, low, high, normal=normal, where=where)
        if space == 2:
            data = {"origin": piece.origin.tolist(), "span": piece.spans[0].tolist()}
            return Region(
                name, np.append(start, lower[2:]), np.append(end, upper[2:]), "segment", data, normal, where=where
            )
    raise SpecError((), f"a boundary of the kind {type(piece).__name__} (patch {name}) cannot be certified yet")
