"""Sobol points agree with scipy's, number by number."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import qmc

from pinn.geometry.shapes.sobol import ScrambledSobol


@pytest.mark.parametrize("dimension", [0, 1, 2, 3, 40])
@pytest.mark.parametrize("seed", [0, 12345])
def test_the_points_are_those_of_scipy(dimension, seed):
    ours = ScrambledSobol(dimension, np.random.default_rng(seed))
    theirs = qmc.Sobol(dimension, rng=np.random.default_rng(seed))
    for count in (1024, 1024, 2048):  # batches go on where the last one ended
        np.testing.assert_array_equal(ours.random(count), theirs.random(count))


def test_a_single_point_is_the_first():
    many = ScrambledSobol(2, np.random.default_rng(3)).random(8)
    one = ScrambledSobol(2, np.random.default_rng(3))
    np.testing.assert_array_equal(np.vstack([one.random(1) for _ in range(8)]), many)
    assert one.random(0).shape == (0, 2)


def test_the_generator_itself_goes_on_as_it_does_with_scipy():
    generators = np.random.default_rng(8), np.random.default_rng(8)
    ScrambledSobol(3, generators[0])
    qmc.Sobol(3, rng=generators[1])
    assert generators[0].integers(2**60) == generators[1].integers(2**60)


@pytest.mark.slow
def test_reading_a_spec_imports_neither_statistics_nor_optimisation():
    slow = "{'scipy.stats', 'scipy.optimize'}"
    load = "pinn.load('elasticity/plate_with_hole').describe()"
    code = f"import sys, pinn; {load}; sys.exit(len({slow} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
