"""Clipping: which part of one shape's boundary survives beside another shape.

A boundary point with its outward normal stands to another shape in one of four ways: INSIDE it, OUTSIDE it, or on its
boundary with normals that AGREE or are OPPOSED. A union keeps what is outside, an intersection what is inside; of two
coinciding pieces the first is kept where the normals agree, and neither where they are opposed (an inner seam).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pinn.geometry.shapes.curves import SubCurve
from pinn.geometry.shapes.pieces import Array, Masked, Piece

INSIDE, OUTSIDE, AGREE, OPPOSED = -1, 1, 2, -2

TOLERANCE = 1e-12  # of the shapes' scale: what counts as lying on a boundary; roundoff of `level` is near 1e-15
_TOUCH = 1e-5  # of the scale: two smooth curves that touch stay within TOLERANCE over sqrt(8 * TOLERANCE), 3e-6
_PROBE = 1e-7  # of the scale: how far off a shared boundary one looks for the side that is inside
_SCAN = 257  # first grid along a curve; refined where another boundary may be crossed
_REFINEMENTS = 12  # halvings of that grid: crossings 1e-6 of the curve apart are told apart
_BISECTIONS = 60  # halvings of a crossing's bracket, down to roundoff
_FRACTIONS = np.array([0.5, 0.137, 0.291, 0.683, 0.871])  # of a segment: irregular, so no two hit touching points

Level = Callable[[Array], Array]


def relation(level: Level, points: Array, normals: Array, scale: float) -> NDArray[np.int64]:
    """INSIDE, OUTSIDE, AGREE or OPPOSED [N] for boundary points [N, D] with outward normals [N, D]."""
    values = level(points)
    found = np.where(values < 0, INSIDE, OUTSIDE)
    on = np.abs(values) <= TOLERANCE * scale
    if np.any(on):
        before = level(points[on] - _PROBE * scale * normals[on]) < 0
        after = level(points[on] + _PROBE * scale * normals[on]) < 0
        found[on] = np.select([before & after, before, after], [INSIDE, AGREE, OPPOSED], OUTSIDE)
    return found


def surviving(points: Array, normals: Array, rank: int, levels: Sequence[Level], wanted: int, scale: float):
    """Which boundary points [N] of shape number `rank` belong to the boundary of the combination of all shapes."""
    kept = np.ones(len(points), dtype=bool)
    for other, level in enumerate(levels):
        if other != rank:
            found = relation(level, points, normals, scale)
            kept &= (found == wanted) | ((found == AGREE) & (rank < other))
    return kept


def clip(
    pieces: Sequence[Piece],
    rank: int,
    levels: Sequence[Level],
    primitive_levels: Sequence[Sequence[Level]],
    wanted: int,
    scale: float,
    dimension: int,
) -> list[Piece]:
    """The parts of the pieces of shape number `rank` that belong to the boundary of the combination.

    `levels` has one level for each shape; `primitive_levels` those of the primitives that each is made of. A curve is
    cut wherever it meets a primitive: the level of a combination also vanishes on seams inside and outside of it,
    so where it vanishes says less.
    """
    keep = partial(surviving, rank=rank, levels=levels, wanted=wanted, scale=scale)
    if dimension == 1:
        only = np.zeros((1, 0))
        return [piece for piece in pieces if keep(piece.points(only), piece.normals(only))[0]]
    if dimension == 2:
        others = [level for other, primitives in enumerate(primitive_levels) if other != rank for level in primitives]
        return [part for piece in pieces for part in _clip_curve(piece, others, keep, scale)]
    masked = [Masked(piece, keep, dimension - 1) for piece in pieces]
    return [piece for piece in masked if piece.measure > 0]


def _clip_curve(curve: Piece, others: Sequence[Level], keep, scale: float) -> list[Piece]:
    cuts = [np.array([0.0, 1.0])] + [_crossings(curve, level, scale) for level in others]
    ends = np.unique(np.concatenate(cuts))
    ends = ends[np.append(True, np.diff(ends) > 1e-13)]
    ends[-1] = 1.0  # unique keeps the first of two near-equal values; the curve's own end is the exact one
    kept = np.array([_segment_kept(curve, start, end, keep) for start, end in pairwise(ends)])
    if kept.all():
        return [curve]
    return [SubCurve(curve, ends[first], ends[last + 1]) for first, last in _runs(kept)]


def _segment_kept(curve: Piece, start: float, end: float, keep) -> bool:
    parameters = (start + (end - start) * _FRACTIONS)[:, None]
    votes = keep(curve.points(parameters), curve.normals(parameters))
    return bool(2 * np.count_nonzero(votes) > len(votes))


def _crossings(curve: Piece, level: Level, scale: float) -> Array:
    """Parameters in [0, 1] where the curve meets, joins or leaves the zero set of `level`."""
    tolerance = TOLERANCE * scale

    def values_at(parameters: Array) -> Array:
        return level(curve.points(parameters[:, None]))

    grid = np.linspace(0.0, 1.0, _SCAN)
    values = values_at(grid)
    for _ in range(_REFINEMENTS):
        largest = np.maximum(np.abs(values[:-1]), np.abs(values[1:]))
        # a distance changes by no more than the step, so only these steps can hide a crossing, or a second one
        doubtful = np.flatnonzero((largest < 1.5 * curve.measure * np.diff(grid)) & (largest > tolerance))
        if not len(doubtful):
            break
        middle = 0.5 * (grid[doubtful] + grid[doubtful + 1])
        grid = np.insert(grid, doubtful + 1, middle)
        values = np.insert(values, doubtful + 1, values_at(middle))

    side = np.where(np.abs(values) <= tolerance, 0, np.sign(values)).astype(int)
    found = []
    for index in np.flatnonzero(side[:-1] * side[1:] < 0):
        start_side = side[index]
        found.append(_bisect(lambda s, side=start_side: values_at(s)[0] * side > 0, grid[index], grid[index + 1]))
    end = len(grid) - 1
    for first, last in _runs(side == 0):
        joins = _edge_of_contact(values_at, grid[first], grid[first - 1], tolerance) if first > 0 else 0.0
        leaves = _edge_of_contact(values_at, grid[last], grid[last + 1], tolerance) if last < end else 1.0
        if (leaves - joins) * curve.measure > _TOUCH * scale:
            found += [joins, leaves]
        elif first > 0 and last < end and side[first - 1] != side[last + 1]:
            start_side, before, after = side[first - 1], grid[first - 1], grid[last + 1]
            found.append(_bisect(lambda s, side=start_side: values_at(s)[0] * side > 0, before, after))
        elif first > 0 and last < end:
            found.append(0.5 * (joins + leaves))
    return np.array(found)


def _edge_of_contact(values_at: Level, on: float, off: float, tolerance: float) -> float:
    """Where the curve leaves the other boundary: from where |value| is the tolerance, back along the measured slope."""
    passed = _bisect(lambda s: abs(values_at(s)[0]) <= tolerance, on, off)
    step = np.sign(off - on) * min(1e-6, abs(off - passed))
    here, ahead = np.abs(values_at(np.array([passed, passed + step])))
    if ahead <= here:
        return passed
    back = here * abs(step) / (ahead - here)
    return passed - np.sign(step) * min(back, abs(passed - on))


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last index of each run of True."""
    edges = np.diff(np.concatenate([[False], flags, [False]]).astype(int))
    return list(zip(np.flatnonzero(edges == 1).tolist(), (np.flatnonzero(edges == -1) - 1).tolist(), strict=True))


def _bisect(holds: Callable[[Array], bool], true_end: float, false_end: float) -> float:
    for _ in range(_BISECTIONS):
        middle = 0.5 * (true_end + false_end)
        if holds(np.array([middle])):
            true_end = middle
        else:
            false_end = middle
    return true_end
