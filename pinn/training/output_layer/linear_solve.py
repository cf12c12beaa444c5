"""Dense linear least squares by Householder QR, the rows taken in blocks so that memory is bounded.

    minimise |A c - b|^2 + mu^2 |D c|^2,      D = diag(column norms of A)

mu, a few rounding errors of A, keeps the coefficients of nearly dependent features finite (`damped_qr.py`).
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from pinn.network.deadline import of_qr, require_time
from pinn.training.output_layer.damped_qr import column_scales, damped_triangle, damping

BLOCK_BYTES = 1.5e9


def solve_least_squares(
    blocks: Iterable[tuple[Tensor, Tensor]], regularisation: float | None = None, block_bytes: float = BLOCK_BYTES
) -> tuple[Tensor, float]:
    """Coefficients [P] for the stacked rows (A_k [n_k, P], b_k [n_k]), and the residual norm |A c - b|.

    Several right-hand sides b_k [n_k, K] are solved with one factorisation: coefficients [P, K].

    `regularisation` is mu relative to the size of A; None takes a few rounding errors of the numbers' type. Rows of
    `block_bytes` are gathered before they are reduced to a triangle.
    """
    triangle: Tensor | None = None
    waiting: list[Tensor] = []

    def reduce(rows: list[Tensor]) -> Tensor:
        matrix = torch.cat(rows)
        require_time(of_qr(*matrix.shape))
        return torch.linalg.qr(matrix, mode="r")[1]

    size, single, sides = 0, True, 1
    for rows, target in blocks:
        single, right = target.ndim == 1, target.reshape(len(target), -1)
        sides = right.shape[1]
        block = torch.cat([rows, right], dim=1)
        waiting.append(block)
        size += block.numel() * block.element_size()
        if size > block_bytes:
            triangle = reduce(([] if triangle is None else [triangle]) + waiting)
            waiting, size = [], 0
    if triangle is not None:
        waiting.insert(0, triangle)
    count = waiting[0].shape[1] - sides
    rows = torch.cat([*waiting, waiting[0].new_zeros(count, count + sides)])
    scales = column_scales(rows[:, :count].norm(dim=0))
    rows[:, :count] /= scales
    triangle = damped_triangle(rows, count, damping(count, rows.dtype, regularisation))
    upper, right = triangle[:count, :count], triangle[:count, count:]
    solution = torch.linalg.solve_triangular(upper, right, upper=True) / scales[:, None]
    remainder = float(triangle[count:, count:].norm()) if triangle.shape[0] > count else 0.0
    return solution[:, 0] if single else solution, remainder
