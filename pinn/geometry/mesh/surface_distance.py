"""Signed distance to a closed boundary of facets: negative inside.

The facets are cut into segments or triangles, of which the nearest is found through a tree of their centres. The sign
is that of the offset against the pseudonormal at the nearest point: the sum of the normals around it, each weighted by
the angle that its face fills there, which is right wherever the boundary is closed. Near curved facets the nearest
point is then found on the facet itself by Gauss-Newton steps, so that the distance vanishes on it, not on its chords.
Source: Baerentzen & Aanaes, IEEE Trans. Vis. Comput. Graph. 11 (2005) 243.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from pinn.geometry.mesh.elements import ELEMENTS, Element, facet_normals, jacobians
from pinn.geometry.mesh.facets import part_corners
from pinn.geometry.mesh.side_grid import SideGrid
from pinn.geometry.shapes.pieces import Array

_CUTS = 6  # along a curved facet: its chords then miss it by 1/36 of the sagitta
_FINEST = 1 / 40  # of the boundary's size: larger pieces of flat facets are cut, so that few centres are near a point
_MOST_CUTS = 40
_FIRST_NEIGHBOURS, _GROWTH = 4, 4  # centres asked for first, and by how much more where that was not enough
_CHUNK = 20_000
_FEW = 1000  # points for which a grid of sides is not worth its making
_TIED = 1e-9  # of the boundary's size: nearest points this close are one, and all simplices around it count
_RIVALS = 8  # simplices near a point whose facets are tried
_STEPS = 8  # Gauss-Newton converges by a factor of distance times curvature per step
_SIDE = 1e-3  # offsets less steep than this towards a facet keep the sign of the pseudonormal


@dataclass(frozen=True, eq=False)
class Facets:
    """Facets [F, K, D] of one kind, and their cut: corners [S, D, D] of S simplices, in space and in reference."""

    element: Element
    nodes: Array
    corners: Array
    reference: Array  # [S, D, D-1]
    owner: NDArray[np.int64]  # [S]
    bulge: Array  # [S]: how far the facet may lie from its simplex


class SurfaceDistance:
    """The signed distance to facets given as kind -> [F, K, D], normals outward."""

    def __init__(self, facets: dict[str, Array]):
        every = np.concatenate([one.reshape(-1, one.shape[2]) for one in facets.values()])
        self._size = float(np.max(np.ptp(every, axis=0)))
        self._groups = [cut(ELEMENTS[kind], nodes, _FINEST * self._size) for kind, nodes in facets.items()]
        self.corners = np.concatenate([group.corners for group in self._groups])
        self._group = np.concatenate([np.full(len(group.owner), k) for k, group in enumerate(self._groups)])
        self._starts = np.cumsum([0] + [len(group.owner) for group in self._groups])
        self._bulge = np.concatenate([group.bulge for group in self._groups])
        centres = self.corners.mean(axis=1)
        self._reach = float(np.max(np.linalg.norm(self.corners - centres[:, None], axis=2)))
        self._tree = KDTree(centres)
        flat = ELEMENTS["line" if every.shape[1] == 2 else "triangle"]
        self._normals = facet_normals(jacobians(flat, self.corners, flat.nodes[:1]))[:, 0]
        self._angles = _corner_angles(self.corners)

    def __call__(self, points: Array) -> Array:
        """Signed distances [N] of points [N, D]; far from the boundary they may be too large by a piece of a facet."""
        parts = [self._signed(points[start : start + _CHUNK]) for start in range(0, len(points), _CHUNK)]
        return np.concatenate(parts) if parts else np.zeros(0)

    @cached_property
    def _side(self) -> SideGrid:
        return SideGrid(self._exact, self.corners.reshape(-1, self.corners.shape[2]))

    @property
    def bulge(self) -> float:
        """How far facets may lie from the straight ones through their corners; twice what it is at their centres."""
        found = 0.0
        for group in self._groups:
            element, corners = group.element, group.nodes[:, : group.element.corners].mean(axis=1)
            centre = element.nodes[: element.corners].mean(axis=0)
            off = np.einsum("k,fkx->fx", element.shapes(centre), group.nodes) - corners
            found = max(found, 2 * float(np.max(np.linalg.norm(off, axis=1))))
        return found

    def nearest(self, points: Array) -> tuple[NDArray[np.int64], Array, Array, Array]:
        """Nearest simplex [N], barycentric coordinates on it [N, D], distance [N] and pseudonormal [N, D]."""
        simplex, distance = np.zeros(len(points), dtype=np.int64), np.full(len(points), np.inf)
        weights, normal = np.zeros(points.shape), np.zeros(points.shape)
        open_, count = np.arange(len(points)), _FIRST_NEIGHBOURS
        while len(open_):
            count = min(count, len(self.corners))
            simplex[open_], weights[open_], distance[open_], normal[open_], far = self._near(points[open_], count)
            if count == len(self.corners):
                break
            open_ = open_[far < distance[open_] + self._reach + _TIED * self._size]
            count *= _GROWTH
        return simplex, weights, distance, normal

    def _centres_near(self, points: Array, count: int) -> tuple[Array, NDArray[np.int64]]:
        """Distances [N, count] of the nearest centres and the numbers of their simplices."""
        far, near = self._tree.query(points, k=list(range(1, count + 1)))  # type: ignore[arg-type]
        return np.asarray(far), np.asarray(near, dtype=np.int64)

    def _near(self, points: Array, count: int) -> tuple[NDArray[np.int64], Array, Array, Array, Array]:
        """As `nearest`, among the `count` simplices with the nearest centres; and how far the last of these is [N]."""
        far, near = self._centres_near(points, count)
        on, offset = closest(self.corners[near], points[:, None, :])
        rows, best = np.arange(len(points)), np.argmin(offset, axis=1)
        distance = offset[rows, best]
        feet = np.einsum("nck,nckx->ncx", on, self.corners[near])
        shared = np.linalg.norm(feet - feet[rows, best][:, None], axis=2) <= _TIED * self._size
        share = shared * angle_at(on, self._angles[near])
        normal = np.einsum("nc,ncx->nx", share, self._normals[near])
        return near[rows, best], on[rows, best], distance, normal, far[:, -1]

    def _signed(self, points: Array) -> Array:
        if len(points) < _FEW:
            return self._exact(points)
        side = self._side(points)
        signed = side * self._near(points, 1)[2]
        close = side == 0
        signed[close] = self._exact(points[close])
        return signed

    def _exact(self, points: Array) -> Array:
        simplex, weights, distance, normal = self.nearest(points)
        foot = np.einsum("nk,nkx->nx", weights, self.corners[simplex])
        inward = np.einsum("nx,nx->n", points - foot, normal) < 0
        signed = np.where(inward, -distance, distance)
        close = np.flatnonzero(distance < 2 * self._bulge.max())
        if len(close):
            signed[close] = self._on_curved(points[close], signed[close], distance[close])
        return signed

    def _on_curved(self, points: Array, signed: Array, distance: Array) -> Array:
        """Signed distances [N] to the facets themselves, the least of those whose simplices are about as near."""
        count = min(_RIVALS, len(self.corners))
        _, near = self._centres_near(points, count)
        on, offset = closest(self.corners[near], points[:, None, :])
        point, rank = np.nonzero(offset <= distance[:, None] + 2 * self._bulge.max())
        simplex, weights, found = near[point, rank], on[point, rank], np.copysign(offset[point, rank], signed[point])
        for index, group in enumerate(self._groups):
            mine = np.flatnonzero(self._group[simplex] == index)
            if len(mine):
                local = simplex[mine] - self._starts[index]
                xi = np.einsum("nk,nkd->nd", weights[mine], group.reference[local])
                nodes = group.nodes[group.owner[local]]
                found[mine] = polished(group.element, nodes, xi, points[point[mine]], signed[point[mine]])
        order = np.argsort(-np.abs(found), kind="stable")
        result = signed.copy()
        result[point[order]] = found[order]  # the least comes last and stays
        return result


def _corner_angles(corners: Array) -> Array:
    """Angles [S, D] of simplices at their corners; half a turn at the end of a segment."""
    if corners.shape[2] == 2:
        return np.full(corners.shape[:2], np.pi)
    ahead, behind = np.roll(corners, -1, axis=1) - corners, np.roll(corners, 1, axis=1) - corners
    lengths = np.linalg.norm(ahead, axis=2) * np.linalg.norm(behind, axis=2)
    return np.arccos(np.clip(np.sum(ahead * behind, axis=2) / lengths, -1, 1))


def angle_at(weights: Array, angles: Array) -> Array:
    """Angle [...] that a simplex fills around a point on it: a turn within, half of one on an edge, less at a corner.

    weights [..., D] are the point's barycentric coordinates, angles [..., D] those at the corners.
    """
    zero = weights <= 0
    count = zero.sum(axis=-1)
    at_corner = np.take_along_axis(angles, np.argmin(zero, axis=-1)[..., None], axis=-1)[..., 0]
    return np.where(count == weights.shape[-1] - 1, at_corner, np.where(count == 0, 2 * np.pi, np.pi))


def cut(element: Element, nodes: Array, longest: float) -> Facets:
    """Facets cut into simplices: curved ones alike, flat ones where they are longer than `longest`."""
    extent = np.max(np.ptp(nodes, axis=1), axis=1)
    cuts = np.clip(np.ceil(extent / longest).astype(int), 1, _MOST_CUTS)
    if not element.is_affine:
        cuts[:] = _CUTS  # the same on both sides of a curved edge, or a gap would open between their chords
    corners, reference, owner, bulge = [], [], [], []
    for along in np.unique(cuts).tolist():
        chosen = np.flatnonzero(cuts == along)
        parts = part_corners(element, along)
        if not element.simplex:
            low, high = parts[:, 0], parts[:, 1]
            right, up = np.column_stack([high[:, 0], low[:, 1]]), np.column_stack([low[:, 0], high[:, 1]])
            parts = np.concatenate([np.stack([low, right, high], axis=1), np.stack([low, high, up], axis=1)])
        at = np.einsum("pck,fkx->fpcx", element.shapes(parts), nodes[chosen])
        middle = np.einsum("pk,fkx->fpx", element.shapes(parts.mean(axis=1)), nodes[chosen])
        off = np.linalg.norm(middle - at.mean(axis=2), axis=2)
        corners.append(at.reshape(-1, *at.shape[2:]))
        reference.append(np.tile(parts, (len(chosen), 1, 1)))
        owner.append(np.repeat(chosen, len(parts)))
        bulge.append(np.full(len(chosen) * len(parts), 4 * off.max()))  # off the middles it may be more
    every = (np.concatenate(part) for part in (corners, reference, owner, bulge))
    return Facets(element, nodes, *every)


def closest(corners: Array, points: Array) -> tuple[Array, Array]:
    """Barycentric coordinates [..., D] of the nearest points on simplices [..., D, D], and the distances [...]."""
    if corners.shape[-1] == 2:
        return _on_segment(corners[..., 0, :], corners[..., 1, :], points)
    a, b, c = (corners[..., k, :] for k in range(3))
    u, v, w = b - a, c - a, points - a
    uu, uv, vv, uw, vw = (np.sum(p * q, axis=-1) for p, q in ((u, u), (u, v), (v, v), (u, w), (v, w)))
    area = uu * vv - uv * uv
    s, t = (vv * uw - uv * vw) / area, (uu * vw - uv * uw) / area
    weights = np.stack([1 - s - t, s, t], axis=-1)
    distance = np.linalg.norm(w - s[..., None] * u - t[..., None] * v, axis=-1)
    outside = np.any(weights <= 0, axis=-1)
    if np.any(outside):
        x = np.broadcast_to(points, a.shape)[outside]
        rim, gap = np.zeros((len(x), 3)), np.full(len(x), np.inf)
        for i, j in ((0, 1), (1, 2), (2, 0)):
            ends, offset = _on_segment(corners[outside][:, i], corners[outside][:, j], x)
            better = offset < gap
            rim[better] = 0.0
            rim[np.flatnonzero(better)[:, None], [i, j]] = ends[better]
            gap = np.minimum(gap, offset)
        weights[outside], distance[outside] = rim, gap
    return weights, distance


def _on_segment(start: Array, end: Array, points: Array) -> tuple[Array, Array]:
    span = end - start
    along = np.sum((points - start) * span, axis=-1) / np.sum(span * span, axis=-1)
    along = np.clip(along, 0.0, 1.0)
    distance = np.linalg.norm(points - start - along[..., None] * span, axis=-1)
    return np.stack([1 - along, along], axis=-1), distance


def polished(element: Element, nodes: Array, xi: Array, points: Array, before: Array) -> Array:
    """Signed distances [N] to facets [N, K, D], from the nearest reference points found so far [N, d]."""

    def jacobian_at(xi: Array) -> Array:
        return np.einsum("ndk,nkx->ndx", element.gradients(xi), nodes)

    for _ in range(_STEPS):
        jacobian = jacobian_at(xi)
        offset = points - np.einsum("nk,nkx->nx", element.shapes(xi), nodes)
        metric = jacobian @ np.swapaxes(jacobian, 1, 2)
        step = np.linalg.solve(metric, np.einsum("ndx,nx->nd", jacobian, offset)[..., None])[..., 0]
        xi = np.clip(xi + step, 0.0, 1.0)
        if element.simplex:
            xi = xi / np.maximum(xi.sum(axis=1, keepdims=True), 1.0)
    offset = points - np.einsum("nk,nkx->nx", element.shapes(xi), nodes)
    distance = np.linalg.norm(offset, axis=1)
    along = np.einsum("nx,nx->n", offset, facet_normals(jacobian_at(xi)))
    steep = np.abs(along) > _SIDE * distance
    return np.where(steep, np.sign(along) * distance, np.where(before < 0, -distance, distance))
