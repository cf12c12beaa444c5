"""MeshShape: a domain given by a mesh file, as cells or as their closed boundary."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pinn.geometry.mesh.boundary import closed_facets, facets_of, group_of_facets, oriented_cells
from pinn.geometry.mesh.cell_shape import CellShape
from pinn.geometry.mesh.checks import check_names, refuse_crossings, refuse_loose_nodes
from pinn.geometry.mesh.elements import ELEMENTS
from pinn.geometry.mesh.facets import part_measures
from pinn.geometry.mesh.file import MeshError, Nodes, read_mesh
from pinn.geometry.shapes.shape import GeometryError, prefixed

REST = "rest"  # patch of the facets without a group


class MeshShape(CellShape):
    """Patches are the groups of facets on the boundary, and `rest`.

    cell_groups    group of cells -> kind -> numbers of its cells
    facet_groups   group of facets, also between cells -> kind -> node numbers [F, K]
    """

    def __init__(self, file: Path, dimension: int, name: str | None = None):
        if dimension not in (2, 3):
            raise GeometryError((), f"a mesh has two or three coordinates, but the problem has {dimension}")
        self.file, self.name = file, name
        data = read_mesh(file, dimension)
        cells = oriented_cells(data) if data.cells else {}
        facets = facets_of(cells) if cells else closed_facets(data)
        if cells:
            refuse_loose_nodes(data, facets)
        groups, self._interior_groups = group_of_facets(data, facets)
        check_names(data, [str(group) for one in groups.values() for group in one if group is not None])
        self.cell_groups: dict[str, dict[str, Nodes]] = data.cells.groups
        self.facet_groups = {
            group: {kind: data.facets.nodes[kind][chosen] for kind, chosen in members.items()}
            for group, members in data.facets.groups.items()
        }
        super().__init__(data.points, cells, *_named_groups_first(facets, groups, name))
        refuse_crossings(data, self.distance, self.facets, self.measure)

    @property
    def vanished_patches(self) -> tuple[str, ...]:
        """Groups of facets that lie between cells, none of them on the boundary."""
        return tuple(prefixed(name, self.name) for name in self._interior_groups)

    @property
    def cell_group_measures(self) -> dict[str, float]:
        """Group of cells -> its area or volume."""
        measures = {kind: self.cell_measures(kind) for kind in self.cells}
        return {
            group: float(sum(measures[kind][chosen].sum() for kind, chosen in members.items()))
            for group, members in self.cell_groups.items()
        }

    @property
    def facet_group_measures(self) -> dict[str, float]:
        """Group of facets -> its length or area, wherever it lies."""
        return {
            group: float(sum(part_measures(ELEMENTS[kind], self.points[nodes]).sum() for kind, nodes in kinds.items()))
            for group, kinds in self.facet_groups.items()
        }


def _named_groups_first(
    facets: dict[str, Nodes], groups: dict[str, NDArray[np.object_]], name: str | None
) -> tuple[dict[str, Nodes], dict[str, NDArray[np.object_]]]:
    """The facets and their patches, those without a group last."""
    ordered, names = {}, {}
    for kind, nodes in facets.items():
        order = np.argsort([group is None for group in groups[kind]], kind="stable")
        ordered[kind] = nodes[order]
        patches = [prefixed(REST if groups[kind][row] is None else str(groups[kind][row]), name) for row in order]
        names[kind] = np.array(patches, dtype=object)
    return ordered, names


def open_mesh(file: str, folder: Path, dimension: int, name: str | None = None) -> MeshShape:
    """The mesh in a file named relative to a spec's folder."""
    return MeshShape(folder / file, dimension, name)


__all__ = ["MeshError", "MeshShape", "open_mesh"]
