"""Sparse least squares in blocks against the dense solution of the same rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from pinn.training.cells.block_solve import BlockRows, elimination_order, solve_blocks
from pinn.training.output_layer.linear_solve import solve_least_squares

SIZES = [3, 4, 2, 5, 3, 1]  # the last like an unknown parameter: one column in all rows
SUPPORTS = [{0}, {0, 1}, {1}, {1, 2, 3}, {2, 3}, {3, 4}, {4}, {0, 4}, {2}]


def random_rows(supports, sizes, count: int = 7, seed: int = 0, everywhere: tuple[int, ...] = ()) -> list[BlockRows]:
    generator = torch.Generator().manual_seed(seed)
    return [
        BlockRows(
            {
                k: torch.randn(count, sizes[k], generator=generator, dtype=torch.float64)
                for k in {*support, *everywhere}
            },
            torch.randn(count, generator=generator, dtype=torch.float64),
        )
        for support in supports
    ]


def dense(rows: list[BlockRows], sizes) -> tuple[Tensor, Tensor]:
    starts = np.concatenate([[0], np.cumsum(sizes)])
    matrix = torch.zeros(sum(len(part.target) for part in rows), int(starts[-1]), dtype=torch.float64)
    at = 0
    for part in rows:
        for block, entries in part.entries.items():
            matrix[at : at + len(entries), starts[block] : starts[block + 1]] = entries
        at += len(part.target)
    return matrix, torch.cat([part.target for part in rows])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("everywhere", [(), (5,)])
def test_solution_and_residual_are_the_dense_ones(seed, everywhere):
    sizes = SIZES if everywhere else SIZES[:5]
    rows = random_rows(SUPPORTS, sizes, 7, seed, everywhere)
    found, residual = solve_blocks(rows, sizes)
    matrix, target = dense(rows, sizes)
    true = torch.linalg.lstsq(matrix, target).solution
    assert [len(block) for block in found] == sizes
    torch.testing.assert_close(torch.cat(found), true, rtol=1e-11, atol=1e-12)
    assert residual == pytest.approx(float((matrix @ true - target).norm()), rel=1e-12)


def test_a_block_with_fewer_rows_than_columns_is_fixed_by_its_neighbours():
    """The front of a block may be shorter than the triangle it gives."""
    sizes = [6, 4]
    rows = random_rows([{0}, {0, 1}, {1}], sizes, count=4)
    found, residual = solve_blocks(rows, sizes)
    matrix, target = dense(rows, sizes)
    torch.testing.assert_close(torch.cat(found), torch.linalg.lstsq(matrix, target).solution, rtol=1e-10, atol=1e-10)
    assert residual == pytest.approx(float((matrix @ torch.cat(found) - target).norm()), rel=1e-9)


def test_parts_that_share_no_rows_each_leave_a_residual():
    sizes = [3, 2, 4]
    rows = random_rows([{0}, {1, 2}, {1}, {0}], sizes)
    found, residual = solve_blocks(rows, sizes)
    matrix, target = dense(rows, sizes)
    torch.testing.assert_close(torch.cat(found), torch.linalg.lstsq(matrix, target).solution, rtol=1e-11, atol=1e-12)
    assert residual == pytest.approx(float((matrix @ torch.cat(found) - target).norm()), rel=1e-12)


def test_columns_of_any_size():
    """Columns in units a million apart give the solution in those units."""
    rows = random_rows(SUPPORTS, SIZES[:5])
    plain, residual = solve_blocks(rows, SIZES[:5])
    factors = {k: 10.0 ** (3 * k - 6) for k in range(5)}
    scaled = [BlockRows({k: a * factors[k] for k, a in part.entries.items()}, part.target) for part in rows]
    found, again = solve_blocks(scaled, SIZES[:5])
    for k, (block, before) in enumerate(zip(found, plain, strict=True)):
        torch.testing.assert_close(block * factors[k], before, rtol=1e-10, atol=1e-12)
    assert again == pytest.approx(residual, rel=1e-12)


def test_a_block_without_rows_is_zero():
    rows = random_rows([{0}, {0, 2}, {2}], [3, 4, 2])
    found, _ = solve_blocks(rows, [3, 4, 2])
    assert found[1].tolist() == [0.0] * 4
    matrix, target = dense([BlockRows({min(k, 1): a for k, a in p.entries.items()}, p.target) for p in rows], [3, 2])
    true = torch.linalg.lstsq(matrix, target).solution
    torch.testing.assert_close(torch.cat([found[0], found[2]]), true, rtol=1e-11, atol=1e-12)


def test_rank_deficient_blocks_give_finite_small_answers():
    """Columns repeated within a block, across two blocks, and a zero column."""
    rows = random_rows(SUPPORTS, SIZES[:5])
    for part in rows:
        if 1 in part.entries:
            part.entries[1][:, 3] = part.entries[1][:, 0] - 2 * part.entries[1][:, 1]
        if 3 in part.entries:
            part.entries[3][:, 2] = 0.0
        if {2, 3} <= part.entries.keys():
            part.entries[3][:, 0] = part.entries[2][:, 0]
        elif 2 in part.entries:
            part.entries[2][:, 0] = 0.0
        elif 3 in part.entries:
            part.entries[3][:, 0] = 0.0
    found, residual = solve_blocks(rows, SIZES[:5])
    matrix, target = dense(rows, SIZES[:5])
    assert torch.linalg.matrix_rank(matrix) == matrix.shape[1] - 3
    true = torch.linalg.lstsq(matrix, target, driver="gelsd").solution
    best = float((matrix @ true - target).norm())
    # damping of a few rounding errors leaves coefficients of 1e13, whose own rounding is 1e-4 of this residual
    assert float((matrix @ torch.cat(found) - target).norm()) == pytest.approx(best, rel=1e-2)
    assert residual == pytest.approx(best, rel=1e-2)
    damped, residual = solve_blocks(rows, SIZES[:5], 1e-7)
    assert float((matrix @ torch.cat(damped) - target).norm()) == pytest.approx(best, rel=1e-9)
    assert residual == pytest.approx(best, rel=1e-9)
    assert float(torch.cat(damped).norm()) < 2 * float(true.norm())


def test_regularisation_is_ridge_in_units_of_the_columns():
    """One block alone: |A c - b|^2 + mu^2 n |D c|^2, as the dense solver has it."""
    rows = random_rows([{0}, {0}], [4], count=5)
    matrix, target = dense(rows, [4])
    found, residual = solve_blocks(rows, [4], 0.3)
    norms = matrix.norm(dim=0)
    augmented = torch.cat([matrix, 0.3 * math.sqrt(4) * torch.diag(norms)])
    true = torch.linalg.lstsq(augmented, torch.cat([target, torch.zeros(4, dtype=torch.float64)])).solution
    torch.testing.assert_close(found[0], true, rtol=1e-11, atol=1e-12)
    whole, remainder = solve_least_squares([(matrix, target)], 0.3)
    torch.testing.assert_close(found[0], whole, rtol=1e-11, atol=1e-12)
    assert residual == pytest.approx(remainder, rel=1e-12)


def fill(order: list[int], supports: list[set[int]]) -> int:
    """The largest number of blocks that one front touches besides its own, counted by brute force."""
    fronts = [set(support) for support in supports]
    largest = 0
    for block in order:
        mine = [front for front in fronts if block in front]
        rest = set().union(*mine) - {block}
        largest = max(largest, len(rest))
        fronts = [front for front in fronts if block not in front] + ([rest] if rest else [])
    return largest


def test_the_order_is_a_permutation_with_small_fronts():
    generator = np.random.default_rng(0)
    count = 30
    names = generator.permutation(count)
    chain = [{int(names[k]), int(names[k + 1])} for k in range(count - 1)]
    ring = [*chain, {int(names[-1]), int(names[0])}]
    star = [{0, k} for k in range(1, count)]
    at = generator.permutation(49).reshape(7, 7).tolist()  # a square of cells, each beside its four neighbours
    square = [{at[i][j], at[i][j + 1]} for i in range(7) for j in range(6)]
    square += [{at[i][j], at[i + 1][j]} for i in range(6) for j in range(7)]
    for supports, blocks, front in ((chain, count, 1), (ring, count, 2), (star, count, 1), (square, 49, 9)):
        order = elimination_order(supports, blocks)
        assert sorted(order) == list(range(blocks))
        assert fill(order, supports) <= front
    assert fill(list(range(count)), star) == count - 1  # the order matters
    assert sorted(elimination_order([{2}], 4)) == [0, 1, 2, 3]
