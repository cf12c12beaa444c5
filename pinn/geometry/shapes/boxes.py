"""Boxes: interval, rectangle, cuboid and the box of any dimension; one class, four ways to name its faces."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np

from pinn.geometry.shapes.pieces import Array, Flat
from pinn.geometry.shapes.shape import GeometryError, Shape, prefixed, vector

_AXES = ("x", "y", "z")


class Box(Shape):
    """{lower <= point <= upper} in any dimension; patches x_lower, x_upper, y_lower, … by coordinate letter."""

    face_names: ClassVar[tuple[str, ...]] = ()  # lower and upper of each axis; empty: made from the letters
    needed_dimension: ClassVar[int | None] = None

    def __init__(
        self,
        lower: Sequence[float],
        upper: Sequence[float],
        name: str | None = None,
        coordinates: Sequence[str] | None = None,
    ):
        self.lower = vector(lower, "lower", self.needed_dimension)
        self.upper = vector(upper, "upper", len(self.lower))
        for axis, (low, high) in enumerate(zip(self.lower, self.upper, strict=True)):
            if not low < high:
                message = f"must be greater than {low:g}, where the shape starts, got {high:g}"
                raise GeometryError(("upper", axis), message)
        self.name = name
        dimension = len(self.lower)
        letters = tuple(coordinates) if coordinates else (_AXES if dimension <= 3 else _numbered(dimension))
        sides = tuple(f"{letter}_{end}" for letter in letters for end in ("lower", "upper"))
        self._faces = self.face_names or sides

    @property
    def bounds(self) -> tuple[Array, Array]:
        return self.lower, self.upper

    @property
    def measure(self) -> float:
        return float(np.prod(self.upper - self.lower))

    def level(self, points: Array) -> Array:
        """Exact signed distance."""
        excess = np.maximum(self.lower - points, points - self.upper)
        outside = np.linalg.norm(np.maximum(excess, 0.0), axis=1)
        return outside + np.minimum(np.max(excess, axis=1), 0.0)

    @cached_property
    def pieces(self) -> tuple[Flat, ...]:  # type: ignore[override]
        sides = np.diag(self.upper - self.lower)
        found = []
        for axis in range(len(self.lower)):
            spans = np.delete(sides, axis, axis=0)
            outward = np.zeros(len(self.lower))
            outward[axis] = 1.0
            far = self.lower.copy()
            far[axis] = self.upper[axis]
            for face, origin, normal in ((0, self.lower, -outward), (1, far, outward)):
                patch = prefixed(self._faces[2 * axis + face], self.name)
                found.append(Flat(patch, origin, spans, normal))
        return tuple(found)


class Interval(Box):
    """start <= x <= end; patches left, right."""

    face_names = ("left", "right")
    needed_dimension = 1

    def __init__(self, start: float, end: float, name: str | None = None):
        if not float(start) < float(end):
            raise GeometryError(("end",), f"must be greater than {start:g}, where the interval starts, got {end:g}")
        super().__init__([start], [end], name)


class Rectangle(Box):
    """Rectangle with sides along the axes; patches left, right (x), bottom, top (y)."""

    face_names = ("left", "right", "bottom", "top")
    needed_dimension = 2


class Cuboid(Box):
    """Cuboid with sides along the axes; patches left, right (x), bottom, top (y), back (lower z), front (upper z)."""

    face_names = ("left", "right", "bottom", "top", "back", "front")
    needed_dimension = 3


def _numbered(dimension: int) -> tuple[str, ...]:
    return tuple(f"x{axis + 1}" for axis in range(dimension))
