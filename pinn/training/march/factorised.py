"""Damped least squares with one matrix for many right-hand sides, real or complex, by Householder reflections.

    minimise |A x - b|^2 + mu^2 |D x|^2,      D = diag(column norms of A)

Q is kept as its reflections: to form it would cost as much as the factorisation itself.
Source: Golub & Van Loan, Matrix Computations, 4th ed., §§ 5.1.5, 5.3.3.
"""

from __future__ import annotations

import torch
from torch import Tensor

from pinn.training.output_layer.damped_qr import column_scales, damping


class Factorised:
    """Of A [N, P]."""

    def __init__(self, matrix: Tensor):
        count, columns = matrix.shape
        self.scales = column_scales(matrix.norm(dim=0))
        rows = matrix.new_zeros(count + columns, columns)
        rows[:count] = matrix / self.scales
        rows[count:].fill_diagonal_(damping(columns, matrix.dtype))
        self.columns = columns
        self.reflections, self.factors = torch.geqrf(rows)

    def solved(self, right: Tensor) -> Tensor:
        """x [P] for b [N]; of a complex b the real part where A is real."""
        if not self.reflections.is_complex():
            right = right.real
        padded = right.new_zeros(len(self.reflections), 1).to(self.reflections)
        padded[: len(right), 0] = right
        turned = torch.ormqr(self.reflections, self.factors, padded, left=True, transpose=True)[: self.columns]
        return torch.linalg.solve_triangular(self.reflections[: self.columns], turned, upper=True)[:, 0] / self.scales
