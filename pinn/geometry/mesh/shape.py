"""MeshShape: a domain given by a mesh file, as cells or as their closed boundary."""

from __future__ import annotations

from collections.abc import Container, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pinn.geometry.mesh.boundary import closed_facets, facets_of, groups_of_facets, oriented_cells, refuse_overlap
from pinn.geometry.mesh.cell_shape import CellShape
from pinn.geometry.mesh.checks import check_names, refuse_crossings, refuse_loose_nodes
from pinn.geometry.mesh.elements import ELEMENTS
from pinn.geometry.mesh.facets import part_measures
from pinn.geometry.mesh.file import MeshError, Nodes, read_mesh
from pinn.geometry.shapes.names import RESERVED_PATCHES
from pinn.geometry.shapes.shape import GeometryError, prefixed

REST = "rest"  # patch of the facets without a group


class MeshShape(CellShape):
    """Patches are the groups of facets on the boundary, and `rest`; of groups that share facets what each has alone,
    and what they share. A group whose name means a place in every problem has `_group` behind it.

    cell_groups    group of cells -> kind -> numbers of its cells
    facet_groups   group of facets, also between cells -> kind -> node numbers [F, K]
    renamed        group of facets in the file -> its name here, where that is another
    """

    def __init__(self, file: Path, dimension: int, name: str | None = None):
        if dimension not in (2, 3):
            raise GeometryError((), f"a mesh has two or three coordinates, but the problem has {dimension}")
        self.file, self.name = file, name
        data = read_mesh(file, dimension)
        self.renamed = {
            group: usable(group, data.facets.groups) for group in data.facets.groups if group in RESERVED_PATCHES
        }
        data.facets.groups = {self.renamed.get(group, group): kinds for group, kinds in data.facets.groups.items()}
        cells, turned = oriented_cells(data) if data.cells else ({}, "")
        facets = facets_of(cells) if cells else closed_facets(data)
        if cells:
            refuse_loose_nodes(data, facets)
            refuse_overlap(data, cells, facets, turned)
        groups, self._interior_groups = groups_of_facets(data, facets)
        check_names(data, [group for one in groups.values() for names in one for group in names])
        patches, self._shared_groups = patches_of_groups(groups)
        self.cell_groups: dict[str, dict[str, Nodes]] = data.cells.groups
        self.facet_groups = {
            group: {kind: data.facets.nodes[kind][chosen] for kind, chosen in members.items()}
            for group, members in data.facets.groups.items()
        }
        super().__init__(data.points, cells, *_named_groups_first(facets, patches, name))
        refuse_crossings(data, self.distance, self.facets, self.measure)

    @property
    def vanished_patches(self) -> tuple[str, ...]:
        """Groups of facets that lie between cells, none of them on the boundary."""
        return tuple(prefixed(name, self.name) for name in self._interior_groups)

    @property
    def patch_groups(self) -> dict[str, tuple[str, ...]]:
        """Groups that share facets with others -> the patches that they are made of."""
        return {
            prefixed(group, self.name): tuple(prefixed(patch, self.name) for patch in patches)
            for group, patches in self._shared_groups.items()
        }

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


def usable(group: str, groups: Container[str]) -> str:
    """A name for a group that conditions may use, and no other group has."""
    name = f"{group}_group"
    return name if name not in groups else usable(name, groups)


def patches_of_groups(
    groups: Mapping[str, list[tuple[str, ...]]],
) -> tuple[dict[str, NDArray[np.object_]], dict[str, tuple[str, ...]]]:
    """Kind -> the patch [F] of each facet, None without a group; and the patches of each group that shares facets."""
    together = {names for one in groups.values() for names in one}
    shared = {name for names in together if len(names) > 1 for name in names}

    def patch(names: tuple[str, ...]) -> str | None:
        if len(names) == 1 and names[0] in shared:
            return f"{names[0]}_alone"
        return "_and_".join(names) or None

    found = {kind: np.array([patch(names) for names in one], dtype=object) for kind, one in groups.items()}
    ordered = sorted(together)
    return found, {name: tuple(str(patch(names)) for names in ordered if name in names) for name in sorted(shared)}


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
