"""Triangles for planar shapes: nodes exactly on the boundary curves, a relaxed hexagonal lattice within.

Interior nodes move as the joints of a truss of springs that only push (Persson & Strang, A simple mesh generator in
MATLAB, SIAM Review 46, 2004), and the Delaunay triangulation is made to contain every boundary edge by splitting
those that it lacks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay, KDTree

from pinn.geometry.meshing.sizing import SizeField, size_field
from pinn.geometry.shapes.pieces import Array, Piece
from pinn.geometry.shapes.shape import GeometryError, Shape

_CURVE_GRID = 2001  # points along a curve at which the size is integrated
_RELAXATIONS = 40
_STEP = 0.2  # of the spring force, Persson & Strang's deltat
_STRETCH = 1.2  # springs want to be this much longer than the size, so that they push; Persson & Strang's Fscale
_STALE = 0.1  # of the size: nodes that moved this far are triangulated anew, Persson & Strang's ttol
_AT_REST = 0.01  # of the size: no node moves further in a step
_BOUNDARY_GAP = 0.6  # of the size: interior nodes stay this far from the boundary
_MERGE = 1e-6  # of the shape's size: curve ends this close are one corner
_SPLITS = 12  # rounds of splitting boundary edges that the triangulation lacks


def triangulate_planar(shape: Shape, resolution: int) -> tuple[Array, NDArray[np.int64]]:
    """Nodes [N, 2] and anticlockwise triangles [M, 3], edges near size/resolution long, shorter at small features."""
    sizes = size_field(shape.pieces, shape.size / resolution)
    stations = [_stations(piece, sizes) for piece in shape.pieces]
    boundary, edges = _boundary(shape, stations)
    interior = _relax(shape, boundary, edges, _lattice(shape, sizes), sizes)
    for _ in range(_SPLITS):
        boundary, edges = _boundary(shape, stations)
        interior = interior[_clear_of(boundary, edges, interior, sizes)]
        nodes = np.vstack([boundary, interior])
        triangles = _inside_triangles(shape, nodes)
        if not _split_missing(stations, edges, triangles, len(nodes)):
            return _compact(nodes, triangles)
    raise GeometryError((), "cannot be triangulated: boundary curves nearly touch; try a finer resolution")


def _stations(piece: Piece, sizes: SizeField) -> Array:
    """Curve parameters of the nodes, both ends included, spaced by the size field."""
    grid = np.linspace(0.0, 1.0, _CURVE_GRID)
    density = piece.measure / sizes.at(piece.points(grid[:, None]))
    passed = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(grid))])
    segments = max(1, int(np.ceil(passed[-1] - 0.3)))
    ends = piece.points(np.array([[0.0], [1.0]]))
    if np.linalg.norm(ends[1] - ends[0]) < 0.5 * piece.measure / segments:
        segments = max(segments, 8)  # a closed curve needs a polygon that encloses something
    return np.interp(np.linspace(0.0, passed[-1], segments + 1), passed, grid)


def _boundary(shape: Shape, stations: list[Array]) -> tuple[Array, NDArray[np.int64]]:
    """Boundary nodes [B, 2], corners once, and boundary edges [E, 2], piece after piece."""
    points = np.vstack([piece.points(station[:, None]) for piece, station in zip(shape.pieces, stations, strict=True)])
    firsts = np.arange(len(points))
    for low, high in sorted(KDTree(points).query_pairs(_MERGE * shape.size)):
        firsts[high] = min(firsts[high], firsts[low])
    kept, renumbered = np.unique(firsts, return_inverse=True)
    starts = np.cumsum([0] + [len(station) for station in stations[:-1]])
    edge_starts = np.concatenate(
        [start + np.arange(len(station) - 1) for start, station in zip(starts, stations, strict=True)]
    )
    return points[kept], renumbered[np.column_stack([edge_starts, edge_starts + 1])]


def _lattice(shape: Shape, sizes: SizeField) -> Array:
    """Hexagonal lattice in the bounding box, each point split into four where the size asks for it."""
    lower, upper = shape.bounds
    spacing = sizes.base
    columns = np.arange(lower[0] - spacing, upper[0] + spacing, spacing)
    rows = np.arange(lower[1], upper[1] + spacing, spacing * np.sqrt(3) / 2)
    x, y = np.meshgrid(columns, rows)
    x = x + 0.5 * spacing * (np.arange(len(rows)) % 2)[:, None]
    points = np.column_stack([x.ravel(), y.ravel()])
    found = []
    while len(points):
        points = points[shape.level(points) < 1.5 * spacing]
        fine = sizes.at(points) < 0.7 * spacing
        found.append(points[~fine])
        halves = 0.5 * spacing * np.array([[0, 0], [1, 0], [0.5, np.sqrt(3) / 2], [-0.5, np.sqrt(3) / 2]])
        points = (points[fine, None, :] + halves).reshape(-1, 2)
        spacing /= 2
    return np.vstack(found)


def _relax(shape: Shape, boundary: Array, edges: NDArray[np.int64], interior: Array, sizes: SizeField) -> Array:
    """Moves interior nodes [I, 2] to even out the springs; those pushed onto the boundary are dropped."""
    interior = interior[_clear_of(boundary, edges, interior, sizes) & (shape.level(interior) < 0)]
    interior = interior[_thinned(interior, 0.55 * sizes.at(interior))]
    if not len(interior):
        return interior
    boundary_size = sizes.at(boundary)
    settled = np.full_like(interior, np.inf)  # where the nodes stood when they were last triangulated
    for _ in range(_RELAXATIONS):
        size = sizes.at(interior)
        if not np.all(np.hypot(*(interior - settled).T) < _STALE * size):
            keep = _clear_of(boundary, edges, interior, sizes) & (shape.level(interior) < 0)
            interior, size = interior[keep], size[keep]
            settled = interior
            bars = _edges_of(_inside_triangles(shape, np.vstack([boundary, interior])))
        nodes = np.vstack([boundary, interior])
        span = nodes[bars[:, 1]] - nodes[bars[:, 0]]
        length = np.hypot(span[:, 0], span[:, 1])
        node_size = np.concatenate([boundary_size, size])
        wanted = 0.5 * (node_size[bars[:, 1]] + node_size[bars[:, 0]])
        wanted *= _STRETCH * np.sqrt(np.sum(length**2) / np.sum(wanted**2))
        push = (np.maximum(wanted - length, 0.0) / length)[:, None] * span
        force = np.column_stack(
            [np.bincount(bars[:, 1], part, len(nodes)) - np.bincount(bars[:, 0], part, len(nodes)) for part in push.T]
        )
        moves = _STEP * force[len(boundary) :]
        interior = interior + moves
        if np.all(np.hypot(moves[:, 0], moves[:, 1]) < _AT_REST * size):
            break
    return interior[_clear_of(boundary, edges, interior, sizes) & (shape.level(interior) < 0)]


def _clear_of(boundary: Array, edges: NDArray[np.int64], interior: Array, sizes: SizeField) -> NDArray[np.bool_]:
    """Which interior nodes stand off the boundary and outside the circle over each boundary edge."""
    if not len(interior):
        return np.zeros(0, dtype=bool)
    middles = 0.5 * (boundary[edges[:, 0]] + boundary[edges[:, 1]])
    halves = 0.5 * np.linalg.norm(boundary[edges[:, 0]] - boundary[edges[:, 1]], axis=1)
    gap = _BOUNDARY_GAP * sizes.at(interior)
    clear = KDTree(np.vstack([boundary, middles])).query(interior)[0] > gap
    nearest_distance, nearest = KDTree(middles).query(interior)
    return clear & (nearest_distance > 1.05 * halves[nearest])


def _thinned(points: Array, radius: Array) -> NDArray[np.bool_]:
    """Which points to keep so that none has a kept neighbour within its radius; the first of two stays."""
    kept = np.ones(len(points), dtype=bool)
    if len(points):
        for low, high in sorted(KDTree(points).query_pairs(float(radius.max()))):
            close = np.hypot(*(points[low] - points[high])) < min(radius[low], radius[high])
            kept[high] &= not (kept[low] and close)
    return kept


def _inside_triangles(shape: Shape, nodes: Array) -> NDArray[np.int64]:
    """Delaunay triangles with their centroid in the shape, anticlockwise, without flat ones."""
    triangles = Delaunay(nodes).simplices.astype(np.int64)
    corners = nodes[triangles]
    u, v = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    doubled_area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    triangles[doubled_area < 0] = triangles[doubled_area < 0][:, [0, 2, 1]]
    longest = np.max(np.sum((corners - np.roll(corners, 1, axis=1)) ** 2, axis=2), axis=1)
    solid = np.abs(doubled_area) > 1e-6 * longest
    return triangles[solid & (shape.level(corners.mean(axis=1)) < 1e-9 * shape.size)]


def _edges_of(triangles: NDArray[np.int64]) -> NDArray[np.int64]:
    """Edges [E, 2] of the triangles, each once, lower node first."""
    pairs = np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    count = int(pairs.max(initial=0)) + 1
    codes = np.unique(pairs[:, 0] * count + pairs[:, 1])  # many times faster than unique rows
    return np.column_stack([codes // count, codes % count])


def _split_missing(stations: list[Array], edges: NDArray[np.int64], triangles: NDArray[np.int64], count: int) -> bool:
    """Adds a station in the middle of each boundary edge that no triangle has; False when none is missing."""
    present = set((_edges_of(triangles) @ np.array([count, 1])).tolist())
    missing = [low * count + high not in present for low, high in np.sort(edges, axis=1).tolist()]
    start = 0
    for index, station in enumerate(stations):
        mine = np.flatnonzero(missing[start : start + len(station) - 1])
        start += len(station) - 1
        stations[index] = np.sort(np.concatenate([station, 0.5 * (station[mine] + station[mine + 1])]))
    return any(missing)


def _compact(nodes: Array, triangles: NDArray[np.int64]) -> tuple[Array, NDArray[np.int64]]:
    """Drops nodes that no triangle uses."""
    used, renumbered = np.unique(triangles, return_inverse=True)
    return nodes[used], renumbered.reshape(triangles.shape)
