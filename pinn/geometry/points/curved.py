"""Curved triangles: rules for the triangles of a mesh whose edges are chords of a curved boundary.

Such a triangle is a fan of three around its centroid C. Over an edge from A to B, of length L with direction e and unit
normal n, with t(s) the distance along n from the chord to the boundary,

    x(r, s) = C + r (P(s) - C),   P(s) = A + s L e + t(s) n,   dx = r |(P - C) x P'| dr ds

by Gauss-Jacobi points in r and Gauss points in s; t is found at these points, and differentiated as the polynomial
s (1 - s) q(s) through them. The fans fill the shape itself, where triangles leave slivers of the square of their size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import roots_jacobi

from pinn.geometry.shapes.pieces import Array
from pinn.geometry.shapes.shape import Shape

STRAIGHT = 1e-12  # of the shape's size: an edge that is no farther from the boundary lies on it
FARTHEST = 0.3  # of an edge's length: a boundary that is farther from it is another one
HALVINGS = 60  # of the bracket that t lies in
EDGES = ((1, 2), (2, 0), (0, 1))


class CurvedEdges:
    """Edges of triangles [T, 3] that belong to one triangle alone, and lie off the shape's boundary."""

    def __init__(self, shape: Shape, points: Array, triangles: NDArray[np.int64]):
        self.shape, self.points = shape, points
        edges = np.sort(np.concatenate([triangles[:, edge] for edge in EDGES]), axis=1)
        _, which, counts = np.unique(edges, axis=0, return_inverse=True, return_counts=True)
        outer = (counts[which] == 1).reshape(3, -1).T  # [T, 3]
        off = np.zeros_like(outer)
        line = gauss(3)[0]
        for k, (a, b) in enumerate(EDGES):
            rows = np.flatnonzero(outer[:, k])
            start, end = points[triangles[rows, a]], points[triangles[rows, b]]
            chord = start[:, None] + line[:, None] * (end - start)[:, None]
            level = shape.level(chord.reshape(-1, 2)).reshape(len(rows), len(line))
            off[rows, k] = np.abs(level).max(axis=1) > STRAIGHT * shape.size
        self.off = off

    @property
    def triangles(self) -> NDArray[np.bool_]:
        """Which of the triangles have a curved edge [T]."""
        return self.off.any(axis=1)

    def rule(self, triangles: NDArray[np.int64], off: NDArray[np.bool_], order: int) -> tuple[Array, Array]:
        """Points [N, 2] and weights [N] on some of the triangles, with `order` points along r and s."""
        centre = self.points[triangles].mean(axis=1)
        s, share = gauss(order)
        r, part = radial(order)
        points, weights = [], []
        for k, (a, b) in enumerate(EDGES):
            start, end = self.points[triangles[:, a]], self.points[triangles[:, b]]
            span = end - start
            length = np.linalg.norm(span, axis=1)
            normal = np.column_stack([span[:, 1], -span[:, 0]]) / length[:, None]
            offset = np.zeros((len(triangles), order))
            rows = np.flatnonzero(off[:, k])
            chord = start[:, None] + s[:, None] * span[:, None]
            if len(rows):
                offset[rows] = self.offsets(chord[rows], normal[rows], FARTHEST * length[rows])
            arc = chord + offset[..., None] * normal[:, None] - centre[:, None]
            slope = span[:, None] + (offset @ slopes(s))[..., None] * normal[:, None]
            area = np.abs(arc[..., 0] * slope[..., 1] - arc[..., 1] * slope[..., 0])  # [T, s]
            at = centre[:, None, None] + r[:, None, None] * arc[:, None]
            points.append(at.reshape(-1, 2))
            weights.append((part[:, None] * share * area[:, None]).ravel())
        return np.concatenate(points), np.concatenate(weights)

    def offsets(self, chord: Array, normal: Array, reach: Array) -> Array:
        """t [E, S] at points [E, S, 2] of the chords: where the level changes its sign along the normal."""
        low = np.broadcast_to(-reach[:, None], chord.shape[:2]).copy()
        high = -low
        inside = self.shape.level((chord + low[..., None] * normal[:, None]).reshape(-1, 2)).reshape(low.shape) < 0
        beyond = self.shape.level((chord + high[..., None] * normal[:, None]).reshape(-1, 2)).reshape(low.shape) < 0
        found = inside != beyond
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            same = (self.shape.level((chord + middle[..., None] * normal[:, None]).reshape(-1, 2)) < 0).reshape(
                low.shape
            ) == inside
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        return np.where(found, (low + high) / 2, 0.0)


def gauss(order: int) -> tuple[Array, Array]:
    """Gauss-Legendre points and weights on (0, 1)."""
    points, weights = np.polynomial.legendre.leggauss(order)
    return (points + 1) / 2, weights / 2


def radial(order: int) -> tuple[Array, Array]:
    """Points and weights for the integral of r f(r) over (0, 1)."""
    points, weights = roots_jacobi(order, 0, 1)
    return (points + 1) / 2, weights / 4


def slopes(s: Array) -> Array:
    """D [S, S] such that t @ D are the derivatives at s of s (1 - s) q(s) with the values t there."""
    powers = np.vander(s, increasing=True)
    vanishing = s * (1 - s)
    values = powers * vanishing[:, None]
    raised = np.hstack([np.zeros((len(s), 1)), powers[:, :-1] * np.arange(1, len(s))])
    derivatives = powers * (1 - 2 * s)[:, None] + raised * vanishing[:, None]
    return np.asarray(np.linalg.solve(values.T, derivatives.T), dtype=np.float64)
