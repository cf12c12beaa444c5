"""Dense linear least squares by Householder QR, the rows taken in blocks so that memory is bounded.

    minimise |A c - b|^2 + mu^2 |D c|^2,      D = diag(column norms of A)

Sampled features are nearly dependent, so A is rank deficient to working precision: mu, a few rounding errors of A,
keeps the coefficients finite. QR of the rows [A b; mu D 0] is backward stable (Björck, Numerical Methods for Least
Squares Problems, §§ 2.4, 2.7); normal equations would square the condition number and stop at 1e-8.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from pinn.network.deadline import of_qr, require_time

REGULARISATION = 4.5  # rounding errors, relative to the size of A: 1e-15 in float64
BLOCK_BYTES = 1.5e9


def solve_least_squares(
    blocks: Iterable[tuple[Tensor, Tensor]], regularisation: float | None = None, block_bytes: float = BLOCK_BYTES
) -> tuple[Tensor, float]:
    """Coefficients [P] for the stacked rows (A_k [n_k, P], b_k [n_k]), and the residual norm |A c - b|.

    `regularisation` is mu relative to the size of A; None takes a few rounding errors of the numbers' type. Rows of
    `block_bytes` are gathered before they are reduced to a triangle.
    """
    triangle: Tensor | None = None
    waiting: list[Tensor] = []
    norms: Tensor | None = None

    def reduce(rows: list[Tensor]) -> Tensor:
        matrix = torch.cat(rows)
        require_time(of_qr(*matrix.shape))
        return torch.linalg.qr(matrix, mode="r")[1]

    size = 0
    for rows, target in blocks:
        block = torch.cat([rows, target[:, None]], dim=1)
        waiting.append(block)
        size += block.numel() * block.element_size()
        if size > block_bytes:
            triangle = reduce(([] if triangle is None else [triangle]) + waiting)
            waiting, size = [], 0
    if triangle is not None:
        waiting.insert(0, triangle)
    square = sum(block.square().sum(dim=0) for block in waiting)
    assert isinstance(square, Tensor)
    norms = square.sqrt()[:-1]
    norms = torch.where(norms > 0, norms, torch.ones_like(norms))
    count = len(norms)
    if regularisation is None:
        regularisation = REGULARISATION * torch.finfo(norms.dtype).eps
    damping = torch.zeros(count, count + 1, dtype=norms.dtype, device=norms.device)
    damping[:, :count].diagonal().copy_(regularisation * math.sqrt(count) * norms)
    triangle = reduce([*waiting, damping])
    upper, right = triangle[:count, :count] / norms, triangle[:count, count:]
    solution = torch.linalg.solve_triangular(upper, right, upper=True)[:, 0] / norms
    remainder = float(triangle[count:, count].norm()) if triangle.shape[0] > count else 0.0
    return solution, remainder
