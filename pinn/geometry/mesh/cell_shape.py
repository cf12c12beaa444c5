"""CellShape: a region of space made of cells, or what a closed boundary of facets encloses.

Interior points come by rejection from the bounding box against the exact signed distance, so their density is even over
the cells whatever their sizes; boundary points lie on the facets in proportion to measure (facets.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pinn.geometry.mesh.elements import ELEMENTS, facet_normals, jacobians, stretches
from pinn.geometry.mesh.facets import pieces_of_patch
from pinn.geometry.mesh.file import Nodes
from pinn.geometry.mesh.orders import Density, orders
from pinn.geometry.mesh.surface_distance import SurfaceDistance
from pinn.geometry.shapes.pieces import Array, Piece
from pinn.geometry.shapes.shape import Shape

FEWEST_ALONG = 3  # Gauss points along each direction: exact for the Jacobian of a curved tetrahedron of second order


class CellShape(Shape):
    """Cells with the facets that bound them.

    points   [N, D]
    cells    meshio kind -> node numbers [M, K]; empty where only the boundary is known
    facets   of the boundary: kind -> node numbers [F, K], normals outward
    names    kind -> the patch [F] that each facet belongs to
    """

    def __init__(
        self,
        points: Array,
        cells: Mapping[str, Nodes],
        facets: Mapping[str, Nodes],
        names: Mapping[str, NDArray[np.object_]],
    ):
        self.points, self.cells, self.facets, self.names = points, dict(cells), dict(facets), dict(names)
        self.distance = SurfaceDistance({kind: points[nodes] for kind, nodes in self.facets.items()})

    @cached_property
    def bounds(self) -> tuple[Array, Array]:  # type: ignore[override]
        corners = self.distance.corners.reshape(-1, self.points.shape[1])
        return corners.min(axis=0), corners.max(axis=0)

    def level(self, points: Array) -> Array:
        """Exact signed distance."""
        return self.distance(np.asarray(points, dtype=float))

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
            for along, which in orders(corners, self.cell_measures(kind), fewest, density):
                xi, reference = element.quadrature(along)
                mine = corners[which]
                points.append(np.einsum("qk,mkx->mqx", element.shapes(xi), mine).reshape(-1, mine.shape[2]))
                weights.append((np.linalg.det(jacobians(element, mine, xi)) * reference).ravel())
        return np.concatenate(points), np.concatenate(weights)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:  # type: ignore[override]
        found: list[Piece] = []
        for kind, nodes in self.facets.items():
            for patch in dict.fromkeys(self.names[kind]):
                found += pieces_of_patch(patch, kind, nodes[self.names[kind] == patch], self.points)
        return tuple(found)
