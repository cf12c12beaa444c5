"""MeshShape: a domain given by a mesh file, as cells or as their closed boundary.

Interior points come by rejection from the bounding box against the exact signed distance, so their density is even over
the cells whatever their sizes; boundary points lie on the facets in proportion to measure (pinn/geometry/facets.py).
"""

from __future__ import annotations

import math
from functools import cached_property
from pathlib import Path

import numpy as np

from pinn.geometry.elements import ELEMENTS, facet_normals, jacobians, stretches
from pinn.geometry.facets import pieces_of_patch
from pinn.geometry.mesh_boundary import closed_facets, facets_of, group_of_facets, oriented_cells
from pinn.geometry.mesh_checks import check_names, refuse_crossings, refuse_loose_nodes
from pinn.geometry.mesh_file import MeshError, Nodes, read_mesh
from pinn.geometry.orders import Density, orders
from pinn.geometry.pieces import Array, Piece
from pinn.geometry.shapes import GeometryError, Shape, named, prefixed
from pinn.geometry.surface_distance import SurfaceDistance

REST = "rest"  # patch of the facets without a group
FEWEST_ALONG = 3  # Gauss points along each direction: exact for the Jacobian of a curved tetrahedron of second order


class MeshShape(Shape):
    """Cells, or what a closed boundary encloses; patches are the groups of facets, and `rest`.

    points      [N, D]
    cells       meshio kind -> node numbers [M, K]; empty where the file holds the boundary only
    subdomains  group of cells -> kind -> numbers of its cells
    facets      of the boundary: kind -> node numbers [F, K], normals outward
    """

    def __init__(self, file: Path, dimension: int, name: str | None = None):
        if dimension not in (2, 3):
            raise GeometryError((), f"a mesh has two or three coordinates, but the problem has {dimension}")
        self.file, self.name = file, name
        data = read_mesh(file, dimension)
        self.points = data.points
        self.cells: dict[str, Nodes] = oriented_cells(data) if data.cells else {}
        self.subdomains: dict[str, dict[str, Nodes]] = data.cells.groups
        if data.cells:
            self.facets = facets_of(self.cells)
            refuse_loose_nodes(data, self.facets)
        else:
            self.facets = closed_facets(data)
        self._groups, empty = group_of_facets(data, self.facets)
        check_names(data, [str(group) for groups in self._groups.values() for group in groups if group is not None])
        self._interior_groups = empty
        self._distance = SurfaceDistance({kind: self.points[nodes] for kind, nodes in self.facets.items()})
        refuse_crossings(data, self._distance, self.facets, self.measure)

    @cached_property
    def bounds(self) -> tuple[Array, Array]:  # type: ignore[override]
        corners = self._distance.corners.reshape(-1, self.points.shape[1])
        return corners.min(axis=0), corners.max(axis=0)

    def level(self, points: Array) -> Array:
        """Exact signed distance."""
        return self._distance(np.asarray(points, dtype=float))

    @cached_property
    def measure(self) -> float:  # type: ignore[override]
        """By quadrature over the cells; without cells by the divergence theorem, D * measure = integral of x·n."""
        if self.cells:
            return float(sum(self.cell_measures(kind).sum() for kind in self.cells))
        total, origin = 0.0, self.points.mean(axis=0)
        for kind, nodes in self.facets.items():
            element, corners = ELEMENTS[kind], self.points[nodes] - origin
            xi, weights = element.quadrature()
            jacobian = jacobians(element, corners, xi)
            at = np.einsum("qk,mkx->mqx", element.shapes(xi), corners)
            outflow = np.sum(at * facet_normals(jacobian), axis=-1) * stretches(jacobian)
            total += float(np.sum(outflow @ weights))
        return total / self.points.shape[1]

    def cell_measures(self, kind: str) -> Array:
        """Areas or volumes [M] of the cells of a kind."""
        xi, weights = ELEMENTS[kind].quadrature()
        return np.linalg.det(jacobians(ELEMENTS[kind], self.points[self.cells[kind]], xi)) @ weights

    def gauss_points(self, count: int, density: Density | None = None) -> tuple[Array, Array]:
        """Points [N, D] and weights [N] of Gauss rules on the cells as they are curved, at least `count` of them.

        density   points per area or volume wanted at places, where that is more
        """
        cells = sum(len(nodes) for nodes in self.cells.values())
        fewest = max(FEWEST_ALONG, math.ceil((count / cells) ** (1 / self.points.shape[1])))
        points, weights = [], []
        for kind, nodes in self.cells.items():
            element, corners = ELEMENTS[kind], self.points[nodes]
            xi, reference = element.quadrature()
            sizes = np.linalg.det(jacobians(element, corners, xi)) @ reference
            for along, which in orders(corners, sizes, fewest, density):
                xi, reference = element.quadrature(along)
                points.append(
                    np.einsum("qk,mkx->mqx", element.shapes(xi), corners[which]).reshape(-1, corners.shape[2])
                )
                weights.append((np.linalg.det(jacobians(element, corners[which], xi)) * reference).ravel())
        return np.concatenate(points), np.concatenate(weights)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:  # type: ignore[override]
        found: list[Piece] = []
        for kind, nodes in self.facets.items():
            groups = self._groups[kind]
            listed = [*dict.fromkeys(group for group in groups if group is not None)]
            for group in [*listed, *([None] if any(group is None for group in groups) else [])]:
                mine = nodes[[one == group for one in groups]]
                patch = named(REST, None) if group is None else str(group)
                found += pieces_of_patch(prefixed(patch, self.name), kind, mine, self.points)
        return tuple(found)

    @property
    def vanished_patches(self) -> tuple[str, ...]:
        """Groups of facets that lie between cells, none of them on the boundary."""
        return tuple(prefixed(name, self.name) for name in self._interior_groups)


def open_mesh(file: str, folder: Path, dimension: int, name: str | None = None) -> MeshShape:
    """The mesh in a file named relative to a spec's folder."""
    return MeshShape(folder / file, dimension, name)


__all__ = ["MeshError", "MeshShape", "open_mesh"]
