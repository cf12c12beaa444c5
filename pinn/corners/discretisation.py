"""Discretisation of a wedge: P(a) x = 0, a polynomial in the exponent a with matrices of collocation.

Rows are equations at collocation points of each sector and conditions on each edge. Columns are the unknowns of the
fields in each sector (angular.py). With t_f and s_e the weights (orders.py) and S the largest s, a field has
K + S - t_f unknowns and an equation K + S - s_e points: with the conditions, as many rows as unknowns.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pinn.corners.angular import AngularBasis, Array, gauss_angles
from pinn.corners.polar import at_angles
from pinn.corners.symbol import singular_angles, symbol_roots, terms_needed
from pinn.corners.wedge import Row, Wedge

BALANCING = 4  # rounds of scaling rows and fields; they settle in two


class Discretisation:
    """The matrices of P(a) = sum_i a^i matrices[i].

    exponent    the largest for which it must be accurate
    continued   whether the sectors reach to their `low` and `high`, beyond outer edges. There functions of exponents
                with large imaginary parts outgrow what they are in the wedge: exponents are found without
    """

    def __init__(self, wedge: Wedge, exponent: float, continued: bool = True):
        self.wedge, self.continued = wedge, continued
        self.top = max(row.order for sector in wedge.sectors for row in sector.equations)
        self.bases: list[list[AngularBasis]] = []
        for sector in wedge.sectors:
            roots = symbol_roots(sector.equations, wedge.order)
            low, high = (sector.low, sector.high) if continued else (sector.start, sector.end)
            singular = singular_angles(roots if roots is not None else np.zeros(0), low, high)
            count = terms_needed(low, high, exponent, singular)
            made = {t: AngularBasis(low, high, count, self.top - t) for t in wedge.weights}
            self.bases.append([made[t] for t in wedge.weights])
        ends = np.cumsum([0, *(basis.size for bases in self.bases for basis in bases)])
        starts = iter(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True))
        self.columns = [[slice(*next(starts)) for _ in bases] for bases in self.bases]
        self.size = int(ends[-1])
        self.field_scale = self._field_scale()

    @cached_property
    def matrices(self) -> list[Array]:
        """A_i [rows, unknowns], one for each power of a."""
        blocks = [self._block(row, places) for row, places in self.rows()]
        powers = max(block.shape[1] for block in blocks)
        whole = np.zeros((powers, sum(len(block) for block in blocks), self.size))
        begin = 0
        for block in blocks:
            whole[: block.shape[1], begin : begin + len(block)] = block.swapaxes(0, 1)
            begin += len(block)
        return list(whole)

    def derivative(self, exponent: complex, order: int = 0) -> NDArray:
        """P^(order)(a)/order!."""
        weights = [
            math.comb(i, order) * exponent ** (i - order) if i >= order else 0 for i in range(len(self.matrices))
        ]
        return sum(w * matrix for w, matrix in zip(weights, self.matrices, strict=True))  # pyright: ignore

    def right_hand_side(self, exponent: int) -> Array:
        """The data of the degree that belongs to r^exponent, row by row."""
        parts = []
        for row, places in self.rows():
            angles = next(iter(places.values()))[1]
            parts.append(row.data_at(exponent - row.order, angles) / self.size_of(row))
        return np.concatenate(parts)

    def sampled(self, unknowns: NDArray, sector: int, field: int, angles: Array, order: int = 0) -> NDArray:
        """phi_f^(order) in a sector at angles [N] from the unknowns [size, ...]."""
        basis = self.bases[sector][field]
        values = unknowns[self.columns[sector][field]]
        return self.field_scale[field] * np.tensordot(basis.rows(angles, order), values, axes=1)

    def series(self, unknowns: NDArray, sector: int, field: int, order: int) -> list[NDArray]:
        """Chebyshev coefficients of phi_f to phi_f^(order) in a sector, from the unknowns [size, ...]."""
        basis, columns = self.bases[sector][field], self.columns[sector][field]
        return [self.field_scale[field] * series for series in basis.derivatives(unknowns[columns], order)]

    def remainder(self, exponent: complex, unknowns: NDArray) -> float:
        """The largest residual of the equations between their collocation points, relative to the largest term of all.

        Not to its own: of a function with one field alone, as of a body beside heat, those of the others are rounding.
        """
        missed, size = 0.0, 1e-300
        for block in self._between:
            powers = exponent ** np.arange(block.shape[1])
            matrix = np.einsum("nik,i->nk", block, powers)
            missed = max(missed, float(np.max(np.abs(matrix @ unknowns))))
            size = max(size, float(np.max(np.abs(matrix) @ np.abs(unknowns))))
        return missed / size

    @cached_property
    def _between(self) -> list[Array]:
        """[N, powers of a, unknowns] of every equation, three times as many points as it is collocated at."""
        found = []
        for number, sector in enumerate(self.wedge.sectors):
            angles = np.linspace(sector.start, sector.end, 3 * self.bases[number][0].count)
            found += [self._block(row, {0: (number, angles)}) for row in sector.equations]
        return found

    def rows(self) -> Iterator[tuple[Row, dict[int, tuple[int, Array]]]]:
        """Every equation and condition, with where it is asked for: side -> (sector, angles [N])."""
        for number, sector in enumerate(self.wedge.sectors):
            basis = self.bases[number][0]
            for row in sector.equations:
                yield row, {0: (number, gauss_angles(basis.low, basis.high, basis.count + self.top - row.order))}
        for number, edge in enumerate(self.wedge.edges):
            sides = {side: place for side, place in enumerate(self.wedge.beside(number)) if place}
            for row in edge.conditions:
                yield row, {side: (sector, np.array([angle])) for side, (sector, angle) in sides.items()}

    def _block(self, row: Row, places: dict[int, tuple[int, Array]]) -> Array:
        """[N, powers of a, unknowns] of a row."""
        count = len(next(iter(places.values()))[1])
        powers = 1 + max(sum(orders) for _, _, orders in row.terms)
        block = np.zeros((count, powers, self.size))
        for (side, field, orders), coefficient in row.terms.items():
            sector, angles = places[side]
            basis, columns = self.bases[sector][field], self.columns[sector][field]
            polar = at_angles(orders, self.wedge.weights[field], angles)
            scale = coefficient * self.field_scale[field] / self.size_of(row)
            for order in range(polar.shape[2]):
                values = basis.rows(angles, order)
                block[:, : polar.shape[1], columns] += scale * polar[:, :, order, None] * values[:, None, :]
        return block

    def size_of(self, row: Row) -> float:
        """What the row is divided by in the matrices."""
        return max(abs(c) * self.field_scale[field] for (_, field, _), c in row.terms.items())

    def _field_scale(self) -> Array:
        """Units of the fields in which every row has terms of about the same size, whatever the user's units."""
        rows = [row for sector in self.wedge.sectors for row in sector.equations]
        sizes = np.zeros((len(rows), len(self.wedge.weights)))
        for number, row in enumerate(rows):
            for (_, field, _), coefficient in row.terms.items():
                sizes[number, field] = max(sizes[number, field], abs(coefficient))
        scale = np.ones(sizes.shape[1])
        for _ in range(BALANCING):
            relative = sizes * scale
            relative = relative / relative.max(axis=1, keepdims=True)
            scale = scale / relative.max(axis=0)
            scale = scale / scale[int(np.argmin(self.wedge.weights))]
        return scale
