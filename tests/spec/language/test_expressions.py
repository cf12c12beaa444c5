"""The expression language: what it reads, what it means, and what it refuses."""

from __future__ import annotations

import math

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from pinn.errors import SpecError
from pinn.spec.language.branches import Less, LessEqual, Select
from pinn.spec.language.expressions import Scope, symbol
from tests.work import at_most

PATH = ("equations", "heat")
X, Y, T = symbol("x"), symbol("y"), symbol("t")


def scope(**blocks) -> Scope:
    blocks = {"fields": ["u", "v"], "constants": {"a": 2, "nu": "0.01/pi"}, **blocks}
    return Scope(blocks.pop("coordinates", ["x", "y"]), time=blocks.pop("time", True), **blocks)


def read(text, **blocks) -> sympy.Expr:
    return scope(**blocks).expression(text, PATH)


def at(expression: sympy.Expr, **values: float) -> float:
    """The value with numbers for names, branches decided."""
    numbers = {symbol(name): sympy.Float(value, 30) for name, value in values.items()}
    return float(expression.subs(numbers).evalf(25))


def same(first: sympy.Expr, second: sympy.Expr) -> bool:
    return sympy.simplify(first - second) == 0


# ---- arithmetic ----------------------------------------------------------------------------------

numbers = st.sampled_from(["0.5", "2", "3", "1.25", "x", "y", "1e-1", "7"])


def combine(parts):
    binary = st.tuples(parts, st.sampled_from(["+", "-", "*", "/", " + ", " - ", "*-", "/-"]), parts).map("".join)
    power = st.tuples(parts, st.sampled_from(["**2", "**3", "**-1", "**2**1", "**-2"])).map("".join)
    signed = st.tuples(st.sampled_from(["-", "+", "--"]), parts).map("".join)
    return binary | power | signed | parts.map("({})".format)


@pytest.mark.slow
@settings(max_examples=150)
@given(st.recursive(numbers, combine, max_leaves=8))
def test_arithmetic_is_pythons(text):
    """Written without needless parentheses, so that precedence and associativity decide."""
    values = {"x": 1.375, "y": -0.625}
    try:
        true = eval(text, {}, dict(values))  # the test's own text: digits, x, y and operators
    except (ZeroDivisionError, OverflowError):
        return
    if isinstance(true, complex):
        return
    try:
        expression = read(text)
    except SpecError as error:
        refusal = error.message
    else:
        assert at(expression, **values) == pytest.approx(true, rel=1e-12, abs=1e-12)
        return
    # x - x in a denominator is seen before x has a value; nothing else may be refused
    assert "division by zero" in refusal or "not a finite" in refusal


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-x**2", -9),
        ("2**-1", 0.5),
        ("2**3**2", 512),
        ("-2**2", -4),
        ("(-2)**2", 4),
        ("6/3/2", 1),
        ("6/(3/2)", 4),
        ("1 - 2 - 3", -4),
        ("-x", -3),
        ("+x", 3),
        ("--x", 3),
        ("2*x**2", 18),
        ("1e-3*x", 3e-3),
        (".5*x", 1.5),
        ("5.", 5),
        ("0x10", 16),
        ("sin(pi/2)", 1),
        ("log(e)", 1),
        ("exp(1)", math.e),
        ("e**2", math.e**2),
        ("sqrt(x*12)", 6),
        ("tan(pi/4)", 1),
        ("sinh(x)", math.sinh(3)),
        ("cosh(x)", math.cosh(3)),
        ("tanh(x)", math.tanh(3)),
        ("asin(1)", math.pi / 2),
        ("acos(x/3)", 0),
        ("atan(x)", math.atan(3)),
        ("atan2(-1, -x)", math.atan2(-1, -3)),
        ("erf(x/3)", math.erf(1)),
        ("abs(-x)", 3),
        ("abs(y)", 4),
        ("sign(y)", -1),
        ("sign(x)", 1),
        ("sign(x - 3)", 0),
        ("heaviside(y)", 0),
        ("heaviside(x)", 1),
        ("heaviside(x - 3)", 1),
        ("min(x, y)", -4),
        ("max(x, y)", 3),
        ("min(x, 2, 5)", 2),
        ("max(y, x, 5, 1)", 5),
        ("min(x)", 3),
        ("where(x > 2, 10, 20)", 10),
        ("where(x > 3, 10, 20)", 20),
        ("where(x >= 3, 10, 20)", 10),
        ("where(x < 3, 10, 20)", 20),
        ("where(x <= 3, 10, 20)", 10),
        ("where(0 < x < 3, 1, 0)", 0),
        ("where(0 < x <= 3 and y < 0, 1, 0)", 1),
        ("where(x < 0 or y < 0, 1, 0)", 1),
        ("where(x < 0 or y > 0, 1, 0)", 0),
        ("where(not x < 0, 1, 0)", 1),
        ("where(not (x > 0 and y > 0), 1, 0)", 1),
        ("where(x < 0 or y < 0 and x > 5, 1, 0)", 0),
        ("where(5 > x > y, 1, 0)", 1),
        ("where(x > 5, x, where(y < 0, 7, 8))", 7),
        ("a*x", 6),
        ("nu*pi", 0.01),
        ("  x + 1  ", 4),
        ("(x +\n y)", -1),
        (3, 3),
        (2.5, 2.5),
        (-4, -4),
        (1e20, 1e20),
    ],
)
def test_values(text, value):
    assert at(read(text), x=3, y=-4, t=0) == pytest.approx(value, rel=1e-14, abs=1e-14)


