"""Compiled expressions against sympy's own evaluation, finite differences, and themselves uncollapsed."""

from __future__ import annotations

import math
import random

import pytest
import sympy
import torch
from torch import Tensor

from pinn.derivatives.jets import Partial
from pinn.equations.compiler.compile import (
    CompiledExpression,
    Derivative,
    compile_expression,
    evaluate,
    laplacian_parts,
)
from pinn.errors import SpecError
from pinn.spec.language.branches import Less, LessEqual, Select
from pinn.spec.language.expressions import Scope, symbol
from tests.equations.closed_forms import jets_of

COUNT = 9


def scope(**blocks) -> Scope:
    blocks = {"fields": ["u", "v"], "unknowns": ["D"], "constants": {"k": 3}, **blocks}
    return Scope(blocks.pop("coordinates", ["x", "y"]), time=blocks.pop("time", True), **blocks)


def compiled(text: str, **blocks) -> CompiledExpression:
    s = scope(**blocks)
    return compile_expression(s.expression(text, ()), s)


def uncollapsed(text: str, **blocks) -> CompiledExpression:
    s = scope(**blocks)
    expression = s.expression(text, ())
    jets = {
        name: Derivative(s.jets[name][0], Partial(s.jets[name][1])) for name in expression.free_symbols & s.jets.keys()
    }
    return CompiledExpression(expression, jets, s.unknowns)


def draws(names, seed: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.rand(COUNT, generator=generator, dtype=torch.float64) * 1.6 + 0.2 for name in sorted(names)}


def random_state(expression: CompiledExpression, seed: int = 0):
    """(inputs, jets), all between 0.2 and 1.8."""
    values = draws([*expression.inputs, *map(str, expression.derivatives)], seed)
    return {name: values[name] for name in expression.inputs}, {d: values[str(d)] for d in expression.derivatives}


def by_sympy(expression: sympy.Expr, symbols, inputs, jets, point: int) -> float:
    numbers = {symbol(name): sympy.Float(float(value[point]), 30) for name, value in inputs.items()}
    numbers |= {name: sympy.Float(float(jets[d][point]), 30) for name, d in symbols.items() if d in jets}
    return float(expression.subs(numbers).evalf(25))


ATOMS = ["x", "y", "t", "u", "v", "u_x", "u_xy", "v_t", "v_yy", "D", "2", "0.3", "k"]
ONE = [
    "sin({})",
    "cos({})",
    "tanh({})",
    "exp(-{})",
    "atan({})",
    "erf({})",
    "abs({} - 1)",
    "sqrt(1 + ({})**2)",
    "({})**2",
    "({})**3",
    "1/(2 + ({})**2)",
    "log(2 + ({})**2)",
    "-({})",
    "sinh({}/4)",
    "cosh({}/4)",
    "asin({}/(3 + abs({})))",
    "({} + 5)**1.5",
    "tan({}/9)",
]
TWO = [
    "({} + {})",
    "({} - {})",
    "({})*({})",
    "({})/(3 + ({})**2)",
    "max({}, {})",
    "min({}, {})",
    "atan2({}, 4 + ({})**2)",
    "(1 + ({})**2)**({}/5)",
]


def random_text(generator: random.Random, depth: int) -> str:
    if depth == 0:
        return generator.choice(ATOMS)
    if generator.random() < 0.1:
        a, b, c, d = (random_text(generator, depth - 1) for _ in range(4))
        return f"where({a} < {b}, {c}, {d})"
    if generator.random() < 0.45:
        inner = random_text(generator, depth - 1)
        return generator.choice(ONE).replace("{}", inner)
    return generator.choice(TWO).format(random_text(generator, depth - 1), random_text(generator, depth - 1))


