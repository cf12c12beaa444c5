"""How expressions and the places where they jump are written in messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import sympy
from sympy.printing.str import StrPrinter

from pinn.spec.language.branches import less_equal

_LONGEST = 60


class Printer(StrPrinter):
    """Numbers as a user would write them."""

    def _print_Float(self, expr: sympy.Float) -> str:
        return f"{float(expr):.6g}"

    def _print_Rational(self, expr: sympy.Rational) -> str:
        return f"{float(expr):.6g}"

    def _print_Less(self, expr: sympy.Expr) -> str:
        return " < ".join(self._print(part) for part in expr.args)

    def _print_LessEqual(self, expr: sympy.Expr) -> str:
        return " <= ".join(self._print(part) for part in expr.args)

    def _print_Select(self, expr: sympy.Expr) -> str:
        """As the function that it was read from."""
        condition, yes, no = cast(tuple[sympy.Expr, ...], expr.args)
        for name, (compared, *arguments) in {
            "abs": (less_equal(0, yes), yes),
            "max": (less_equal(no, yes), yes, no),
            "min": (less_equal(yes, no), yes, no),
        }.items():
            if condition == compared and (name != "abs" or no == -yes):
                return f"{name}({', '.join(self._print(part) for part in arguments)})"
        return f"where({', '.join(self._print(part) for part in expr.args)})"


def shown(expression: sympy.Basic) -> str:
    text = Printer().doprint(expression)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def sides(comparison: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr, bool]:
    """(left, right, whether it holds where left is the smaller): numbers stand on the right."""
    a, b = cast(tuple[sympy.Expr, sympy.Expr], comparison.args)
    return (b, a, False) if a.is_number else (a, b, True)


def border(comparison: sympy.Expr) -> str:
    """Where a comparison begins to hold: 'x = 0.5'."""
    left, right, _ = sides(comparison)
    return f"{shown(left)} = {shown(right)}"


def smooth_step(comparison: sympy.Expr) -> str:
    """What a user may write instead of a comparison."""
    left, right, _ = sides(comparison)
    return f"a smooth step, such as (1 + tanh(({shown(left - right)})/0.01))/2"


def place(path: Sequence[str | int]) -> str:
    """physics.linear_elasticity.body_force[0]"""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")
