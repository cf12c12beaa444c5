"""Solids with curved sides: sphere and cylinder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pinn.geometry.shapes.pieces import Array, Piece
from pinn.geometry.shapes.shape import GeometryError, Shape, named, positive, prefixed, vector


class Sphere(Shape):
    """The ball |point - center| <= radius; patch sphere."""

    def __init__(self, center: Sequence[float], radius: float, name: str | None = None):
        self.center = vector(center, "center", 3)
        self.radius = positive(radius, "radius")
        self.name = name

    @property
    def bounds(self) -> tuple[Array, Array]:
        return self.center - self.radius, self.center + self.radius

    @property
    def measure(self) -> float:
        return 4 / 3 * np.pi * self.radius**3

    def level(self, points: Array) -> Array:
        return np.linalg.norm(points - self.center, axis=1) - self.radius

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:  # type: ignore[override]
        return (SphereSurface(named("sphere", self.name), self.center, self.radius),)


class Cylinder(Shape):
    """Solid circular cylinder about the segment from `start` to `end`; patches side, start, end."""

    def __init__(self, start: Sequence[float], end: Sequence[float], radius: float, name: str | None = None):
        self.start = vector(start, "start", 3)
        self.end = vector(end, "end", 3)
        self.radius = positive(radius, "radius")
        self.name = name
        self.length = float(np.linalg.norm(self.end - self.start))
        if self.length == 0:
            raise GeometryError(("end",), "must differ from the start of the cylinder's axis")

    @property
    def axis(self) -> Array:
        return (self.end - self.start) / self.length

    @property
    def frame(self) -> Array:
        """Two unit vectors [2, 3] across the axis, right-handed with it."""
        helper = np.eye(3)[np.argmin(np.abs(self.axis))]
        first = np.cross(self.axis, helper)
        first /= np.linalg.norm(first)
        return np.array([first, np.cross(self.axis, first)], dtype=float)

    @property
    def bounds(self) -> tuple[Array, Array]:
        reach = self.radius * np.sqrt(np.maximum(1 - self.axis**2, 0.0))
        return np.minimum(self.start, self.end) - reach, np.maximum(self.start, self.end) + reach

    @property
    def measure(self) -> float:
        return np.pi * self.radius**2 * self.length

    def level(self, points: Array) -> Array:
        """Exact signed distance."""
        offset = points - self.start
        along = offset @ self.axis
        radial = np.linalg.norm(offset - along[:, None] * self.axis, axis=1) - self.radius
        axial = np.maximum(-along, along - self.length)
        outside = np.hypot(np.maximum(radial, 0.0), np.maximum(axial, 0.0))
        return outside + np.minimum(np.maximum(radial, axial), 0.0)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:  # type: ignore[override]
        span = self.end - self.start
        return (
            CylinderSide(prefixed("side", self.name), self.start, span, self.frame, self.radius),
            RoundCap(prefixed("start", self.name), self.start, -self.axis, self.frame, self.radius),
            RoundCap(prefixed("end", self.name), self.end, self.axis, self.frame, self.radius),
        )


@dataclass(frozen=True, eq=False)
class SphereSurface(Piece):
    """Sphere by height and longitude: equal heights cut equal areas (Archimedes)."""

    patch: str
    center: Array
    radius: float

    @property
    def measure(self) -> float:
        return 4 * np.pi * self.radius**2

    def points(self, parameters: Array) -> Array:
        return self.center + self.radius * self.normals(parameters)

    def normals(self, parameters: Array) -> Array:
        height = 2 * parameters[:, 0] - 1
        longitude = 2 * np.pi * parameters[:, 1]
        ring = np.sqrt(np.maximum(1 - height**2, 0.0))
        return np.column_stack([ring * np.cos(longitude), ring * np.sin(longitude), height])


@dataclass(frozen=True, eq=False)
class CylinderSide(Piece):
    """Lateral surface: parameters are the share of the axis and of the turn."""

    patch: str
    start: Array
    span: Array
    frame: Array  # [2, 3]
    radius: float

    @property
    def measure(self) -> float:
        return 2 * np.pi * self.radius * float(np.linalg.norm(self.span))

    def points(self, parameters: Array) -> Array:
        return self.start + parameters[:, :1] * self.span + self.radius * self.normals(parameters)

    def normals(self, parameters: Array) -> Array:
        angle = 2 * np.pi * parameters[:, 1]
        return np.column_stack([np.cos(angle), np.sin(angle)]) @ self.frame


@dataclass(frozen=True, eq=False)
class RoundCap(Piece):
    """Flat circular end: radius * sqrt(first parameter) keeps areas equal."""

    patch: str
    center: Array
    normal: Array
    frame: Array  # [2, 3]
    radius: float

    @property
    def measure(self) -> float:
        return np.pi * self.radius**2

    def points(self, parameters: Array) -> Array:
        angle = 2 * np.pi * parameters[:, 1]
        ring = self.radius * np.sqrt(parameters[:, :1])
        return self.center + ring * (np.column_stack([np.cos(angle), np.sin(angle)]) @ self.frame)

    def normals(self, parameters: Array) -> Array:
        return np.broadcast_to(self.normal, (len(parameters), 3)).copy()
