"""Mesh partition: a meshed domain cut into parts by its groups of cells.

A part is made of the domain's own cells. Two parts meet where they share facets, so that interfaces are known exactly:
curved where the facets are, with normals out of the cells of the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from pinn.errors import did_you_mean
from pinn.geometry.mesh.boundary import facets_of, numbers_among
from pinn.geometry.mesh.cell_shape import CellShape
from pinn.geometry.mesh.facets import pieces_of_patch
from pinn.geometry.mesh.file import Nodes
from pinn.geometry.mesh.shape import MeshShape
from pinn.geometry.shapes.partition import Partition
from pinn.geometry.shapes.pieces import Piece
from pinn.geometry.shapes.shape import GeometryError

Groups = Mapping[str, Sequence[str] | None]  # name -> the groups of cells it is made of; None for what the others leave
Kinds = dict[str, Nodes]  # meshio kind -> node numbers in the domain's numbering [M, K]


def cut_by_groups(domain: MeshShape, groups: Groups) -> Partition:
    """A part for each name, of the cells in its groups.

    Raises GeometryError, its path the part's name and `group`, for an unknown group, for cells in two parts or in none.
    """
    owner = _owners(domain, groups)
    cells = {
        name: {kind: domain.cells[kind][numbers == number] for kind, numbers in owner.items() if number in numbers}
        for number, name in enumerate(groups)
    }
    facets = {name: facets_of(own) for name, own in cells.items()}
    parts = {name: _part(domain, name, cells[name], facets[name]) for name in groups}
    touching = {pair: _shared(domain, facets, *pair) for pair in combinations(groups, 2)}
    return Partition(domain, parts, touching)


def _owners(domain: MeshShape, groups: Groups) -> Kinds:
    """Kind -> number of the part [M] that each cell belongs to."""
    names = list(groups)
    owner = {kind: np.full(len(nodes), -1) for kind, nodes in domain.cells.items()}
    for number, (name, wanted) in enumerate(groups.items()):
        for group in wanted or ():
            for kind, members in _members(domain, name, group).items():
                others = owner[kind][members]
                others = others[(others >= 0) & (others != number)]
                if len(others):
                    message = f"'{group}' shares {len(others)} {kind} cells with '{names[others[0]]}'"
                    raise GeometryError((name, "group"), f"{message}; leave each cell in one of them")
                owner[kind][members] = number
    left = {kind: np.flatnonzero(numbers < 0) for kind, numbers in owner.items()}
    count = sum(len(rows) for rows in left.values())
    if None in groups.values():
        rest = next(name for name, wanted in groups.items() if wanted is None)
        if not count:
            raise GeometryError((rest,), "the others leave nothing over")
        return {kind: np.where(numbers < 0, names.index(rest), numbers) for kind, numbers in owner.items()}
    if count:
        kind = next(kind for kind, rows in left.items() if len(rows))
        place = ", ".join(f"{value:.4g}" for value in domain.points[domain.cells[kind][left[kind][0]]].mean(axis=0))
        message = f"leaves {count} cells of the mesh without a name, the first a {kind} at ({place})"
        unnamed = [group for group in domain.cell_groups if not any(group in (own or ()) for own in groups.values())]
        add = f"{unnamed[0]}: {{group: {unnamed[0]}}}" if unnamed else "matrix: rest"
        raise GeometryError((), f"{message}; add one, such as {add}")
    return owner


def _members(domain: MeshShape, name: str, group: str) -> dict[str, Nodes]:
    """Kind -> numbers of the cells in a group."""
    if group in domain.cell_groups:
        return domain.cell_groups[group]
    if not domain.cells:
        message = f"{domain.file} holds a boundary only, without cells to group; save the cells inside as well"
    elif not domain.cell_groups:
        message = f"{domain.file} has no groups of cells; name them where the mesh is made (physical groups in gmsh)"
    elif group in domain.facet_groups:
        message = f"'{group}' is a group of facets, which is a patch; name a group of cells: "
        message += ", ".join(domain.cell_groups)
    else:
        message = f"unknown group of cells '{group}'{did_you_mean(group, [*domain.cell_groups])}"
    raise GeometryError((name, "group"), message)


def _part(domain: MeshShape, name: str, cells: Kinds, facets: Kinds) -> CellShape:
    """A part with nodes of its own; its facets have the domain's patches, or one with a space in its name."""
    patches = {}
    for kind, nodes in facets.items():
        number = numbers_among(kind, nodes, domain.facets[kind])
        patches[kind] = np.where(number < 0, f"edge of {name}", domain.names[kind][number])
    used = np.unique(np.concatenate([nodes.ravel() for nodes in cells.values()]))

    def renumbered(kinds: Kinds) -> Kinds:
        return {kind: np.searchsorted(used, nodes) for kind, nodes in kinds.items()}

    return CellShape(domain.points[used], renumbered(cells), renumbered(facets), patches)


def _shared(domain: MeshShape, facets: Mapping[str, Kinds], first: str, second: str) -> tuple[Piece, ...]:
    """The facets that two parts have in common, normals out of the first."""
    found: list[Piece] = []
    for kind in facets[first].keys() & facets[second].keys():
        common = facets[first][kind][numbers_among(kind, facets[first][kind], facets[second][kind]) >= 0]
        if len(common):
            found += pieces_of_patch(f"{first} | {second}", kind, common, domain.points)
    return tuple(found)
