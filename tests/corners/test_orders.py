"""Weights of systems: which terms are principal."""

import numpy as np
import pytest

from pinn.corners.orders import system_orders


@pytest.mark.parametrize(
    ("highest", "expected"),
    [
        ([[2]], ((2,), (0,))),
        ([[2, 2], [2, 2]], ((2, 2), (0, 0))),  # elasticity
        ([[2, -1, 1], [-1, 2, 1], [1, 1, -1]], ((2, 2, 1), (0, 0, 1))),  # Stokes
        ([[2, 2, 1], [2, 2, 1], [1, 1, 0]], ((2, 2, 1), (0, 0, 1))),  # nearly incompressible
        ([[2, 2, 1], [2, 2, 1], [-1, -1, 2]], ((2, 2, 2), (0, 0, 0))),  # with temperature: its slope is of lower order
        ([[-1, 1, 1], [1, 0, -1], [1, -1, 0]], ((2, 1, 1), (0, 1, 1))),  # a flux as fields of its own
        ([[2, 1], [2, 0]], ((2, 2), (0, 1))),  # the assignment of most order is not along the diagonal
        ([[4]], ((4,), (0,))),
        ([[2, -1]], None),
        ([[-1]], None),
        ([[2, -1], [2, -1]], None),  # nothing is said of the second field
    ],
)
def test_weights(highest, expected):
    assert system_orders(np.array(highest)) == expected
