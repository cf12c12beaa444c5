import numpy as np
import pytest
import sympy
import torch

from pinn.certificates.expressions import evaluated
from pinn.certificates.regions import variables
from pinn.certificates.taylor import algebra
from pinn.equations.compiler.compile import evaluate
from pinn.spec.language.branches import absolute, heaviside, sign, smaller
from pinn.spec.language.expressions import symbol

x, y = symbol("x"), symbol("y")
SPACE = algebra(2, 5)
EXPRESSIONS = [
    sympy.sin(3 * x) * sympy.cos(y), sympy.exp(x * y), sympy.log(x + 2), sympy.sqrt(x**2 + y**2 + 1), 1 / (3 + x),
    (2 + x) ** sympy.Rational(1, 3), (x - 3) ** -3, sympy.tanh(2 * x - y), sympy.sinh(x) + sympy.cosh(y),
    sympy.atan(3 * x), sympy.atan2(y, x), sympy.atan2(y - 2, x), sympy.erf(x + y), sympy.tan(x),
    absolute(x), sign(y), heaviside(x - y),
    smaller(x, y), sympy.sqrt(x**2 + y**2), x**4 * y - sympy.pi, (2 + x) ** y, sympy.Abs(y), sympy.Float(0.1) * x,
]  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_no_value_of_an_expression_leaves_its_model(expression):
    rng = np.random.default_rng(0)
    centre = np.vstack([rng.uniform(-1, 1, (30, 2)), [[0, 0], [0, 0.5], [-0.5, 0], [0.25, 0.25]]])
    radius = np.where(rng.random((34, 1)) < 0.5, 0.02, 0.25) * np.ones((34, 2))
    places = variables(centre, radius, SPACE)
    model = evaluated(expression, {x: places[:, 0], y: places[:, 1]}, places[:, 0])
    low, high = model.range()
    t = np.concatenate([rng.uniform(-1, 1, (60, 2)), [[1, 1], [-1, -1], [1, -1], [-1, 1]]])
    points = (centre[:, None] + radius[:, None] * t).reshape(-1, 2)
    tensor = torch.as_tensor(points)
    values = evaluate(expression, {"x": tensor[:, 0], "y": tensor[:, 1]}, len(points), tensor).numpy().reshape(34, -1)
    slack = 1e-14 * (1 + np.abs(values))
    assert (values >= low[:, None] - slack).all()
    assert (values <= high[:, None] + slack).all()
    bounded = np.isfinite(high)
    assert bounded.sum() >= 25
    monomials = np.prod(t[:, None, :] ** SPACE.exponents, axis=2)
    off = np.abs(np.einsum("sk,kb->bs", monomials, model.c) - values)[bounded]
    assert (off <= model.e[bounded, None] + slack[bounded]).all()


def test_small_boxes_have_narrow_bounds():
    places = variables(np.array([[0.3, 0.4]]), np.full((1, 2), 1e-3), SPACE)
    for expression in (sympy.sin(3 * x) * sympy.exp(y), sympy.atan2(y, x), sympy.sqrt(x**2 + y**2), sympy.erf(x)):
        assert evaluated(expression, {x: places[:, 0], y: places[:, 1]}, places[:, 0]).e[0] < 1e-13


def test_what_means_nothing_has_no_bound():
    places = variables(np.full((1, 2), 0.1), np.full((1, 2), 0.5), SPACE)
    for expression in (sympy.log(x), 1 / x, x ** sympy.Rational(-1, 2)):
        assert not np.isfinite(evaluated(expression, {x: places[:, 0]}, places[:, 0]).e[0])
