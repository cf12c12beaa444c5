"""Verdicts follow from the numbers."""

from __future__ import annotations

import pytest

from pinn.comparison.verdict import verdict

GOOD = {
    "required_order": 2,
    "smoothness_order": None,
    "residual_floor": 1e-9,
    "jacobian_norm_by_order": {"0": 0.5, "2": 0.4},
    "jacobian_rank": 64,
    "jacobian_rows": 64,
    "curvature_mismatch": 1e-6,
    "trained": {"jacobian_norm_by_order": {"0": 1.0, "2": 3.0}},
}
DEAF = {"jacobian_norm_by_order": {"0": 0.5, "2": 0.0}, "residual_floor": 1.0}


@pytest.mark.parametrize(
    ("changes", "error", "smallest", "said"),
    [
        (
            {},
            1e-9,
            1e-9,
            "finite differences to 1e-06 (residual floor 1.0e-09, error 1.0e-09), the smallest error here.",
        ),
        ({}, 1.2e-9, 1e-9, "as good as the best."),
        ({}, 5e-9, 1e-9, "5 times the smallest error."),
        ({}, None, None, "Carries the derivatives: rank 64 of 64, "),
        ({"residual_floor": None}, 0.4, 1e-9, "these runs have not solved the problem (error 4.0e-01)."),
        ({"residual_floor": 0.8}, 0.9, 1e-9, "most of their source is left as residual"),
        ({"curvature_mismatch": 1.0}, 1e-3, 1e-3, "differ from finite differences by 100%"),
        ({"curvature_mismatch": None}, None, 1e-3, "Its fields are not finite."),
        (
            {"required_order": 4, "jacobian_norm_by_order": {"4": 1}, "smoothness_order": 3},
            0.9,
            1e-3,
            "up to order 3, the",
        ),
        ({"required_order": 1, "curvature_mismatch": 1.0}, 1e-9, 1e-3, "Carries the derivatives: rank 64 of 64 ("),
        (DEAF, 1.0, 1e-9, "exactly zero for relu; what curvature its trained network has comes from the windows"),
        ({**DEAF, "trained": DEAF}, 1.0, 1e-9, "exactly zero for relu (residual floor 1.0e+00, error 1.0e+00)."),
    ],
)
def test_verdicts(changes, error, smallest, said):
    assert said in verdict("relu", {**GOOD, **changes}, error, smallest)
