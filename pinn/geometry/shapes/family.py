"""Family: shapes that differ by parameters, as one domain of the points (coordinates, parameters).

A point [S+P] belongs to the domain where its coordinates belong to the shape at its parameters. Sampling takes the
parameters that move the shape from a table of slices, stratified along the first of them, so that a shape is built once
per slice and boundaries and normals are exact; another seed has other slices. Other parameters run freely.

The boundary is that of the slices, without the ends of the parameters' ranges: normals are those of the shape at a
point's parameters, with zeros for the parameters. A piece has its mean measure over the slices: the range of the
parameters counts as 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from pinn.geometry.shapes.pieces import Array, Piece, sobol_parameters
from pinn.geometry.shapes.shape import GeometryError, Shape

SLICES_LOG2 = 5  # 32 values resolve a smooth dependence: a Chebyshev series of it has converged long before

Builder = Callable[[tuple[float, ...]], Shape]  # values of the moving parameters -> the shape there


class ShapeSlices:
    """Shapes by the values of the moving parameters, each built once."""

    def __init__(self, build: Builder):
        self._build = build
        self._built: dict[tuple[float, ...], Shape] = {}

    def at(self, values: Sequence[float]) -> Shape:
        key = tuple(map(float, values))
        if key not in self._built:
            self._built[key] = self._build(key)
        return self._built[key]


class Family(Shape):
    """The domain over all parameters.

    slices         shapes by the values of the parameters that move them
    lower, upper   ranges of all parameters [P]
    moving         which of the parameters the shape depends on; none where the domain is a plain product
    seed           of the table of slices
    bounds         where they are known; else the box of the table's slices and those at the ends of the ranges
    """

    def __init__(
        self,
        slices: ShapeSlices,
        lower: Array,
        upper: Array,
        moving: Sequence[int],
        seed: int = 0,
        bounds: tuple[Array, Array] | None = None,
    ):
        self.slices = slices
        self.lower, self.upper = np.asarray(lower, float), np.asarray(upper, float)
        self.moving = list(moving)
        self.seed = seed
        self._bounds = bounds
        self._redrawn: dict[int, Family] = {seed: self}

    def redrawn(self, seed: int) -> Family:
        """The same domain with another table of slices."""
        if not self.moving:
            return self
        if seed not in self._redrawn:
            self._redrawn[seed] = Family(self.slices, self.lower, self.upper, self.moving, seed, self.bounds)
        return self._redrawn[seed]

    @cached_property
    def table(self) -> Array:
        """Values of the moving parameters [K, moving], in the order of the first: one in each of K equal intervals."""
        if not self.moving:
            return np.zeros((1, 0))
        unit = sobol_parameters(len(self.moving), SLICES_LOG2, self.seed)
        unit = unit[np.argsort(unit[:, 0])]
        return self.lower[self.moving] + (self.upper - self.lower)[self.moving] * unit

    @cached_property
    def shapes(self) -> list[Shape]:
        """The shape of each slice of the table."""
        return [self.slices.at(values) for values in self.table]

    @cached_property
    def extremes(self) -> list[Shape]:
        """The shapes at the ends of the moving parameters' ranges."""
        ends = zip(self.lower[self.moving], self.upper[self.moving], strict=True)
        return [self.slices.at(values) for values in product(*ends)]

    @property
    def space(self) -> int:
        return self.slices.at(self.table[0]).dimension

    @property
    def dimension(self) -> int:
        return self.space + len(self.lower)

    @cached_property
    def bounds(self) -> tuple[Array, Array]:  # type: ignore[override]
        if self._bounds is not None:
            return self._bounds
        lowers, uppers = zip(*(shape.bounds for shape in (*self.shapes, *self.extremes)), strict=True)
        return (
            np.concatenate([np.min(lowers, axis=0), self.lower]),
            np.concatenate([np.max(uppers, axis=0), self.upper]),
        )

    def settled(self, unit: Array) -> tuple[NDArray[np.int64], Array]:
        """(slice [N], parameters [N, P]) for draws [N, P] from the unit cube."""
        values = self.lower + (self.upper - self.lower) * unit
        if not self.moving:
            return np.zeros(len(unit), dtype=np.int64), values
        count = len(self.table)
        number = np.minimum((unit[:, self.moving[0]] * count).astype(np.int64), count - 1)
        values[:, self.moving] = self.table[number]
        return number, values

    def from_unit(self, unit: Array) -> Array:
        lower, upper = self.bounds
        points = lower + (upper - lower) * unit
        points[:, self.space :] = self.settled(unit[:, self.space :])[1]
        return points

    def level(self, points: Array) -> Array:
        points = np.asarray(points, dtype=float)
        space, values = points[:, : self.space], points[:, self.space :][:, self.moving]
        found = np.empty(len(points))
        each, number = np.unique(values, axis=0, return_inverse=True)
        for index, value in enumerate(each):
            mine = np.flatnonzero(number.reshape(-1) == index)
            found[mine] = self.slices.at(value).level(space[mine])
        return found

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:  # type: ignore[override]
        """Each piece over all slices. Raises GeometryError where the slices are not bounded by the same pieces."""
        patches = [[piece.patch for piece in shape.pieces] for shape in (*self.shapes, *self.extremes)]
        for other in patches:
            if other != patches[0]:
                raise GeometryError(
                    (),
                    f"the boundary changes its make-up over the parameters: {', '.join(patches[0])} become "
                    f"{', '.join(other)}; narrow the range",
                )
        parts = zip(*(shape.pieces for shape in self.shapes), strict=True)
        return tuple(FamilyPiece(list(part), self) for part in parts)

    @property
    def measure(self) -> float:
        return float(np.mean([shape.measure for shape in self.shapes]))


class FamilyPiece(Piece):
    """A piece of the boundary over all slices, parametrised by its own parameters and the family's, [N, S-1+P]."""

    def __init__(self, parts: Sequence[Piece], family: Family):
        self.patch = parts[0].patch
        self._parts = parts
        self._family = family

    @cached_property
    def measure(self) -> float:  # type: ignore[override]
        return float(np.mean([part.measure for part in self._parts]))

    @cached_property
    def full_measure(self) -> float:  # type: ignore[override]
        return float(np.mean([part.full_measure for part in self._parts]))

    def points(self, parameters: Array) -> Array:
        values = self._family.settled(parameters[:, self._own :])[1]
        return np.hstack([self._by_slice(parameters, lambda part, own: part.points(own)), values])

    def normals(self, parameters: Array) -> Array:
        normals = self._by_slice(parameters, lambda part, own: part.normals(own))
        return np.hstack([normals, np.zeros((len(normals), len(self._family.lower)))])

    def kept(self, parameters: Array) -> NDArray[np.bool_]:
        return self._by_slice(parameters, lambda part, own: part.kept(own)[:, None])[:, 0] > 0

    @property
    def _own(self) -> int:
        return self._family.space - 1

    def _by_slice(self, parameters: Array, evaluated: Callable[[Piece, Array], NDArray]) -> Array:
        """What `evaluated` says of each slice's piece at the parameters [N, S-1] there, put together [N, …]."""
        number, _ = self._family.settled(parameters[:, self._own :])
        own = parameters[:, : self._own]
        found = np.zeros((len(parameters), *evaluated(self._parts[0], own[:0]).shape[1:]))
        for index in np.unique(number):
            mine = np.flatnonzero(number == index)
            found[mine] = evaluated(self._parts[index], own[mine])
        return found
