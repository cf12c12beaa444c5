"""Element size: how long the edges of a planar mesh should be, place by place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pinn.geometry.shapes.pieces import Array, Piece

_PER_TURN = 32  # edges along a full circle, at the least
_ACROSS = 2.0  # edges across a narrow strip
_GROWTH = 0.25  # size gained per unit of distance; neighbouring triangles then differ by a quarter at most
_FINEST = 1 / 50  # of the base size: smaller features are not resolved
_NARROWEST = 1 / 4  # of the base size: the strips of an acute corner get ever narrower, the mesh does not
_CHUNK = 4096  # points whose distances to all sources are held at once


@dataclass(frozen=True, eq=False)
class SizeField:
    """size(x) = min(base, min over sources of (size_i + growth * |x - source_i|))."""

    base: float
    sources: Array  # [M, 2]
    sizes: Array  # [M]

    def at(self, points: Array) -> Array:
        """Edge lengths [N] wanted at points [N, 2]."""
        found = np.full(len(points), self.base)
        if len(self.sources):
            for start in range(0, len(points), _CHUNK):
                part = slice(start, start + _CHUNK)
                offset = points[part, None, :] - self.sources
                reach = self.sizes + _GROWTH * np.hypot(offset[..., 0], offset[..., 1])
                found[part] = np.minimum(found[part], reach.min(axis=1))
        return found


def size_field(pieces: Sequence[Piece], base: float) -> SizeField:
    """Sizes that resolve the boundary's curvature, its short pieces and narrow strips of the shape."""
    points, normals, sizes = [], [], []
    for piece in pieces:
        count = int(np.clip(np.ceil(2 * piece.measure / base), 16, 600))
        ends = np.linspace(0.0, 1.0, count + 1)[:, None]
        middles = 0.5 * (ends[1:] + ends[:-1])
        turn = np.linalg.norm(np.diff(piece.normals(ends), axis=0), axis=1)  # angle turned along each step
        radius = piece.measure / count / np.maximum(turn, 1e-12)
        points.append(piece.points(middles))
        normals.append(piece.normals(middles))
        sizes.append(np.minimum(2 * np.pi * radius / _PER_TURN, piece.measure))
    sources, outward, size = np.concatenate(points), np.concatenate(normals), np.concatenate(sizes)
    size = np.minimum(size, np.maximum(_thickness(sources, outward) / _ACROSS, _NARROWEST * base))
    size = np.maximum(size, _FINEST * base)
    fine = size < 0.99 * base
    return SizeField(base, sources[fine], size[fine])


def _thickness(points: Array, normals: Array) -> Array:
    """Distance [M] from each boundary point through the shape to the boundary facing it, infinite where none does."""
    found = np.full(len(points), np.inf)
    for index, (point, normal) in enumerate(zip(points, normals, strict=True)):
        across = points - point
        distance = np.hypot(across[:, 0], across[:, 1])
        facing = (normals @ normal < -0.5) & (across @ normal < -0.7 * distance)
        if np.any(facing):
            found[index] = distance[facing].min()
    return found
