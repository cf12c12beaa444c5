"""Sampling: collocation points in a shape and on its boundary.

Points come from one of SEQUENCES, are all different, and number exactly what was asked for. On a boundary each piece
gets its share by length or area.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pinn.geometry.points.sequences import SEQUENCES, PointSequence, ranks
from pinn.geometry.shapes.pieces import Array, Piece
from pinn.geometry.shapes.shape import GeometryError, Shape

Where = Callable[[Array], NDArray[np.bool_]]  # points [N, D] -> [N]
Extent = tuple[float, float]  # first and last time
Columns = tuple[NDArray[Any], ...]  # arrays with one row per point


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


def sample_interior(
    shape: Shape,
    count: int,
    seed: int,
    extent: Extent | None = None,
    where: Where | None = None,
    method: str = "sobol",
) -> Array:
    """`count` distinct points [count, D] strictly inside, where `where` holds; with `extent`, [count, D+1], time last.

    Raises GeometryError when there is nothing to sample.
    """
    columns = shape.dimension + (extent is not None)
    if not count:
        return np.zeros((0, columns))
    if not columns:  # without space there is one point, and nothing to draw
        return np.zeros((1, 0))
    margin = 1e-12 * max(float(np.max(np.abs(shape.bounds), initial=0.0)), shape.size)

    def inside(unit: Array) -> Columns:
        points = shape.from_unit(unit[:, : shape.dimension])
        kept = shape.level(points) < -margin
        if where is not None:
            kept[kept] = where(points[kept])
        return (_with_time(points[kept], unit[kept], extent),)

    found = _fill(SEQUENCES[method](columns, seed, count), inside)
    if found is None:
        nothing = "has no interior: no point of its bounding box lies inside"
        if where is not None:
            nothing = "nothing of the domain is left where the condition on the coordinates holds"
        raise GeometryError((), nothing)
    return found[0]


def _fill(sequence: PointSequence, keep: Callable[[Array], Columns]) -> Columns | None:
    """What `keep` makes of the sequence's points, for exactly as many as were asked for; None where it keeps nothing.

    `keep` maps batches [N, D] to columns of those points that are kept.
    """
    found: list[Columns] = []
    kept = 0
    while kept < sequence.count:
        unit = sequence.more(kept)
        found = [*(found if sequence.extends else ()), keep(unit)]
        kept = sum(len(part[0]) for part in found)
        if sequence.exhausted and not kept:
            return None
    chosen = sequence.chosen(kept)
    return tuple(np.concatenate(parts)[chosen] for parts in zip(*found, strict=True))


def sample_boundary(
    shape: Shape,
    patches: Sequence[str],
    count: int,
    seed: int,
    where: Where | None = None,
    extent: Extent | None = None,
    method: str = "sobol",
) -> BoundaryPoints:
    """`count` distinct points on the named patches, in proportion to length or area, where `where` holds.

    In one dimension a patch is a point: without `extent` each point comes once, whatever `count` says.
    Raises GeometryError for an unknown patch, and when nothing of the patches is left.
    """
    pieces = shape.pieces_of(list(dict.fromkeys(patches)))
    return sample_pieces(pieces, shape.dimension, count, seed, where, extent, method)


def sample_pieces(
    pieces: Sequence[Piece],
    dimension: int,
    count: int,
    seed: int,
    where: Where | None = None,
    extent: Extent | None = None,
    method: str = "sobol",
) -> BoundaryPoints:
    """As `sample_boundary`, on pieces that need not be all of a patch; patches count in the order of the pieces."""
    names = list(dict.fromkeys(piece.patch for piece in pieces))
    patch_of = np.array([names.index(piece.patch) for piece in pieces])
    if dimension == 1:
        drawn = _end_points(pieces, SEQUENCES[method](2, seed, count), where, extent)
    else:
        sequence = SEQUENCES[method](dimension - 1 + (extent is not None), seed, count)
        drawn = _spread(pieces, dimension, sequence, where, extent)
    if drawn is None:
        listed = ", ".join(f"'{name}'" for name in names)
        raise GeometryError((), f"nothing of {listed} is left where the condition on the coordinates holds")
    points, normals, piece, measure = drawn
    duration = extent[1] - extent[0] if extent else 1.0
    return BoundaryPoints(points, normals, patch_of[piece], measure * duration)


def _end_points(pieces: Sequence[Piece], sequence: PointSequence, where: Where | None, extent: Extent | None):
    only = np.zeros((1, 0))
    ends = np.concatenate([piece.points(only) for piece in pieces])
    kept = np.flatnonzero(where(ends)) if where else np.arange(len(ends))
    if not len(kept):
        return None
    if extent is None:
        piece, unit = kept, np.zeros((len(kept), 0))
    else:
        part, unit = sequence.over_parts(len(kept))
        piece = kept[part]
    normals = np.concatenate([piece.normals(only) for piece in pieces])
    return _with_time(ends[piece], unit, extent), normals[piece], piece, float(len(kept))


def _spread(
    pieces: Sequence[Piece], dimension: int, sequence: PointSequence, where: Where | None, extent: Extent | None
) -> tuple[Array, Array, NDArray[np.int64], float] | None:
    """Points over several pieces, laid end to end along the first parameter."""
    shares = np.cumsum([piece.full_measure for piece in pieces])
    if sequence.even and where is None and dimension == 2:
        unit, count = sequence.first(), sequence.count
        # equal steps along the length instead of nearly equal ones: each piece gets its share to one point
        unit[:, 0] = (ranks(unit[:, 0]) + 0.05 + 0.9 * (unit[:, 0] * count % 1.0)) / count
        return *_place(pieces, shares, unit, dimension, where, extent), float(shares[-1])
    kept = 0

    def keep(unit: Array) -> Columns:
        nonlocal kept
        placed = _place(pieces, shares, unit, dimension, where, extent)
        kept = (kept if sequence.extends else 0) + len(placed[0])
        return placed

    found = _fill(sequence, keep)
    if found is None:
        return None
    points, normals, piece = found
    return points, normals, piece, float(shares[-1]) * kept / sequence.tried


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