def test_whole_numbers_stay_exact_and_constants_are_numbers():
    assert read("x/3 + x/6") == X / 2
    assert read("a*2.0*x") == 4 * X
    assert read("x**1e0") == X
    assert read("a*u").free_symbols == {symbol("u")}
    found = scope(constants={"b": 2, "k": "3*b"}).constants
    assert {name: float(value) for name, value in found.items()} == {"b": 2.0, "k": 6.0}


def test_a_constant_uses_only_earlier_ones():
    with pytest.raises(SpecError, match="unknown name 'b'") as refusal:
        scope(constants={"k": "3*b", "b": 2})
    assert refusal.value.path == ("constants", "k")


def test_every_symbol_is_real():
    s = scope(unknowns=["D"])
    for text in ("x*y*t*u*u_xy*D", "u_n"):
        assert all(name.is_real for name in s.expression(text, PATH).free_symbols)


# ---- derivatives ---------------------------------------------------------------------------------


def test_suffixes_are_derivatives_in_any_order():
    s = scope()
    assert s.expression("u_xy", PATH) == s.expression("u_yx", PATH) == s.expression("d(u, x, y)", PATH)
    assert s.expression("u_xxyyt", PATH) == s.expression("u_tyxyx", PATH)
    assert s.jets[symbol("u_xxyyt")] == ("u", (2, 2, 1))
    assert s.jets[symbol("u")] == ("u", (0, 0, 0))
    assert s.expression("d(u, t)", PATH) == symbol("u_t")


def test_chain_rule_through_fields_and_coordinates():
    assert same(read("d(x*u**2*u_y, x)"), read("u**2*u_y + 2*x*u*u_x*u_y + x*u**2*u_xy"))
    assert same(read("d(sin(u*v), t)"), read("cos(u*v)*(u_t*v + u*v_t)"))
    assert same(read("d(x**3*y, x, x)"), 6 * X * Y)
    assert same(read("d(exp(u), x, y)"), read("exp(u)*(u_x*u_y + u_xy)"))
    assert read("d(t*x, y)") == 0


