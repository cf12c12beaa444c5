"""Quadrature: points with weights, so that sum(weights * f(points)) is the integral of f over a shape or its boundary.

Cells carry products of Gauss-Legendre and Gauss-Jacobi rules (on simplices collapsed to a corner), exact for
polynomials of degree 2 ORDER - 1, or of a higher one where a density of points is asked for. Where cells leave slivers
at a curved boundary, the weights are scaled so that they sum to the exact measure.
Source: Stroud, Approximate Calculation of Multiple Integrals, § 2.4 (conical product formulas).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import roots_jacobi

from pinn.geometry.mesh.cell_shape import CellShape
from pinn.geometry.mesh.orders import Density, orders
from pinn.geometry.meshing.triangulation import triangulate
from pinn.geometry.points.breaks import breaks
from pinn.geometry.points.curved import CurvedEdges
from pinn.geometry.points.sampling import Where, sample_pieces
from pinn.geometry.shapes.pieces import Array, Piece
from pinn.geometry.shapes.shape import GeometryError, Shape

ORDER = 3  # points along each direction of a cell
CURVED_ORDER = 4  # the same in curved triangles: y^2 over a disk, 2,000 points asked for, is 6e-13 off; with 3, 2e-9
POINTS_IN_CUBE = {1: ORDER, 2: 2 * ORDER**2, 3: 6 * ORDER**3}  # in a line, a square of two triangles, six tetrahedra
SURFACE_SEED = 0
GRADING = 5  # q: tractions of r^(-1/2) are integrated to 1e-6 by 200 points
FEWER = 0.7  # of the points that were asked for, below which the mesh is made again


@dataclass(frozen=True, eq=False)
class Quadrature:
    """points [N, D], weights [N]; on a boundary outward unit normals [N, D]."""

    points: Array
    weights: Array
    normals: Array | None = None


def interior_quadrature(shape: Shape, count: int, density: Density | None = None) -> Quadrature:
    """About `count` points inside, and in every cell of the mesh as many per volume as `density` says at its nodes.

    Raises GeometryError for more than three dimensions.
    """
    dimension = shape.dimension
    if isinstance(shape, CellShape) and shape.cells:
        return Quadrature(*shape.gauss_points(count, density))
    if dimension not in POINTS_IN_CUBE:
        raise GeometryError((), f"has no quadrature in {dimension} dimensions, only up to 3")
    along = (count / POINTS_IN_CUBE[dimension] * shape.size**dimension / shape.measure) ** (1 / dimension)
    mesh = triangulate(shape, max(1, round(along)))
    points = sum(len(cells) * len(reference_rule(kind)[1]) for kind, cells in mesh.cells.items())
    if points < FEWER * count:  # where a shape has other cells than simplices
        mesh = triangulate(shape, math.ceil(along * (count / points) ** (1 / dimension)))
    parts = [part for kind, cells in mesh.cells.items() for part in on_mesh(shape, mesh.points, cells, kind, density)]
    points, weights = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Quadrature(points, weights * (shape.measure / weights.sum()))


def on_mesh(
    shape: Shape, points: Array, cells: NDArray[np.int64], kind: str, density: Density | None
) -> Iterator[tuple[Array, Array]]:
    """Points and weights on cells; triangles at a curved boundary are as curved as it is."""
    if kind == "triangle":
        edges = CurvedEdges(shape, points, cells)
        curved = np.flatnonzero(edges.triangles)
        corners = points[cells[curved]]
        sizes = np.abs(np.linalg.det(corners[:, 1:] - corners[:, :1])) / 2
        for order, which in orders(corners, sizes, CURVED_ORDER, density) if len(curved) else ():
            yield edges.rule(cells[curved[which]], edges.off[curved[which]], order)
        cells = cells[~edges.triangles]
    yield from on_cells(points[cells], kind, density)


def on_cells(corners: Array, kind: str, density: Density | None) -> Iterator[tuple[Array, Array]]:
    """Points and weights on affine cells, corners [cells, nodes, D] in meshio's order; those of one order together."""
    edges = np.stack([corners[:, node] - corners[:, 0] for node in EDGES[kind]], axis=1)  # [cells, D, D]
    sizes = np.abs(np.linalg.det(edges)) * reference_rule(kind)[1].sum()
    for order, which in orders(corners, sizes, ORDER, density):
        reference, weights = reference_rule(kind, order)
        points = corners[which, None, 0] + np.einsum("qk,ckd->cqd", reference, edges[which])
        shares = weights / weights.sum()
        yield points.reshape(-1, corners.shape[2]), (sizes[which, None] * shares).ravel()


# Nodes at the far ends of the edges that span a cell from its node 0; how many of them belong to a simplex.
EDGES = {"line": (1,), "triangle": (1, 2), "tetra": (1, 2, 3), "wedge": (1, 2, 3), "hexahedron": (1, 3, 4)}
SIMPLEX = {"line": 1, "triangle": 2, "tetra": 3, "wedge": 2, "hexahedron": 1}


