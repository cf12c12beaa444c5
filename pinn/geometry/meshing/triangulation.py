"""Triangulation: a shape cut into cells for pictures and export.

Intervals give lines, rectangles structured triangles, cuboids hexahedra, cylinders wedges, other planar shapes
unstructured triangles, other solids tetrahedra; a mesh brings its own cells, also of second order. Cell names and node
order are meshio's (VTK's); cells have positive measure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pinn.geometry.mesh.cell_shape import CellShape
from pinn.geometry.meshing.planar import triangulate_planar
from pinn.geometry.meshing.solid import triangulate_solid
from pinn.geometry.shapes.boxes import Box
from pinn.geometry.shapes.pieces import Array
from pinn.geometry.shapes.planar import Disk
from pinn.geometry.shapes.shape import GeometryError, Shape
from pinn.geometry.shapes.solids import Cylinder


@dataclass(frozen=True, eq=False)
class Mesh:
    """points [N, D]; cells: meshio cell type -> node numbers [cells, nodes of a cell]."""

    points: Array
    cells: dict[str, NDArray[np.int64]]


def triangulate(shape: Shape, resolution: int) -> Mesh:
    """The shape as a mesh with about `resolution` cells along its longest side; a mesh as it is.

    Raises GeometryError for more than three dimensions and for boundaries too tight for the resolution.
    """
    if resolution < 1:
        raise GeometryError((), f"needs a resolution of at least 1, got {resolution}")
    if isinstance(shape, CellShape) and shape.cells:
        return Mesh(shape.points, shape.cells)
    if shape.dimension == 1:
        return _lines(shape, resolution)
    if isinstance(shape, Box) and shape.dimension <= 3:
        return _rectangle(shape, resolution) if shape.dimension == 2 else _cuboid(shape, resolution)
    if isinstance(shape, Cylinder):
        return _wedges(shape, resolution)
    if shape.dimension == 2:
        points, triangles = triangulate_planar(shape, resolution)
        return Mesh(points, {"triangle": triangles})
    if shape.dimension == 3:
        points, tetrahedra = triangulate_solid(shape, resolution)
        return Mesh(points, {"tetra": tetrahedra})
    raise GeometryError((), f"cannot be cut into cells in {shape.dimension} dimensions; export to csv or npz instead")


def _lines(shape: Shape, resolution: int) -> Mesh:
    """Each interval between a left end (outward normal -1) and the next right end."""
    ends = np.sort(np.concatenate([piece.points(np.zeros((1, 0)))[0] for piece in shape.pieces]))
    points, cells, count = [], [], 0
    for start, end in ends.reshape(-1, 2):
        segments = _segments(end - start, shape, resolution)
        points.append(np.linspace(start, end, segments + 1)[:, None])
        first = np.arange(count, count + segments)
        cells.append(np.column_stack([first, first + 1]))
        count += segments + 1
    return Mesh(np.vstack(points), {"line": np.vstack(cells)})


def _rectangle(shape: Box, resolution: int) -> Mesh:
    """Each grid cell cut along alternating diagonals, so that the mesh has no preferred direction."""
    points, numbers = _grid(shape, resolution)
    a, b, c, d = (corner.ravel() for corner in (numbers[:-1, :-1], numbers[1:, :-1], numbers[1:, 1:], numbers[:-1, 1:]))
    i, j = np.indices((numbers.shape[0] - 1, numbers.shape[1] - 1))
    rising = ((i + j) % 2 == 0).ravel()[:, None]
    first = np.where(rising, np.column_stack([a, b, c]), np.column_stack([a, b, d]))
    second = np.where(rising, np.column_stack([a, c, d]), np.column_stack([b, c, d]))
    return Mesh(points, {"triangle": np.vstack([first, second])})


def _cuboid(shape: Box, resolution: int) -> Mesh:
    points, numbers = _grid(shape, resolution)
    lower, upper = slice(None, -1), slice(1, None)
    ring = ((lower, lower), (upper, lower), (upper, upper), (lower, upper))
    corners = [numbers[x, y, z].ravel() for z in (lower, upper) for x, y in ring]
    return Mesh(points, {"hexahedron": np.column_stack(corners)})


def _wedges(shape: Cylinder, resolution: int) -> Mesh:
    """A meshed disk, repeated along the axis."""
    across = max(2, round(resolution * 2 * shape.radius / max(2 * shape.radius, shape.length)))
    flat, triangles = triangulate_planar(Disk([0.0, 0.0], shape.radius), across)
    layers = max(1, round(resolution * shape.length / max(2 * shape.radius, shape.length)))
    heights = np.linspace(0.0, shape.length, layers + 1)
    points = np.vstack([shape.start + height * shape.axis + flat @ shape.frame for height in heights])
    steps = len(flat) * np.arange(layers)[:, None, None]
    wedges = np.concatenate([triangles + steps, triangles + steps + len(flat)], axis=2).reshape(-1, 6)
    return Mesh(points, {"wedge": wedges})


def _grid(shape: Box, resolution: int) -> tuple[Array, NDArray[np.int64]]:
    """Nodes of a regular grid and their numbers, one array axis for each coordinate."""
    axes = [
        np.linspace(low, high, _segments(high - low, shape, resolution) + 1)
        for low, high in zip(shape.lower, shape.upper, strict=True)
    ]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    numbers = np.arange(points[..., 0].size).reshape(points.shape[:-1])
    return points.reshape(-1, len(axes)), numbers


def _segments(length: float, shape: Shape, resolution: int) -> int:
    return max(1, round(resolution * float(length) / shape.size))


# Kinds of second order -> the straight cells between the nodes: kind, node numbers.
_STRAIGHT = {
    "triangle6": ("triangle", [[0, 3, 5], [3, 1, 4], [5, 4, 2], [3, 4, 5]]),
    "quad8": ("quad", [[0, 1, 2, 3]]),
    "quad9": ("quad", [[0, 4, 8, 7], [4, 1, 5, 8], [8, 5, 2, 6], [7, 8, 6, 3]]),
    "tetra10": (
        "tetra",
        [
            [0, 4, 6, 7],
            [4, 1, 5, 8],
            [6, 5, 2, 9],
            [7, 8, 9, 3],
            [4, 5, 6, 7],
            [4, 8, 5, 7],
            [6, 5, 9, 7],
            [5, 8, 9, 7],
        ],
    ),
    "hexahedron20": ("hexahedron", [[0, 1, 2, 3, 4, 5, 6, 7]]),
    "hexahedron27": ("hexahedron", [[0, 1, 2, 3, 4, 5, 6, 7]]),
}


def straight_cells(cells: Mapping[str, NDArray[np.int64]]) -> dict[str, NDArray[np.int64]]:
    """The cells of a mesh with those of second order as straight ones, for pictures."""
    found: dict[str, list[NDArray[np.int64]]] = {}
    for kind, nodes in cells.items():
        straight, parts = _STRAIGHT.get(kind, (kind, [list(range(nodes.shape[1]))]))
        found.setdefault(straight, []).append(nodes[:, parts].reshape(-1, len(parts[0])))
    return {kind: np.concatenate(parts) for kind, parts in found.items()}
