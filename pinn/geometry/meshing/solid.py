"""Tetrahedra for solids: nodes on the surfaces and their creases, a body-centred cubic lattice within, Delaunay.

The surface is followed to the second order in the edge length. Good enough to look at and to export on; not a
finite-element mesh, since a Delaunay triangulation in space leaves some flat cells.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay, KDTree

from pinn.geometry.shapes.pieces import Array, Piece
from pinn.geometry.shapes.shape import GeometryError, Shape

_GOLDEN = (np.sqrt(5) - 1) / 2
_LATTICE_CONSTANT = 1.15  # of the spacing: the body-centred lattice's edges are 0.87 and 1 of its constant
_CREASE_GAP, _SURFACE_GAP, _INTERIOR_GAP = 0.5, 0.6, 0.6  # of the spacing, between neighbouring nodes
_BISECTIONS = 45
_FLAT = 1e-4  # volume over longest edge cubed; a regular tetrahedron has 0.118


def triangulate_solid(shape: Shape, resolution: int) -> tuple[Array, NDArray[np.int64]]:
    """Nodes [N, 3] and tetrahedra [M, 4] of positive volume, edges near size/resolution long."""
    spacing = shape.size / resolution
    creases = np.vstack([_creases(piece, spacing) for piece in shape.pieces])
    nodes = _extend(np.zeros((0, 3)), creases, _CREASE_GAP * spacing)
    nodes = _extend(nodes, np.vstack([_cover(piece, spacing) for piece in shape.pieces]), _SURFACE_GAP * spacing)
    lattice = _lattice(shape, spacing)
    lattice = lattice[shape.level(lattice) < 0]
    if len(lattice):
        nodes = np.vstack([nodes, lattice[KDTree(nodes).query(lattice)[0] > _INTERIOR_GAP * spacing]])
    tetrahedra = _inside_tetrahedra(shape, nodes, spacing)
    if not len(tetrahedra):
        raise GeometryError((), "is too thin for the resolution; no cell fits in")
    used, renumbered = np.unique(tetrahedra, return_inverse=True)
    return nodes[used], renumbered.reshape(tetrahedra.shape)


def _cover(piece: Piece, spacing: float) -> Array:
    """Points spread over a surface: a golden-ratio lattice of the parameters, evenly thanks to their equal areas."""
    count = max(8, int(piece.full_measure / (0.87 * spacing**2)))
    index = np.arange(count)
    parameters = np.column_stack([(index + 0.5) / count, (index * _GOLDEN) % 1.0])
    return piece.points(parameters[piece.kept(parameters)])


def _creases(piece: Piece, spacing: float) -> Array:
    """Points on the rim of the parameter square, and where its grid lines leave the kept part."""
    count = int(np.clip(np.ceil(2 * np.sqrt(piece.full_measure) / spacing), 8, 200))
    ticks = np.linspace(0.0, 1.0, count + 1)
    zeros = np.zeros_like(ticks)
    rim = np.vstack(
        [np.column_stack(pair) for pair in ((ticks, zeros), (ticks, zeros + 1), (zeros, ticks), (zeros + 1, ticks))]
    )
    nudged = np.clip(rim, 1e-9, 1 - 1e-9)  # on the rim itself two pieces meet, and which of them is kept is undecided
    found = [rim[piece.kept(nudged)]]
    middles = 0.5 * (ticks[1:] + ticks[:-1])
    grid = np.stack(np.meshgrid(middles, middles, indexing="ij"), axis=-1)
    kept = piece.kept(grid.reshape(-1, 2)).reshape(count, count)
    for axis in (0, 1):
        here, there = np.delete(grid, -1, axis), np.delete(grid, 0, axis)
        changes = np.delete(kept, -1, axis) != np.delete(kept, 0, axis)
        on, off = here[changes], there[changes]
        swap = ~np.delete(kept, -1, axis)[changes]
        on[swap], off[swap] = off[swap], on[swap].copy()
        for _ in range(_BISECTIONS if len(on) else 0):
            middle = 0.5 * (on + off)
            inside = piece.kept(middle)
            on[inside], off[~inside] = middle[inside], middle[~inside]
        found.append(on)
    return piece.points(np.vstack(found))


def _extend(nodes: Array, candidates: Array, gap: float) -> Array:
    """Adds the candidates that keep `gap` from the nodes and from each other, the first come first."""
    if len(nodes) and len(candidates):
        candidates = candidates[KDTree(nodes).query(candidates)[0] > gap]
    kept = np.ones(len(candidates), dtype=bool)
    if len(candidates):
        for low, high in sorted(KDTree(candidates).query_pairs(gap)):
            kept[high] &= not kept[low]
    return np.vstack([nodes, candidates[kept]])


def _lattice(shape: Shape, spacing: float) -> Array:
    lower, upper = shape.bounds
    constant = _LATTICE_CONSTANT * spacing
    axes = [np.arange(low - constant, high + constant, constant) for low, high in zip(lower, upper, strict=True)]
    corners = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    return np.vstack([corners, corners + 0.5 * constant])


def _inside_tetrahedra(shape: Shape, nodes: Array, spacing: float) -> NDArray[np.int64]:
    """Delaunay cells with centroid and edges in the shape, right-handed, without flat ones."""
    cells = Delaunay(nodes).simplices.astype(np.int64)
    corners = nodes[cells]
    spans = corners[:, 1:] - corners[:, :1]
    volume = np.linalg.det(spans) / 6
    cells[volume < 0] = cells[volume < 0][:, [0, 2, 1, 3]]
    pairs = np.array([[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]])
    longest = np.max(np.linalg.norm(corners[:, pairs[:, 0]] - corners[:, pairs[:, 1]], axis=2), axis=1)
    inside = (np.abs(volume) > _FLAT * longest**3) & (shape.level(corners.mean(axis=1)) < 1e-9 * shape.size)
    middles = 0.5 * (corners[:, pairs[:, 0]] + corners[:, pairs[:, 1]])
    stray = shape.level(middles.reshape(-1, 3)).reshape(-1, len(pairs)).max(axis=1) > 0.3 * spacing
    return cells[inside & ~stray]