@pytest.mark.parametrize("text", [*ONE, *TWO])
def test_every_function_against_sympy(text):
    first, second = "u_x*x", "v - y"
    expression = compiled(text.format(*((first,) * text.count("{}") if text in ONE else (first, second))))
    inputs, jets = random_state(expression)
    value = torch.as_tensor(expression.value(inputs, jets), dtype=torch.float64).expand(COUNT)
    for point in range(COUNT):
        true = by_sympy(expression.expression, expression.symbols, inputs, jets, point)
        assert float(value[point]) == pytest.approx(true, rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("seed", range(25))
def test_random_expressions(seed):
    """Values and coefficients against sympy at single points; coefficients against central differences as well."""
    text = random_text(random.Random(seed), 3) + " + u*v_t*D"
    expression = compiled(text)
    inputs, jets = random_state(expression, seed)
    value = torch.as_tensor(expression.value(inputs, jets), dtype=torch.float64).expand(COUNT)
    linear = expression.linearise(inputs, jets)
    assert set(linear) == {*expression.derivatives, *expression.unknowns_used}
    for point in (0, 4):
        assert float(value[point]) == pytest.approx(
            by_sympy(expression.expression, expression.symbols, inputs, jets, point), rel=1e-12, abs=1e-13
        )
    for key, coefficient in linear.items():
        step = 1e-5
        ends = []
        for sign in (1, -1):
            moved_inputs, moved_jets = dict(inputs), dict(jets)
            where = moved_jets if isinstance(key, Derivative) else moved_inputs
            where[key] = where[key] + sign * step
            ends.append(torch.as_tensor(expression.value(moved_inputs, moved_jets), dtype=torch.float64).expand(COUNT))
        slope = (ends[0] - ends[1]) / (2 * step)
        close = torch.isclose(
            slope, torch.as_tensor(coefficient, dtype=slope.dtype).expand(COUNT), rtol=1e-6, atol=1e-7
        )
        assert int(close.sum()) >= COUNT - 1, (key, text)  # a kink may lie within the step


@pytest.mark.parametrize(
    ("text", "linear", "order"),
    [
        ("u_xx + u_yy - x**2*u", True, 2),
        ("u_t - 0.1*u_xx + sin(x)", True, 2),
        ("u*v", False, 0),
        ("u**2", False, 0),
        ("u_x*u", False, 1),
        ("D*u_xx", False, 2),
        ("D**2 + u", False, 0),
        ("D*x + u", True, 0),
        ("abs(u)", False, 0),
        ("where(x < 0.5, u, 2*u_x)", True, 1),
        ("where(u < 0.5, 1, 2)*u", False, 0),
        ("(u + 1)**2 - u**2", True, 0),
        ("u_xxyy", True, 4),
        ("exp(x)*v_ty - 3", True, 2),
        ("sqrt(u_x**2)", False, 1),
        ("nx*u_x + ny*u_y", True, 1),
        ("laplacian(u)", True, 2),
        ("laplacian(laplacian(u)) + u", True, 4),
        ("(u_xx + u_yy)**2", False, 2),
        ("x", True, 0),
    ],
)
def test_linear_in_fields_and_unknowns_together(text, linear, order):
    expression = compiled(text)
    assert expression.is_linear is linear
    assert expression.order == order


@pytest.mark.parametrize("seed", range(3))
def test_a_linear_expression_is_its_value_at_zero_plus_its_linearisation(seed):
    expression = compiled("x*u_xx + y*u_xy - where(x < y, 2, v)*1 + D*sin(x) + laplacian(v) - 7")
    inputs, jets = random_state(expression, seed)
    rest = expression.value(
        {**inputs, "D": torch.zeros(COUNT)}, {d: torch.zeros(COUNT, dtype=torch.float64) for d in jets}
    )
    parts = [
        coefficient * (jets[key] if isinstance(key, Derivative) else inputs[key])
        for key, coefficient in expression.linearise(inputs, jets).items()
    ]
    torch.testing.assert_close(expression.value(inputs, jets), rest + sum(parts), rtol=1e-13, atol=1e-13)


def test_what_an_expression_needs():
    expression = compiled("nx*u_x + D*y - v + k")
    assert expression.inputs == {"nx", "y", "D"}
    assert expression.unknowns_used == ("D",)
    assert expression.derivatives == (Derivative("u", Partial((1, 0, 0))), Derivative("v", Partial((0, 0, 0))))
    with pytest.raises(KeyError):
        expression.value({"nx": torch.ones(2), "y": torch.ones(2)}, {})


def test_orders_above_four_are_refused_where_they_are_asked_for():
    s = scope()
    with pytest.raises(SpecError, match="needs a derivative of order 5; orders up to 4") as refusal:
        compile_expression(s.expression("u_xxxxy + u", ()), s, ("equations", "beam"))
    assert refusal.value.path == ("equations", "beam")


# ---- Laplacians ----------------------------------------------------------------------------------

LAPLACIAN, BILAPLACIAN = Derivative("u", Partial((0, 0, 0), 1)), Derivative("u", Partial((0, 0, 0), 2))
# (text, whether one jet stands for the sum)
COLLAPSE = [
    ("u_xx + u_yy", True),
    ("-x*u_xx - x*u_yy + u_x", True),
    ("sin(u)*laplacian(u) + u_t", True),
    ("u_t - (1 + u**2)*(u_xx + u_yy)", True),
    ("laplacian(u) + u_tt", True),
    ("laplacian(u) + laplacian(v)", True),
    ("div([k*u_x, k*u_y])", True),
    ("div([(1 + x*u)*u_x, (1 + x*u)*u_y])", True),
    ("u_x*laplacian(u)", True),
    ("laplacian(u) + u_xxx", True),
    ("D*u_xx + D*u_yy", True),
    ("u_xx + 2*u_yy", False),
    ("u_xx", False),
    ("u_xx + u_yy + u_xy", False),
    ("u_xx - u_yy", False),
    ("(u_xx + u_yy)**2", False),
    ("u_xx*u_yy", False),
    ("x*u_xx + y*u_yy", False),
    ("u_xx + v_yy", False),
    ("u_xx + u_tt", False),
    ("u_xx + u_yy + u_xx*u", False),
    ("exp(u_xx + u_yy)", False),
    ("u_xxt + u_yyt", False),
    ("div([x*u_x, y*u_y])", False),
]


@pytest.mark.parametrize(("text", "collapses"), COLLAPSE)
def test_laplacians_collapse_where_they_occur_in_no_other_way(text, collapses):
    expression = compiled(text)
    assert (LAPLACIAN in expression.derivatives) is collapses
    pure = {Partial((2, 0, 0)), Partial((0, 2, 0))}
    if collapses:
        assert not any(d.field == "u" and d.partial in pure for d in expression.derivatives)
    else:
        assert expression.derivatives == uncollapsed(text).derivatives


@pytest.mark.parametrize(
    ("text", "collapses"),
    [
        ("laplacian(laplacian(u)) - x", True),
        ("u_xxxx + 2*u_xxyy + u_yyyy", True),
        ("u_xxxx + u_xxyy + u_yyyy", False),
        ("u_xxxx + u_yyyy", False),
        ("laplacian(laplacian(u)) + u_xxxy", False),
        ("laplacian(laplacian(u)) + laplacian(u)", True),
        ("laplacian(laplacian(u)) + u_xx", True),
    ],
)
def test_bilaplacians_collapse_likewise(text, collapses):
    assert (BILAPLACIAN in compiled(text).derivatives) is collapses


@pytest.mark.parametrize(
    "text",
    [text for text, _ in COLLAPSE] + ["laplacian(laplacian(u)) + x*laplacian(u)", "laplacian(laplacian(u)) + u_xx"],
)
def test_collapsing_changes_no_value(text):
    """On a polynomial field whose derivatives all differ."""
    x, y, t = symbol("x"), symbol("y"), symbol("t")
    fields = {"u": x**4 * y**2 + x**2 * y**5 * t + x * y * t**2 + 2, "v": x**3 * y + y**4 * t + x}
    first, second = compiled(text), uncollapsed(text)
    inputs = draws(["x", "y", "t", "D", "nx", "ny"], 3)
    axes = ("x", "y", "t")
    space = {axis: inputs[axis] for axis in axes}
    values = [e.value(inputs, jets_of(fields, e, space, axes, 2)) for e in (first, second)]
    torch.testing.assert_close(*values, rtol=1e-12, atol=1e-12)
    assert float(values[0].abs().max()) > 0


def test_laplacian_parts_have_binomial_weights():
    assert laplacian_parts(3, 2, 2) == {Partial((4, 0, 0)): 1, Partial((2, 2, 0)): 2, Partial((0, 4, 0)): 1}
    assert laplacian_parts(3, 3, 1) == {Partial((2, 0, 0)): 1, Partial((0, 2, 0)): 1, Partial((0, 0, 2)): 1}


def test_no_collapse_in_one_dimension():
    expression = compiled("u_xx + u", coordinates=["x"], time=False, fields=["u"])
    assert expression.derivatives == (Derivative("u", Partial((0,))), Derivative("u", Partial((2,))))


# ---- programs ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_very_long_sum():
    x = symbol("x")
    points = torch.tensor([[0.25], [1.5]], dtype=torch.float64)
    total = sympy.Add(*(n * sympy.sin(n * x) for n in range(1, 801)))
    expected = [sum(n * math.sin(n * v) for n in range(1, 801)) for v in (0.25, 1.5)]
    assert evaluate(total, {"x": points[:, 0]}, 2, points).tolist() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_branches_on_tensors(dtype):
    x, y = symbol("x"), symbol("y")
    inputs = {"x": torch.tensor([0.0, 1.0, 2.0], dtype=dtype), "y": torch.tensor([1.0, 1.0, 1.0], dtype=dtype)}
    for expression, expected in [
        (Less(x, y), [1, 0, 0]),
        (LessEqual(x, y), [1, 1, 0]),
        (Select(Less(x, y), 5, x), [5, 1, 2]),
        (sympy.sign(x - y), [-1, 0, 1]),
        (sympy.sqrt((x - y) ** 2), [1, 0, 1]),
        (sympy.Integer(4) + 0 * x, [4, 4, 4]),
    ]:
        found = evaluate(expression, inputs, 3, inputs["x"])
        assert found.dtype == dtype
        assert found.tolist() == expected


def test_the_derivative_of_a_jump_is_zero():
    assert (
        compiled("d(d(sqrt((x - 1)**2), x), x) + u*0 + u").value(
            {"x": torch.tensor([0.5])}, {Derivative("u", Partial((0, 0, 0))): torch.tensor([2.0])}
        )
        == 2
    )


def test_a_function_without_counterpart_is_refused():
    with pytest.raises(SpecError, match="gamma"):
        evaluate(sympy.gamma(symbol("x")), {"x": torch.ones(1)}, 1, torch.ones(1))


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("exp((x - 1)/eps)", lambda x: torch.exp((x - 1) * 1000)),
        ("exp(-(1 - x)/eps)", lambda x: torch.exp((x - 1) * 1000)),
        ("exp(x/eps)*exp(-1/eps)", lambda x: torch.exp((x - 1) * 1000)),
        ("e**((x - 1)/eps)", lambda x: torch.exp((x - 1) * 1000)),
        ("d(exp((x - 1)/eps), x)", lambda x: 1000 * torch.exp((x - 1) * 1000)),
        ("(1 - exp((x - 1)/eps))/(1 - exp(-1/eps))", lambda x: 1 - torch.exp((x - 1) * 1000)),
    ],
)
def test_an_exponential_of_a_thin_layer_is_no_product_of_nothing_and_infinity(text, closed):
    x = torch.linspace(0, 1, 1001, dtype=torch.float64)
    found = evaluate(Scope(("x",), constants={"eps": "1e-3"}).expression(text, ()), {"x": x}, len(x), x)
    torch.testing.assert_close(found, closed(x), rtol=1e-11, atol=1e-300)
