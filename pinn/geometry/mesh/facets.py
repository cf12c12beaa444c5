"""Facet pieces: parts of a mesh's boundary, made of many facets.

The unit interval (square) is laid over the facets one after the other, each with a share in proportion to its measure.
A facet that is not flat, or not a triangle, is cut into parts of equal reference size: a part gets its share by
quadrature, and points lie evenly in its reference cell. Within a part the density is that of one part of the Jacobian,
so it varies by the Jacobian's relative change over 1/PARTS of a facet.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pinn.geometry.mesh.elements import ELEMENTS, Element, facet_normals, jacobians, stretches
from pinn.geometry.mesh.file import Nodes
from pinn.geometry.shapes.pieces import Array, Flat, Piece

PARTS = 8  # along each side of a facet that is not an affine image of its reference cell
_GAUSS_POINTS = 2  # along each side of a part
_CHUNK = 1000  # facets whose parts are integrated at once
CREASE = np.pi / 6  # facets that meet under a larger turn make different pieces; VTK's default feature angle
_PLANE = 1e-9  # of a piece's size: facets that lie so near to a plane are flat
_ORDER_BITS = 10  # cells along each axis of the grid whose Morton order the facets of a surface follow


class FacetPiece(Piece):
    """Facets of one kind, [F, K, D], normals outward. `plane` is the normal [D] where all of them lie in one plane."""

    scattered = True

    def __init__(self, patch: str, kind: str, facets: Array):
        self.patch = patch
        self.kind = kind
        self.facets = facets
        self._measures = part_measures(ELEMENTS[kind], facets)
        self._ends = np.cumsum(self._measures.ravel())

    @property
    def element(self) -> Element:
        return ELEMENTS[self.kind]

    @property
    def measure(self) -> float:
        return float(self._ends[-1])

    @cached_property
    def plane(self) -> Array | None:
        xi = self.element.nodes
        normals = facet_normals(jacobians(self.element, self.facets, xi)).reshape(-1, self.facets.shape[2])
        offset = (self.facets.reshape(-1, normals.shape[1]) - self.facets[0, 0]) @ normals[0]
        size = float(np.max(np.ptp(self.facets.reshape(-1, normals.shape[1]), axis=0)))
        return normals[0] if np.all(np.abs(offset) < _PLANE * size) and np.all(normals @ normals[0] > 0) else None

    def _places(self, parameters: Array) -> tuple[NDArray[np.int64], Array]:
        """Facet [N] and reference point [N, D-1] of parameters [N, D-1]."""
        along = np.clip(parameters[:, 0], 0.0, 1.0) * self._ends[-1]
        index = np.minimum(np.searchsorted(self._ends, along, side="right"), len(self._ends) - 1)
        start = np.append(0.0, self._ends)[index]
        unit = parameters.copy()
        unit[:, 0] = np.clip((along - start) / (self._ends[index] - start), 0.0, 1.0)
        parts = self._measures.shape[1]
        facet, part = np.divmod(index, parts)
        return facet, part_points(self.element, parts, part, unit)

    def points(self, parameters: Array) -> Array:
        facet, xi = self._places(parameters)
        return np.einsum("nk,nkx->nx", self.element.shapes(xi), self.facets[facet])

    def normals(self, parameters: Array) -> Array:
        facet, xi = self._places(parameters)
        return facet_normals(np.einsum("ndk,nkx->ndx", self.element.gradients(xi), self.facets[facet]))


def parts_along(element: Element) -> int:
    return 1 if element.is_affine else PARTS


def part_corners(element: Element, along: int) -> Array:
    """Reference corners [P, d+1, d] (simplices) or [P, 2, d] (cubes, lowest and highest corner) of the equal parts."""
    steps = np.arange(along) / along
    if element.dimension == 1:
        return np.stack([steps, steps + 1 / along], axis=1)[:, :, None]
    a, b = (axis.ravel() for axis in np.meshgrid(steps, steps, indexing="ij"))
    low = np.column_stack([a, b])
    right, up = np.array([1 / along, 0.0]), np.array([0.0, 1 / along])
    if not element.simplex:
        return np.stack([low, low + right + up], axis=1)
    under = np.round((a + b) * along).astype(int)
    upright = np.stack([low, low + right, low + up], axis=1)[under < along]
    turned = np.stack([low + right + up, low + up, low + right], axis=1)[under < along - 1]
    return np.concatenate([upright, turned])


def _into_parts(element: Element, corners: Array, unit: Array) -> Array:
    """Reference points of cells with these part corners, at points `unit` of the reference cell."""
    first = corners[..., 0, :]
    if element.simplex:
        return first + np.einsum("...d,...dx->...x", unit, corners[..., 1:, :] - first[..., None, :])
    return first + unit * (corners[..., 1, :] - first)


def part_points(element: Element, parts: int, part: NDArray[np.int64], unit: Array) -> Array:
    """Reference points [N, d] of points `unit` [N, d] in the unit interval or square over the parts' numbers [N]."""
    along = round(np.sqrt(parts)) if element.dimension == 2 else parts
    if element.simplex and element.dimension == 2:
        # (1 - sqrt(u), sqrt(u) v) is even over the triangle where (u, v) is over the square
        root = np.sqrt(unit[:, :1])
        unit = np.hstack([1 - root, root * unit[:, 1:]])
    return _into_parts(element, part_corners(element, along)[part], unit)


