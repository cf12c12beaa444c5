"""Legendre polynomials against numpy's, and the matrices against what they do to them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.polynomial import Polynomial, legendre

from pinn.network.legendre import derivative, from_values, integral, table

POINTS = np.linspace(-1, 1, 13)


@pytest.mark.parametrize("degree", [0, 1, 2, 7])
def test_the_table_holds_the_polynomials(degree):
    found = table(torch.as_tensor(POINTS), degree).numpy()
    np.testing.assert_allclose(found, legendre.legvander(POINTS, degree), atol=1e-14)


def test_slopes_and_integrals_are_those_of_the_polynomial():
    coefficients = np.array([0.3, -1.0, 0.5, 2.0, -0.7])
    whole = Polynomial(legendre.leg2poly(coefficients))
    slope = legendre.legval(POINTS, derivative(4) @ coefficients)
    area = legendre.legval(POINTS, integral(4) @ coefficients)
    np.testing.assert_allclose(slope, whole.deriv()(POINTS), atol=1e-13)
    np.testing.assert_allclose(area, whole.integ(lbnd=-1)(POINTS), atol=1e-13)


def test_coefficients_follow_from_values():
    nodes = np.array([-1.0, -0.2, 0.4, 1.0])
    found = from_values(nodes) @ np.exp(nodes)
    np.testing.assert_allclose(legendre.legval(nodes, found), np.exp(nodes), atol=1e-14)
