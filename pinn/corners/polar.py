"""Polar derivatives: D^orders of r^b phi(theta), with b = a - shift, as polynomials in a and d/dtheta.

With z = x + i y, and for any harmonic q,

    d_z    (r^b e^(i q theta) phi) = r^(b-1) e^(i (q-1) theta) (b + q - i d_theta) phi / 2
    d_zbar (r^b e^(i q theta) phi) = r^(b-1) e^(i (q+1) theta) (b - q + i d_theta) phi / 2

and d_x = d_z + d_zbar, d_y = i (d_z - d_zbar), Laplace = 4 d_z d_zbar. The factors have constant coefficients: they
commute, and a logarithm is a derivative in a, (d/da) r^a = r^a log r.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Orders = tuple[int, int]
Harmonics = dict[int, NDArray[np.complex128]]  # q -> coefficients [powers of a, orders of d/dtheta]


@lru_cache(maxsize=256)
def polar_derivative(orders: Orders, shift: int = 0, laplacians: int = 0) -> Harmonics:
    """The factors of e^(i q theta) in r^(n - b) D^orders Laplace^laplacians (r^b phi), n the order of them all."""
    size = sum(orders) + 2 * laplacians + 1
    first = np.zeros((size, size), dtype=complex)
    first[0, 0] = 1
    found, power = {0: first}, -shift
    for axis in range(2):
        for _ in range(orders[axis]):
            along, against = ((1, 1), (1j, -1j))[axis]
            found, power = _total(_wirtinger(found, power, -1, along), _wirtinger(found, power, 1, against)), power - 1
    for _ in range(laplacians):
        found = _wirtinger(_wirtinger(found, power, -1, 2), power - 1, 1, 2)
        power -= 2
    return found


def _wirtinger(harmonics: Harmonics, power: int, turn: int, factor: complex) -> Harmonics:
    """factor * d_z (turn -1) or d_zbar (turn 1) of functions r^(a + power) e^(i q theta)."""
    found = {}
    for q, coefficients in harmonics.items():
        result = (power - turn * q) * coefficients
        result[1:] += coefficients[:-1]
        result[:, 1:] += 1j * turn * coefficients[:, :-1]
        found[q + turn] = factor / 2 * result
    return found


def _total(first: Harmonics, second: Harmonics) -> Harmonics:
    return {q: sum(part[q] for part in (first, second) if q in part) for q in {*first, *second}}  # pyright: ignore


def at_angles(orders: Orders, shift: int, angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Real coefficients [N, powers of a, orders of d/dtheta] of r^(n - b) D^orders (r^b phi) at angles [N]."""
    harmonics = polar_derivative(orders, shift)
    return sum(np.exp(1j * q * angles)[:, None, None] * c for q, c in harmonics.items()).real  # pyright: ignore


def at_exponent(coefficients: NDArray, exponent: complex | NDArray, logarithms: int) -> NDArray:
    """sum_i binomial(i, l) a^(i-l) coefficients[i]: what acts on d^l/d(log r)^l, [l, orders of d/dtheta, *shape of a].

    coefficients   [powers of a, orders of d/dtheta]
    """
    exponent = np.asarray(exponent)
    found = []
    for level in range(logarithms + 1):
        weights = [
            math.comb(i, level) * exponent ** (i - level) if i >= level else 0 * exponent
            for i in range(len(coefficients))
        ]
        found.append(np.tensordot(coefficients, np.array(weights), axes=(0, 0)))
    return np.array(found)
