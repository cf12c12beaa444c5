"""Radau IIA: its known nodes and matrix, and what collocation on them is exact for."""

from __future__ import annotations

import numpy as np
import pytest

from pinn.training.march.radau import radau


def test_three_stages_are_those_of_the_textbook():
    """Hairer & Wanner, Solving Ordinary Differential Equations II, 2nd ed., Table IV.5.6."""
    root = np.sqrt(6)
    found = radau(3)
    np.testing.assert_allclose(found.nodes, [(4 - root) / 10, (4 + root) / 10, 1], atol=1e-15)
    weights = [
        [(88 - 7 * root) / 360, (296 - 169 * root) / 1800, (-2 + 3 * root) / 225],
        [(296 + 169 * root) / 1800, (88 + 7 * root) / 360, (-2 - 3 * root) / 225],
        [(16 - root) / 36, (16 + root) / 36, 1 / 9],
    ]
    np.testing.assert_allclose(np.linalg.inv(found.of_nodes), weights, atol=1e-14)


@pytest.mark.parametrize("stages", [2, 5, 9])
def test_slopes_are_exact_for_polynomials_of_the_degree_of_the_stages(stages):
    found = radau(stages)
    for power in range(1, stages + 1):
        slopes = found.of_nodes @ found.nodes**power
        np.testing.assert_allclose(slopes, power * found.nodes ** (power - 1), atol=1e-11)
    np.testing.assert_allclose(found.of_start + found.of_nodes.sum(axis=1), 0, atol=1e-11)


@pytest.mark.parametrize("stages", [2, 3])
def test_the_end_is_of_order_twice_the_stages_less_one(stages):
    """u' = u over one slab: the error there falls with the power 2 s of its length."""
    found, errors = radau(stages), []
    for length in (0.2, 0.1):
        nodes = np.linalg.solve(found.of_nodes / length - np.eye(stages), -found.of_start / length)
        errors.append(abs(nodes[-1] - np.exp(length)))
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2 * stages, abs=0.3)


@pytest.mark.parametrize("stages", [3, 5, 9])
def test_the_eigenvectors_split_the_stages(stages):
    found = radau(stages)
    again = found.eigenvectors @ np.diag(found.eigenvalues) @ np.linalg.inv(found.eigenvectors)
    np.testing.assert_allclose(again, found.of_nodes, atol=1e-9 * abs(found.of_nodes).max())
    assert (found.eigenvalues.real > 0).all()
