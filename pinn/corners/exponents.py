"""Exponents of a wedge: the numbers a with P(a) x = 0, and the chains that belong to them.

The polynomial eigenproblem is solved as a companion matrix about a shift; what its collocation points made up is told
by its residual between them. Eigenvalues that coincide are taken together: the kernel of

    P(a) x_0 = 0,   P(a) x_1 + P'(a) x_0 = 0,   P(a) x_2 + P'(a) x_1 + P''(a)/2 x_0 = 0,   ...

holds all functions of r^a, sum_j r^a (log r)^(m-j)/(m-j)! phi_j, with and without logarithms.
Sources: Gohberg, Lancaster & Rodman, Matrix Polynomials (1982), § 1.4 (chains); Costabel & Dauge, Math. Nachr. 162
(1993) 209 (corners).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eig, lu_factor, lu_solve, qr, solve_triangular
from scipy.sparse.linalg import LinearOperator, eigs

from pinn.corners.discretisation import Discretisation

SHIFT = 0.7391  # near which eigenvalues are the most accurate; of no wedge an eigenvalue but by accident
SPURIOUS = 1e-7  # relative residual between collocation points: made up are above 1e-3, true ones below 1e-10
TOGETHER = 1e-6  # a double eigenvalue without two eigenvectors splits by the root of the rounding errors, 1e-8 to 1e-7
KERNEL = 1e-8  # relative size of a pivot; true ones are above 1e-5, those of kernels below 1e-11
MARGIN = 1e-6  # from the exponent at which the energy becomes infinite, which constants have
DEPENDENT = 1e-14  # relative size of a pivot: P(a) is singular whatever a
OFF = 1e-9  # from an eigenvalue: there P is regular, and a step of inverse iteration gains eight digits
LARGE, NEAREST = 500, 40  # size of a companion matrix from which on so many eigenvalues are enough
INTEGER = 1e-7  # how near to an integer an exponent is that integer


class NoExponents(ValueError):
    """Why a wedge has none: a clause that goes on from its name."""


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
    """The exponents of finite energy with Re a < below and Im a >= 0, by Re a; functions in the unknowns of `fine`.

    For equations of order 2m these are those with Re a > m - 1: D^m u is then square integrable. Series are
    accurate for |a| < below; exponents with imaginary parts as large as that are none that a wedge has.
    """
    values, vectors = eigenpairs(bare)
    least = max(bare.top // 2, 1) - 1 + MARGIN
    growth, turning = np.real(values), np.imag(values)
    near = (growth > least) & (growth < below - MARGIN) & (turning > -TOGETHER) & (turning < below)
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
    """Eigenvalues a [n] and vectors [size, n] of P(a) x = 0: with a = shift + 1/mu, those of a companion matrix.

    Of a large one only those nearest to the shift, by Arnoldi's method. Raises NoExponents where every a is one.
    """
    degree, size = len(discretisation.matrices) - 1, discretisation.size
    blocks = [discretisation.derivative(SHIFT, order) for order in range(degree + 1)]
    factors = lu_factor(blocks[0], check_finite=False)
    pivots = np.abs(factors[0].diagonal())
    if not pivots.min() > DEPENDENT * pivots.max():
        raise NoExponents("has conditions that follow from each other")
    first = -lu_solve(factors, np.hstack(blocks[1:]))
    if degree * size > LARGE:
        companion = LinearOperator(
            (degree * size, degree * size),
            matvec=lambda x: np.concatenate([first @ x.ravel(), x.ravel()[:-size]]),  # pyright: ignore[reportCallIssue]
            dtype=float,  # pyright: ignore[reportCallIssue]
        )
        start = np.random.default_rng(0).standard_normal(degree * size)
        mu, vectors = cast(tuple[NDArray, NDArray], eigs(companion, k=NEAREST, v0=start))
    else:
        companion = np.zeros((degree * size, degree * size))
        companion[:size] = first
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
    """A simple eigenvalue on this discretisation: Newton's iteration a - (y P x)/(y P' x), y P and P x near zero."""
    x = np.random.default_rng(0).standard_normal(discretisation.size)
    for _ in range(3):
        matrix = discretisation.derivative(value)
        factors = lu_factor(discretisation.derivative(value + OFF), check_finite=False)
        # rows and unknowns are different spaces: y comes from x and x from y, towards the smallest singular vectors
        y = lu_solve(factors, x.conj(), trans=1)
        x = lu_solve(factors, (y / np.linalg.norm(y)).conj())
        x, y = x / np.linalg.norm(x), y / np.linalg.norm(y)
        slope = y @ discretisation.derivative(value, 1) @ x
        step = (y @ matrix @ x) / slope if slope else np.inf
        if not abs(step) < TOGETHER:
            return value
        value = complex(value - step)
    return complex(value.real) if abs(value.imag) < 1e-12 else value


def kernel(matrix: NDArray, tolerance: float) -> NDArray:
    """An orthonormal basis [n, columns] of the vectors with matrix @ v = 0, by QR with pivoting."""
    found = qr(matrix, mode="r", pivoting=True, check_finite=False)
    upper, order = cast(tuple[NDArray, NDArray], found)
    diagonal = np.abs(upper.diagonal())
    rank = int(np.count_nonzero(diagonal > tolerance * diagonal[0]))
    basis = np.zeros((matrix.shape[1], matrix.shape[1] - rank), dtype=upper.dtype)
    basis[order[:rank]] = -solve_triangular(upper[:rank, :rank], upper[:rank, rank:])
    basis[order[rank:]] = np.eye(matrix.shape[1] - rank)
    return np.linalg.qr(basis)[0].T


def chains(discretisation: Discretisation, value: complex, multiplicity: int) -> Exponent | None:
    """All functions of an eigenvalue of this algebraic multiplicity; None where the kernel is smaller."""
    if abs(value - round(value.real)) < INTEGER:
        value = complex(round(value.real))
    number: complex | float = value.real if value.imag == 0 else value
    for length in range(1, multiplicity + 1):
        found = kernel(chain_matrix(discretisation, number, length), KERNEL)
        if len(found) >= multiplicity:
            levels = found.reshape(len(found), length, -1)[:, ::-1]
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
