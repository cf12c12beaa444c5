"""Carriers: the whole smooth surface that a piece of a boundary is a part of, in closed form.

Every carrier here is a quadric

    f(x) = (x - o)·A(x - o) + b·(x - o) + c,    f > 0 on the domain's side,    |grad f| = 1 on the surface

(on an ellipse at the ends of its shorter semi-axis, less elsewhere). Polynomials of degree two at most are smooth
everywhere, unlike the distance to a circle, which has a cusp at the centre.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pinn.geometry.mesh.facets import FacetPiece
from pinn.geometry.shapes.curves import CircleArc, EllipseCurve, SubCurve
from pinn.geometry.shapes.pieces import Array, Flat, Masked, Piece, Reversed
from pinn.geometry.shapes.solids import CylinderSide, RoundCap, SphereSurface

_MIDDLE = 0.5  # parameter of a point on a piece where its side is read off


@dataclass(frozen=True, eq=False)
class Quadric:
    """f(x) = (x - origin)·matrix (x - origin) + vector·(x - origin) + constant."""

    origin: Array  # [D]
    matrix: Array  # [D, D], symmetric
    vector: Array  # [D]
    constant: float

    def __call__(self, points: Array) -> Array:
        offset = points - self.origin
        return np.einsum("ni,ij,nj->n", offset, self.matrix, offset) + offset @ self.vector + self.constant

    def gradient(self, points: Array) -> Array:
        return 2 * (points - self.origin) @ self.matrix + self.vector

    def negated(self) -> Quadric:
        return Quadric(self.origin, -self.matrix, -self.vector, -self.constant)


@dataclass(frozen=True, eq=False)
class Core:
    """The centre or axis {point + directions·s} that a round surface keeps the distance `radius` from."""

    point: Array  # [D]
    projection: Array  # [D, D], onto the axis; zero for a centre
    radius: float

    def foot(self, points: Array) -> Array:
        """The nearest points [N, D] of the core."""
        return self.point + (points - self.point) @ self.projection


@dataclass(frozen=True, eq=False)
class Carrier:
    """core: of a round surface; None for planes and ellipses."""

    quadric: Quadric
    core: Core | None = None

    @property
    def is_flat(self) -> bool:
        return not self.quadric.matrix.any()


def carrier(piece: Piece) -> Carrier:
    """The carrier of a piece, positive on the domain's side. Raises TypeError for a piece of unknown kind."""
    whole = unwrapped(piece)
    if isinstance(whole, FacetPiece) and whole.plane is None:
        raise TypeError("curved facets")
    if type(whole) not in _CARRIERS:
        raise TypeError(type(whole).__name__)
    quadric, core = _CARRIERS[type(whole)](whole)
    dimension = len(quadric.origin)
    middle = np.full((1, dimension - 1), _MIDDLE)
    inward = -piece.normals(middle)[0]
    positive = quadric.gradient(piece.points(middle))[0] @ inward > 0
    return Carrier(quadric if positive else quadric.negated(), core)


def unwrapped(piece: Piece) -> Piece:
    """The piece without cuts and reversals."""
    while True:
        match piece:
            case SubCurve():
                piece = piece.curve
            case Reversed():
                piece = piece.piece
            case Masked():
                piece = piece._piece
            case _:
                return piece


def trim(piece: Piece) -> Quadric:
    """Positive on a plane curve (segment or arc), zero at its two ends, negative on the rest of its carrier.

    A segment of length l and centre m: (l²/4 - |x - m|²)/l. An arc: the signed distance to its chord.
    """
    start, end = piece.points(np.array([[0.0], [1.0]]))
    length = float(np.linalg.norm(end - start))
    if carrier(piece).is_flat:
        return Quadric((start + end) / 2, -np.eye(2) / length, np.zeros(2), length / 4)
    across = np.array([end[1] - start[1], start[0] - end[0]]) / length
    chord = Quadric(start, np.zeros((2, 2)), across, 0.0)
    on = piece.points(np.array([[_MIDDLE]]))
    return chord if chord(on)[0] > 0 else chord.negated()


def _plane(origin: Array, normal: Array) -> tuple[Quadric, None]:
    dimension = len(origin)
    return Quadric(origin, np.zeros((dimension, dimension)), normal, 0.0), None


def _round(point: Array, radius: float, projection: Array) -> tuple[Quadric, Core]:
    """(|x - core|² - radius²)/(2 radius)."""
    dimension = len(point)
    matrix = (np.eye(dimension) - projection) / (2 * radius)
    return Quadric(point, matrix, np.zeros(dimension), -radius / 2), Core(point, projection, radius)


def _ball(center: Array, radius: float) -> tuple[Quadric, Core]:
    return _round(center, radius, np.zeros((len(center), len(center))))


def _tube(side: CylinderSide) -> tuple[Quadric, Core]:
    axis = side.span / np.linalg.norm(side.span)
    return _round(side.start, side.radius, np.outer(axis, axis))


def _ellipse(curve: EllipseCurve) -> tuple[Quadric, None]:
    """b/2 ((x/a)² + (y/b)² - 1) in the ellipse's axes, b the shorter semi-axis."""
    turn, shortest = curve._rotation_matrix, float(np.min(curve.semi_axes))
    matrix = shortest / 2 * turn @ np.diag(curve.semi_axes**-2.0) @ turn.T
    return Quadric(curve.center, matrix, np.zeros(2), -shortest / 2), None


_CARRIERS: dict[type, Callable[..., tuple[Quadric, Core | None]]] = {
    Flat: lambda piece: _plane(piece.origin, piece.normal),
    RoundCap: lambda piece: _plane(piece.center, piece.normal),
    CircleArc: lambda piece: _ball(piece.center, piece.radius),
    SphereSurface: lambda piece: _ball(piece.center, piece.radius),
    CylinderSide: _tube,
    EllipseCurve: _ellipse,
    FacetPiece: lambda piece: _plane(piece.facets[0, 0], piece.plane),
}
