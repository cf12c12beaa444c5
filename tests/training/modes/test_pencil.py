"""Rectangular pencils with known eigenvalues."""

import numpy as np
import pytest
import torch

from pinn.training.modes.pencil import Pairs, better, invariant, lowest, real_pairs, residuals, shift_for

ROWS, COLUMNS = 60, 25


def pencil(values, vectors=None, rows=ROWS, seed=0):
    """A and M [rows, P] with A = M V diag(values) V^-1, so that the pencil has these eigenvalues exactly."""
    rng = np.random.default_rng(seed)
    values = np.asarray(values, float)
    count = len(values)
    vectors = rng.standard_normal((count, count)) if vectors is None else vectors
    mass = rng.standard_normal((rows, count))
    stiffness = mass @ vectors @ np.diag(values) @ np.linalg.inv(vectors)
    return torch.as_tensor(stiffness), torch.as_tensor(mass), torch.arange(rows)


def test_the_lowest_come_first_and_satisfy_the_pencil():
    values = np.arange(1.0, COLUMNS + 1) ** 2
    stiffness, mass, where = pencil(values[::-1])
    found = lowest(stiffness, mass, where, 5)
    assert found.eigenvalues.tolist() == pytest.approx(values[:5].tolist(), rel=1e-9)
    assert float(residuals(stiffness, mass, where, found).max()) < 1e-9
    assert float(found.unsure.max()) < 1e-9


def test_those_nearest_to_a_shift():
    stiffness, mass, where = pencil(np.arange(1.0, COLUMNS + 1) ** 2)
    found = lowest(stiffness, mass, where, 3, shift=48.0)
    assert sorted(found.eigenvalues.tolist()) == pytest.approx([36.0, 49.0, 64.0], rel=1e-9)
    assert found.shift == 48.0


def test_equal_ones_have_independent_vectors():
    stiffness, mass, where = pencil([2.0, 2.0, 2.0, *range(10, 10 + COLUMNS)])
    found = lowest(stiffness, mass, where, 3)
    assert found.eigenvalues.tolist() == pytest.approx([2.0, 2.0, 2.0], rel=1e-9)
    directions = found.vectors / found.vectors.norm(dim=0)
    assert float(torch.linalg.svdvals(directions).min()) > 1e-3


def test_zero_is_found_as_often_as_it_is_there_and_the_next_ones_as_well():
    values = [0.0, 0.0, 0.0, 3.0, 7.0, *range(20, 20 + COLUMNS)]
    stiffness, mass, where = pencil(values)
    shift = shift_for(stiffness, mass, where, 5, size=40.0)
    assert shift == pytest.approx(-0.3, rel=1e-3)
    found = lowest(stiffness, mass, where, 5, shift)
    assert sorted(found.eigenvalues.abs().tolist()) == pytest.approx([0.0, 0.0, 0.0, 3.0, 7.0], abs=1e-9)


@pytest.mark.parametrize("size", [1e-2, 1.0, 1e3])
def test_a_low_eigenvalue_that_is_not_zero_keeps_its_digits(size):
    """A slender body has eigenvalues orders of magnitude apart: without a shift each is as accurate as the other."""
    stiffness, mass, where = pencil([1e-2, 1.0, *range(20, 20 + COLUMNS)])
    assert shift_for(stiffness, mass, where, 2, size) == 0.0
    assert lowest(stiffness, mass, where, 2).eigenvalues.tolist() == pytest.approx([1e-2, 1.0], rel=1e-9)


def test_complex_eigenvalues_are_not_passed_off_as_real_ones():
    rng = np.random.default_rng(3)
    blocks = np.diag(np.arange(20.0, 20 + COLUMNS))
    blocks[:2, :2] = [[3.0, 1.5], [-1.5, 3.0]]
    mass = torch.as_tensor(rng.standard_normal((ROWS, COLUMNS)))
    found = lowest(mass @ torch.as_tensor(blocks), mass, torch.arange(ROWS), 2)
    assert float(found.unsure.min()) > 0.1


def test_features_that_depend_on_each_other_make_no_eigenvalues():
    """Columns up to rounding the same as others: A is singular to working precision, the pencil is not."""
    stiffness, mass, where = pencil(np.arange(1.0, 11.0) ** 2)
    mixing = torch.as_tensor(np.random.default_rng(5).standard_normal((10, 40)))
    found = lowest(stiffness @ mixing, mass @ mixing, where, 4)
    assert found.eigenvalues.tolist() == pytest.approx([1.0, 4.0, 9.0, 16.0], rel=1e-9)


def test_of_two_sets_the_better_mode_is_taken_one_by_one():
    stiffness, mass, where = pencil(np.arange(1.0, COLUMNS + 1) ** 2)
    right = lowest(stiffness, mass, where, 2)
    spoiled = [right.vectors.clone(), right.vectors.clone()]
    for number, vectors in enumerate(spoiled):
        vectors[:, number] += (
            1e-3 * vectors[:, number].norm() * torch.linspace(-1, 1, len(vectors), dtype=torch.float64)
        )
    first, second = (Pairs(right.eigenvalues, vectors, 0.0, right.unsure) for vectors in spoiled)
    found = better(stiffness, mass, where, first, second)
    assert torch.equal(found.vectors, right.vectors)


def test_a_space_is_cut_where_a_gap_is():
    basis = invariant(np.diag([8.0, 4.0, 3.9, 3.8, 0.1, 0.01, 0.005]), 2)
    np.testing.assert_allclose(basis @ basis.T, np.diag([1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0]), atol=1e-12)


def test_pairs_of_a_small_matrix_are_its_own():
    rng = np.random.default_rng(7)
    vectors = rng.standard_normal((6, 6))
    small = vectors @ np.diag([5.0, 5.0, 4.0, 3.0, 1.0, 0.5]) @ np.linalg.inv(vectors)
    values, combinations, unsure = real_pairs(small, 4)
    assert values == pytest.approx([5.0, 5.0, 4.0, 3.0])
    np.testing.assert_allclose(small @ combinations, combinations * values, atol=1e-9)
    assert unsure.max() < 1e-9


@pytest.mark.parametrize("count", [1, 4, 7])
def test_as_many_pairs_as_are_asked_for_whatever_the_matrix(count):
    """Noise has complex eigenvalues, and some that lie as close as Schur's form can order."""
    for seed in range(20):
        small = np.random.default_rng(seed).standard_normal((8, 8))
        values, combinations, unsure = real_pairs(small, count)
        assert values.shape == unsure.shape == (count,)
        assert combinations.shape == (8, count)
        assert np.isfinite(combinations).all()
