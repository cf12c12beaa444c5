"""Householder QR of a matrix with its columns scaled, and a few rounding errors of it below.

    [A D^-1; mu I] = [Q_1; Q_2] R,        D = diag(column norms of A)

Sampled features are nearly dependent, so A is rank deficient to working precision: mu keeps R^-1 finite. The QR of the
rows is backward stable (Björck, Numerical Methods for Least Squares Problems, §§ 2.4, 2.7); normal equations would
square the condition number and stop at 1e-8.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.network.deadline import of_qr, require_time

REGULARISATION = 4.5  # rounding errors, relative to the size of A: 1e-15 in float64


def column_scales(norms: Tensor) -> Tensor:
    """D [P] from the columns' norms [P]: 1 where a column is zero, so that nothing is divided by it."""
    return torch.where(norms > 0, norms, torch.ones_like(norms))


def damping(columns: int, dtype: torch.dtype, regularisation: float | None = None) -> float:
    """mu for so many columns of norm 1, a matrix of size sqrt(columns).

    `regularisation` is mu relative to that size; None takes a few rounding errors of the numbers' type.
    """
    relative = REGULARISATION * torch.finfo(dtype).eps if regularisation is None else regularisation
    return relative * math.sqrt(columns)


def damped_triangle(rows: Tensor, columns: int, mu: float | Tensor) -> Tensor:
    """R of [rows; mu I 0], the first `columns` of the columns damped.

    rows   [n + columns, W] of which the last are zero: there the damping is written
    mu     one for all columns, or of each [columns]
    """
    rows[-columns:, :columns].diagonal().copy_(torch.as_tensor(mu, dtype=rows.dtype))
    require_time(of_qr(*rows.shape))
    return torch.linalg.qr(rows, mode="r")[1]


@dataclass(frozen=True, eq=False)
class DampedQR:
    """orthogonal Q_1 [N, P], upper R [P, P], scales D [P]."""

    orthogonal: Tensor
    upper: Tensor
    scales: Tensor

    def solved(self, right: Tensor) -> Tensor:
        """D^-1 R^-1 right: [P, K] -> [P, K]. With right = Q_1^T b it is the damped least-squares solution for b."""
        return torch.linalg.solve_triangular(self.upper, right, upper=True) / self.scales[:, None]

    def left_over(self, right: Tensor) -> Tensor:
        """right [N, K] without what the columns of A reach: (I - Q_1 Q_1^T) right."""
        return torch.addmm(right, self.orthogonal, self.orthogonal.T @ right, alpha=-1)


def damped_qr(matrix: Tensor) -> DampedQR:
    """Of A [N, P]."""
    count, columns = matrix.shape
    scales = column_scales(matrix.norm(dim=0))
    below = damping(columns, matrix.dtype) * torch.eye(columns, dtype=matrix.dtype, device=matrix.device)
    orthogonal, upper = torch.linalg.qr(torch.cat([matrix / scales, below]))
    return DampedQR(orthogonal[:count], upper, scales)
