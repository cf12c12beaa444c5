"""The damped normal equations d(mu) = -(J^T J + mu I)^-1 J^T y, factorised by Cholesky in the smaller of two spaces.

With residuals r [N] and the Jacobian J [N, P],

    weights < residuals:   J^T J + mu I = C C^T,   d = -C^-T C^-1 J^T y
    residuals < weights:   J J^T + mu I = C C^T,   d = -J^T C^-T C^-1 y        (the same d)

A damping costs one factorisation, n^3/3 operations for n = min(N, P). An eigendecomposition would make all dampings
free, but costs 9 to 10 factorisations (n = 921, one thread: 95 ms against 10 ms), and a step tries two or three.

Sources: Levenberg (1944); Marquardt (1963); Nocedal & Wright, Numerical Optimization, 2nd ed., § 10.3; the second
form: Chen & Heyl, Nature Physics 20 (2024) 1476, eq. 5.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import torch
from torch import Tensor

from pinn.network.deadline import in_time, of_cholesky, require_time

PANEL = 256  # columns of the lower triangle made by one matrix product


class Matrix(Protocol):
    """A Jacobian J [N, P] and the residuals r [N] that it belongs to."""

    residual: Tensor
    shape: tuple[int, int]

    def rows(self) -> Iterable[Tensor]: ...

    def times(self, vector: Tensor) -> Tensor: ...

    def transposed_times(self, vector: Tensor) -> Tensor: ...


class DampedSystem(Protocol):
    """d(mu) = -(J^T J + mu I)^-1 J^T y for given J and any mu, y.

    size     trace of J^T J, the sum of its eigenvalues: what dampings are measured by
    costly   whether one more damping costs about as much as the next step
    """

    size: float
    costly: bool

    def solve(self, y: Tensor, mu: float) -> Tensor | None:
        """d [P] for y [N]; None where rounding errors leave the matrix indefinite."""
        ...

    def image(self, update: Tensor) -> Tensor:
        """J d [N]"""
        ...


class WeightSpace:
    """By J^T J [P, P]; the rows of J are written out a block at a time."""

    costly = False

    def __init__(self, jacobian: Matrix):
        self.jacobian = jacobian
        self.matrix = jacobian.residual.new_zeros(jacobian.shape[1], jacobian.shape[1])
        for block in jacobian.rows():
            add_gram(self.matrix, block)
        self.size = float(self.matrix.diagonal().sum())

    def solve(self, y: Tensor, mu: float) -> Tensor | None:
        solution = cholesky_solve(self.matrix, mu, self.jacobian.transposed_times(y))
        return None if solution is None else -solution

    def image(self, update: Tensor) -> Tensor:
        return self.jacobian.times(update)


class ResidualSpace:
    """By J J^T [N, N]; J [N, P] is kept."""

    costly = False

    def __init__(self, rows: Tensor):
        self.rows = rows
        self.matrix = rows.new_zeros(len(rows), len(rows))
        add_gram(self.matrix, rows.T)
        self.size = float(self.matrix.diagonal().sum())

    def solve(self, y: Tensor, mu: float) -> Tensor | None:
        solution = cholesky_solve(self.matrix, mu, y)
        return None if solution is None else -(self.rows.T @ solution)

    def image(self, update: Tensor) -> Tensor:
        return self.rows @ update


def add_gram(matrix: Tensor, block: Tensor) -> None:
    """Add block^T block to the lower triangle of matrix [n, n], block [m, n]: little over half of the full product."""
    for start in range(0, len(matrix), PANEL):
        in_time()
        end = start + PANEL
        matrix[start:end, :end].addmm_(block[:, start:end].T, block[:, :end])


def cholesky_solve(matrix: Tensor, mu: float, right: Tensor) -> Tensor | None:
    """(matrix + mu I)^-1 right by the lower triangle of matrix; None where that is not positive definite."""
    require_time(of_cholesky(len(matrix)))
    damped = matrix.clone()
    damped.diagonal().add_(mu)
    factor, failed = torch.linalg.cholesky_ex(damped)
    if int(failed):
        return None
    return torch.cholesky_solve(right[:, None], factor)[:, 0]
