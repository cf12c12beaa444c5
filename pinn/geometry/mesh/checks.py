"""Mesh checks: what is refused in a mesh whose cells are sound one by one."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.spatial import KDTree

from pinn.geometry.mesh.elements import ELEMENTS
from pinn.geometry.mesh.file import MeshData, MeshError, Nodes
from pinn.geometry.mesh.surface_distance import SurfaceDistance, closest
from pinn.geometry.mesh.winding import winding_numbers
from pinn.geometry.shapes.names import NAME
from pinn.geometry.shapes.pieces import Array

_SAME = 1e-8  # of the mesh's size: nodes this near are meant to be one
_NEIGHBOURS = 24  # facets near a node that are tried for one it hangs on
_PROBES = 64  # points at which two ways of telling inside from outside must agree
_PROBE_DEPTH = 1e-3  # of the mesh's size: probes nearer to the boundary would test the bulge of curved facets


def check_names(data: MeshData, groups: Iterable[str]) -> None:
    """Groups on the boundary must have names that a condition can use."""
    for name in dict.fromkeys(groups):
        if not NAME.fullmatch(name):
            message = f"the group '{name}' must have a name of letters, digits, _ or -, starting with a letter"
            raise MeshError(data.file, f"{message}; rename it")


def refuse_loose_nodes(data: MeshData, facets: dict[str, Nodes]) -> None:
    """Cells must share their nodes: no node twice, none within a facet of a neighbour."""
    used = np.unique(np.concatenate([nodes.ravel() for nodes in facets.values()]))
    points = data.points[used]
    size = float(np.max(np.ptp(points, axis=0)))
    pairs = KDTree(points).query_pairs(_SAME * size, output_type="ndarray")
    if len(pairs):
        place = ", ".join(f"{value:.4g}" for value in points[pairs[0, 0]])
        message = f"{len(pairs)} pairs of boundary nodes lie at one point, the first at ({place})"
        raise MeshError(data.file, f"{message}: the cells on the two sides are not joined; merge the nodes")
    for kind, nodes in facets.items():
        element = ELEMENTS[kind]
        corners = nodes[:, : element.corners]
        if element.corners == 4:
            corners = np.concatenate([corners[:, [0, 1, 2]], corners[:, [0, 2, 3]]])
        ends = data.points[corners]
        _, near = KDTree(ends.mean(axis=1)).query(points, k=list(range(1, min(_NEIGHBOURS, len(ends)) + 1)))  # type: ignore[arg-type]
        _, distance = closest(ends[near], points[:, None, :])
        own = (corners[near] == used[:, None, None]).any(axis=2)
        # a node of second order lies on its own facet, whose corners it is not one of
        shared = np.isin(
            used, np.concatenate([part[:, ELEMENTS[name].corners :].ravel() for name, part in facets.items()])
        )
        hanging = ((distance < _SAME * size) & ~own).any(axis=1) & ~shared
        if hanging.any():
            place = ", ".join(f"{value:.4g}" for value in points[np.argmax(hanging)])
            message = f"{hanging.sum()} nodes hang within the {kind} of a neighbour, the first at ({place})"
            raise MeshError(data.file, f"{message}: cells must meet node to node; mesh it without local refinement")


def refuse_crossings(data: MeshData, distance: SurfaceDistance, facets: dict[str, Nodes], measure: float) -> None:
    """The boundary must not run through itself: two ways of telling inside from outside must agree at some points.

    Winding number 1 where the signed distance is negative, 0 elsewhere.
    """
    lower, upper = data.points.min(axis=0), data.points.max(axis=0)
    size = float(np.max(upper - lower))
    if not measure > 0:
        raise MeshError(data.file, "encloses nothing: its measure is zero")
    probes = _probes(distance, lower, upper, size)
    corners = {kind: nodes[:, : ELEMENTS[kind].corners] for kind, nodes in facets.items()}
    found = np.sum([winding_numbers(data.points[nodes], probes) for nodes in corners.values()], axis=0)
    wrong = np.abs(found - (distance(probes) < 0)) > 0.5
    if wrong.any():
        place = ", ".join(f"{value:.4g}" for value in probes[np.argmax(wrong)])
        message = f"the boundary runs through itself: around ({place}) it winds {found[np.argmax(wrong)]:.0f} times"
        raise MeshError(data.file, f"{message}; join the overlapping parts into one before meshing")


def _probes(distance: SurfaceDistance, lower: Array, upper: Array, size: float) -> Array:
    """Points in the box that keep off the boundary by more than its curved facets bulge."""
    unit = np.random.default_rng(0).random((4 * _PROBES, len(lower)))
    points = lower + (upper - lower) * unit
    clear = distance.nearest(points)[2] > np.maximum(_PROBE_DEPTH * size, distance.bulge)
    return points[clear][:_PROBES]
