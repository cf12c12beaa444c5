"""Shape: a bounded region of space with an exact, named boundary.

Conventions of the whole package: N points, D space dimensions; arrays are numpy float64; points are [N, D];
normals point out of the shape and have unit length; a *patch* is a named part of the boundary, a *piece* is one smooth
parametrised surface of it (a curve in two dimensions, a point in one), so a patch is made of one or more pieces.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pinn.errors import did_you_mean
from pinn.geometry.shapes.pieces import Array, Piece


class GeometryError(ValueError):
    """A shape is impossible. `path` says which parameter, relative to the shape: () or ("radius",) or ("vertices", 3).

    The caller that knows where the shape stands in a spec puts that place before `path`.
    """

    def __init__(self, path: Sequence[str | int], message: str):
        super().__init__(message)
        self.path = tuple(path)
        self.message = message


class Shape(ABC):
    """What every shape offers; a new shape defines `bounds`, `level`, `pieces` and, in closed form, `measure`."""

    @property
    @abstractmethod
    def bounds(self) -> tuple[Array, Array]:
        """Lower and upper corner [D] of a box that holds the shape."""

    @abstractmethod
    def level(self, points: Array) -> Array:
        """Approximate signed distance [N]: negative inside, zero exactly on the boundary, unit slope across it."""

    @property
    @abstractmethod
    def pieces(self) -> tuple[Piece, ...]:
        """The smooth parts of the boundary, each once, normals outward."""

    @property
    @abstractmethod
    def measure(self) -> float:
        """Length, area or volume."""

    @property
    def dimension(self) -> int:
        return len(self.bounds[0])

    @property
    def size(self) -> float:
        """Longest side of the bounding box."""
        lower, upper = self.bounds
        return float(np.max(upper - lower))

    def from_unit(self, unit: Array) -> Array:
        """Points [N, D] of the bounding box, for draws [N, D] from the unit cube."""
        lower, upper = self.bounds
        return lower + (upper - lower) * unit

    @property
    def primitive_levels(self) -> tuple[Callable[[Array], Array], ...]:
        """The levels of the primitives that the shape is made of; together their zero sets hold its boundary."""
        return (self.level,)

    @property
    def patches(self) -> tuple[str, ...]:
        """Names of the patches, in the order of the pieces."""
        return tuple(dict.fromkeys(piece.patch for piece in self.pieces))

    @property
    def vanished_patches(self) -> tuple[str, ...]:
        """Names that the shape was built with and of which nothing is left on the boundary."""
        return ()

    @property
    def patch_groups(self) -> Mapping[str, tuple[str, ...]]:
        """Names that stand for several patches: that of a shape with sides, groups of a mesh that share facets."""
        name = getattr(self, "name", None)
        return {name: self.patches} if name and name not in self.patches else {}

    def contains(self, points: ArrayLike, tolerance: float = 0.0) -> NDArray[np.bool_]:
        """Is each point [N, D] inside, or outside by at most `tolerance`? A negative tolerance asks for a margin."""
        return self.level(np.asarray(points, dtype=float)) <= tolerance

    def patch_measure(self, name: str) -> float:
        """Length or area of a patch (number of points in one dimension). Raises GeometryError for an unknown name."""
        return float(sum(piece.measure for piece in self.pieces_of([name])))

    def pieces_of(self, names: Sequence[str]) -> tuple[Piece, ...]:
        """The pieces of the named patches, in the order of `names`. Raises GeometryError for an unknown name."""
        for name in names:
            if name in self.patches:
                continue
            if name in self.vanished_patches:
                raise GeometryError((), f"nothing of patch '{name}' is left on the boundary")
            raise GeometryError((), f"unknown patch '{name}'{did_you_mean(name, self.patches)}")
        return tuple(piece for name in names for piece in self._pieces_by_patch[name])

    @cached_property
    def _pieces_by_patch(self) -> dict[str, list[Piece]]:
        found: dict[str, list[Piece]] = {}
        for piece in self.pieces:
            found.setdefault(piece.patch, []).append(piece)
        return found


def named(default: str, name: str | None) -> str:
    """Patch name of a shape whose boundary is one patch: `name` replaces the default."""
    return name or default


def prefixed(patch: str, name: str | None) -> str:
    """Patch name of a shape with several patches: `name` goes before, as in `plate_left`."""
    return f"{name}_{patch}" if name else patch


def vector(value: ArrayLike, parameter: str, dimension: int | None = None) -> Array:
    """`value` as a finite float vector of the given length, or a GeometryError about `parameter`."""
    array = np.asarray(value, dtype=float)
    if array.ndim != 1 or (dimension is not None and len(array) != dimension):
        needed = f"{dimension} numbers" if dimension else "a list of numbers"
        received = len(array) if array.ndim == 1 else f"an array of shape {array.shape}"
        raise GeometryError((parameter,), f"needs {needed}, got {received}")
    for index, component in enumerate(array):
        if not np.isfinite(component):
            raise GeometryError((parameter, index), f"must be finite, got {component:g}")
    return array


def positive(value: float, parameter: str) -> float:
    """`value` as a float, refused unless it is finite and positive."""
    number = float(value)
    if not (np.isfinite(number) and number > 0):
        raise GeometryError((parameter,), f"must be positive, got {number:g}")
    return number
