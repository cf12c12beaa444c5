"""Differentiation of shared subexpressions against SymPy's own, by values."""

from __future__ import annotations

import pytest
import sympy
import torch

from pinn.equations.compiler.compile import evaluate
from pinn.equations.compiler.differentiation import Differentiator
from pinn.spec.language.expressions import Scope, symbol

TEXTS = [
    "x**3*y - 2*x + 5",
    "sqrt(1 + x**2*y**2)/(1 + x)",
    "sin(x*y)*exp(-x)*atan2(y, x + 1)",
    "where(x < y, x**2, y*x)*cosh(x)",
    "max(x, y)**2 + abs(x - 0.7)",
    "x**y + 2**x",
    "erf(x)*log(2 + x)/tanh(1 + y)",
    "(x + y)**0.5*(x + y)**1.5",
    "y**2",
]


@pytest.mark.parametrize("text", TEXTS)
def test_second_derivatives_agree_with_sympy(text):
    expression = Scope(["x", "y"]).expression(text, ())
    points = torch.rand(7, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 0.1
    inputs = {"x": points[:, 0], "y": points[:, 1]}
    differentiate = Differentiator()
    for letters in (("x",), ("x", "y"), ("x", "x")):
        found, expected = expression, expression
        for letter in letters:
            found, expected = differentiate(found, symbol(letter)), expected.diff(symbol(letter))
        values = [evaluate(e, inputs, 7, points) for e in (found, expected)]
        torch.testing.assert_close(*values, rtol=1e-12, atol=1e-12)


@pytest.mark.slow
def test_a_function_of_itself_many_times_over_takes_no_time():
    """As a tree this has 2^60 leaves."""
    x = symbol("x")
    expression: sympy.Expr = x
    for _ in range(60):
        expression = sympy.sin(expression) * (1 + expression)
    slope = Differentiator()(expression, x)
    points = torch.tensor([[0.0], [0.1]], dtype=torch.float64)
    assert evaluate(slope, {"x": points[:, 0]}, 2, points)[0] == 1