def test_laplacian_grad_div_leave_time_out():
    assert read("laplacian(u)") == read("u_xx + u_yy")
    assert same(read("laplacian(t**2*x**2*y)"), 2 * T**2 * Y)
    assert read("div(grad(u))") == read("laplacian(u)")
    assert same(read("div([x*u, y*v])"), read("u + x*u_x + v + y*v_y"))
    assert same(read("div((x*y, y**2))"), 3 * Y)
    assert same(read("div(x*grad(u))"), read("u_x + x*u_xx + x*u_yy"))
    assert same(read("div(-2*x*grad(u))"), read("-2*(u_x + x*u_xx + x*u_yy)"))
    assert same(read("div(grad(u)*x)"), read("div(x*grad(u))"))
    assert same(read("div(grad(u)/x)"), read("-u_x/x**2 + u_xx/x + u_yy/x"))
    assert same(read("div(x*[u_x, 2*u_y])"), read("u_x + x*u_xx + 2*x*u_yy"))
    assert same(read("laplacian(laplacian(u))"), read("u_xxxx + 2*u_xxyy + u_yyyy"))


def test_normal_derivative():
    assert same(read("u_n"), read("nx*u_x + ny*u_y"))
    s = scope(definitions={"flux": "x*u"})
    assert same(s.expression("flux_n", PATH), s.expression("nx*(u + x*u_x) + ny*x*u_y", PATH))
    s = scope(coordinates=["x", "y", "z"], time=False)
    assert same(s.expression("u_n", PATH), s.expression("nx*u_x + ny*u_y + nz*u_z", PATH))


def test_an_exact_name_goes_before_a_derivative():
    s = scope(definitions={"stress_xx": "3*u_x", "ux": "x*v"}, fields=["u", "v"])
    assert s.expression("stress_xx", PATH) == 3 * symbol("u_x")
    assert same(s.expression("stress_xx_y", PATH), 3 * symbol("u_xy"))
    assert same(s.expression("ux_y", PATH), X * symbol("v_y"))


def test_order_of_definitions_does_not_matter():
    texts = {"c": "a*b_x + u", "b": "x**2*k", "k": "sin(y)*u"}
    forward = scope(definitions=texts).expression("c", PATH)
    backward = scope(definitions=dict(reversed(texts.items()))).expression("c", PATH)
    assert forward == backward
    assert same(forward, read("2*(2*x*sin(y)*u + x**2*sin(y)*u_x) + u"))


@pytest.mark.parametrize(
    "texts",
    [{"b": "b + 1"}, {"b": "c", "c": "b"}, {"b": "c_x", "c": "k", "k": "laplacian(b)"}, {"b": "2*exact.b"}],
)
def test_cycles_are_refused(texts):
    s = scope(definitions=texts, exact={"u": "exact.b"})
    with pytest.raises(SpecError, match=r"defined through itself: .*b.* -> .*b"):
        s.resolve("b")
    with pytest.raises(SpecError, match="defined through itself"):  # and again, not remembered half-done
        s.resolve("b")


@pytest.mark.parametrize(
    "blocks",
    [
        {"definitions": {"u_x": "3"}},
        {"constants": {"u_xy": 1}},
        {"unknowns": ["v_t"]},
        {"fields": ["u", "u_y"]},
        {"fields": ["u_y", "u"]},
        {"definitions": {"u_n": "3"}},
        {"definitions": {"s": "u", "s_xx": "u"}},
    ],
)
def test_a_name_that_could_be_a_derivative_is_refused_where_it_is_declared(blocks):
    with pytest.raises(SpecError, match="could also be read as a derivative") as refusal:
        scope(**blocks)
    assert refusal.value.path[0] in blocks


def test_unknown_names_suggest_the_closest():
    with pytest.raises(SpecError, match="unknown name 'tractoin'; did you mean 'traction'") as refusal:
        read("tractoin + 1", definitions={"traction": "u"})
    assert refusal.value.path == PATH
    with pytest.raises(SpecError, match="a derivative of u has letters of x, y, t or n"):
        read("u_xz")


