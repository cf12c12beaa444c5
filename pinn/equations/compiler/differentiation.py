"""Differentiation of closed forms that share subexpressions: each distinct part is differentiated once.

SymPy's own `diff` treats an expression as a tree; the distance functions and extensions of hard conditions repeat their
parts many times, and their second derivatives would take minutes.
"""

from __future__ import annotations

from typing import cast

import sympy
from sympy import Symbol

from pinn.spec.language.branches import Less, LessEqual, Select, select


class Differentiator:
    """d/dx of closed forms in coordinates; what was differentiated before is remembered."""

    def __init__(self) -> None:
        self.known: dict[tuple[sympy.Expr, Symbol], sympy.Expr] = {}

    def __call__(self, expression: sympy.Expr, x: Symbol) -> sympy.Expr:
        """Post-order without recursion, so that deep expressions cannot exhaust the stack."""
        waiting = [expression]
        while waiting:
            node = waiting[-1]
            if (node, x) in self.known:
                waiting.pop()
                continue
            missing = [part for part in arguments(node) if (part, x) not in self.known]
            if missing:
                waiting.extend(missing)
                continue
            waiting.pop()
            self.known[node, x] = self.by_rule(node, x, [self.known[part, x] for part in arguments(node)])
        return self.known[expression, x]

    def by_rule(self, node: sympy.Expr, x: Symbol, slopes: list[sympy.Expr]) -> sympy.Expr:
        """The derivative of a node from those of its arguments."""
        parts = arguments(node)
        if node == x:
            return sympy.S.One
        if not any(slopes):  # SymPy's zero is false
            return sympy.S.Zero
        match node:
            case sympy.Add():
                return sympy.Add(*slopes)
            case sympy.Mul():
                return sympy.Add(
                    *(sympy.Mul(*parts[:i], slope, *parts[i + 1 :]) for i, slope in enumerate(slopes) if slope)
                )
            case sympy.Pow(args=(base, exponent)) if not slopes[1]:
                return cast(sympy.Expr, exponent * base ** (exponent - 1) * slopes[0])
            case Less() | LessEqual():
                return sympy.S.Zero
            case Select():
                return select(parts[0], slopes[1], slopes[2])
            case sympy.Function():
                return sympy.Add(*(node.fdiff(i + 1) * slope for i, slope in enumerate(slopes) if slope))
        return node.diff(x)


def arguments(node: sympy.Expr) -> tuple[sympy.Expr, ...]:
    """A node's arguments, which of an Expr are Expr; SymPy's annotation says Basic."""
    return cast(tuple[sympy.Expr, ...], node.args)
