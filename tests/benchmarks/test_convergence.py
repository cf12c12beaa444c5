"""Orders of convergence are what theory says; benchmarks/convergence.py draws more levels of the same studies."""

from __future__ import annotations

from itertools import pairwise

import pytest

from benchmarks.convergence import STUDIES, orders

ORDERED = {name: study for name, study in STUDIES.items() if study.order is not None}


@pytest.mark.slow
@pytest.mark.parametrize("name", ORDERED)
def test_the_observed_order_is_the_expected_one(name):
    study = ORDERED[name]
    (order,) = orders(study.run(study.sizes[-3:-1]))
    assert order == pytest.approx(study.order, abs=0.1)


@pytest.mark.slow
def test_least_squares_falls_faster_than_any_power():
    """Each doubling of the features gains more than a factor of ten, and more than the doubling before."""
    levels = STUDIES["least squares, Poisson on a square"].run((25, 50, 100, 200))
    errors = [error for _, error in levels]
    assert all(error > 10 * finer for error, finer in pairwise(errors))
    observed = orders(levels)
    assert observed == sorted(observed)
    assert errors[-1] < 1e-8
