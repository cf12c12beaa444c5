"""The damped normal equations without their matrix: conjugate gradients on products with J and its transpose.

    (J^T J + mu I) d = -J^T y,      preconditioner  S^T S + mu I,

S being a sample of the rows of J, scaled so that S^T S is J^T J on average. Its inverse is, by Woodbury's identity,

    (S^T S + mu I)^-1 x = (x - S^T (S S^T + mu I)^-1 S x)/mu.

The residuals of neighbouring points are nearly the same functions of the weights, so a sample of some hundred rows
holds most of the large eigenvalues, and what is left lies close to mu.

Sources: Hestenes & Stiefel, J. Res. Natl. Bur. Stand. 49 (1952) 409; preconditioners from a low-rank sketch of J^T J:
Frangella, Tropp & Udell, SIAM J. Matrix Anal. Appl. 44 (2023) 718; from sampled rows: Roosta-Khorasani & Mahoney,
Math. Program. 174 (2019) 293.
"""

from __future__ import annotations

import torch
from torch import Tensor

from pinn.training.all_weights.normal_equations import add_gram
from pinn.training.residuals.jacobian import Jacobian

SAMPLED_ROWS = 1000
TOLERANCE = 1e-2  # of |residual| relative to |J^T y|, both in the preconditioner's norm
MOST_ITERATIONS = 40


class Krylov:
    """A damped system solved by preconditioned conjugate gradients; needs the factors of J and one sample of rows."""

    costly = True

    def __init__(
        self,
        jacobian: Jacobian,
        generator: torch.Generator,
        tolerance: float = TOLERANCE,
        most_iterations: int = MOST_ITERATIONS,
    ):
        self.jacobian, self.tolerance, self.most_iterations = jacobian, tolerance, most_iterations
        self.sample = jacobian.sampled_rows(SAMPLED_ROWS, generator)
        self.gram = self.sample.new_zeros(len(self.sample), len(self.sample))
        add_gram(self.gram, self.sample.T)
        self.size = float(self.gram.diagonal().sum())
        self.iterations = 0

    def solve(self, y: Tensor, mu: float) -> Tensor | None:
        damped = self.gram.clone()
        damped.diagonal().add_(mu)
        factor, failed = torch.linalg.cholesky_ex(damped)
        if int(failed):
            return None

        def precondition(x: Tensor) -> Tensor:
            inner = torch.cholesky_solve((self.sample @ x)[:, None], factor)[:, 0]
            return (x - self.sample.T @ inner) / mu

        remainder = -self.jacobian.transposed_times(y)
        solution = torch.zeros_like(remainder)
        better = precondition(remainder)
        direction, size = better, remainder @ better
        goal = self.tolerance**2 * size
        for _ in range(self.most_iterations):
            if not size > goal:
                break
            image = self.jacobian.transposed_times(self.jacobian.times(direction)) + mu * direction
            length = size / (direction @ image)
            solution += length * direction
            remainder -= length * image
            better = precondition(remainder)
            previous, size = size, remainder @ better
            direction = better + (size / previous) * direction
            self.iterations += 1
        return solution

    def image(self, update: Tensor) -> Tensor:
        return self.jacobian.times(update)
