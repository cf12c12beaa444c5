"""Curves: boundary pieces in the plane, parametrised by arc length over [0, 1]."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ellipeinc

from pinn.geometry.shapes.pieces import Array, Piece

FULL_TURN = 2 * np.pi
_ELLIPSE_TABLE = 2049  # angles tabulated; Newton then reaches roundoff in a few steps
_NEWTON_STEPS = 6


@dataclass(frozen=True, eq=False)
class CircleArc(Piece):
    """Arc of a circle between two angles; `side` is +1 where the shape lies inside the circle, -1 outside."""

    patch: str
    center: Array  # [2]
    radius: float
    from_angle: float = 0.0
    to_angle: float = FULL_TURN
    side: float = 1.0

    @property
    def measure(self) -> float:
        return self.radius * abs(self.to_angle - self.from_angle)

    def _directions(self, parameters: Array) -> Array:
        angle = self.from_angle + (self.to_angle - self.from_angle) * parameters[:, 0]
        return np.column_stack([np.cos(angle), np.sin(angle)])

    def points(self, parameters: Array) -> Array:
        return self.center + self.radius * self._directions(parameters)

    def normals(self, parameters: Array) -> Array:
        return self.side * self._directions(parameters)


@dataclass(frozen=True, eq=False)
class EllipseCurve(Piece):
    """Whole ellipse center + R (a cos(angle), b sin(angle)), R the rotation.

    Arc length L(angle) = b E(angle | 1 - a²/b²), E the incomplete elliptic integral of the second kind, is inverted
    by Newton's method: dL/dangle = sqrt(a² sin² + b² cos²).   Source: DLMF 19.30.
    """

    patch: str
    center: Array  # [2]
    semi_axes: Array  # [2]
    rotation: float

    def _arc_length(self, angle: Array) -> Array:
        a, b = self.semi_axes
        return b * ellipeinc(angle, 1 - (a / b) ** 2)

    @cached_property
    def _table(self) -> tuple[Array, Array]:
        angle = np.linspace(0.0, FULL_TURN, _ELLIPSE_TABLE)
        return angle, self._arc_length(angle)

    @property
    def measure(self) -> float:
        return float(self._table[1][-1])

    def _angles(self, parameters: Array) -> Array:
        a, b = self.semi_axes
        length = self.measure * parameters[:, 0]
        angles, lengths = self._table
        angle = np.interp(length, lengths, angles)
        for _ in range(_NEWTON_STEPS):
            angle = angle - (self._arc_length(angle) - length) / np.hypot(a * np.sin(angle), b * np.cos(angle))
        return angle

    @cached_property
    def _rotation_matrix(self) -> Array:
        cosine, sine = np.cos(self.rotation), np.sin(self.rotation)
        return np.array([[cosine, -sine], [sine, cosine]])

    def points(self, parameters: Array) -> Array:
        angle = self._angles(parameters)
        a, b = self.semi_axes
        return self.center + np.column_stack([a * np.cos(angle), b * np.sin(angle)]) @ self._rotation_matrix.T

    def normals(self, parameters: Array) -> Array:
        angle = self._angles(parameters)
        a, b = self.semi_axes
        normal = np.column_stack([b * np.cos(angle), a * np.sin(angle)]) @ self._rotation_matrix.T
        return normal / np.linalg.norm(normal, axis=1, keepdims=True)


@dataclass(frozen=True, eq=False)
class SubCurve(Piece):
    """The part start <= parameter <= end of another curve, again parametrised over [0, 1]."""

    curve: Piece
    start: float
    end: float

    @property
    def patch(self) -> str:  # type: ignore[override]
        return self.curve.patch

    @property
    def measure(self) -> float:
        return (self.end - self.start) * self.curve.measure

    def points(self, parameters: Array) -> Array:
        return self.curve.points(self.start + (self.end - self.start) * parameters)

    def normals(self, parameters: Array) -> Array:
        return self.curve.normals(self.start + (self.end - self.start) * parameters)


def green_integral(curve: Piece, panels: int = 128) -> float:
    """Integral of x·n along a curve, by Gauss-Legendre quadrature with 8 points on each panel."""
    nodes, weights = np.polynomial.legendre.leggauss(8)
    panel = (np.arange(panels)[:, None] + (nodes + 1) / 2) / panels  # [panels, 8]
    parameters = panel.reshape(-1, 1)
    outflow = np.sum(curve.points(parameters) * curve.normals(parameters), axis=1)
    return curve.measure * float(np.tile(weights / 2, panels) @ outflow) / panels
