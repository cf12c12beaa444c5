"""Places: the cell centres and the Gauss points of a mesh, as samples in their own right.

    X(xi) = sum_k N_k(xi) x_k

The time of a sample is a coordinate like the others, so that a mesh over (x, t) has centres as well.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pinn.analysis.cell_kinds import CELL_KINDS
from pinn.analysis.grid import Array, Grid
from pinn.analysis.sample import Sample
from pinn.errors import SpecError
from pinn.geometry.elements import ELEMENTS, jacobians, stretches
from pinn.geometry.gauss_rules import GAUSS_RULES, GaussRule

NODES, CELLS, GAUSS = "nodes", "cells", "gauss"
PLACES = (NODES, CELLS, GAUSS)

CELLS_AT_ONCE = 50_000  # bounds what interpolation holds beside its result


def cell_centres(sampled: Sample) -> Sample:
    """A cloud with one point in each cell, the image of the reference cell's centre; `cell_number` counts them."""
    weights = {kind: _centre(kind) for kind in sampled.grid.cells}
    points, shown, nodes = _interpolated(sampled, weights)
    cloud = _cloud(sampled, shown, nodes, {"cell_number": np.arange(len(points), dtype=float)}, {})
    return Sample(sampled.solution, cloud, points, sampled.names)


def gauss_points(sampled: Sample) -> Sample:
    """A cloud of the Gauss points, each a vertex cell, cell by cell.

    `cell_number` is the cell that each lies in; `gauss_weight` times a value, summed, is the value's integral.
    Raises SpecError for cells without a rule.
    """
    grid = sampled.grid
    for kind in grid.cells:
        if kind not in GAUSS_RULES:
            raise SpecError(("--on",), f"{kind} cells have no Gauss points here; use --on cells")
    rules = {kind: GAUSS_RULES[kind] for kind in grid.cells}
    points, shown, nodes = _interpolated(
        sampled, {kind: rule.element.shapes(rule.points) for kind, rule in rules.items()}
    )
    counts = [np.full(len(cells), len(rules[kind].weights)) for kind, cells in grid.cells.items()]
    number = np.repeat(np.arange(sum(map(len, counts))), np.concatenate(counts))
    weight = np.concatenate([_weights(grid.points, cells, rules[kind]) for kind, cells in grid.cells.items()])
    marks = {"cell_number": number.astype(float), "gauss_weight": weight}
    cloud = _cloud(sampled, shown, nodes, marks, {"vertex": np.arange(len(points))[:, None]})
    return Sample(sampled.solution, cloud, points, sampled.names)


def _cloud(
    sampled: Sample, shown: Array, nodes: NDArray[np.int64], marks: dict[str, Array], cells: dict[str, NDArray]
) -> Grid:
    """Points seen from the subdomain of their cell, all of whose nodes are; marks of the mesh hold for its cells."""
    known = sampled.grid.taken(nodes)
    return Grid(shown, cells, known.subdomain, {**known.marks, **marks})


def _centre(kind: str) -> Array:
    """Shares [1, K] of the nodes in the cell's centre; of kinds that have no shape functions here, the mean."""
    element = ELEMENTS.get(kind)
    if element is None:
        corners = CELL_KINDS[kind].corners
        return np.full((1, corners), 1 / corners)
    return element.shapes(element.nodes[: element.corners].mean(axis=0)[None])


def _interpolated(sampled: Sample, shares: dict[str, Array]) -> tuple[Array, Array, NDArray[np.int64]]:
    """Evaluated points and shown points [M Q, …] from shares [Q, K] of the nodes, and a node of each one's cell."""
    points, shown, nodes = [], [], []
    for kind, cells in sampled.grid.cells.items():
        for start in range(0, len(cells), CELLS_AT_ONCE):
            part = cells[start : start + CELLS_AT_ONCE]
            for source, target in ((sampled.points, points), (sampled.grid.points, shown)):
                found = np.einsum("qk,mkx->mqx", shares[kind], source[part])
                target.append(found.reshape(-1, source.shape[1]))
            nodes.append(np.repeat(part[:, 0], len(shares[kind])))
    return np.concatenate(points), np.concatenate(shown), np.concatenate(nodes)


def _weights(points: Array, cells: NDArray[np.int64], rule: GaussRule) -> Array:
    """Weight times length, area or volume per unit of reference measure, [M Q]."""
    parts = []
    for start in range(0, len(cells), CELLS_AT_ONCE):
        jacobian = jacobians(rule.element, points[cells[start : start + CELLS_AT_ONCE]], rule.points)
        parts.append((stretches(jacobian) * rule.weights).ravel())
    return np.concatenate(parts)