def test_a_refusal_inside_a_definition_names_the_definition():
    with pytest.raises(SpecError, match="unknown name 'w'") as refusal:
        read("s + 1", definitions={"s": "w"})
    assert refusal.value.path == ("definitions", "s")


# ---- exact ---------------------------------------------------------------------------------------


def test_exact_quantities_follow_from_exact_fields():
    s = scope(definitions={"flux": "-a*u_x", "energy": "flux**2 + v"}, exact={"u": "x**3*t", "v": "exact.u*y"})
    assert same(s.resolve("flux", exact=True), -6 * X**2 * T)
    assert same(s.expression("exact.energy", PATH), 36 * X**4 * T**2 + X**3 * T * Y)
    assert same(s.expression("exact.u_xx + d(exact.v, y)", PATH), 6 * X * T + X**3 * T)
    assert same(s.insert_exact(s.expression("u_t - u_xx*v", PATH)), X**3 - 6 * X * T * X**3 * T * Y)


def test_a_given_exact_value_goes_before_the_derived_one():
    s = scope(definitions={"flux": "u_x"}, exact={"u": "x**2", "flux": "5"})
    assert s.resolve("flux", exact=True) == 5


def test_exact_that_is_not_given():
    with pytest.raises(SpecError, match=r"exact\.v is not given and cannot be derived: exact has u"):
        read("exact.v", exact={"u": "x"})
    with pytest.raises(SpecError, match=r"exact\.u is used, but the spec has no block 'exact'"):
        read("exact.u")


# ---- branches ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "below", "above"),
    [
        ("abs(x)", -1, 1),
        ("min(x, x**3)", 1, 3 * 0.7**2),
        ("max(x, x**3)", 3 * 0.7**2, 1),
        ("sign(x)", 0, 0),
        ("heaviside(x)", 0, 0),
        ("where(x > 0, x**2, 5*x)", 5, 1.4),
        ("where(x > 0 and x < 0.5, 9*x, 4*x)", 4, 4),
        ("where(not x > 0, 9*x, 4*x)", 9, 4),
    ],
)
def test_derivatives_of_branches(text, below, above):
    slope = read(f"d({text}, x)")
    assert at(slope, x=-0.7) == pytest.approx(below, rel=1e-14)
    assert at(slope, x=0.7) == pytest.approx(above, rel=1e-14)


def test_branches_of_fields_follow_the_chain_rule():
    slope = read("d(where(x < y, u**2, v), x)")
    assert at(slope, x=0, y=1, u=3, u_x=5, v_x=7) == 30
    assert at(slope, x=1, y=0, u=3, u_x=5, v_x=7) == 7


def test_branches_are_decided_for_numbers_and_kept_for_the_rest():
    assert read("where(a < 3, x, y)") == X
    assert read("where(x < 1, y, y)") == Y
    kept = read("where(x < 1, u, v)")
    assert kept == Select(Less(X, 1), symbol("u"), symbol("v"))
    assert Less(1, 1) == 0
    assert LessEqual(1, 1) == 1


def test_conditions():
    s = scope()
    for text, x, y, holds in [
        ("x < 1", 0, 0, True),
        ("x < 1", 1, 0, False),
        ("x <= 1", 1, 0, True),
        ("0 < x < 1 and y > 2", 0.5, 3, True),
        ("0 < x < 1 and y > 2", 0.5, 1, False),
        ("x > 2 or not y > a", 0, 2, True),
        ("x > 2 or not y > a", 0, 2.1, False),
        ("(x - 1)**2 + y**2 <= 1", 2, 0, True),
        ("0 > x > -1", -2, 0, False),
    ]:
        assert at(s.condition(text, PATH).indicator, x=x, y=y) == holds, text


