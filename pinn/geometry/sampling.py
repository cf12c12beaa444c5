"""Sampling: quasi-random collocation points in a shape and on its boundary.

Points come from scrambled Sobol sequences (Sobol 1967; Owen 1995), are all different, and number exactly what was
asked for. On a boundary each piece gets its share by length or area.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from pinn.geometry.pieces import Array, Piece
from pinn.geometry.shapes import GeometryError, Shape

Where = Callable[[Array], NDArray[np.bool_]]  # points [N, D] -> [N]
Extent = tuple[float, float]  # first and last time

_FIRST_DRAW_LOG2 = 10
_LAST_DRAW_LOG2 = 20  # a million candidates without a hit: the place is empty for our purposes


@dataclass(frozen=True, eq=False)
class BoundaryPoints:
    """Points on a boundary: points [N, D] or [N, D+1] with time last, outward unit normals [N, D], patch index [N].

    `patch[k]` counts in the patches that were asked for; `measure` is the length or area (times the duration) that the
    points represent evenly, so measure/N is each point's quadrature weight.
    """

    points: Array
    normals: Array
    patch: NDArray[np.int64]
    measure: float

    @property
    def weights(self) -> Array:
        """Quadrature weights [N]: sum(weights * f(points)) is the integral of f over the sampled boundary."""
        return np.full(len(self.points), self.measure / len(self.points))


def sample_interior(shape: Shape, count: int, seed: int, extent: Extent | None = None) -> Array:
    """`count` distinct points [count, D] strictly inside; with `extent`, [count, D+1], times filled in jointly.

    Raises GeometryError when the shape has no interior.
    """
    lower, upper = shape.bounds
    margin = 1e-12 * max(float(np.max(np.abs(shape.bounds))), shape.size)
    sobol = _Sobol(shape.dimension + (extent is not None), seed)
    found: list[Array] = []
    while sum(map(len, found)) < count:
        unit = sobol.more()
        points = lower + (upper - lower) * unit[:, : shape.dimension]
        inside = shape.level(points) < -margin
        found.append(_with_time(points[inside], unit[inside], extent))
        if sobol.exhausted and not any(map(len, found)):
            raise GeometryError((), "has no interior: no point of its bounding box lies inside")
    return np.concatenate(found)[:count] if found else np.zeros((0, shape.dimension + (extent is not None)))


def sample_boundary(
    shape: Shape,
    patches: Sequence[str],
    count: int,
    seed: int,
    where: Where | None = None,
    extent: Extent | None = None,
) -> BoundaryPoints:
    """`count` distinct points on the named patches, in proportion to length or area, where `where` holds.

    In one dimension a patch is a point: without `extent` each point comes once, whatever `count` says.
    Raises GeometryError for an unknown patch, and when nothing of the patches is left.
    """
    names = list(dict.fromkeys(patches))
    pieces = shape.pieces_of(names)
    patch_of = np.array([names.index(piece.patch) for piece in pieces])
    if shape.dimension == 1:
        drawn = _end_points(pieces, count, seed, where, extent)
    else:
        drawn = _spread(pieces, shape.dimension, count, seed, where, extent)
    if drawn is None:
        listed = ", ".join(f"'{name}'" for name in names)
        raise GeometryError((), f"nothing of {listed} is left where the condition on the coordinates holds")
    points, normals, piece, measure = drawn
    duration = extent[1] - extent[0] if extent else 1.0
    return BoundaryPoints(points, normals, patch_of[piece], measure * duration)


def _end_points(pieces: Sequence[Piece], count: int, seed: int, where: Where | None, extent: Extent | None):
    only = np.zeros((1, 0))
    ends = np.concatenate([piece.points(only) for piece in pieces])
    kept = np.flatnonzero(where(ends)) if where else np.arange(len(ends))
    if not len(kept):
        return None
    if extent is None:
        piece, unit = kept, np.zeros((len(kept), 0))
    else:
        unit = _Sobol(2, seed).first(count)
        piece = kept[_ranks(unit[:, 0]) * len(kept) // count]
    normals = np.concatenate([piece.normals(only) for piece in pieces])
    return _with_time(ends[piece], unit, extent), normals[piece], piece, float(len(kept))


def _spread(pieces: Sequence[Piece], dimension: int, count: int, seed: int, where: Where | None, extent: Extent | None):
    """Points over several pieces, laid end to end along the first parameter."""
    sobol = _Sobol(dimension - 1 + (extent is not None), seed)
    shares = np.cumsum([piece.full_measure for piece in pieces])
    every_point_counts = where is None and dimension == 2
    if every_point_counts:
        unit = sobol.first(count)
        # equal steps along the length instead of Sobol's nearly equal ones: each piece gets its share to one point
        unit[:, 0] = (_ranks(unit[:, 0]) + 0.05 + 0.9 * (unit[:, 0] * count % 1.0)) / count
        drawn = [_place(pieces, shares, unit, dimension, where, extent)]
        tried = count
    else:
        drawn, tried = [], 0
        while sum(len(part[0]) for part in drawn) < count:
            unit = sobol.more()
            drawn.append(_place(pieces, shares, unit, dimension, where, extent))
            tried += len(unit)
            if sobol.exhausted and not any(len(part[0]) for part in drawn):
                return None
    points, normals, piece = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
    measure = float(shares[-1]) * len(points) / tried
    return points[:count], normals[:count], piece[:count], measure


def _place(
    pieces: Sequence[Piece], shares: Array, unit: Array, dimension: int, where: Where | None, extent: Extent | None
):
    """Points, normals and piece numbers for draws [N, D-1 (+1)] of which the first runs along all pieces."""
    along = unit[:, 0] * shares[-1]
    piece = np.minimum(np.searchsorted(shares, along, side="right"), len(pieces) - 1)
    starts = np.concatenate([[0.0], shares[:-1]])
    parameters = unit[:, : dimension - 1].copy()
    parameters[:, 0] = (along - starts[piece]) / np.array([part.full_measure for part in pieces])[piece]
    points = np.empty((len(unit), dimension))
    normals = np.empty((len(unit), dimension))
    kept = np.all((parameters > 0) & (parameters < 1), axis=1)  # an edge of a piece has no normal of its own
    for index, part in enumerate(pieces):
        mine = np.flatnonzero(piece == index)
        points[mine] = part.points(parameters[mine])
        normals[mine] = part.normals(parameters[mine])
        kept[mine] &= part.kept(parameters[mine])
    if where is not None:
        kept[kept] = where(points[kept])
    return _with_time(points[kept], unit[kept], extent), normals[kept], piece[kept]


def _with_time(points: Array, unit: Array, extent: Extent | None) -> Array:
    """Appends the last unit coordinate, stretched over `extent`, as time."""
    if extent is None:
        return points
    first, last = extent
    return np.column_stack([points, first + (last - first) * unit[:, -1]])


def _ranks(values: Array) -> NDArray[np.int64]:
    ranks = np.empty(len(values), dtype=np.int64)
    ranks[np.argsort(values, kind="stable")] = np.arange(len(values))
    return ranks


class _Sobol:
    """A scrambled Sobol sequence drawn in doubling batches, so that every prefix is balanced."""

    def __init__(self, dimension: int, seed: int):
        self._sequence = qmc.Sobol(dimension, rng=np.random.default_rng(seed))

    @property
    def exhausted(self) -> bool:
        return self._sequence.num_generated >= 2**_LAST_DRAW_LOG2

    def more(self) -> Array:
        drawn = self._sequence.num_generated
        return self._sequence.random(drawn if drawn else 2**_FIRST_DRAW_LOG2)

    def first(self, count: int) -> Array:
        """The first `count` points; drawn as a power of two, as the sequence wants."""
        return self._sequence.random(1 << max(count - 1, 0).bit_length())[:count].copy()
