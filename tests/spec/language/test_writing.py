"""What is written of SymPy's objects is read back as the same function."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from sympy import Derivative, Eq, Float, Function, Heaviside, Max, Min, Piecewise, Rational, sqrt, symbols

from pinn.errors import SpecError
from pinn.spec.language.expressions import Scope, symbol
from pinn.spec.language.writing import written

X, Y = symbols("x y")
U = Function("u")(X, Y)
K = Function("k")


@pytest.mark.parametrize(
    "expression",
    [
        X**2 * Y - Rational(1, 3) / (1 + Y),
        sympy.exp(-X) * sympy.sin(sympy.pi * Y) + sympy.E,
        Float("0.1") + Float("1e-17") * X,
        sqrt(X**2 + 1) / (2 * sympy.log(Y + 2)),
        abs(X - Y) + Max(X, Y, 1) - Min(X, 2),
        Heaviside(X - Y) + sympy.sign(Y),
        Piecewise((1, X < 1), (X, Y >= 3), (Y**2, True)),
        (X + Y) ** -2,
    ],
)
def test_its_value_is_kept(expression):
    scope = Scope(["x", "y"], fields=["u"])
    back = scope.expression(written(expression), ("definitions", "f"))
    for x, y in np.random.default_rng(0).uniform(0.1, 4, (20, 2)):
        mine = {symbol("x"): x, symbol("y"): y}
        assert float(back.subs(mine)) == pytest.approx(float(expression.subs({X: x, Y: y})), rel=1e-14)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (U, "u"),
        (Eq(-U.diff(X, 2) - U.diff(Y, 2), 1), "-u_xx - u_yy = 1"),
        (U.diff(X, Y), "u_xy"),
        (Derivative(K(U) * U.diff(X), X), "d(k(u)*u_x, x)"),
        (Derivative(X * U, X, Y), "d(x*u, x, y)"),
        ((X > 1) & (Y < 2), "(x > 1) & (y < 2)"),
        (Function("u"), "u"),
    ],
)
def test_fields_derivatives_and_tables(expression, text):
    assert written(expression, ("k",)) == text


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ((K(U) * U.diff(X)).diff(X), r"write sympy.Derivative\(…, x\) in place of .diff\(x\)"),
        (Function("u")(0, Y), "is a field at a place; a field is u of its coordinates"),
        (Piecewise((1, X < 1)), "no value where none of its conditions holds"),
    ],
)
def test_what_has_no_text_is_refused_with_a_way_out(expression, said):
    with pytest.raises(SpecError, match=said):
        written(expression, ("k",))
