"""Ansatz: what stands between a field u and the network's output N, substituted before anything is compiled.

    u(x) = g(x) + phi(x) N(x) + sum_k c_k s_k(x)

g, phi and s_k are closed forms in the coordinates, c_k coefficients that are solved for; the fields of a vector may
share one. A derivative of u becomes, by
Leibniz' rule,

    D^a u = D^a g + sum_k c_k D^a s_k + sum_(b <= a) binomial(a, b) D^(a-b) phi  D^b N.

A field without a form of its own is the network's output itself. Solvers, networks and exporters see statements over
jets of N, and coefficients as unknown parameters; none of them knows the ansatz.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import cast

import sympy
from sympy import Symbol

from pinn.derivatives.jets import Partial
from pinn.equations.compiler.compile import CompiledExpression, Derivative, compile_expression, laplacian_parts
from pinn.equations.compiler.differentiation import Differentiator
from pinn.equations.statements import Statement
from pinn.spec.language.branches import symbols_of
from pinn.spec.language.expressions import Scope, symbol

Orders = tuple[int, ...]


def coefficient_name(name: str, index: int) -> str:
    """The unknown coefficient of a field or vector, counted from 1; with spaces, so that no name of a spec is this."""
    return f"enrichment {name} {index + 1}"


@dataclass(frozen=True, eq=False)
class FieldForm:
    """u = extension + factor * N + sum_k c_k enrichment_k, closed forms in the coordinates; the last by name of c_k."""

    extension: sympy.Expr = sympy.S.Zero
    factor: sympy.Expr = sympy.S.One
    enrichment: Mapping[str, sympy.Expr] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Ansatz:
    """Forms of the fields that have one, and the substitution of their jets.

    In a substituted expression a symbol stands for each derivative of g, phi and s_k, so that it stays short; `closed`
    says what these symbols mean.
    """

    scope: Scope
    forms: dict[str, FieldForm]
    closed: dict[Symbol, sympy.Expr] = field(default_factory=dict, repr=False)
    _differentiate: Differentiator = field(default_factory=Differentiator, repr=False)

    @property
    def shifts(self) -> bool:
        """Whether a known part is all that stands between fields and outputs: operators and magnitudes are the same."""
        return all(form.factor == 1 and not form.enrichment for form in self.forms.values())

    @property
    def coefficients(self) -> tuple[str, ...]:
        """Names of the coefficients c_k of all fields."""
        return tuple(dict.fromkeys(coefficient for form in self.forms.values() for coefficient in form.enrichment))

    def compile(self, expression: sympy.Expr, path=()) -> CompiledExpression:
        """An expression over the user's fields, compiled over the network's outputs."""
        return compile_expression(self.substitute(expression), self.scope, path, self.coefficients, self.closed)

    def restate(self, statement: Statement) -> Statement:
        """The statement over the network's outputs."""
        expression = spelled_out(statement.expression, self.scope)
        return replace(statement, expression=self.compile(expression, statement.path))

    def substitute(self, expression: sympy.Expr) -> sympy.Expr:
        values = {}
        for jet in symbols_of(expression) & self.scope.jets.keys():
            name, orders = self.scope.jets[jet]
            if name in self.forms:
                values[jet] = self.derivative(name, orders)
        return cast(sympy.Expr, expression.xreplace(values))

    def derivative(self, name: str, orders: Orders) -> sympy.Expr:
        """D^orders of a field, over the network's jets."""
        form = self.forms[name]
        terms = [self.derived(form.extension, f"extension of {name}", orders)]
        for coefficient, function in form.enrichment.items():
            terms.append(symbol(coefficient) * self.derived(function, f"{coefficient} of {name}", orders))
        for lower in product(*(range(n + 1) for n in orders)):
            times = math.prod(math.comb(n, m) for n, m in zip(orders, lower, strict=True))
            rest = tuple(n - m for n, m in zip(orders, lower, strict=True))
            terms.append(times * self.derived(form.factor, f"factor of {name}", rest) * self.scope.jet(name, lower))
        return sympy.Add(*terms)

    def derived(self, function: sympy.Expr, name: str, orders: Orders) -> sympy.Expr:
        """A symbol for D^orders of a closed form; the derivative itself where that is as short, or has unknowns."""
        for axis, count in zip(self.scope.axes, orders, strict=True):
            for _ in range(count):
                function = self._differentiate(function, symbol(axis))
        if function.is_Atom or not set(self.scope.unknowns).isdisjoint(s.name for s in symbols_of(function)):
            return function
        standing = symbol(f"{name} {orders}")
        self.closed[standing] = function
        return standing


def jet_of(derivative: Derivative, scope: Scope) -> sympy.Expr:
    """A derivative as the user writes it, Laplacians written out."""
    orders, laplacians = derivative.partial.orders, derivative.partial.laplacians
    parts = (
        laplacian_parts(len(orders), len(scope.space), laplacians) if laplacians else {Partial((0,) * len(orders)): 1}
    )
    return sympy.Add(
        *(
            times * scope.jet(derivative.field, tuple(n + m for n, m in zip(orders, part.orders, strict=True)))
            for part, times in parts.items()
        )
    )


def spelled_out(compiled: CompiledExpression, scope: Scope) -> sympy.Expr:
    """The expression as it was before its Laplacians were collapsed."""
    return cast(sympy.Expr, compiled.expression.xreplace({s: jet_of(d, scope) for s, d in compiled.symbols.items()}))