@pytest.mark.parametrize("text", ["x", "1", "u > 0", "nx > 0", "x = 1", "x == 1", "(x < 1) + 1", "x < (y < 2)", True])
def test_what_is_no_condition(text):
    with pytest.raises(SpecError):
        scope().condition(text, PATH)


# ---- equations -----------------------------------------------------------------------------------


def test_equation_is_left_minus_right():
    s = scope()
    assert s.equation("u_t = nu*u_xx", PATH) == s.expression("u_t - nu*u_xx", PATH)
    assert s.equation("u = where(x <= 1, 2, 3)", PATH) == s.expression("u - where(x <= 1, 2, 3)", PATH)
    assert s.equation("where(x >= 1, 2, 3) = u", PATH) == s.expression("where(x >= 1, 2, 3) - u", PATH)


@pytest.mark.parametrize(
    "text", ["u", "u == 0", "u = v = 0", "u <= 0", "u != 0", "= 0", "u =", "u := 3", "", "=", "where(x=1, u, v)"]
)
def test_what_is_no_equation(text):
    with pytest.raises(SpecError):
        scope().equation(text, PATH)


def test_number():
    s = scope()
    assert s.number("a*pi/2", PATH) == pytest.approx(math.pi)
    assert type(s.number(3, PATH)) is float
    for text in ("x", "u", "nx", "a*t"):
        with pytest.raises(SpecError, match="depends on"):
            s.number(text, PATH)


# ---- hostile and wrong texts ---------------------------------------------------------------------

