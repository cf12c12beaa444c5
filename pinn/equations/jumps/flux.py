"""Flux: what an equation keeps continuous across a surface, read from the equation itself.

Across a surface with normal n the distributional derivative of f has a part that is concentrated there,

    d f/dx_i = {d f/dx_i} + [f] n_i delta,

{} what it is on either side, [] the jump. An equation holds as a distribution where the coefficient of delta, and of
each derivative of delta, vanishes: for d(k u_x, x) + d(k u_y, y) = f that is [k u_x nx + k u_y ny] = 0.
Source: Schwartz, Théorie des distributions, ch. II § 2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import sympy
from sympy import Symbol

from pinn.errors import SpecError
from pinn.spec.language.branches import comparisons_of, symbols_of
from pinn.spec.language.expressions import Scope, symbol

WORDS = ("flux", "moment")  # of delta, and of its derivative, which a fourth-order equation has


@dataclass(frozen=True)
class Trace:
    """[expression] times a product of components of the normal, at the derivative of delta of this order."""

    expression: sympy.Expr
    normals: sympy.Expr
    order: int


class FluxReader(Scope):
    """A scope whose derivatives carry their concentrated parts along, as symbols.

    smooth    field -> up to which order, exclusive, its derivatives are continuous across the surface
    jumping   comparisons that change at the surface
    """

    def __init__(self, coordinates: Sequence[str], *, smooth: Mapping[str, int], jumping: set[sympy.Expr], **names):
        self.smooth, self.jumping = dict(smooth), set(jumping)
        self.traces: dict[Symbol, Trace] = {}
        super().__init__(coordinates, **names)

    def fluxes(self, name: str, text: str, path: tuple) -> Iterator[tuple[str, sympy.Expr]]:
        """(name, quantity that is continuous) for delta and its derivatives, as many as the equation's order takes."""
        equation = self.equation(text, path)
        order = max((self._order(s) for s in symbols_of(equation) & self.jets.keys()), default=0)
        most = order - order // 2
        coefficients = {s: cast(sympy.Expr, equation.diff(s)) for s in symbols_of(equation) & self.traces.keys()}
        if any(symbols_of(coefficient) & self.traces.keys() for coefficient in coefficients.values()):
            raise SpecError(path, _unreadable(name, "its highest derivatives multiply each other"))
        terms = [(coefficient, self.traces[s]) for s, coefficient in sorted(coefficients.items(), key=str)]
        if any(t.order >= most and comparisons_of(t.expression) & self.jumping for _, t in terms):
            raise SpecError(path, _unreadable(name, "it differentiates a jump more often than the solution bears"))
        for power in range(most):
            if chosen := [(coefficient, trace) for coefficient, trace in terms if trace.order == power]:
                yield from self._quantities(name, WORDS[power], chosen, path)

    def _quantities(self, name: str, word: str, terms: Sequence[tuple[sympy.Expr, Trace]], path: tuple):
        """Where a coefficient jumps itself, the terms must have it in common."""
        label = f"{word} of {name}"
        if not all(self._continuous(coefficient) for coefficient, _ in terms):
            first = terms[0][0]
            shares = [(sympy.cancel(coefficient / first), trace) for coefficient, trace in terms]
            traced = {trace.expression for _, trace in terms}
            if all(self._continuous(share) for share, _ in shares):
                terms = shares
            elif len(traced) == 1:
                yield label, traced.pop()
                return
            elif fields := self._slopes(traced):
                for field in fields:
                    yield f"{field}_n", self.resolve(f"{field}_n")
                return
            else:
                raise SpecError(path, _unreadable(name, "a factor that jumps stands before the derivative of another"))
        yield label, sympy.Add(*(coefficient * t.normals * t.expression for coefficient, t in terms))

    def differentiate(self, expression: sympy.Expr, *letters: str) -> sympy.Expr:
        for letter in letters:
            carried = sorted(symbols_of(expression) & self.traces.keys(), key=str)
            plain = cast(sympy.Expr, expression.xreplace(dict.fromkeys(carried, sympy.S.Zero)))
            found = super().differentiate(plain, letter)
            if letter in self.space:
                normal = symbol(f"n{letter}")
                if not self._continuous(plain):
                    found += self._trace(plain, normal, 0)
                for one in carried:
                    trace = self.traces[one]
                    found += expression.diff(one) * self._trace(
                        trace.expression, normal * trace.normals, trace.order + 1
                    )
            else:
                for one in carried:  # surfaces stand still
                    trace = self.traces[one]
                    rate = super().differentiate(trace.expression, letter)
                    found += expression.diff(one) * self._trace(rate, trace.normals, trace.order)
            expression = found
        return expression

    def _trace(self, expression: sympy.Expr, normals: sympy.Expr, order: int) -> Symbol:
        trace = Trace(expression, normals, order)
        known = next((s for s, t in self.traces.items() if t == trace), None)
        found = known or symbol(f"trace {len(self.traces)}")  # with a space: no name of a spec
        self.traces[found] = trace
        return found

    def _order(self, jet: Symbol) -> int:
        """In space."""
        return sum(self.jets[jet][1][: len(self.space)])

    def _continuous(self, expression: sympy.Expr) -> bool:
        """Whether nothing in it changes at the surface."""
        jets = symbols_of(expression) & self.jets.keys()
        smooth = all(self._order(jet) < self.smooth[self.jets[jet][0]] for jet in jets)
        return smooth and not comparisons_of(expression) & self.jumping

    def _slopes(self, traced: set[sympy.Expr]) -> list[str]:
        """The fields, where all that is traced are first derivatives of fields: their jump is normal."""
        known = [self.jets.get(cast(Symbol, expression)) for expression in traced]
        if any(jet is None or sum(jet[1]) != 1 or not self.smooth[jet[0]] for jet in known):
            return []
        return sorted({jet[0] for jet in known if jet is not None})


def _unreadable(name: str, why: str) -> str:
    return (
        f"what is continuous where a coefficient jumps cannot be read from {name}: {why}; write it as the derivative "
        "of a flux, such as d(k*u_x, x), or cut the domain with 'subdomains' and state 'interfaces'"
    )