@lru_cache
def reference_rule(kind: str, order: int = ORDER) -> tuple[Array, Array]:
    """Points [Q, D] and weights [Q] on the reference cell, the unit simplex times unit intervals."""
    points, weights = simplex_rule(SIMPLEX[kind], order)
    line, line_weights = simplex_rule(1, order)
    for _ in range(len(EDGES[kind]) - SIMPLEX[kind]):
        points = np.hstack([np.repeat(points, order, axis=0), np.tile(line, (len(points), 1))])
        weights = np.outer(weights, line_weights).ravel()
    return points, weights


def simplex_rule(dimension: int, order: int = ORDER) -> tuple[Array, Array]:
    """x_1 = t_1, x_2 = (1 - t_1) t_2, …: Gauss-Jacobi in t_k with weight (1 - t_k)^(dimension - k)."""
    points, weights, left = np.zeros((1, 0)), np.ones(1), np.ones(1)
    for power in range(dimension - 1, -1, -1):
        node, weight = roots_jacobi(order, power, 0)  # on (-1, 1)
        t, w = (node + 1) / 2, weight / 2 ** (power + 1)
        points = np.hstack([np.repeat(points, order, axis=0), (left[:, None] * t).reshape(-1, 1)])
        left = (left[:, None] * (1 - t)).ravel()
        weights = (weights[:, None] * w).ravel()
    return points, weights


def boundary_quadrature(
    shape: Shape,
    patches: Sequence[str],
    count: int,
    where: Where | None = None,
    graded: bool = False,
    changes: Sequence[Where] = (),
) -> Quadrature:
    """About `count` points on the named patches, where `where` holds."""
    pieces = shape.pieces_of(list(dict.fromkeys(patches)))
    return pieces_quadrature(pieces, shape.dimension, count, where, graded, changes)


def pieces_quadrature(
    pieces: Sequence[Piece],
    dimension: int,
    count: int,
    where: Where | None = None,
    graded: bool = False,
    changes: Sequence[Where] = (),
) -> Quadrature:
    """The same on pieces of a boundary or of an interface.

    Gauss points along curves, which end where `where` begins to hold; on surfaces Sobol points of equal weight.
    graded    whether the points along a curve gather at its ends, for what is singular there
    changes   conditions on the coordinates: where one of them begins to hold, a curve ends as well
    """
    if dimension > 2:
        drawn = sample_pieces(pieces, dimension, count, SURFACE_SEED, where)
        return Quadrature(drawn.points, drawn.weights, drawn.normals)
    whole = sum(piece.full_measure for piece in pieces)
    if dimension == 1:
        parts = [kept(piece, np.zeros((1, 0)), np.ones(1), where) for piece in pieces]
    else:
        parts = [along(piece, count * piece.full_measure / whole, where, graded, changes) for piece in pieces]
    points, weights, normals = (np.concatenate(part) for part in zip(*parts, strict=True))
    if not len(points):
        raise GeometryError((), "nothing is left of the patches where the condition on the coordinates holds")
    return Quadrature(points, weights, normals)


def along(
    piece: Piece, count: float, where: Where | None, graded: bool, changes: Sequence[Where]
) -> tuple[Array, Array, Array]:
    """Points, weights and normals on a curve."""
    parameters, weights = [], []
    for first, last in pairwise([0.0, *breaks(piece, [*changes, *([where] if where else [])]), 1.0]):
        length = last - first
        share, weight = on_unit_interval(max(1, round(count * length / ORDER)), ORDER, graded)
        parameters.append(first + length * share)
        weights.append(length * weight)
    every = np.concatenate(parameters)[:, None]
    return kept(piece, every, np.concatenate(weights) * piece.full_measure, where)


def on_unit_interval(segments: int, order: int, graded: bool) -> tuple[Array, Array]:
    """Gauss points and weights [N] on as many equal segments of (0, 1).

    Graded, they are t = s^q/(s^q + (1 - s)^q) of even ones s: r^a dr is then smooth in s, as s^(q (a + 1) - 1).
    Source: Sidi, A new variable transformation for numerical integration, Numer. Integr. IV (1993), 359.
    """
    line, line_weights = simplex_rule(1, order)
    s = (np.arange(segments)[:, None] + line[:, 0]).ravel() / segments
    weights = np.tile(line_weights, segments) / segments
    if not graded:
        return s, weights
    total = s**GRADING + (1 - s) ** GRADING
    return s**GRADING / total, weights * GRADING * (s * (1 - s)) ** (GRADING - 1) / total**2


def kept(piece: Piece, parameters: Array, weights: Array, where: Where | None) -> tuple[Array, Array, Array]:
    """Points, weights and normals at those parameters that lie on the piece, and where `where` holds."""
    inside = piece.kept(parameters)
    points = piece.points(parameters)
    if where is not None:
        inside = inside & where(points)
    return points[inside], weights[inside], piece.normals(parameters)[inside]
