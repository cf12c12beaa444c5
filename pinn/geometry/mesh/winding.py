"""Winding number: how often a closed boundary runs around a point; 1 inside, 0 outside.

In the plane the sum of the angles under which the segments are seen, over 2 pi; in space that of the solid angles,

    tan(omega/2) = a·(b × c) / (|a||b||c| + (a·b)|c| + (b·c)|a| + (c·a)|b|),

over 4 pi, with a, b, c from the point to a triangle's corners.
Source: van Oosterom & Strackee, IEEE Trans. Biomed. Eng. 30 (1983) 125; Jacobson, Kavan & Sorkine-Hornung, ACM Trans.
Graph. 32 (2013) 33.
"""

from __future__ import annotations

import numpy as np

from pinn.geometry.shapes.pieces import Array


def winding_numbers(facets: Array, points: Array) -> Array:
    """Winding numbers [N] of facets [F, corners, D] (segments, triangles, quadrilaterals) about points [N, D]."""
    if facets.shape[1] == 4:
        facets = np.concatenate([facets[:, [0, 1, 2]], facets[:, [0, 2, 3]]])
    return np.array([_angle(facets - point) for point in points])


def _angle(corners: Array) -> float:
    if corners.shape[2] == 2:
        a, b = corners[:, 0], corners[:, 1]
        turn = np.arctan2(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0], np.sum(a * b, axis=1))
        return float(turn.sum()) / (2 * np.pi)
    a, b, c = np.moveaxis(corners, 1, 0)
    la, lb, lc = (np.linalg.norm(side, axis=1) for side in (a, b, c))
    above = np.sum(a * np.cross(b, c), axis=1)
    below = la * lb * lc + np.sum(a * b, axis=1) * lc + np.sum(b * c, axis=1) * la + np.sum(c * a, axis=1) * lb
    return float(np.arctan2(above, below).sum()) / (2 * np.pi)
