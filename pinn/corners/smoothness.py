"""Smooth parts: which functions r^k phi are polynomials in every sector, and so no business of a corner.

Rigid motions, uniform stresses and the like are eigenfunctions as well, of integer exponents. A network finds them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pinn.corners.angular import Array
from pinn.corners.discretisation import Discretisation

SMOOTH = 1e-7  # relative distance from the polynomials
SAMPLES = 48  # angles in each sector; polynomials of degree k have 2 k zeros on the circle


def samples(discretisation: Discretisation, functions: NDArray) -> NDArray:
    """Values [n, levels, samples] of functions [n, levels, unknowns] in all sectors, in the units of the fields."""
    parts = []
    for number, angles in enumerate(sector_angles(discretisation)):
        for field, scale in enumerate(discretisation.field_scale):
            values = discretisation.sampled(np.moveaxis(functions, -1, 0), number, field, angles)
            parts.append(np.moveaxis(values, 0, -1) / scale)
    return np.concatenate(parts, axis=-1)


def sector_angles(discretisation: Discretisation) -> list[Array]:
    return [np.linspace(sector.start, sector.end, SAMPLES) for sector in discretisation.wedge.sectors]


def polynomials(discretisation: Discretisation, degree: int) -> Array:
    """An orthonormal basis [samples, n] of what is a homogeneous polynomial of degree k - t_f in each sector."""
    weights, columns = discretisation.wedge.weights, []
    count = len(discretisation.wedge.sectors) * len(weights)
    for number, angles in enumerate(sector_angles(discretisation)):
        for field, weight in enumerate(weights):
            for power in range(degree - weight + 1):
                column = np.zeros((count, SAMPLES))
                column[number * len(weights) + field] = (
                    np.cos(angles) ** (degree - weight - power) * np.sin(angles) ** power
                )
                columns.append(column.ravel())
    return np.linalg.qr(np.array(columns).T)[0] if columns else np.zeros((count * SAMPLES, 0))


def beyond_polynomials(discretisation: Discretisation, functions: NDArray, degree: int) -> NDArray:
    """What of functions [n, levels, unknowns] of r^degree is no polynomial: flat samples [n, levels * samples]."""
    values = samples(discretisation, functions)
    basis = polynomials(discretisation, degree)
    values[:, 0] -= values[:, 0] @ basis @ basis.T
    return values.reshape(len(values), -1)


def without_smooth(discretisation: Discretisation, functions: NDArray, degree: int) -> NDArray:
    """A basis [m, levels, unknowns] of functions of r^degree, up to those that are polynomials."""
    size = np.abs(samples(discretisation, functions)).max()
    rest = beyond_polynomials(discretisation, functions, degree) / size
    vectors, sizes, _ = np.linalg.svd(rest, full_matrices=False)
    return np.einsum("nm,nlu->mlu", vectors[:, sizes > SMOOTH].conj(), functions)
