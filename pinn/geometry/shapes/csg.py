"""Constructive solid geometry: union, intersection and difference of shapes, with exact boundaries.

Patches keep their children's names; the same name in two children is one patch made of both parts. In a difference
the boundary of a subtracted shape faces the other way, into the hole.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from pinn.geometry.shapes.clipping import INSIDE, OUTSIDE, Level, clip
from pinn.geometry.shapes.curves import green_integral
from pinn.geometry.shapes.pieces import Array, Piece, Reversed, sobol_parameters
from pinn.geometry.shapes.shape import GeometryError, Shape

_VOLUME_SAMPLES_LOG2 = 18  # 262 144 quasi-random points: volumes good to about 1e-4 of the bounding box
_BOUND_SAMPLES = 1025  # along each curve, to tighten the bounding box of a cut planar shape


class Combination(Shape):
    """What union, intersection and difference share; `wanted` is the side of the others that survives."""

    wanted: int

    def __init__(self, *shapes: Shape):
        if not shapes:
            raise GeometryError((), "needs at least one shape")
        for index, shape in enumerate(shapes):
            if shape.dimension != shapes[0].dimension:
                raise GeometryError(
                    (index,), f"has {shape.dimension} dimensions, but the shape before it has {shapes[0].dimension}"
                )
        self.shapes = shapes

    def _levels(self) -> list[Level]:
        return [shape.level for shape in self.shapes]

    def _boundaries(self) -> list[tuple[Piece, ...]]:
        return [shape.pieces for shape in self.shapes]

    @cached_property
    def _scale(self) -> float:
        return max(float(np.max(np.abs(shape.bounds))) for shape in self.shapes)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:  # type: ignore[override]
        primitives = [shape.primitive_levels for shape in self.shapes]
        return tuple(
            piece
            for rank, boundary in enumerate(self._boundaries())
            for piece in clip(boundary, rank, self._levels(), primitives, self.wanted, self._scale, self.dimension)
        )

    @property
    def primitive_levels(self) -> tuple[Level, ...]:
        return tuple(level for shape in self.shapes for level in shape.primitive_levels)

    @cached_property
    def vanished_patches(self) -> tuple[str, ...]:  # type: ignore[override]
        names = [name for shape in self.shapes for name in (*shape.patches, *shape.vanished_patches)]
        return tuple(name for name in dict.fromkeys(names) if name not in self.patches)

    @cached_property
    def patch_groups(self) -> Mapping[str, tuple[str, ...]]:  # type: ignore[override]
        """What is left of those of the shapes; the same name in two of them is one group."""
        found: dict[str, dict[str, None]] = {}
        for shape in self.shapes:
            for name, patches in shape.patch_groups.items():
                left = (patch for patch in patches if patch in self.patches)
                found.setdefault(name, {}).update(dict.fromkeys(left))
        return {name: tuple(left) for name, left in found.items() if left and name not in self.patches}

    @property
    def dimension(self) -> int:
        return self.shapes[0].dimension

    @property
    def outer_bounds(self) -> tuple[Array, Array]:
        """A box that holds the shape, found without its boundary."""
        raise NotImplementedError

    @cached_property
    def bounds(self) -> tuple[Array, Array]:  # type: ignore[override]
        """Tight in one and two dimensions; in more, the box that follows from the children's."""
        lower, upper = self.outer_bounds
        if self.dimension > 2 or not self.pieces:
            return lower, upper
        parameters = np.linspace(0.0, 1.0, _BOUND_SAMPLES)[:, None][:, : self.dimension - 1]
        points = np.vstack([piece.points(parameters) for piece in self.pieces])
        slack = 1e-5 * float(np.max(upper - lower))  # the samples may miss a curve's outermost point by so much
        tight_lower, tight_upper = points.min(axis=0), points.max(axis=0)
        lower = np.where(tight_lower - lower > slack, tight_lower - slack, lower)
        upper = np.where(upper - tight_upper > slack, tight_upper + slack, upper)
        return lower, upper

    @cached_property
    def measure(self) -> float:  # type: ignore[override]
        """Up to two dimensions by the divergence theorem, D * measure = integral of x·n; else quasi-Monte Carlo."""
        if self.dimension == 1:
            only = np.zeros((1, 0))
            return float(sum(np.sum(piece.points(only) * piece.normals(only)) for piece in self.pieces))
        if self.dimension == 2:
            return 0.5 * sum(green_integral(piece) for piece in self.pieces)
        lower, upper = self.bounds
        points = lower + (upper - lower) * sobol_parameters(self.dimension, _VOLUME_SAMPLES_LOG2)
        return float(np.prod(upper - lower) * np.mean(self.level(points) < 0))


class Union(Combination):
    """Points in at least one of the shapes."""

    wanted = OUTSIDE

    def level(self, points: Array) -> Array:
        return np.min([level(points) for level in self._levels()], axis=0)

    @property
    def outer_bounds(self) -> tuple[Array, Array]:
        corners = [shape.bounds for shape in self.shapes]
        return np.min([lower for lower, _ in corners], axis=0), np.max([upper for _, upper in corners], axis=0)


class Intersection(Combination):
    """Points in all of the shapes."""

    wanted = INSIDE

    def level(self, points: Array) -> Array:
        return np.max([level(points) for level in self._levels()], axis=0)

    @property
    def outer_bounds(self) -> tuple[Array, Array]:
        corners = [shape.bounds for shape in self.shapes]
        lower, upper = np.max([low for low, _ in corners], axis=0), np.min([high for _, high in corners], axis=0)
        return lower, np.maximum(lower, upper)


class Difference(Combination):
    """Points of the first shape in none of the others: its intersection with their complements."""

    wanted = INSIDE

    def level(self, points: Array) -> Array:
        return np.max([level(points) for level in self._levels()], axis=0)

    def _levels(self) -> list[Level]:
        first, *subtracted = self.shapes
        return [first.level, *(_negated(shape.level) for shape in subtracted)]

    def _boundaries(self) -> list[tuple[Piece, ...]]:
        first, *subtracted = self.shapes
        return [first.pieces, *(tuple(Reversed(piece) for piece in shape.pieces) for shape in subtracted)]

    @property
    def outer_bounds(self) -> tuple[Array, Array]:
        return self.shapes[0].bounds


def _negated(level: Level) -> Level:
    return lambda points: -level(points)
