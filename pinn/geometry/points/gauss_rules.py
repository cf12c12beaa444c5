"""Gauss rules: the points where finite-element programs report the stresses of each kind of cell.

They integrate the stiffness of an undistorted cell exactly: products of Gauss-Legendre points on lines, squares and
cubes, the symmetric rules of 1, 3 and 4 points on triangles and tetrahedra, and their product on a wedge.
Source: Zienkiewicz, Taylor & Zhu, The Finite Element Method, 7th ed., § 5.11 and tables 5.3, 5.4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np

from pinn.geometry.mesh.elements import ELEMENTS, Element
from pinn.geometry.shapes.pieces import Array

# Trilinear along the axis, linear on the triangle; nodes as VTK numbers them. It has no facets here.
WEDGE = Element(
    "wedge",
    np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (0, 1, 1)], dtype=float),
    np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (0, 1, 1)]),
    False,
    6,
    "",
    np.zeros((0, 0), dtype=np.int64),
)


@dataclass(frozen=True, eq=False)
class GaussRule:
    """element; points [Q, d] and weights [Q] on its reference cell."""

    element: Element
    points: Array
    weights: Array


def _cube(dimension: int, along: int) -> tuple[Array, Array]:
    nodes, weights = np.polynomial.legendre.leggauss(along)
    points: Array = np.array(list(product((nodes + 1) / 2, repeat=dimension)), dtype=float)
    products: Array = np.array([float(np.prod(one)) for one in product(weights / 2, repeat=dimension)], dtype=float)
    return points, products


def _symmetric(dimension: int, corner: float) -> tuple[Array, Array]:
    """One point near each corner of the unit simplex, with barycentric coordinate `corner` there, of equal weight."""
    rest = (1 - corner) / dimension
    points: Array = np.full((dimension + 1, dimension), rest, dtype=float)
    points[np.arange(1, dimension + 1), np.arange(dimension)] = corner
    return points, np.full(dimension + 1, 1 / np.prod(np.arange(1, dimension + 1)) / (dimension + 1))


def _centroid(dimension: int) -> tuple[Array, Array]:
    points: Array = np.full((1, dimension), 1 / (dimension + 1), dtype=float)
    weights: Array = np.array([1 / math.factorial(dimension)], dtype=float)
    return points, weights


def _wedge() -> tuple[Array, Array]:
    (triangle, area), (line, length) = _centroid(2), _cube(1, 2)
    points: Array = np.asarray(np.hstack([np.tile(triangle, (2, 1)), line]), dtype=float)
    return points, area * length


_POINTS = {
    "line": _cube(1, 1),
    "line3": _cube(1, 2),
    "triangle": _centroid(2),
    "triangle6": _symmetric(2, 2 / 3),
    "quad": _cube(2, 2),
    "quad8": _cube(2, 3),
    "quad9": _cube(2, 3),
    "tetra": _centroid(3),
    "tetra10": _symmetric(3, (5 + 3 * 5**0.5) / 20),
    "wedge": _wedge(),
    "hexahedron": _cube(3, 2),
    "hexahedron20": _cube(3, 3),
    "hexahedron27": _cube(3, 3),
}
GAUSS_RULES = {
    kind: GaussRule(ELEMENTS.get(kind, WEDGE), points, weights) for kind, (points, weights) in _POINTS.items()
}
