"""Particular solutions: what data that do not vanish in the vertex do there.

Data of degree d ask for a field of r^k, k = s + d an integer. Where k is no exponent, one is found; where it is one,
and the data do not suit it, the powers of log r that it takes. What a polynomial solves is left to the smooth part.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pinn.corners.discretisation import Discretisation
from pinn.corners.exponents import chain_matrix
from pinn.corners.smoothness import SMOOTH, beyond_polynomials, samples

SOLVED = 1e-9  # relative residual of the least-squares solution of a singular system
CUT = 1e-10  # relative singular value below which a direction belongs to the kernel
MOST_LOGARITHMS = 3


def particular_solution(discretisation: Discretisation, degree: int) -> NDArray | None:
    """Levels [logarithms + 1, unknowns] of a solution of r^degree; None where there are no data, or polynomials do."""
    data = discretisation.right_hand_side(degree)
    size = np.abs(data).max()
    if size < SMOOTH * _largest_data(discretisation) or size == 0:
        return None
    for length in range(1, MOST_LOGARITHMS + 2):
        matrix = chain_matrix(discretisation, float(degree), length)
        target = np.concatenate([np.zeros(len(data) * (length - 1)), data / size])
        left, sizes, right = np.linalg.svd(matrix)
        regular = sizes > CUT * sizes[0]
        solution = right[regular].T @ ((left[:, regular].T @ target) / sizes[regular])
        if np.abs(matrix @ solution - target).max() > SOLVED:
            continue
        factorials = np.array([math.factorial(level) for level in range(length)])
        levels = (solution.reshape(length, -1)[::-1] / factorials[:, None])[None]
        kernel = right[~regular].reshape(-1, length, discretisation.size)[:, ::-1] / factorials[:, None]
        return None if _is_smooth(discretisation, levels, kernel, degree) else size * levels[0]
    return None


def _is_smooth(discretisation: Discretisation, levels: NDArray, kernel: NDArray, degree: int) -> bool:
    """Whether a solution and some functions of the kernel together are a polynomial."""
    rest = beyond_polynomials(discretisation, levels, degree)[0]
    if len(kernel):
        others = beyond_polynomials(discretisation, kernel, degree).T
        rest = rest - others @ np.linalg.lstsq(others, rest, rcond=SMOOTH)[0]
    return float(np.abs(rest).max()) < SMOOTH * float(np.abs(samples(discretisation, levels)).max())


def _largest_data(discretisation: Discretisation) -> float:
    degrees = range(max(len(row.data) + row.order for row, _ in discretisation.rows()) + 1)
    return max(float(np.abs(discretisation.right_hand_side(degree)).max()) for degree in degrees)
