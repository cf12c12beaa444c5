"""SymPy's objects as text of the expression language: what `reading` reads, written.

Eq(-u(x, y).diff(x, 2), 1)        ->  -u_xx = 1
(k(T(x)) * T(x).diff(x)).diff(x)  ->  d(k(T)*T_x, x), for a table k
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NoReturn, cast

import sympy
from sympy.core.function import AppliedUndef
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from pinn.errors import SpecError

OTHER_NAMES = {"Abs": "abs", "Max": "max", "Min": "min", "Heaviside": "heaviside"}
AND = "&"


def written(value: Any, functions: Collection[str] = ()) -> str:
    """The text of an expression, a comparison, an equation, or of a field such as u(x, y), which is u.

    `functions` are names that keep what stands in their brackets: tables. Raises SpecError for what has no text.
    """
    return Writer(frozenset(functions)).doprint(value)


class Writer(StrPrinter):
    """Numbers keep every digit; functions and derivatives have the names that they have in a spec."""

    def __init__(self, functions: Collection[str]):
        super().__init__()
        self.functions = functions

    def _print_Equality(self, expr: sympy.Eq) -> str:
        return f"{self._print(expr.lhs)} = {self._print(expr.rhs)}"

    def _print_Float(self, expr: sympy.Float) -> str:
        return repr(float(expr))

    def _print_Exp1(self, expr: sympy.Expr) -> str:
        return "e"

    def _print_And(self, expr: sympy.And) -> str:
        return f" {AND} ".join(f"({self._print(part)})" for part in expr.args)

    def _print_Piecewise(self, expr: sympy.Piecewise) -> str:
        """where(a, x, where(b, y, z)); the last piece is the rest."""
        *pieces, last = cast(tuple[ExprCondPair, ...], expr.args)
        if last.cond != True:  # noqa: E712  (SymPy's own true)
            raise SpecError((), f"'{expr}' has no value where none of its conditions holds; end it with (value, True)")
        text = self._print(last.expr)
        for piece in reversed(pieces):
            text = f"where({self._print(piece.cond)}, {self._print(piece.expr)}, {text})"
        return text

    def _print_AppliedUndef(self, expr: AppliedUndef) -> str:
        """A table with what it is asked at; a field without its coordinates."""
        name = str(expr.func)
        if name in self.functions:
            return f"{name}({', '.join(self._print(argument) for argument in expr.args)})"
        if not all(isinstance(argument, sympy.Symbol) for argument in expr.args):
            raise SpecError(
                (), f"'{expr}' is a field at a place; a field is {name} of its coordinates, and what holds at a place "
                "stands in a condition"
            )  # fmt: skip
        return name

    def _print_Function(self, expr: sympy.Function) -> str:
        if isinstance(expr, AppliedUndef):
            return self._print_AppliedUndef(expr)
        name = expr.func.__name__
        arguments = expr.args[:1] if name == "Heaviside" else expr.args
        return f"{OTHER_NAMES.get(name, name)}({', '.join(self._print(argument) for argument in arguments)})"

    _print_Heaviside = _print_Max = _print_Min = _print_Abs = _print_Function  # noqa: N815  (SymPy's names)

    def _print_Derivative(self, expr: sympy.Derivative) -> str:
        if not all(isinstance(variable, sympy.Symbol) for variable in expr.variables):
            self._refuse_carried_out(expr)
        letters = [str(variable) for variable in expr.variables]
        inner = expr.expr
        if isinstance(inner, AppliedUndef) and str(inner.func) not in self.functions:
            return f"{self._print(inner)}_{''.join(letters)}"
        return f"d({self._print(inner)}, {', '.join(letters)})"

    def _refuse_carried_out(self, obj: sympy.Basic) -> NoReturn:
        """SymPy carries .diff out at once, by the chain rule, where a spec has derivatives by coordinates only."""
        raise SpecError(
            (), f"'{obj}' is no derivative by a coordinate; write sympy.Derivative(…, x) in place of .diff(x)"
        )

    def _print_Subs(self, obj: sympy.Subs) -> NoReturn:
        self._refuse_carried_out(obj)

    def parenthesize(self, item: Any, level: float, strict: bool = False) -> str:
        """A comparison inside a sum or product stands in brackets; all else as SymPy does it."""
        if isinstance(item, sympy.core.relational.Relational):
            level = PRECEDENCE["Func"]
        return super().parenthesize(item, level, strict)
