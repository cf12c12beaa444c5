"""Shadows: what the terms of lower order add to a corner function.

Where equations and conditions have terms of lower order, or coefficients that vary, L = P_0 + P_1 + P_2 + ..., of which
P_m takes r^a to r^(a - s + m). A function u_0 of r^a with P_0 u_0 = 0 then goes on as u_0 + u_1 + u_2 + ...,

    P_0 u_m = -(P_1 u_(m-1) + ... + P_m u_0),      u_m of r^(a + m), with logarithms where a + m is an exponent,

and without its shadows u_m leaves a residual of r^(a - s + 1), which may be unbounded.
Source: Costabel & Dauge, Math. Nachr. 162 (1993) 209, § 4; Dauge, Elliptic Boundary Value Problems on Corner Domains
(1988), § 5.C.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pinn.corners.discretisation import Discretisation
from pinn.corners.exponents import chain_matrix
from pinn.corners.polar import at_exponent, polar_derivative
from pinn.corners.wedge import homogeneous

MOST_RISES = 3  # as far as coefficients are expanded
MOST_LOGARITHMS = 3  # of what a resonance adds
SOLVED = 1e-8  # relative residual of the least-squares solution of a singular system
CUT = 1e-11  # relative singular value below which a direction belongs to the kernel

Piece = tuple[complex, NDArray]  # exponent, levels [logarithms + 1, unknowns]


def shadows(fine: Discretisation, exponent: complex, levels: NDArray, below: float) -> list[Piece]:
    """u_1, u_2, … with real parts of their exponents below a limit; as many as can be computed, none where L = P_0."""
    pieces: list[Piece] = [(exponent, levels)]
    if not any(row.lower for row, _ in fine.rows()):
        return []
    for rise in range(1, MOST_RISES + 1):
        if exponent.real + rise >= below:
            break
        right = [-lower_part(fine, rise - m, value, found) for m, (value, found) in enumerate(pieces)]
        solution = solve_levels(fine, exponent + rise, total(right))
        if solution is None:
            break
        pieces.append((exponent + rise, solution))
    return pieces[1:]


def total(parts: list[NDArray]) -> NDArray:
    """Their sum [levels, rows], with as many levels as the longest has."""
    found = np.zeros((max(map(len, parts)), parts[0].shape[1]), dtype=complex)
    for part in parts:
        found[: len(part)] += part
    return found


def lower_part(fine: Discretisation, rise: int, exponent: complex, levels: NDArray) -> NDArray:
    """P_rise of r^a sum_l (log r)^l phi_l: the factors of (log r)^l, row by row as in the matrices: [levels, rows]."""
    parts = []
    for row, places in fine.rows():
        count = len(next(iter(places.values()))[1])
        found = np.zeros((len(levels), count), dtype=complex)
        for (side, field, orders), coefficients in row.lower.get(rise, ()):
            if side not in places:
                continue
            sector, angles = places[side]
            found += homogeneous(coefficients, angles) * derivative(
                fine, (sector, field, orders), exponent, levels, angles
            )
        parts.append(found / fine.size_of(row))
    return np.concatenate(parts, axis=1)


def derivative(
    fine: Discretisation, what: tuple[int, int, tuple[int, int]], exponent: complex, levels: NDArray, angles: NDArray
) -> NDArray:
    """D^orders of a field without its power of r, factors of (log r)^l at angles: [levels, N]."""
    sector, field, orders = what
    logarithms = len(levels) - 1
    shift = fine.wedge.weights[field]
    slopes = [fine.sampled(levels.T, sector, field, angles, m).T for m in range(sum(orders) + 1)]  # [m] of [levels, N]
    found = np.zeros((len(levels), len(angles)), dtype=complex)
    for q, coefficients in polar_derivative(orders, shift).items():
        turned = np.exp(1j * q * angles)
        factors = at_exponent(coefficients, exponent, logarithms)  # [l, m]
        for j in range(logarithms + 1):
            for k in range(j, logarithms + 1):
                for m, slope in enumerate(slopes):
                    found[j] += turned * factors[k - j, m] * math.perm(k, k - j) * slope[k]
    return found


def solve_levels(fine: Discretisation, exponent: complex, right: NDArray) -> NDArray | None:
    """Levels of a solution of P_0 u = r^(a - s) sum_l (log r)^l right_l [levels, rows]; None where none is found."""
    size = float(np.abs(right).max())
    if size == 0:
        return np.zeros((1, fine.size), dtype=complex)
    number: complex | float = exponent.real if exponent.imag == 0 else exponent
    for length in range(len(right), len(right) + MOST_LOGARITHMS + 1):
        factorials = np.array([math.factorial(level) for level in range(length)])
        scaled = np.zeros((length, right.shape[1]), dtype=complex)
        scaled[: len(right)] = right / size * factorials[: len(right), None]
        target = scaled[::-1].ravel()
        matrix = chain_matrix(fine, number, length)
        left, sizes, other = np.linalg.svd(matrix)
        regular = sizes > CUT * sizes[0]
        solution = other[regular].conj().T @ ((left[:, regular].conj().T @ target) / sizes[regular])
        if np.abs(matrix @ solution - target).max() < SOLVED:
            return size * solution.reshape(length, -1)[::-1] / factorials[:, None]
    return None
