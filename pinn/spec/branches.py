"""Branches in an expression: comparisons and choices as plain functions, which SymPy neither reorders nor simplifies.

A comparison is 1 where it holds and 0 elsewhere; its derivative is zero almost everywhere, and jumps are not differentiated.
(SymPy's own Piecewise tries to order its conditions symbolically, which takes minutes for a stress invariant.)
"""

from __future__ import annotations

from functools import reduce

import sympy


class Less(sympy.Function):
    """1 where a < b, else 0."""

    nargs = 2
    is_real = True

    @classmethod
    def eval(cls, a: sympy.Expr, b: sympy.Expr) -> sympy.Expr | None:
        return sympy.Integer(int(float(a) < float(b))) if a.is_number and b.is_number else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sympy.S.Zero


class LessEqual(sympy.Function):
    """1 where a <= b, else 0."""

    nargs = 2
    is_real = True

    @classmethod
    def eval(cls, a: sympy.Expr, b: sympy.Expr) -> sympy.Expr | None:
        return sympy.Integer(int(float(a) <= float(b))) if a.is_number and b.is_number else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sympy.S.Zero


class Select(sympy.Function):
    """`yes` where the condition is 1, `no` where it is 0; the derivative is that of the branch taken."""

    nargs = 3
    is_real = True

    @classmethod
    def eval(cls, condition: sympy.Expr, yes: sympy.Expr, no: sympy.Expr) -> sympy.Expr | None:
        if condition.is_number:
            return yes if condition == 1 else no
        return yes if yes == no else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        if argindex == 1:
            return sympy.S.Zero
        return Select(self.args[0], int(argindex == 2), int(argindex == 3))


class Condition:
    """A comparison, or several joined by and, or, not: kept apart from numbers, so that `x < 1` is no summand."""

    def __init__(self, indicator: sympy.Expr):
        self.indicator = indicator

    @classmethod
    def all(cls, parts: list[Condition]) -> Condition:
        return cls(reduce(lambda a, b: a * b, (part.indicator for part in parts)))

    @classmethod
    def any(cls, parts: list[Condition]) -> Condition:
        return cls.all([part.negated() for part in parts]).negated()

    def negated(self) -> Condition:
        return Condition(1 - self.indicator)

    @property
    def free_symbols(self) -> set[sympy.Symbol]:
        return self.indicator.free_symbols


def where(condition: Condition, yes: sympy.Expr, no: sympy.Expr) -> sympy.Expr:
    return Select(condition.indicator, yes, no)


def smaller(*values: sympy.Expr) -> sympy.Expr:
    return reduce(lambda a, b: Select(LessEqual(a, b), a, b), values)


def larger(*values: sympy.Expr) -> sympy.Expr:
    return reduce(lambda a, b: Select(LessEqual(b, a), a, b), values)


def absolute(a: sympy.Expr) -> sympy.Expr:
    return Select(LessEqual(0, a), a, -a)


def sign(a: sympy.Expr) -> sympy.Expr:
    return Less(0, a) - Less(a, 0)


def heaviside(a: sympy.Expr) -> sympy.Expr:
    return LessEqual(0, a)
