"""Mesh boundary: the facets that bound a mesh, each once, normals outward, with the group that each belongs to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from pinn.geometry.mesh.elements import DIMENSIONS, ELEMENTS, facet_normals, jacobians, stretches
from pinn.geometry.mesh.file import MeshData, MeshError, Nodes
from pinn.geometry.mesh.winding import winding_numbers
from pinn.geometry.shapes.pieces import Array

_FILLED = 1e-9  # of the measure: rounding in a sum over a million cells, and files of single precision, leave less
_EMPTY = 1e-12  # of a cell's size to the power of its dimension: a cell of less measure is none


def oriented_cells(data: MeshData) -> tuple[dict[str, Nodes], str]:
    """Node numbers of the cells with positive Jacobian, and which cell was the first to be turned for that, in words.

    A cell that is numbered the other way round than most is turned in its numbering only; if it was not numbered but
    pulled over its neighbours, `refuse_overlap` finds that. Raises MeshError for a folded or flat cell.
    """
    signs, smallest = {}, {}
    for kind, nodes in data.cells.nodes.items():
        element = ELEMENTS[kind]
        places = np.vstack([element.nodes, element.quadrature()[0]])
        determinant = np.linalg.det(jacobians(element, data.points[nodes], places))
        extent = np.ptp(data.points[nodes], axis=1).max(axis=1) ** element.dimension
        signs[kind] = np.sign(determinant.sum(axis=1))
        smallest[kind] = np.min(signs[kind][:, None] * determinant, axis=1) / extent
    positive = sum(int((sign > 0).sum()) for sign in signs.values())
    negative = sum(int((sign < 0).sum()) for sign in signs.values())
    usual = 1.0 if positive >= negative else -1.0
    found, turned = {}, ""
    for kind, nodes in data.cells.nodes.items():
        if flat := _first(data, kind, smallest[kind] <= _EMPTY):
            message = f"{flat} is flat or folded: its Jacobian vanishes or changes sign"
            raise MeshError(data.file, f"{message}; mesh it again, or use cells of first order")
        turned = turned or _first(data, kind, signs[kind] != usual)
        found[kind] = np.where((signs[kind] > 0)[:, None], nodes, _mirrored(kind, nodes))
    return found, turned


def _first(data: MeshData, kind: str, bad: NDArray[np.bool_]) -> str:
    """The first cell of a kind that is bad, and how many there are; empty where none is."""
    if not bad.any():
        return ""
    first = int(np.argmax(bad))
    place = ", ".join(f"{value:.4g}" for value in data.points[data.cells.nodes[kind][first]].mean(axis=0))
    more = f" ({bad.sum()} such cells)" if bad.sum() > 1 else ""
    return f"{kind} {first + 1} at ({place}){more}"


def refuse_overlap(data: MeshData, cells: dict[str, Nodes], facets: dict[str, Nodes], turned: str) -> None:
    """The cells must fill what their boundary encloses, once.

    Raises MeshError where they cover more; `turned` is what `oriented_cells` said.
    """
    covered = 0.0
    for kind, nodes in cells.items():
        xi, weights = ELEMENTS[kind].quadrature()
        covered += float((np.linalg.det(jacobians(ELEMENTS[kind], data.points[nodes], xi)) @ weights).sum())
    enclosed = sum(_enclosed(data.points, kind, nodes) for kind, nodes in facets.items())
    if abs(covered - enclosed) > _FILLED * covered:
        such = f", such as {turned}, which is inverted" if turned else ""
        message = (
            f"cells lie over one another{such}: they cover {covered:.6g} where the boundary encloses {enclosed:.6g}"
        )
        raise MeshError(data.file, f"{message}; mesh it again")


def _mirrored(kind: str, nodes: Nodes) -> Nodes:
    """The same cells (or facets) with the first two reference coordinates exchanged, or a line's direction turned."""
    reference = ELEMENTS[kind].nodes
    image = 1 - reference if reference.shape[1] == 1 else reference[:, [1, 0, *range(2, reference.shape[1])]]
    order = [int(np.argmin(np.linalg.norm(reference - one, axis=1))) for one in image]
    return nodes[:, order]


