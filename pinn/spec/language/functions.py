"""The functions and operators of the expression language: what each name means in SymPy."""

from __future__ import annotations

import ast
from collections.abc import Callable

import sympy

from pinn.spec.language import branches
from pinn.spec.language.exponential import exponential

FUNCTIONS: dict[str, tuple[Callable[..., sympy.Expr], int | None]] = {  # name -> (function, number of arguments)
    "sin": (sympy.sin, 1),
    "cos": (sympy.cos, 1),
    "tan": (sympy.tan, 1),
    "exp": (exponential, 1),
    "log": (sympy.log, 1),
    "sqrt": (sympy.sqrt, 1),
    "sinh": (sympy.sinh, 1),
    "cosh": (sympy.cosh, 1),
    "tanh": (sympy.tanh, 1),
    "asin": (sympy.asin, 1),
    "acos": (sympy.acos, 1),
    "atan": (sympy.atan, 1),
    "atan2": (sympy.atan2, 2),
    "erf": (sympy.erf, 1),
    "abs": (branches.absolute, 1),
    "sign": (branches.sign, 1),
    "heaviside": (branches.heaviside, 1),
    "min": (branches.smaller, None),
    "max": (branches.larger, None),
    "where": (branches.where, 3),
}
OPERATORS = ("d", "laplacian", "grad", "div")
RELATIONS: dict[type, Callable[[sympy.Expr, sympy.Expr], sympy.Expr]] = {
    ast.Lt: branches.less,
    ast.LtE: branches.less_equal,
    ast.Gt: lambda a, b: branches.less(b, a),
    ast.GtE: lambda a, b: branches.less_equal(b, a),
}
NUMBERS = {"pi": sympy.pi, "e": sympy.E}
