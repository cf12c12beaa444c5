"""Planar shapes with curved or slanted sides: polygon, disk, ellipse, sector, annulus."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from pinn.geometry.shapes.curves import FULL_TURN, CircleArc, EllipseCurve
from pinn.geometry.shapes.pieces import Array, Flat, Piece
from pinn.geometry.shapes.shape import GeometryError, Shape, named, positive, prefixed, vector


class Disk(Shape):
    """|point - center| <= radius; patch circle."""

    def __init__(self, center: Sequence[float], radius: float, name: str | None = None):
        self.center = vector(center, "center", 2)
        self.radius = positive(radius, "radius")
        self.name = name

    @property
    def bounds(self) -> tuple[Array, Array]:
        return self.center - self.radius, self.center + self.radius

    @property
    def measure(self) -> float:
        return np.pi * self.radius**2

    def level(self, points: Array) -> Array:
        return np.hypot(points[:, 0] - self.center[0], points[:, 1] - self.center[1]) - self.radius

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:  # type: ignore[override]
        return (CircleArc(named("circle", self.name), self.center, self.radius),)


class Ellipse(Shape):
    """Ellipse whose first semi-axis stands at angle `rotation` (radians) to the x axis; patch ellipse."""

    def __init__(
        self, center: Sequence[float], semi_axes: Sequence[float], rotation: float = 0.0, name: str | None = None
    ):
        self.center = vector(center, "center", 2)
        self.semi_axes = vector(semi_axes, "semi_axes", 2)
        for index, semi_axis in enumerate(self.semi_axes):
            if semi_axis <= 0:
                raise GeometryError(("semi_axes", index), f"must be positive, got {semi_axis:g}")
        self.rotation = float(rotation)
        self.name = name

    @property
    def bounds(self) -> tuple[Array, Array]:
        a, b = self.semi_axes
        cosine, sine = np.cos(self.rotation), np.sin(self.rotation)
        reach = np.hypot([a * cosine, a * sine], [b * sine, b * cosine])
        return self.center - reach, self.center + reach

    @property
    def measure(self) -> float:
        return float(np.pi * np.prod(self.semi_axes))

    def level(self, points: Array) -> Array:
        """k (k - 1) / |grad|, k² = (x/a)² + (y/b)² in the ellipse's axes: zero on it, unit slope across it."""
        cosine, sine = np.cos(self.rotation), np.sin(self.rotation)
        local = (points - self.center) @ np.array([[cosine, -sine], [sine, cosine]])
        k = np.linalg.norm(local / self.semi_axes, axis=1)
        slope = np.linalg.norm(local / self.semi_axes**2, axis=1)
        shortest = float(np.min(self.semi_axes))
        # k/slope lies between the shortest semi-axis and the longest; at the centre it is 0/0
        ratio = np.divide(k, slope, out=np.full_like(k, shortest), where=slope > 0)
        return (k - 1) * ratio

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:  # type: ignore[override]
        return (EllipseCurve(named("ellipse", self.name), self.center, self.semi_axes, self.rotation),)


class Annulus(Shape):
    """inner_radius <= |point - center| <= outer_radius; patches inner, outer."""

    def __init__(self, center: Sequence[float], inner_radius: float, outer_radius: float, name: str | None = None):
        self.center = vector(center, "center", 2)
        self.inner_radius = positive(inner_radius, "inner_radius")
        self.outer_radius = _outer(inner_radius, outer_radius)
        self.name = name

    @property
    def bounds(self) -> tuple[Array, Array]:
        return self.center - self.outer_radius, self.center + self.outer_radius

    @property
    def measure(self) -> float:
        return np.pi * (self.outer_radius**2 - self.inner_radius**2)

    def level(self, points: Array) -> Array:
        distance = np.hypot(points[:, 0] - self.center[0], points[:, 1] - self.center[1])
        return np.maximum(distance - self.outer_radius, self.inner_radius - distance)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:  # type: ignore[override]
        return (
            CircleArc(prefixed("inner", self.name), self.center, self.inner_radius, side=-1.0),
            CircleArc(prefixed("outer", self.name), self.center, self.outer_radius),
        )


