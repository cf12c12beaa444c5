"""Elements: the cells of a mesh and their facets, each the image of a reference cell under polynomials.

    X(xi) = sum_k N_k(xi) x_k,    N_k(xi_j) = delta_kj,

on the unit simplex or the unit cube; nodes are numbered as meshio and VTK do. The shape functions N follow from the
monomials of each family by inverting their values at the nodes.
Source: Zienkiewicz, Taylor & Zhu, The Finite Element Method, 7th ed., §§ 6.2, 6.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from pinn.geometry.shapes.pieces import Array

GAUSS_POINTS = 4  # along each direction: exact to degree 7; a triquadratic cell's Jacobian has 5 in one of them


@dataclass(frozen=True, eq=False)
class Element:
    """One kind of cell.

    nodes      [K, d] their reference coordinates
    exponents  [K, d] of the monomials
    simplex    unit simplex, else unit cube
    corners    how many of the nodes are corners; they come first
    facets     kind of the facets, and the node numbers of each, which run so that normals point outward
    """

    kind: str
    nodes: Array
    exponents: NDArray[np.int64]
    simplex: bool
    corners: int
    facet_kind: str
    facets: NDArray[np.int64]

    @property
    def dimension(self) -> int:
        return self.nodes.shape[1]

    @property
    def is_affine(self) -> bool:
        """Is the map of every such cell affine, its Jacobian constant?"""
        return self.simplex and len(self.nodes) == self.corners

    @cached_property
    def _coefficients(self) -> Array:
        return np.asarray(np.linalg.inv(_monomials(self.nodes, self.exponents)), dtype=float)

    def shapes(self, xi: Array) -> Array:
        """N [..., K] at reference points [..., d]."""
        return _monomials(xi, self.exponents) @ self._coefficients

    def gradients(self, xi: Array) -> Array:
        """dN/dxi [..., d, K] at reference points [..., d]."""
        parts = []
        for axis in range(self.dimension):
            lowered = self.exponents.copy()
            lowered[:, axis] = np.maximum(lowered[:, axis] - 1, 0)
            parts.append((self.exponents[:, axis] * _monomials(xi, lowered)) @ self._coefficients)
        return np.stack(parts, axis=-2)

    def quadrature(self, along: int = GAUSS_POINTS) -> tuple[Array, Array]:
        """Points [Q, d] and weights [Q] on the reference cell: Gauss's, collapsed onto a simplex (Duffy)."""
        nodes, weights = np.polynomial.legendre.leggauss(along)
        unit, weight = (nodes + 1) / 2, weights / 2
        points = np.array(list(product(unit, repeat=self.dimension)))
        products: Array = np.array([float(np.prod(one)) for one in product(weight, repeat=self.dimension)])
        if self.simplex and self.dimension > 1:
            left = np.ones(len(points))
            for axis in range(self.dimension):
                points[:, axis] *= left
                products = products * left
                left = left - points[:, axis]
        return points, products


def jacobians(element: Element, corners: Array, xi: Array) -> Array:
    """dX/dxi [M, Q, d, D] of cells with nodes at [M, K, D], at reference points [Q, d]."""
    return np.einsum("qdk,mkx->mqdx", element.gradients(xi), corners)


def stretches(jacobian: Array) -> Array:
    """Length, area or volume [...] of the image of a unit of reference measure: sqrt(det(J J^T)), J [..., d, D]."""
    return np.sqrt(np.maximum(np.linalg.det(jacobian @ np.swapaxes(jacobian, -1, -2)), 0.0))


def facet_normals(jacobian: Array) -> Array:
    """Unit normals [..., D] to facets with dX/dxi [..., D-1, D]: the tangent turned clockwise, or the cross product."""
    if jacobian.shape[-1] == 2:
        tangent = jacobian[..., 0, :]
        normal = np.stack([tangent[..., 1], -tangent[..., 0]], axis=-1)
    else:
        normal = np.cross(jacobian[..., 0, :], jacobian[..., 1, :])
    return normal / np.linalg.norm(normal, axis=-1, keepdims=True)


def _monomials(xi: Array, exponents: NDArray[np.int64]) -> Array:
    return np.prod(np.asarray(xi, dtype=float)[..., None, :] ** exponents, axis=-1)


