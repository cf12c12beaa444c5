"""The committed reference solutions: made again at a lower resolution, by the script that made them."""

import numpy as np
import pytest

from benchmarks import references

# resolution, and some three times the difference that it has
LOW = {
    "burgers": (60, 2e-10),
    "allen_cahn": (256, 5e-6),
    "kdv": (128, 1e-8),
    "poisson_l_shape": (0, 2e-5),
    "lid_driven_cavity": (2, 3e-2),
    "hyperelastic_beam": (2, 1.5e-2),
    "hyperelastic_block": (3, 1e-2),
    "lotka_volterra": (7, 3e-7),
    "van_der_pol": (7, 3e-7),
    "robertson": (7, 7e-8),
    "plate_with_hole_heated": (12, 1e-4),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", references.REFERENCES)
def test_committed_reference_is_the_solution(name):
    folder, solve, _ = references.REFERENCES[name]
    resolution, tolerance = LOW[name]
    committed = np.load(references.ROOT / "problems" / folder / f"{name}_reference.npz")
    found = solve(resolution)
    assert set(found) == set(committed.files)
    for quantity, values in found.items():
        difference = np.linalg.norm(values - committed[quantity]) / np.linalg.norm(committed[quantity])
        assert difference < tolerance, quantity