class Sector(Shape):
    """Part of a disk or annulus between two angles in radians, counted anticlockwise from the x axis.

    Patches inner (none where inner_radius is 0), outer, start (at from_angle), end (at to_angle).
    """

    def __init__(
        self,
        center: Sequence[float],
        inner_radius: float,
        outer_radius: float,
        from_angle: float,
        to_angle: float,
        name: str | None = None,
    ):
        self.center = vector(center, "center", 2)
        if not float(inner_radius) >= 0:
            raise GeometryError(("inner_radius",), f"must not be negative, got {inner_radius:g}")
        self.inner_radius = float(inner_radius)
        self.outer_radius = _outer(inner_radius, outer_radius)
        self.from_angle, self.to_angle = float(from_angle), float(to_angle)
        if not self.from_angle < self.to_angle:
            raise GeometryError(("to_angle",), f"must be greater than from_angle ({from_angle:g}), got {to_angle:g}")
        if self.to_angle - self.from_angle >= FULL_TURN:
            opening = self.to_angle - self.from_angle
            message = f"must stay short of a full turn (2*pi) after from_angle, got {opening:g}; use disk or annulus"
            raise GeometryError(("to_angle",), message)
        self.name = name

    @cached_property
    def bounds(self) -> tuple[Array, Array]:  # type: ignore[override]
        quarter = np.pi / 2
        turns = np.arange(np.ceil(self.from_angle / quarter), np.floor(self.to_angle / quarter) + 1) * quarter
        angles = np.concatenate([[self.from_angle, self.to_angle], turns])
        directions = np.column_stack([np.cos(angles), np.sin(angles)])
        corners = np.vstack([self.inner_radius * directions, self.outer_radius * directions])
        return self.center + corners.min(axis=0), self.center + corners.max(axis=0)

    @property
    def measure(self) -> float:
        return 0.5 * (self.to_angle - self.from_angle) * (self.outer_radius**2 - self.inner_radius**2)

    def level(self, points: Array) -> Array:
        from_center = points - self.center
        distance = np.hypot(from_center[:, 0], from_center[:, 1])
        before = from_center @ self._start_normal
        after = from_center @ self._end_normal
        wedge = np.maximum(before, after) if self.to_angle - self.from_angle <= np.pi else np.minimum(before, after)
        ring = np.maximum(distance - self.outer_radius, self.inner_radius - distance)
        return np.maximum(ring, wedge)

    @property
    def _start_normal(self) -> Array:
        return np.array([np.sin(self.from_angle), -np.cos(self.from_angle)])

    @property
    def _end_normal(self) -> Array:
        return np.array([-np.sin(self.to_angle), np.cos(self.to_angle)])

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:  # type: ignore[override]
        found: list[Piece] = []
        for patch, radius, side in (("inner", self.inner_radius, -1.0), ("outer", self.outer_radius, 1.0)):
            if radius > 0:
                found.append(
                    CircleArc(prefixed(patch, self.name), self.center, radius, self.from_angle, self.to_angle, side)
                )
        sides = (("start", self.from_angle, self._start_normal), ("end", self.to_angle, self._end_normal))
        for patch, angle, normal in sides:
            direction = np.array([np.cos(angle), np.sin(angle)])
            origin = self.center + self.inner_radius * direction
            span = (self.outer_radius - self.inner_radius) * direction
            found.append(Flat(prefixed(patch, self.name), origin, span[None, :], normal))
        return tuple(found)


def _outer(inner_radius: float, outer_radius: float) -> float:
    outer = positive(outer_radius, "outer_radius")
    if not inner_radius < outer:
        raise GeometryError(("outer_radius",), f"must be greater than inner_radius ({inner_radius:g}), got {outer:g}")
    return outer
