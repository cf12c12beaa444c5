"""Partition: a domain cut into parts that have no interior point in common, and the interfaces between them.

A part is a shape like any other: the intersection of the domain with the shape that was given, or what the given
shapes leave over; of a meshed domain, some of its cells (pinn/geometry/mesh/partition.py). Its boundary has the
domain's patches where it lies on the domain's boundary; the rest of it lies on interfaces, whose patches have names
that no domain can have.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import combinations

import numpy as np

from pinn.geometry.shapes.clipping import OPPOSED, Level, clip
from pinn.geometry.shapes.csg import Difference, Intersection
from pinn.geometry.shapes.pieces import Array, Piece, Relabelled, Reversed
from pinn.geometry.shapes.shape import GeometryError, Shape

Shapes = Mapping[str, Shape | None]  # name -> the shape that cuts the part out; None for what the others leave


class Inner(Shape):
    """A shape whose boundary is one patch, with a name that is none of a domain's: it has a space."""

    def __init__(self, shape: Shape, name: str):
        self.shape = shape
        self.patch = f"edge of {name}"

    @property
    def bounds(self) -> tuple[Array, Array]:
        return self.shape.bounds

    def level(self, points: Array) -> Array:
        return self.shape.level(points)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:  # type: ignore[override]
        return tuple(Relabelled(piece, self.patch) for piece in self.shape.pieces)

    @property
    def primitive_levels(self) -> tuple[Level, ...]:
        return self.shape.primitive_levels

    @property
    def measure(self) -> float:
        return self.shape.measure


class Partition(Shape):
    """The domain itself, with its parts and the interfaces among its pieces.

    parts      name -> shape
    touching   two parts that touch, in their order -> what they share of their boundaries, normals out of the first
    """

    def __init__(
        self, domain: Shape, parts: Mapping[str, Shape], touching: Mapping[tuple[str, str], tuple[Piece, ...]]
    ):
        self.domain, self.parts = domain, dict(parts)
        self.touching = {pair: pieces for pair, pieces in touching.items() if pieces}

    def interface(self, first: str, second: str) -> tuple[Piece, ...]:
        """What two parts have in common of their boundaries, normals out of the first; empty where they are apart."""
        if (second, first) in self.touching:
            return tuple(Reversed(piece) for piece in self.touching[second, first])
        return self.touching.get((first, second), ())

    def outer_patches(self, name: str) -> tuple[str, ...]:
        """The domain's patches of which some lie on the part."""
        return tuple(patch for patch in self.parts[name].patches if patch in self.domain.patches)

    def part_of(self, points: Array) -> np.ndarray:
        """Number of the part [N] that each point lies in: the first that has it, the nearest off the domain.

        Where two others meet, what they leave of the domain has a level of zero too, though it may be far from there.
        """
        margin = 1e-12 * self.size
        least = [2 * margin if isinstance(part, Difference) else margin for part in self.parts.values()]
        levels = np.stack([part.level(points) for part in self.parts.values()])
        return np.argmin(np.maximum(levels, np.array(least)[:, None]), axis=0)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:  # type: ignore[override]
        """The domain's boundary, cut where interfaces meet it, and each interface once."""
        outer = [piece for part in self.parts.values() for piece in part.pieces if piece.patch in self.domain.patches]
        return (*outer, *(piece for pieces in self.touching.values() for piece in pieces))

    @property
    def bounds(self) -> tuple[Array, Array]:
        return self.domain.bounds

    def level(self, points: Array) -> Array:
        return self.domain.level(points)

    @property
    def measure(self) -> float:
        return self.domain.measure


def cut_by_shapes(domain: Shape, shapes: Shapes) -> Partition:
    """A part of the domain within each shape, and what they leave.

    Raises GeometryError, its path the part's name, for parts that overlap, lie outside, or leave a gap.
    """
    inner = {name: Inner(shape, name) for name, shape in shapes.items() if shape is not None}
    parts: dict[str, Shape] = {}
    for name in shapes:
        if name in inner:
            parts[name] = Intersection(domain, inner[name])
        else:
            parts[name] = Difference(domain, *inner.values()) if inner else domain
        if not parts[name].pieces:
            reason = "the others leave nothing over" if name not in inner else "has no point in common with the domain"
            raise GeometryError((name,), reason)
    for first, second in combinations(inner, 2):
        if Intersection(parts[first], parts[second]).pieces:
            raise GeometryError((second,), f"overlaps '{first}'; subtract one from the other with 'difference'")
    if len(inner) == len(shapes) and Difference(domain, *inner.values()).pieces:
        raise GeometryError((), "leaves a part of the domain without a name; add one, such as matrix: rest")
    scale = float(np.max(np.abs(domain.bounds)))
    return Partition(domain, parts, {pair: _shared(parts, *pair, scale) for pair in combinations(parts, 2)})


def _shared(parts: Mapping[str, Shape], first: str, second: str, scale: float) -> tuple[Piece, ...]:
    one, other = parts[first], parts[second]
    levels = [one.level, other.level]
    primitives = [one.primitive_levels, other.primitive_levels]
    shared = clip(one.pieces, 0, levels, primitives, OPPOSED, scale, one.dimension)
    return tuple(Relabelled(piece, f"{first} | {second}") for piece in shared)
