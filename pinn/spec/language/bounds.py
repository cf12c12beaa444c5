"""Bounds: what keeps the numbers and expressions of a spec finite, real, and small enough to work with."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any, cast

import sympy

from pinn.errors import SpecError
from pinn.spec.language.exponential import exponential

LONGEST_TEXT = 10_000
LONG_WHOLE_NUMBER = re.compile(r"(?<![\w.])\d(_?\d){4300}")  # more digits than Python reads
DEEPEST_NESTING = 100
LARGEST_INTEGER = 10**15  # beyond it integers become floats, so that no exact power can fill the memory
# The largest expression of the problems that come with pinn has 1,200 operations, the largest derivative 700, and all
# that one of them differentiates, with the derivatives, 8,800; SymPy does some 30,000 to 100,000 a second.
MOST_OPERATIONS = 20_000  # of an expression written out, its definitions expanded
MOST_DERIVED = 5_000  # of one derivative written out
MOST_DIFFERENTIATED = 60_000  # of all that a spec differentiates, and of the derivatives
MOST_FACTORS = 300  # of one product: SymPy sorts them again with each one that is added
MOST_DIFFERENTIATIONS = 8  # of one expression by one name or one d(…), and of a field
LARGEST_EXPONENT = 1000
HIGHEST_TOWER = 10  # of powers whose exponents have names: SymPy asks a tower about its sign at every storey
DEEPEST_CALLS = 25  # functions and powers in one another
DEEPEST_COMPLEX = 5  # of these in a tanh, where SymPy cannot tell that its argument is real: it writes out both parts
LARGEST_NUMBER = 1e300
LONGEST_EXACT = 3000  # bits of a fraction's numerator or denominator; longer ones become floats
EXACT_PARTS_OF_PI = 12  # sin(pi/q) up to this q may become roots; SymPy's roots for a larger q fill pages


def exact_number(value: float) -> sympy.Expr:
    if isinstance(value, int) and abs(value) <= LARGEST_INTEGER:
        return sympy.Integer(value)
    as_float = float(value)
    if not math.isfinite(as_float):
        raise SpecError((), "number too large")
    if as_float.is_integer() and abs(as_float) <= LARGEST_INTEGER:
        return sympy.Integer(int(as_float))
    return sympy.Float(as_float)


def bounded_power(base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
    if base.is_negative and base.is_number and not exponent.is_integer:
        raise SpecError((), "a power of a negative number needs a whole exponent")
    if base.is_number and exponent.is_number:
        b, p = complex(base), complex(exponent)
        if b == 0 and p.real < 0:
            raise SpecError((), "division by zero")
        if p.real * math.log(max(abs(b), 1e-300)) > 600:
            raise SpecError((), "number too large")
        if abs(p.real) > 50 or not exponent.is_Rational or exact_bits(base) * abs(p.real) > LONGEST_EXACT:
            base = sympy.Float(b.real) if b.imag == 0 else base
        return base**exponent
    if exponent.is_number:
        size = abs(complex(exponent))
        if size * largest_exponent(base) > LARGEST_EXPONENT:
            raise SpecError((), f"exponents beyond {LARGEST_EXPONENT} are not read")
        if size * exact_bits(base.as_coeff_Mul()[0]) > LONGEST_EXACT:
            raise SpecError((), "number too large")
    elif tower(base) + tower(exponent) >= HIGHEST_TOWER:
        raise SpecError((), f"a tower of more than {HIGHEST_TOWER} powers")
    return exponential(exponent) if base == sympy.E else base**exponent


def tower(expression: sympy.Expr) -> int:
    """How many powers whose exponents are no numbers stand in one another: 2 for x**(u*y**x)."""
    return folded(
        expression,
        lambda node, heights: max(heights, default=0) + (node.is_Pow and not cast(sympy.Expr, node.args[1]).is_number),
    )


def calls(expression: sympy.Expr) -> int:
    """How many functions and powers stand in one another: 2 for sin(x*exp(y))."""
    return folded(expression, lambda node, depths: max(depths, default=0) + (node.is_Function or node.is_Pow))


def bounded_calls(name: str, arguments: Sequence[sympy.Expr]) -> None:
    """Raises SpecError for a function of too many functions in one another."""
    depth = max(map(calls, arguments))
    if depth >= DEEPEST_CALLS:
        raise SpecError((), f"more than {DEEPEST_CALLS} functions in one another")
    if name in ("sinh", "cosh", "tanh") and depth > DEEPEST_COMPLEX and not arguments[0].is_real:
        raise SpecError(
            (), f"{name}() of more than {DEEPEST_COMPLEX} functions in one another, which may not be real (a root?)"
        )


def largest_exponent(base: sympy.Expr) -> float:
    """The largest number that an outer exponent is multiplied with, at least 1: 3 for x**3*y."""
    factors = [factor for factor in sympy.Mul.make_args(base) if factor.is_Pow and factor.args[1].is_number]
    return max((abs(complex(cast(sympy.Expr, factor.args[1]))) for factor in factors), default=1.0)


def exact_bits(number: sympy.Basic) -> int:
    """Bits of the longest numerator or denominator in a number; 0 where it has none."""
    return max((max(abs(part.p), part.q).bit_length() for part in number.atoms(sympy.Rational)), default=0)


def bounded_product(value: sympy.Expr) -> sympy.Expr:
    """A product or quotient whose coefficient is short. Raises SpecError for one with too many factors."""
    if value.is_Mul and len(value.args) > MOST_FACTORS:
        raise SpecError((), f"a product of more than {MOST_FACTORS} factors")
    coefficient, rest = value.as_coeff_Mul()
    return sympy.Float(coefficient) * rest if exact_bits(coefficient) > LONGEST_EXACT else value


def plain_argument(argument: sympy.Expr) -> sympy.Expr:
    """The argument of a function; a fraction of pi whose sine is no short root becomes a float."""
    part = argument / sympy.pi if argument.is_number else argument
    return (
        cast(sympy.Expr, argument.evalf())
        if isinstance(part, sympy.Rational) and part.q > EXACT_PARTS_OF_PI
        else argument
    )


def finite_real(what: str, value: sympy.Expr) -> sympy.Expr:
    """The value. Raises SpecError where it is a number, but not a finite real one."""
    if not value.is_number:
        return value
    try:
        number = complex(value)
    except (OverflowError, TypeError, ValueError):
        number = complex(math.nan if value.has(sympy.zoo, sympy.nan) else math.inf)
    if number.imag or math.isnan(number.real):
        raise SpecError((), f"{what} of a number outside its range")
    if abs(number.real) > LARGEST_NUMBER:
        raise SpecError((), f"{what} gives a number too large")
    return value


def tree_size(expression: sympy.Basic) -> int:
    """Number of operations of the expression written out as a tree."""
    return folded(expression, lambda node, sizes: 1 + sum(sizes))


def derived_size(expression: sympy.Expr, by: sympy.Symbol) -> tuple[int, int]:
    """Operations of an expression, and at most so many of its derivative by a symbol.

    By the chain and product rules: D(f(a, b)) = (size of f) for each of a and b that has the symbol, + D(a) + D(b).
    """

    def sizes(node: sympy.Basic, parts: list[tuple[int, int]]) -> tuple[int, int]:
        size = 1 + sum(own for own, _ in parts)
        derived = sum(found for _, found in parts)
        if not node.is_Add:
            derived += size * sum(found > 0 for _, found in parts)
        return size, derived if parts else int(node == by)

    return folded(expression, sizes)


def folded(expression: sympy.Basic, combine: Callable[[sympy.Basic, list[Any]], Any]) -> Any:
    """combine(node, values of its parts) of the whole expression, in the time that its distinct parts take."""
    values: dict[sympy.Basic, Any] = {}
    waiting = [expression]
    while waiting:
        node = waiting[-1]
        missing = [part for part in node.args if part not in values]
        if missing:
            waiting.extend(missing)
            continue
        waiting.pop()
        values[node] = combine(node, [values[part] for part in node.args])
    return values[expression]


def nesting(text: str) -> int:
    deepest = depth = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    return deepest
