"""Symbol of a sector's equations: whether they are elliptic, and how finely an angle must be cut for polynomials.

In theta the equations are ordinary ones with analytic coefficients. Their solutions are analytic but for the complex
angles at which the principal symbol det L(-sin theta, cos theta) vanishes. For isotropic materials these lie at
infinity; the stiffer fibres are against what holds them, the nearer to the real axis.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pinn.corners.wedge import Row

REAL = 1e-6  # relative: a root of the symbol so near to the real axis is real
CONVERGENCE = 2.0  # axes' sum of the least Bernstein ellipse free of singularities: 53 terms for 16 digits
DEPTH = 6  # halvings of a sector


def symbol_matrix(equations: Sequence[Row], x: complex, y: complex) -> NDArray[np.complex128]:
    """L(x, y) [E, F]: each D^orders as x^orders_x y^orders_y."""
    found = np.zeros((len(equations), len(equations)), dtype=complex)
    for e, row in enumerate(equations):
        for (_, field, orders), coefficient in row.terms.items():
            found[e, field] += coefficient * x ** orders[0] * y ** orders[1]
    return found


def symbol_roots(equations: Sequence[Row], order: int) -> NDArray | None:
    """The roots rho of det L(rho, 1), a polynomial of this order; None where one is real: no elliptic equations."""
    nodes = np.exp(2j * np.pi * np.arange(order + 1) / (order + 1))
    values = np.array([np.linalg.det(symbol_matrix(equations, node, 1.0)) for node in nodes])
    coefficients = (np.fft.fft(values) / (order + 1)).real
    size = np.abs(coefficients).max()
    if not np.isfinite(size) or size == 0 or abs(coefficients[-1]) < REAL**2 * size:
        return None
    roots = np.roots(coefficients[::-1])
    return None if np.any(np.abs(roots.imag) < REAL * (1 + np.abs(roots))) else roots


def singular_angles(roots: NDArray, low: float, high: float) -> NDArray:
    """The complex angles at which solutions are singular, with real parts in and about the interval."""
    with np.errstate(divide="ignore", invalid="ignore"):  # i and -i, those of isotropic materials, lie at infinity
        angles = -np.arctan(roots)
    turns = np.arange(math.floor(low / np.pi) - 2, math.ceil(high / np.pi) + 3) * np.pi
    angles = (angles[:, None] + turns).ravel()
    return angles[np.isfinite(angles)]


def convergence(low: float, high: float, singular: NDArray[np.complex128]) -> float:
    """rho: coefficients of a Chebyshev series on the interval fall as rho^-k (Bernstein's ellipse)."""
    if not len(singular):
        return np.inf
    z = (singular - (low + high) / 2) / ((high - low) / 2)
    root = np.sqrt(z - 1) * np.sqrt(z + 1)
    return float(np.min(np.maximum(np.abs(z + root), np.abs(z - root))))


def cuts(low: float, high: float, singular: NDArray[np.complex128], depth: int = DEPTH) -> list[float]:
    """Angles between low and high at which to cut, so that series converge well on every part."""
    if depth == 0 or convergence(low, high, singular) >= CONVERGENCE:
        return []
    middle = (low + high) / 2
    return [*cuts(low, middle, singular, depth - 1), middle, *cuts(middle, high, singular, depth - 1)]


def terms_needed(low: float, high: float, exponent: float, singular: NDArray[np.complex128]) -> int:
    """Terms of the series for sixteen digits of functions such as cos((exponent + 1) theta).

    J_k(w) falls below 1e-16 beyond k = w + 8 w^(1/3) + 4, w = (exponent + 1) * half of the interval.
    """
    w = (exponent + 1) * (high - low) / 2
    rate = convergence(low, high, singular)
    algebraic = 16 / math.log10(rate) if rate < 1e8 else 0.0
    return math.ceil(max(w + 8 * w ** (1 / 3) + 4, min(algebraic, 160)))