WRONG = {
    "attribute": "x.real",
    "attribute of a call": "sin(x).args",
    "class": "x.__class__.__bases__",
    "exact class": "exact.__class__",
    "exact dict": "exact.__dict__",
    "exact of exact": "exact.u.u",
    "import": "__import__('os').system('true')",
    "eval": "eval('1')",
    "exec": "exec('x = 1')",
    "open": "open('/etc/passwd')",
    "getattr": "getattr(x, 'y')",
    "builtins": "__builtins__",
    "dunder": "__name__",
    "lambda": "lambda: 1",
    "called lambda": "(lambda: 1)()",
    "list comprehension": "[i for i in (1, 2)]",
    "generator": "sum(i for i in (1, 2))",
    "set comprehension": "{i for i in (1,)}",
    "dict": "{1: 2}",
    "set": "{1, 2}",
    "f-string": "f'{x}'",
    "walrus": "(y := 3)",
    "assignment": "x = 3",
    "statement": "import os",
    "two statements": "x; y",
    "power tower": "9**9**9",
    "power tower of e": "e**e**e**e**e",
    "large power": "10**400",
    "large number": "1e400",
    "large negative": "-1e400",
    "quotient of large": "1e400/1e400",
    "endless digits": "9" * 5000,
    "endless text": "x + " * 250_000 + "x",
    "endless spaces": "x" + " " * 20_000 + "+ 1",
    "deep parentheses": "(" * 150 + "x" + ")" * 150,
    "very deep parentheses": "(" * 4900 + "x" + ")" * 4900,
    "open parentheses": "(" * 5000,
    "deep brackets": "[" * 150 + "]" * 150,
    "deep calls": "sin(" * 150 + "x" + ")" * 150,
    "deep unary minus": "-" * 1000 + "x",
    "deeper unary minus": "-" * 9000 + "x",
    "deep not": "not " * 1000 + "x < 1",
    "deep powers": "x**" * 1000 + "x",
    "NUL": "x\0",
    "NUL inside": "x + \0 + y",
    "cyrillic x": "\u0445 + 1",
    "greek nu": "ν*u",
    "superscript": "x²",
    "multiplication sign": "2×x",
    "long minus": "x − 1",
    "zero-width space": "x\u200b + 1",
    "right-to-left mark": "x\u202e + 1",
    "emoji": "x + 🙂",
    "lone surrogate": "x + \ud800",
    "string": "'x'",
    "string product": "'x'*1000000000",
    "bytes": "b'x'",
    "keyword argument": "sin(x=1)",
    "additional keyword": "max(x, key=y)",
    "additional keywords": "sin(x, **{})",
    "keyword of where": "where(x < 1, 1, no=2)",
    "star argument": "max(*[1, 2])",
    "double star": "max(**{})",
    "complex": "1j",
    "complex sum": "x + 2j",
    "Ellipsis": "...",
    "True": "True",
    "False": "x*False",
    "None": "None",
    "True in where": "where(True, 1, 2)",
    "yield": "(yield x)",
    "await": "await x",
    "if else": "x if x < 1 else y",
    "index": "x[0]",
    "slice": "x[1:2]",
    "floor division": "x//2",
    "modulo": "x % 2",
    "matrix product": "x @ y",
    "shift": "1 << 100000000",
    "caret": "x^2",
    "bit or": "x | y",
    "invert": "~x",
    "bare not": "not x",
    "equality": "x == 1",
    "inequality": "x != 1",
    "membership": "x in y",
    "identity": "x is y",
    "comparison": "x < 1",
    "comparison as summand": "(x < 1) + 1",
    "and of numbers": "x and y",
    "vector": "[x, y]",
    "vector sum": "grad(u) + 1",
    "product of vectors": "div(grad(u)*grad(u))",
    "divergence of a number": "div(x*u)",
    "number over a vector": "div(x/grad(u))",
    "sine of vector": "sin(grad(u))",
    "function without call": "sin",
    "operator without call": "laplacian",
    "unknown function": "gamma(x)",
    "constant called": "pi(2)",
    "field called": "u(x)",
    "call of a call": "sin(x)(y)",
    "no arguments": "sin()",
    "two arguments": "sin(x, y)",
    "min of nothing": "min()",
    "d without coordinate": "d(u)",
    "d by field": "d(u, v)",
    "d by number": "d(u, 1)",
    "d by normal": "d(u, n)",
    "d of normal": "d(nx*u, x)",
    "second normal derivative": "u_nn",
    "normal derivative of normal derivative": "d(u_n, x)",
    "div of a number": "div(u)",
    "div of three": "div([u, v, u])",
    "division by zero": "1/0",
    "division by a difference": "x/(y - y)",
    "zero to minus one": "0**-1",
    "root of minus one": "sqrt(-1)",
    "root of a negative square": "sqrt(-x**2 - x**2)",
    "half power of minus one": "(-1)**0.5",
    "log of zero": "log(0)",
    "log of minus one": "log(-1)",
    "asin of two": "asin(2)",
    "atan2 of zeros": "atan2(0, 0)",
    "tan of a right angle": "tan(pi/2)",
    "exponent": "x**100000",
    "exponent of field": "u**-5000",
    "empty": "",
    "spaces": "   ",
    "comment": "# x",
    "unclosed": "(x",
    "closed twice": "x)",
    "two names": "x y",
    "operator alone": "+",
    "comma": "x, y",
    "list": [1],
    "mapping": {"a": 1},
    "nothing": None,
    "truth": True,
    "nan": math.nan,
    "infinity": math.inf,
    "complex number": 1j,
    "raw bytes": b"x",
}


def test_there_are_enough_wrong_texts():
    assert len(WRONG) >= 60


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_wrong_texts_are_refused_at_once(text):
    s = scope(exact={"u": "x"})
    with at_most(), pytest.raises(SpecError) as refusal:
        s.expression(text, PATH)
    assert refusal.value.path == PATH
    assert 0 < len(refusal.value.message) < 400
    assert "\n" not in refusal.value.message


def test_a_caret_is_explained():
    with pytest.raises(SpecError, match=r"powers are written \*\*"):
        read("x^2")


def test_a_comparison_needs_no_code_of_its_own_in_sums():
    with pytest.raises(SpecError, match="'x < 1' is not a single value"):
        read("1 + (x < 1)")