_CORNERS: dict[str, list[tuple[int, ...]]] = {
    "line": [(0,), (1,)],
    "triangle": [(0, 0), (1, 0), (0, 1)],
    "quad": [(0, 0), (1, 0), (1, 1), (0, 1)],
    "tetra": [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)],
    "hexahedron": [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)],
}
# Corners between which VTK puts the further nodes of second order, in its order.
_EDGES: dict[str, list[tuple[int, ...]]] = {
    "line": [(0, 1)],
    "triangle": [(0, 1), (1, 2), (2, 0)],
    "quad": [(0, 1), (1, 2), (2, 3), (3, 0)],
    "tetra": [(0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3)],
    "hexahedron": [
        *[(0, 1), (1, 2), (2, 3), (3, 0), (4, 5), (5, 6), (6, 7), (7, 4)],
        *[(0, 4), (1, 5), (2, 6), (3, 7)],
    ],
}
_CENTRES: dict[str, list[tuple[int, ...]]] = {
    "quad": [(0, 1, 2, 3)],
    "hexahedron": [
        *[(0, 3, 7, 4), (1, 2, 6, 5), (0, 1, 5, 4), (3, 2, 6, 7), (0, 1, 2, 3), (4, 5, 6, 7)],
        tuple(range(8)),
    ],
}
_FACETS: dict[str, tuple[str, list[tuple[int, ...]]]] = {
    "line": ("vertex", [(0,), (1,)]),
    "triangle": ("line", [(0, 1), (1, 2), (2, 0)]),
    "quad": ("line", [(0, 1), (1, 2), (2, 3), (3, 0)]),
    "tetra": ("triangle", [(0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2)]),
    "hexahedron": ("quad", [(0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]),
}


def _element(kind: str, family: str, between: list[tuple[int, ...]], facet_kind: str) -> Element:
    corners = np.array(_CORNERS[family], dtype=float)
    nodes = np.vstack([corners, *(corners[list(ends)].mean(axis=0)[None] for ends in between)])
    dimension = corners.shape[1]
    simplex, order = family in ("line", "triangle", "tetra"), 2 if between else 1
    serendipity = bool(between) and not simplex and len(nodes) < 3**dimension
    exponents = [
        powers
        for powers in product(range(order + 1), repeat=dimension)
        if (not simplex or sum(powers) <= order) and (not serendipity or powers.count(2) <= 1)
    ]
    facets = []
    for facet in _FACETS[family][1]:
        found = list(facet)
        for ends in _between(facet_kind) if facet_kind != "vertex" else []:
            middle = corners[[facet[end] for end in ends]].mean(axis=0)
            found.append(int(np.argmin(np.linalg.norm(nodes - middle, axis=1))))
        facets.append(found)
    return Element(kind, nodes, np.array(exponents), simplex, len(corners), facet_kind, np.array(facets))


def _between(kind: str) -> list[tuple[int, ...]]:
    family, extra = _FAMILIES[kind]
    return [*_EDGES[family], *_CENTRES.get(family, [])][:extra]


_FAMILIES = {  # kind -> family, number of nodes beside the corners
    "line": ("line", 0),
    "line3": ("line", 1),
    "triangle": ("triangle", 0),
    "triangle6": ("triangle", 3),
    "quad": ("quad", 0),
    "quad8": ("quad", 4),
    "quad9": ("quad", 5),
    "tetra": ("tetra", 0),
    "tetra10": ("tetra", 6),
    "hexahedron": ("hexahedron", 0),
    "hexahedron20": ("hexahedron", 12),
    "hexahedron27": ("hexahedron", 19),
}
_FACET_KINDS = {
    **{"line": "vertex", "line3": "vertex", "triangle": "line", "triangle6": "line3", "quad": "line"},
    **{"quad8": "line3", "quad9": "line3", "tetra": "triangle", "tetra10": "triangle6", "hexahedron": "quad"},
    **{"hexahedron20": "quad8", "hexahedron27": "quad9"},
}
ELEMENTS = {kind: _element(kind, family, _between(kind), _FACET_KINDS[kind]) for kind, (family, _) in _FAMILIES.items()}
DIMENSIONS = {kind: element.dimension for kind, element in ELEMENTS.items()} | {"vertex": 0}