def facets_of(cells: dict[str, Nodes]) -> dict[str, Nodes]:
    """Facets that belong to one cell only: kind -> node numbers [F, K], outward."""
    found: dict[str, list[Nodes]] = {}
    for kind, nodes in cells.items():
        element = ELEMENTS[kind]
        found.setdefault(element.facet_kind, []).append(nodes[:, element.facets].reshape(-1, element.facets.shape[1]))
    outer = {}
    for kind, parts in found.items():
        every = np.concatenate(parts)
        _, first, count = np.unique(corner_keys(kind, every), axis=0, return_index=True, return_counts=True)
        outer[kind] = every[np.sort(first[count == 1])]
    return outer


def corner_keys(kind: str, nodes: Nodes) -> Nodes:
    """The corners' numbers of each facet, sorted: the same for a facet however it is numbered."""
    return np.sort(nodes[:, : ELEMENTS[kind].corners], axis=1)


def numbers_among(kind: str, nodes: Nodes, others: Nodes) -> Nodes:
    """The number [F] that each facet has among others of its kind, by its corners; -1 where it is none of them."""
    keys = corner_keys(kind, np.concatenate([others, nodes]))
    _, key = np.unique(keys, axis=0, return_inverse=True)
    number = np.full(len(keys), -1)
    number[key.ravel()[: len(others)]] = np.arange(len(others))
    return number[key.ravel()[len(others) :]]


def groups_of_facets(
    data: MeshData, facets: dict[str, Nodes]
) -> tuple[dict[str, list[tuple[str, ...]]], tuple[str, ...]]:
    """Kind -> the groups [F] that each boundary facet is in; and the groups with no facet on the boundary."""
    groups: dict[str, list[tuple[str, ...]]] = {kind: [()] * len(nodes) for kind, nodes in facets.items()}
    empty = []
    for name, members in data.facets.groups.items():
        on_boundary = False
        for kind, chosen in members.items():
            if kind not in facets:
                continue
            rows = numbers_among(kind, data.facets.nodes[kind][chosen], facets[kind])
            rows = np.unique(rows[rows >= 0])  # a format may hold a facet once for each of its groups
            for row in rows.tolist():
                groups[kind][row] += (name,)
            on_boundary = on_boundary or len(rows) > 0
        if not on_boundary:
            empty.append(name)
    return groups, tuple(empty)


def closed_facets(data: MeshData) -> dict[str, Nodes]:
    """The facets of a mesh without cells, as a closed boundary with normals outward.

    Neighbours are made to run the same way, and each connected part outward, or into the domain around a cavity.
    Raises MeshError where the boundary has a hole or branches.
    """
    facets = {kind: nodes for kind, nodes in data.facets.nodes.items() if len(nodes)}
    if len(facets) > 1:
        raise MeshError(data.file, f"a boundary of mixed kinds ({', '.join(facets)}) is not available; use one kind")
    ((kind, nodes),) = facets.items()
    _, first = np.unique(corner_keys(kind, nodes), axis=0, return_index=True)
    if len(first) < len(nodes):
        again = int(np.setdiff1d(np.arange(len(nodes)), first)[0])
        raise MeshError(data.file, f"{kind} {again + 1} lies on another with the same corners; delete one of them")
    pairs, opposed = _neighbours(data, kind, nodes)
    count, part = _parts(pairs, len(nodes))
    turned = _turned(pairs, opposed, part, count, len(nodes))
    nodes = np.where(turned[:, None], _mirrored(kind, nodes), nodes)
    for index in range(count):
        mine = part == index
        if _enclosed(data.points, kind, nodes[mine]) < 0:
            nodes[mine] = _mirrored(kind, nodes[mine])
    for index in range(count):
        mine, others = part == index, part != index
        if others.any() and _depth(data.points, kind, nodes, part, index) % 2:
            nodes[mine] = _mirrored(kind, nodes[mine])
    return {kind: nodes}