def part_measures(element: Element, facets: Array) -> Array:
    """Length or area [F, P] of the parts of facets [F, K, D]."""
    corners = part_corners(element, parts_along(element))
    unit, weights = element.quadrature(_GAUSS_POINTS)
    xi = _into_parts(element, corners[:, None], np.broadcast_to(unit, (len(corners), *unit.shape)))  # [P, Q, d]
    xi, shape = xi.reshape(-1, element.dimension), (len(corners), len(unit))
    found = []
    for start in range(0, len(facets), _CHUNK):
        stretch = stretches(jacobians(element, facets[start : start + _CHUNK], xi))
        found.append(stretch.reshape(-1, *shape) @ weights / len(corners))
    return np.concatenate(found)


def pieces_of_patch(patch: str, kind: str, nodes: Nodes, points: Array) -> list[Piece]:
    """The smooth pieces that facets [F, K] of one patch make: connected, and turning by less than CREASE."""
    element = ELEMENTS[kind]
    found: list[Piece] = []
    for chosen in _smooth_parts(element, nodes, points):
        if element.dimension == 1:
            chosen = _chained(nodes, chosen)
        else:
            chosen = chosen[_morton(points[nodes[chosen]].mean(axis=1))]
        piece = FacetPiece(patch, kind, points[nodes[chosen]])
        found.append(_flat(piece) if element.dimension == 1 and piece.plane is not None else piece)
    return found


def _flat(piece: FacetPiece) -> Flat:
    """A straight run of facets as one segment."""
    start, end = piece.facets[0, 0], piece.facets[-1, 1]
    assert piece.plane is not None
    return Flat(piece.patch, start, (end - start)[None, :], piece.plane)


def _smooth_parts(element: Element, nodes: Nodes, points: Array) -> list[NDArray[np.int64]]:
    """Facet numbers of each part, parts in the order of their first facets."""
    ridges = element.facets[:, : element.dimension]  # corners of the ridges between facets
    keys = np.sort(nodes[:, ridges].reshape(-1, element.dimension), axis=1)
    owner = np.repeat(np.arange(len(nodes)), len(ridges))
    middles = element.nodes[ridges].mean(axis=1)
    normals = facet_normals(jacobians(element, points[nodes], middles)).reshape(-1, points.shape[1])
    order = np.lexsort(keys.T)
    same = np.all(keys[order[1:]] == keys[order[:-1]], axis=1)
    first, second = order[:-1][same], order[1:][same]
    smooth = np.sum(normals[first] * normals[second], axis=1) > np.cos(CREASE)
    pairs = owner[first[smooth]], owner[second[smooth]]
    graph = coo_array((np.ones(len(pairs[0])), pairs), shape=(len(nodes), len(nodes)))
    count, label = connected_components(graph, directed=False)
    return [np.flatnonzero(label == index) for index in range(count)]


def _chained(nodes: Nodes, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """The facets of a curve in the order in which they follow each other; a closed one starts anywhere."""
    after = {int(nodes[facet, 0]): int(facet) for facet in chosen}
    ends = {int(nodes[facet, 1]) for facet in chosen}
    starts = [int(facet) for facet in chosen if int(nodes[facet, 0]) not in ends]
    facet = starts[0] if starts else int(chosen[0])
    chain = [facet]
    while len(chain) < len(chosen):
        facet = after[int(nodes[facet, 1])]
        chain.append(facet)
    return np.array(chain)


def _morton(centres: Array) -> NDArray[np.int64]:
    """Order of points [F, 3] along a curve that fills space, so that neighbours come near each other."""
    lower = centres.min(axis=0)
    cells = (2**_ORDER_BITS - 1) * (centres - lower) / max(float(np.max(np.ptp(centres, axis=0))), 1e-300)
    code = np.zeros(len(centres), dtype=np.int64)
    for bit in range(_ORDER_BITS):
        for axis in range(centres.shape[1]):
            code |= ((cells[:, axis].astype(np.int64) >> bit) & 1) << (centres.shape[1] * bit + axis)
    return np.argsort(code, kind="stable")
