"""Meshes of a partition: cells of one part each, nodes on an interface once for each part that they belong to.

A quantity that jumps across an interface then has a value for either side, and nothing is smeared. In two dimensions
the parts' meshes fit to each other, edge by edge; the parts of a meshed domain keep its cells.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pinn.geometry.mesh.cell_shape import CellShape
from pinn.geometry.meshing.planar import triangulate_planar
from pinn.geometry.meshing.triangulation import Mesh, triangulate
from pinn.geometry.shapes.partition import Partition


def triangulate_parts(partition: Partition, resolution: int) -> tuple[Mesh, NDArray[np.int64]]:
    """The mesh, about `resolution` cells along the domain's longest side, and the part [N] of each node."""
    fitting = partition.dimension == 2 and not isinstance(partition.domain, CellShape)
    meshes = _planar(partition, resolution) if fitting else _separate(partition, resolution)
    starts = np.cumsum([0, *(len(mesh.points) for mesh in meshes)])
    cells: dict[str, list[NDArray[np.int64]]] = {}
    for start, mesh in zip(starts, meshes, strict=False):
        for kind, numbers in mesh.cells.items():
            cells.setdefault(kind, []).append(numbers + start)
    joined = Mesh(
        np.vstack([mesh.points for mesh in meshes]), {kind: np.vstack(parts) for kind, parts in cells.items()}
    )
    return joined, np.repeat(np.arange(len(meshes)), np.diff(starts))


def _planar(partition: Partition, resolution: int) -> list[Mesh]:
    """One triangulation that has every interface among its edges, taken apart by the triangles' centroids."""
    points, triangles = triangulate_planar(partition, resolution)
    part = partition.part_of(points[triangles].mean(axis=1))
    meshes = []
    for number in range(len(partition.parts)):
        used, renumbered = np.unique(triangles[part == number], return_inverse=True)
        meshes.append(Mesh(points[used], {"triangle": renumbered.reshape(-1, 3)}))
    return meshes


def _separate(partition: Partition, resolution: int) -> list[Mesh]:
    """Each part on its own, with cells as large as in the others, or with those that it has."""
    return [
        triangulate(part, max(1, round(resolution * part.size / partition.size))) for part in partition.parts.values()
    ]