def _ridges(kind: str, nodes: Nodes) -> tuple[Nodes, Nodes, NDArray[np.bool_]]:
    """Ridges (edges of surfaces, end points of curves): sorted corners [R, k], their facet [R], and their direction."""
    element = ELEMENTS[kind]
    corners = element.facets[:, : max(DIMENSIONS[element.facet_kind], 0) + 1]
    ridges = nodes[:, corners]
    facet = np.repeat(np.arange(len(nodes)), len(corners))
    ridges = ridges.reshape(-1, corners.shape[1])
    if corners.shape[1] == 1:
        forward = np.tile([False, True], len(nodes))
    else:
        forward = ridges[:, 0] < ridges[:, 1]
    return np.sort(ridges, axis=1), facet, forward


def _neighbours(data: MeshData, kind: str, nodes: Nodes) -> tuple[Nodes, NDArray[np.bool_]]:
    """Facets [R, 2] on the two sides of each ridge, and whether the two run against each other."""
    ridges, facet, forward = _ridges(kind, nodes)
    _, inverse, count = np.unique(ridges, axis=0, return_inverse=True, return_counts=True)
    inverse = inverse.ravel()
    if (count != 2).any():
        first = int(np.argmax(count[inverse] != 2))
        place = ", ".join(f"{value:.4g}" for value in data.points[ridges[first]].mean(axis=0))
        what = "edges" if data.points.shape[1] == 3 else "ends"
        if (count == 1).any():
            message = f"the boundary is not closed: {(count == 1).sum()} {what} belong to one {kind} only"
            raise MeshError(data.file, f"{message}, the first at ({place}); close the hole, or save the cells inside")
        raise MeshError(
            data.file, f"the boundary branches: {(count > 2).sum()} {what} have more than two, as ({place})"
        )
    order = np.argsort(inverse, kind="stable").reshape(-1, 2)
    return facet[order], forward[order[:, 0]] == forward[order[:, 1]]


def _parts(pairs: Nodes, count: int) -> tuple[int, Nodes]:
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count)).tocsr()
    number, label = connected_components(graph, directed=False)
    return int(number), label


def _turned(pairs: Nodes, opposed: NDArray[np.bool_], part: Nodes, count: int, facets: int) -> NDArray[np.bool_]:
    """Which facets to turn so that neighbours agree, by walking over each part."""
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(facets, facets)).tocsr()
    against = {tuple(sorted(pair)): bool(flag) for pair, flag in zip(pairs.tolist(), opposed, strict=True)}
    turned = np.zeros(facets, dtype=bool)
    for index in range(count):
        order, before = breadth_first_order(graph, int(np.argmax(part == index)), directed=False)
        for facet in order[1:].tolist():
            previous = int(before[facet])
            turned[facet] = turned[previous] ^ against[(min(previous, facet), max(previous, facet))]
    return turned


def _enclosed(points: Array, kind: str, nodes: Nodes) -> float:
    """Signed area or volume within facets, by the divergence theorem: sum of the integrals of x·n, over D."""
    element = ELEMENTS[kind]
    places, weights = element.quadrature()
    corners = points[nodes] - points.mean(axis=0)
    jacobian = jacobians(element, corners, places)
    at = np.einsum("qk,mkx->mqx", element.shapes(places), corners)
    outflow = np.sum(at * facet_normals(jacobian), axis=-1) * stretches(jacobian)
    return float(np.sum(outflow @ weights)) / points.shape[1]


def _depth(points: Array, kind: str, nodes: Nodes, part: Nodes, index: int) -> int:
    """How many of the other parts enclose part number `index`, by the winding number of each about one of its nodes."""
    probe = points[nodes[part == index][0, :1]]
    corners = nodes[:, : ELEMENTS[kind].corners]
    return sum(
        int(abs(winding_numbers(points[corners[part == other]], probe)[0]) > 0.5)
        for other in np.unique(part).tolist()
        if other != index
    )
