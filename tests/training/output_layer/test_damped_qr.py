"""Column-scaled damped QR: finite for dependent columns, blind to their units, the same by Q and by the triangle."""

from __future__ import annotations

import pytest
import torch

from pinn.training.output_layer.damped_qr import REGULARISATION, damped_qr, damping
from pinn.training.output_layer.linear_solve import solve_least_squares


def matrix_of(columns: int = 6) -> torch.Tensor:
    """Its last column but one is the sum of two others, its last is zero."""
    found = torch.randn(40, columns, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found[:, -2] = found[:, 0] + found[:, 1]
    found[:, -1] = 0.0
    return found


def test_dependent_columns_have_finite_coefficients_and_the_least_residual():
    matrix, right = matrix_of(), torch.linspace(-1, 1, 40, dtype=torch.float64)
    found = damped_qr(matrix)
    coefficients = found.solved(found.orthogonal.T @ right[:, None])[:, 0]
    assert torch.isfinite(coefficients).all()
    assert coefficients[-1] == 0
    best = torch.linalg.lstsq(matrix[:, :4], right).solution
    missed, least = (float((a @ c - right).norm()) for a, c in ((matrix, coefficients), (matrix[:, :4], best)))
    # The rounding errors of the sum are a direction of their own: its coefficients, up to 1 / damping, have errors too.
    rounding = torch.finfo(torch.float64).eps * float((matrix.abs() @ coefficients.abs()).norm())
    assert missed <= least + 10 * rounding
    assert rounding < 0.5 * least


def test_the_units_of_the_columns_do_not_matter():
    matrix, right = matrix_of()[:, [0, 1, 2, 3, 5]], torch.linspace(-1, 1, 40, dtype=torch.float64)
    units = torch.tensor([1.0, 1e-9, 1e7, 3.0, 1e4], dtype=torch.float64)
    (plain, _), (scaled, _) = (solve_least_squares([(a, right)]) for a in (matrix, matrix * units))
    torch.testing.assert_close(matrix @ plain, (matrix * units) @ scaled, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("parts", [1, 5])
def test_by_q_and_by_the_triangle_alone(parts):
    """`solve_least_squares` never makes Q, and takes the rows in parts."""
    matrix = matrix_of()[:, :4]
    right = torch.cos(torch.arange(40, dtype=torch.float64))
    found = damped_qr(matrix)
    by_q = found.solved(found.orthogonal.T @ right[:, None])[:, 0]
    rows = zip(matrix.tensor_split(parts), right.tensor_split(parts), strict=True)
    by_triangle, norm = solve_least_squares(rows, block_bytes=500)
    torch.testing.assert_close(by_q, by_triangle, rtol=1e-12, atol=1e-14)
    assert norm == pytest.approx(float(found.left_over(right[:, None]).norm()), rel=1e-10)


def test_what_is_left_over_is_seen_by_no_column():
    matrix, right = matrix_of(), torch.cos(torch.arange(80, dtype=torch.float64)).reshape(40, 2)
    assert float((matrix.T @ damped_qr(matrix).left_over(right)).abs().max()) < 1e-12


def test_the_damping_is_a_few_rounding_errors_of_the_size_of_the_matrix():
    for dtype in (torch.float32, torch.float64):
        assert damping(100, dtype) == pytest.approx(REGULARISATION * 10 * torch.finfo(dtype).eps)
    assert damping(100, torch.float64, 1e-3) == pytest.approx(1e-2)
