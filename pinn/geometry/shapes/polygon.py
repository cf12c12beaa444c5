"""Polygon: a region bounded by straight edges."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from pinn.geometry.shapes.pieces import Array, Flat
from pinn.geometry.shapes.shape import GeometryError, Shape, prefixed, vector


class Polygon(Shape):
    """Simple polygon; edge k runs from vertex k to vertex k+1 and its patch is edge_k (from 1) or `names[k-1]`.

    Vertices [n, 2] may go either way round. A name given twice makes one patch of both edges.
    """

    def __init__(
        self, vertices: Sequence[Sequence[float]], names: Sequence[str] | None = None, name: str | None = None
    ):
        corners = list(vertices)
        if len(corners) < 3:
            raise GeometryError(("vertices",), f"needs at least 3 vertices, got {len(corners)}")
        rows = []
        for index, corner in enumerate(corners):
            try:
                rows.append(vector(corner, "vertices", 2))
            except GeometryError as error:
                raise GeometryError(("vertices", index, *error.path[1:]), error.message) from None
        self.vertices = np.array(rows)
        if names is not None and len(names) != len(corners):
            raise GeometryError(("names",), f"needs one name for each of the {len(corners)} edges, got {len(names)}")
        self.names = tuple(names) if names else tuple(f"edge_{k + 1}" for k in range(len(corners)))
        self.name = name
        self._refuse_crossings()

    @property
    def _edges(self) -> tuple[Array, Array]:
        """Start points and spans, [n, 2] each."""
        return self.vertices, np.roll(self.vertices, -1, axis=0) - self.vertices

    @property
    def _signed_area(self) -> float:
        starts, spans = self._edges
        from_first = starts - starts[0]
        return 0.5 * float(np.sum(_cross(from_first, spans)))

    @property
    def bounds(self) -> tuple[Array, Array]:
        return self.vertices.min(axis=0), self.vertices.max(axis=0)

    @property
    def measure(self) -> float:
        return abs(self._signed_area)

    def level(self, points: Array) -> Array:
        """Exact signed distance: nearest edge, sign by the crossing rule."""
        nearest = np.full(len(points), np.inf)
        inside = np.zeros(len(points), dtype=bool)
        for start, span in zip(*self._edges, strict=True):
            offset = points - start
            along = np.clip(offset @ span / (span @ span), 0.0, 1.0)
            nearest = np.minimum(nearest, np.linalg.norm(offset - along[:, None] * span, axis=1))
            # a ray to +x crosses the edge: one end above, one not, and the point on the edge's left (or right)
            straddles = (offset[:, 1] < 0) != (offset[:, 1] < span[1])
            inside ^= straddles & ((_cross(span, offset) > 0) == (span[1] > 0))
        return np.where(inside, -nearest, nearest)

    @cached_property
    def pieces(self) -> tuple[Flat, ...]:  # type: ignore[override]
        orientation = np.sign(self._signed_area)
        found = []
        for patch, start, span in zip(self.names, *self._edges, strict=True):
            normal = orientation * np.array([span[1], -span[0]]) / np.hypot(*span)
            found.append(Flat(prefixed(patch, self.name), start, span[None, :], normal))
        return tuple(found)

    def _refuse_crossings(self) -> None:
        starts, spans = self._edges
        lengths = np.hypot(spans[:, 0], spans[:, 1])
        slack = 1e-12 * self.size
        for index, length in enumerate(lengths):
            if length <= slack:
                place = ("vertices", (index + 1) % len(starts))
                raise GeometryError(place, "is the same point as the vertex before it")
        count = len(starts)
        for first in range(count):
            for second in range(first + 1, count):
                neighbours = second == first + 1 or (first == 0 and second == count - 1)
                if neighbours and not self._folds_back(first, second):
                    continue
                if neighbours or _segments_meet(starts[first], spans[first], starts[second], spans[second], slack):
                    meeting = f"edge {first + 1} meets edge {second + 1}"
                    raise GeometryError(("vertices",), f"{meeting}; a polygon must not cross or touch itself")

    def _folds_back(self, first: int, second: int) -> bool:
        spans = self._edges[1]
        u, v = (spans[first], spans[second]) if second == first + 1 else (spans[second], spans[first])
        return abs(_cross(u, v)) <= 1e-12 * np.hypot(*u) * np.hypot(*v) and u @ v < 0


def _cross(u: Array, v: Array) -> Array:
    return u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]


def _segments_meet(start: Array, span: Array, other_start: Array, other_span: Array, slack: float) -> bool:
    """Do two closed segments come within `slack` of each other? They do if they cross or an end lies on the other."""
    ends = (
        (start, other_start, other_span),
        (start + span, other_start, other_span),
        (other_start, start, span),
        (other_start + other_span, start, span),
    )
    for point, origin, direction in ends:
        along = np.clip((point - origin) @ direction / (direction @ direction), 0.0, 1.0)
        if np.hypot(*(point - origin - along * direction)) <= slack:
            return True
    offset = other_start - start
    sides = _cross(span, offset) * _cross(span, offset + other_span)
    other_sides = _cross(other_span, -offset) * _cross(other_span, span - offset)
    return bool(sides < 0 and other_sides < 0)
