"""Exponents of a wedge: the numbers a with P(a) x = 0, and the chains that belong to them.

The polynomial eigenproblem is solved as a companion matrix about a shift; what its collocation points made up is told by
its residual between them. Eigenvalues that coincide are taken together: the kernel of

    P(a) x_0 = 0,   P(a) x_1 + P'(a) x_0 = 0,   P(a) x_2 + P'(a) x_1 + P''(a)/2 x_0 = 0,   ...

holds all functions of r^a, sum_j r^a (log r)^(m-j)/(m-j)! phi_j, with and without logarithms.
Sources: Gohberg, Lancaster & Rodman, Matrix Polynomials (1982), § 1.4 (chains); Costabel & Dauge, Math. Nachr. 162
(1993) 209 (corners).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eig, lu_factor, lu_solve, svd

from pinn.corners.discretisation import Discretisation

SHIFT = 0.7391  # near which eigenvalues are the most accurate; of no wedge an eigenvalue but by accident
SPURIOUS = 1e-7  # relative residual between collocation points: made up are above 1e-3, true ones below 1e-10
TOGETHER = 1e-6  # a double eigenvalue without two eigenvectors splits by the root of the rounding errors, 1e-8 to 1e-7
KERNEL = 1e-8  # relative singular value
POSITIVE = 1e-6  # real parts from which on the energy is finite; constants and rotations of the data lie at 0
INTEGER = 1e-7  # how near to an integer an exponent is that integer


@dataclass(frozen=True, eq=False)
class Exponent:
    """value: a;  functions [n, logarithms + 1, unknowns]: coefficients of (log r)^l, l = 0 first."""

    value: complex
    functions: NDArray

    @property
    def integer(self) -> int | None:
        """The integer that it is; None where it is none."""
        nearest = round(self.value.real)
        return nearest if abs(self.value - nearest) < INTEGER else None


def exponents_of(bare: Discretisation, fine: Discretisation, below: float) -> list[Exponent]:
    """The exponents with 0 < Re a < below and Im a >= 0, by Re a; functions in the unknowns of the second."""
    values, vectors = eigenpairs(bare)
    near = (values.real > POSITIVE) & (values.real < below) & (values.imag > -TOGETHER)
    kept = [
        value
        for value, vector in zip(values[near], vectors[:, near].T, strict=True)
        if bare.remainder(value, vector) < SPURIOUS
    ]
    found = []
    for cluster in clusters(kept):
        centre = complex(np.mean(cluster))
        if abs(centre.imag) < TOGETHER:
            centre = complex(centre.real)
        if len(cluster) == 1:
            centre = refined(fine, centre)
        functions = chains(fine, centre, len(cluster))
        if functions is not None:
            found.append(functions)
        elif len(cluster) > 1:  # near to each other, and different
            found += [one for value in cluster if (one := chains(fine, refined(fine, value), 1)) is not None]
    return sorted(found, key=lambda exponent: (exponent.value.real, exponent.value.imag))


def eigenpairs(discretisation: Discretisation) -> tuple[NDArray, NDArray]:
    """Eigenvalues a [n] and vectors [size, n] of P(a) x = 0: with a = shift + 1/mu, those of a companion matrix."""
    degree, size = len(discretisation.matrices) - 1, discretisation.size
    blocks = [discretisation.derivative(SHIFT, order) for order in range(degree + 1)]
    factors = lu_factor(blocks[0])
    companion = np.zeros((degree * size, degree * size))
    companion[:size] = -lu_solve(factors, np.hstack(blocks[1:]))
    companion[size:, :-size] = np.eye((degree - 1) * size)
    mu, vectors = eig(companion)  # pyright: ignore[reportAssignmentType]
    finite = np.abs(mu) > 1e-3  # exponents less than a thousand from the shift
    return SHIFT + 1 / mu[finite], vectors[-size:, finite]


def clusters(values: list[complex]) -> list[list[complex]]:
    """Values nearer to each other than TOGETHER; of a pair of conjugates only the upper one, a real one once."""
    found: list[list[complex]] = []
    for value in sorted(values, key=lambda v: (v.real, v.imag)):
        for cluster in found:
            if min(abs(value - other) for other in cluster) < TOGETHER:
                cluster.append(value)
                break
        else:
            found.append([value])
    return found


def refined(discretisation: Discretisation, value: complex) -> complex:
    """A simple eigenvalue on this discretisation, by Newton's iteration on the smallest singular vectors."""
    for _ in range(3):
        left, _, right = svd(discretisation.derivative(value))
        y, x = left[:, -1].conj(), right[-1].conj()
        slope = y @ discretisation.derivative(value, 1) @ x
        step = (y @ discretisation.derivative(value) @ x) / slope if slope else 0.0
        if not abs(step) < TOGETHER:
            return value
        value = complex(value - step)
    return complex(value.real) if abs(value.imag) < 1e-12 else value


def chains(discretisation: Discretisation, value: complex, multiplicity: int) -> Exponent | None:
    """All functions of an eigenvalue of this algebraic multiplicity; None where the kernel is smaller."""
    if abs(value - round(value.real)) < INTEGER:
        value = complex(round(value.real))
    number: complex | float = value.real if value.imag == 0 else value
    for length in range(1, multiplicity + 1):
        _, sizes, right = svd(chain_matrix(discretisation, number, length))
        kernel = right[sizes < KERNEL * sizes[0]].conj()
        if len(kernel) >= multiplicity:
            levels = kernel.reshape(len(kernel), length, -1)[:, ::-1]
            factorials = np.array([math.factorial(level) for level in range(length)])
            return Exponent(value, levels / factorials[:, None])
    return None


def chain_matrix(discretisation: Discretisation, value: complex | float, length: int) -> NDArray:
    """The block triangular matrix of a chain x_0, x_1, ...: P^(k)/k! on the k-th lower diagonal."""
    size = discretisation.size
    blocks = [discretisation.derivative(value, order) for order in range(length)]
    whole = np.zeros((length * size, length * size), dtype=blocks[0].dtype)
    for row in range(length):
        for column in range(row + 1):
            whole[row * size : (row + 1) * size, column * size : (column + 1) * size] = blocks[row - column]
    return whole
