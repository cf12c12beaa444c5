"""Tables on tensors, against SciPy's own splines and against differences."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
import torch
from scipy.interpolate import CubicSpline, RectBivariateSpline, RegularGridInterpolator

from pinn.equations.compiler.program import Program
from pinn.spec.language.expressions import symbol
from pinn.spec.language.tabulated import tabulated

X, Y, Z = (symbol(letter) for letter in "xyz")
RNG = np.random.default_rng(4)
A = np.cumsum(RNG.uniform(0.5, 1.5, 9))
B = np.cumsum(RNG.uniform(0.5, 1.5, 7))
C = np.cumsum(RNG.uniform(0.5, 1.5, 6))


def inside(points, count=50):
    return RNG.uniform(points[0], points[-1], count)


def values(expression, **columns):
    (found,) = Program([expression])({symbol(name): torch.as_tensor(column) for name, column in columns.items()})
    return found.numpy()


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_one_argument_is_the_cubic_spline(order):
    given = RNG.normal(size=len(A))
    table = tabulated("f", ["x"], [A], given, 3)
    x = inside(A)
    np.testing.assert_allclose(
        values(table.at(X).diff(X, order), x=x), CubicSpline(A, given)(x, order), rtol=1e-10, atol=1e-10
    )


@pytest.mark.parametrize("orders", [(0, 0), (1, 0), (0, 2), (2, 1)])
def test_two_arguments_are_a_product_of_splines(orders):
    given = RNG.normal(size=(len(A), len(B)))
    expression = tabulated("f", ["x", "y"], [A, B], given, 3).at(X, Y)
    x, y = inside(A), inside(B)
    expected = RectBivariateSpline(A, B, given, s=0)(x, y, *orders, grid=False)
    np.testing.assert_allclose(
        values(expression.diff(X, orders[0]).diff(Y, orders[1]), x=x, y=y), expected, rtol=1e-9, atol=1e-9
    )


def test_three_arguments_linear():
    given = RNG.normal(size=(len(A), len(B), len(C)))
    x, y, z = inside(A), inside(B), inside(C)
    expected = RegularGridInterpolator((A, B, C), given)(np.column_stack([x, y, z]))
    np.testing.assert_allclose(
        values(tabulated("f", ["x", "y", "z"], [A, B, C], given, 1).at(X, Y, Z), x=x, y=y, z=z), expected, rtol=1e-12
    )


def test_the_value_at_a_number_is_that_at_a_point():
    given = RNG.normal(size=(len(A), len(B)))
    table = tabulated("f", ["x", "y"], [A, B], given, 3)
    at = (float(A[3] + 0.2), float(B[4] - 0.1))
    one = table.at(*(sympy.Float(value) for value in at))
    assert float(one) == pytest.approx(values(table.at(X, Y), x=np.array(at[:1]), y=np.array(at[1:]))[0], abs=1e-13)


def test_there_is_nothing_outside_and_rounding_is_not_outside():
    table = tabulated("f", ["x"], [np.array([0.0, 1.0, 2.0])], np.array([1.0, 3.0, 5.0]), 1)
    found = values(table.at(X), x=np.array([-1e-3, -1e-12, 0.5, 2 + 1e-12, 2.1]))
    np.testing.assert_allclose(found, [np.nan, 1, 2, 5, np.nan], atol=1e-9)


def test_a_point_that_stands_twice_is_a_jump():
    table = tabulated("f", ["x"], [np.array([0.0, 1.0, 1.0, 2.0])], np.array([0.0, 1.0, 5.0, 7.0]), 1)
    found = values(table.at(X), x=np.array([0.5, 1 - 1e-9, 1.0, 1.5]))
    np.testing.assert_allclose(found, [0.5, 1, 5, 6], atol=1e-8)
    np.testing.assert_allclose(values(table.at(X).diff(X), x=np.array([0.5, 1.5])), [1, 2])


def test_gradients_go_through_a_table():
    table = tabulated("f", ["x"], [A], np.sin(A), 3)
    x = torch.as_tensor(inside(A)).requires_grad_()
    (found,) = Program([table.at(X)])({X: x})
    (slope,) = torch.autograd.grad(found.sum(), x)
    np.testing.assert_allclose(slope.numpy(), values(table.at(X).diff(X), x=x.detach().numpy()), rtol=1e-12)
