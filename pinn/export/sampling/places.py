"""Places: the cell centres and the Gauss points of a mesh, as samples in their own right.

    X(xi) = sum_k N_k(xi) x_k

They are many more numbers than the mesh has, so they are computed block by block, as the values at them are. The time
of a sample is a coordinate like the others, so that a mesh over (x, t) has centres as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pinn.errors import SpecError
from pinn.export.sampling.cell_kinds import CELL_KINDS
from pinn.export.sampling.grid import Array, CellsByKind, Grid
from pinn.export.sampling.outside import WRITTEN, outside
from pinn.export.sampling.rows import Numbers, in_rows
from pinn.export.sampling.sample import Sample
from pinn.geometry.mesh.elements import ELEMENTS, jacobians, stretches
from pinn.geometry.points.gauss_rules import GAUSS_RULES

NODES, CELLS, GAUSS = "nodes", "cells", "gauss"
PLACES = (NODES, CELLS, GAUSS)


def cell_centres(sampled: Sample) -> Sample:
    """A cloud with one point in each cell, the image of the reference cell's centre; `cell_number` counts them."""
    return InCells(sampled.grid.cells, {kind: _centre(kind) for kind in sampled.grid.cells}).cloud(sampled, {}, {})


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
    places = InCells(grid.cells, {kind: rule.element.shapes(rule.points) for kind, rule in rules.items()})

    def weights(kind: str, cells: Numbers, place: Numbers) -> Array:
        """Weight times length, area or volume per unit of reference measure."""
        rule = rules[kind]
        each, inverse = np.unique(cells, return_inverse=True)
        jacobian = jacobians(rule.element, grid.points[grid.cells[kind][each]], rule.points)
        return (stretches(jacobian) * rule.weights)[inverse, place]

    vertices = in_rows(lambda rows: rows[:, None], places.count, 1)
    return places.cloud(sampled, {"gauss_weight": places.rows(weights)}, {"vertex": vertices})


@dataclass(frozen=True)
class InCells:
    """The same places in every cell of a kind, counted cell by cell, kind by kind.

    shares   kind -> shares [Q, K] of the nodes in each of Q places
    """

    cells: CellsByKind
    shares: Mapping[str, Array]

    @property
    def count(self) -> int:
        return sum(len(cells) * len(self.shares[kind]) for kind, cells in self.cells.items())

    def rows(
        self, evaluate: Callable[[str, Numbers, Numbers], NDArray], *width: int, dtype: type = float
    ) -> NDArray[Any]:
        """What `evaluate` gives for a kind, the numbers of its cells [n] and of the places in them [n]."""

        def take(rows: Numbers) -> NDArray:
            found: NDArray = np.zeros((len(rows), *width), dtype)
            start = 0
            for kind, cells in self.cells.items():
                size = len(cells) * len(self.shares[kind])
                mine = np.flatnonzero((rows >= start) & (rows < start + size))
                if len(mine):
                    cell, place = np.divmod(rows[mine] - start, len(self.shares[kind]))
                    found[mine] = evaluate(kind, cell, place)
                start += size
            return found

        return in_rows(take, self.count, *width)

    def interpolated(self, nodal: Array) -> Array:
        """Values [N, D] at the nodes, at the places."""

        def evaluate(kind: str, cells: Numbers, place: Numbers) -> Array:
            return np.einsum("nk,nkx->nx", self.shares[kind][place], nodal[self.cells[kind][cells]])

        return self.rows(evaluate, nodal.shape[1])

    def of_cells(self, nodal: NDArray, dtype: type = float) -> NDArray[Any]:
        """Values [N] that all nodes of a cell share, at the places."""
        return self.rows(lambda kind, cells, place: nodal[self.cells[kind][cells, 0]], dtype=dtype)

    def numbers(self) -> Array:
        """The cell that each place lies in, counted kind by kind."""
        sizes = [len(cells) for cells in self.cells.values()]
        first = dict(zip(self.cells, np.cumsum([0, *sizes]).tolist(), strict=False))
        return self.rows(lambda kind, cells, place: first[kind] + cells)

    def cloud(self, sampled: Sample, marks: dict[str, Array], vertices: CellsByKind) -> Sample:
        """The sample at the places, seen from the subdomain of their cell; marks of the mesh hold for its cells."""
        grid = sampled.grid
        known = {name: self.of_cells(values) for name, values in grid.marks.items()}
        seen = None if grid.subdomain is None else self.of_cells(grid.subdomain, int)
        marks = {**known, "cell_number": self.numbers(), **marks}
        shown = self.interpolated(grid.points)
        points = shown if sampled.points is grid.points else self.interpolated(sampled.points)
        beyond = None
        if grid.outside is not None:
            shape = sampled.solution.problem.geometry
            beyond = in_rows(lambda rows: outside(shown[rows], shape, WRITTEN), self.count)
        return Sample(sampled.solution, Grid(shown, vertices, seen, marks, beyond), points, sampled.names)


def _centre(kind: str) -> Array:
    """Shares [1, K] of the nodes in the cell's centre; of kinds that have no shape functions here, the mean."""
    element = ELEMENTS.get(kind)
    if element is None:
        corners = CELL_KINDS[kind].corners
        return np.full((1, corners), 1 / corners)
    return element.shapes(element.nodes[: element.corners].mean(axis=0)[None])
