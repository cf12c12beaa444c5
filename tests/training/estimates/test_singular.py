"""The largest singular values: those of LAPACK where a gap sets them apart, and near them where none does."""

from __future__ import annotations

import torch

from pinn.training.estimates.singular import largest


def matrix_with(sizes: torch.Tensor) -> torch.Tensor:
    """[90, 60] with these singular values."""
    generator = torch.Generator().manual_seed(0)
    left, right = (
        torch.linalg.qr(torch.randn(n, len(sizes), generator=generator, dtype=torch.float64))[0] for n in (90, 60)
    )
    return (left * sizes) @ right.T


def test_values_and_vectors_above_a_gap_are_those_of_lapack():
    sizes = torch.cat([torch.tensor([1e9, 3e4, 2e4]), 0.5 ** torch.arange(57)]).double()
    matrix = matrix_with(sizes)
    left, found = largest(matrix, 5)
    assert left.shape == (90, 5)
    torch.testing.assert_close(found[:3], sizes[:3], rtol=1e-6, atol=0.0)
    torch.testing.assert_close(left[:, :3].abs(), torch.linalg.svd(matrix)[0][:, :3].abs(), rtol=0.0, atol=1e-6)


def test_values_that_fall_slowly_are_nearly_found():
    """From below: none is larger than the true one of its number."""
    sizes = 1 / torch.arange(1, 61, dtype=torch.float64) ** 0.25
    _, found = largest(matrix_with(sizes), 12)
    assert (found <= sizes[:12] * (1 + 1e-12)).all()
    assert (found > 0.95 * sizes[:12]).all()


def test_of_a_small_matrix_all_are_found():
    matrix = matrix_with(torch.tensor([2.0, 1.0], dtype=torch.float64))[:, :2]
    left, found = largest(matrix, 12)
    assert left.shape == (90, 2)
    torch.testing.assert_close(found, torch.linalg.svdvals(matrix))
