"""The finite elements that bodies are compared with: what is heated and free has no stress."""

from __future__ import annotations

import numpy as np
import pytest

import pinn
from benchmarks import elements

HEATED = """
name: heated
coordinates: [x, y]
physics:
  linear_elasticity:
    youngs_modulus: 3
    poissons_ratio: 0.3
    thermal_expansion: 0.01
    temperature: TEMPERATURE
    plane: stress
domain: {rectangle: {from: [0, 0], to: [2, 1]}}
conditions:
  - {at: [0, 0], displacement: [0, 0]}
  - {at: [2, 0], uy: 0}
  - {on: boundary, traction: [0, 0]}
"""


@pytest.mark.parametrize("temperature", ["2", "1 + 2*x + 3*y"], ids=["evenly", "linearly, which bends it"])
def test_a_free_body_that_is_heated_has_no_stress(temperature):
    """By quadratic elements, which have its displacements."""
    problem = pinn.load(HEATED.replace("TEMPERATURE", temperature))
    found = elements.solve(problem, 4, 0, 2)
    points = np.array([[0.5, 0.5], [1.7, 0.2], [1.0, 0.9]])
    for stress in ("stress_xx", "stress_yy", "stress_xy"):
        assert np.abs(found.values(stress, points)).max() < 1e-8
    grown = found.values("strain_xx", points)
    assert grown == pytest.approx(0.01 * eval(temperature, {"x": points[:, 0], "y": points[:, 1]}), rel=1e-6)
