"""The march in space: waves and heat against their exact solutions, and what it is honest about."""

from __future__ import annotations

import numpy as np
import pytest

import pinn
from pinn.problem.loading import build
from pinn.spec.yaml.source import parse_spec
from tests.training.march.examples import MEMBRANE


@pytest.mark.slow
def test_a_membrane_keeps_its_amplitude_and_phase():
    text = MEMBRANE + "solver: {method: {march: {features: 200, scale: 2}}}\n"
    solution = pinn.solve(build(parse_spec(text)))
    assert solution.metrics["relative_l2"]["u"] < 1e-6
    estimate = solution.metrics["error_estimate"]["u"]
    assert estimate > 0.05 * solution.metrics["relative_l2"]["u"]
    edges = solution.model.network.edges
    at = np.column_stack([np.full((len(edges), 2), 0.5), edges.numpy()])
    before, after = (solution(at + [0, 0, shift], ["u"])["u"] for shift in (-1e-9, 1e-9))
    np.testing.assert_allclose(before[1:-1], after[1:-1], atol=1e-7)  # the slabs join
