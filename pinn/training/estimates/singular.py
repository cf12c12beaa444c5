"""The largest singular values of a matrix, by subspace iteration from a random start.

Source: Halko, Martinsson & Tropp, SIAM Review 53 (2011) 217, Algorithm 4.4. A gap between the values that are wanted
and the rest makes them exact to rounding; where values fall slowly each is a few per cent too small at most.
"""

from __future__ import annotations

import torch
from torch import Tensor

SPARE = 20  # directions beside those that are wanted
ROUNDS = 6
SEED = 11


def largest(matrix: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Left singular vectors [N, k] and values [k], the largest first, of a matrix [N, P]; k is `count`, or all."""
    rows, columns = matrix.shape
    width = min(count + SPARE, rows, columns)
    start = torch.randn(columns, width, generator=torch.Generator().manual_seed(SEED), dtype=torch.float64)
    along = start.to(matrix)
    for _ in range(ROUNDS):
        across = torch.linalg.qr(matrix @ along)[0]
        along = torch.linalg.qr(matrix.T @ across)[0]
    left, sizes, _ = torch.linalg.svd(matrix @ along, full_matrices=False)
    return left[:, :count], sizes[:count]
