"""Bounds: what keeps the numbers and expressions of a spec finite, real, and small enough to work with."""

from __future__ import annotations

import math

import sympy

from pinn.errors import SpecError

LONGEST_TEXT = 10_000
DEEPEST_NESTING = 100
LARGEST_INTEGER = 10**15  # beyond it integers become floats, so that no exact power can fill the memory
MOST_OPERATIONS = 200_000  # of an expression written out, its definitions expanded
MOST_DIFFERENTIATIONS = 8  # of one expression by one name or one d(…)
LARGEST_NUMBER = 1e300


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
        if abs(p.real) > 50 or not exponent.is_Rational:
            base = sympy.Float(b.real) if b.imag == 0 else base
    elif exponent.is_number and abs(complex(exponent)) > 1000:
        raise SpecError((), "exponents beyond 1000 are not read")
    return base**exponent


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
    """Number of operations of the expression written out as a tree, in the time that its distinct parts take."""
    sizes: dict[sympy.Basic, int] = {}
    waiting = [expression]
    while waiting:
        node = waiting[-1]
        missing = [part for part in node.args if part not in sizes]
        if missing:
            waiting.extend(missing)
            continue
        waiting.pop()
        sizes[node] = 1 + sum(sizes[part] for part in node.args)
    return sizes[expression]


def nesting(text: str) -> int:
    deepest = depth = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    return deepest
