"""Branches in an expression: comparisons and choices as plain functions, which SymPy neither reorders nor simplifies.

A comparison is 1 where it holds and 0 elsewhere; its derivative is zero almost everywhere, and jumps are not
differentiated. (SymPy's own Piecewise tries to order its conditions symbolically, which takes minutes for a stress
invariant.)
"""

from __future__ import annotations

from functools import reduce
from typing import cast

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

    def _eval_derivative(self, s: sympy.Symbol) -> sympy.Expr:
        """SymPy's hook for diff: a branch that is not taken must not turn into 0 * infinity."""
        condition, yes, no = cast(tuple[sympy.Expr, ...], self.args)
        return select(condition, yes.diff(s), no.diff(s))


# SymPy's metaclass hides from a type checker that calling these classes gives an expression.


def less(a: sympy.Expr | int, b: sympy.Expr | int) -> sympy.Expr:
    return cast(sympy.Expr, Less(a, b))


def less_equal(a: sympy.Expr | int, b: sympy.Expr | int) -> sympy.Expr:
    return cast(sympy.Expr, LessEqual(a, b))


def select(condition: sympy.Expr, yes: sympy.Expr, no: sympy.Expr) -> sympy.Expr:
    return cast(sympy.Expr, Select(condition, yes, no))


class Predicate:
    """A comparison, or several joined by and, or, not: kept apart from numbers, so that `x < 1` is no summand."""

    def __init__(self, indicator: sympy.Expr):
        self.indicator = indicator

    @classmethod
    def all(cls, parts: list[Predicate]) -> Predicate:
        return cls(reduce(lambda a, b: a * b, (part.indicator for part in parts)))

    @classmethod
    def any(cls, parts: list[Predicate]) -> Predicate:
        return cls.all([part.negated() for part in parts]).negated()

    def negated(self) -> Predicate:
        return Predicate(1 - self.indicator)

    @property
    def free_symbols(self) -> set[sympy.Symbol]:
        return symbols_of(self.indicator)


def symbols_of(expression: sympy.Basic) -> set[sympy.Symbol]:
    """The free symbols, which SymPy annotates as Basic."""
    return cast(set[sympy.Symbol], expression.free_symbols)


def comparisons_of(expression: sympy.Basic) -> set[sympy.Expr]:
    """All comparisons in an expression."""
    return cast(set[sympy.Expr], expression.atoms(Less, LessEqual))


def selections_of(expression: sympy.Basic) -> set[sympy.Expr]:
    """All choices between two branches in an expression."""
    return cast(set[sympy.Expr], expression.atoms(Select))


def where(condition: Predicate, yes: sympy.Expr, no: sympy.Expr) -> sympy.Expr:
    return select(condition.indicator, yes, no)


def smaller(*values: sympy.Expr) -> sympy.Expr:
    return reduce(lambda a, b: select(less_equal(a, b), a, b), values)


def larger(*values: sympy.Expr) -> sympy.Expr:
    return reduce(lambda a, b: select(less_equal(b, a), a, b), values)


def absolute(a: sympy.Expr) -> sympy.Expr:
    return select(less_equal(0, a), a, -a)


def sign(a: sympy.Expr) -> sympy.Expr:
    return less(0, a) - less(a, 0)


def heaviside(a: sympy.Expr) -> sympy.Expr:
    return less_equal(0, a)
