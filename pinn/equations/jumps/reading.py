"""Reading for jumps: a scope that keeps account of what stands under a derivative, and of who wrote a comparison.

The derivative of an expression with branches is kept as a symbol of its own. So the branches of an equation are those
that multiply something in it, and those of every differentiated expression are seen apart: there a jump is a Dirac.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sympy
from sympy import Symbol

from pinn.spec.language.branches import Predicate, comparisons_of, symbols_of
from pinn.spec.language.expressions import Scope, symbol
from pinn.spec.language.reading import Value

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Written:
    """An expression of an equation: the equation itself, or what it differentiates by `letter` at `path`."""

    expression: sympy.Expr
    path: Path
    letter: str = ""


class JumpReader(Scope):
    """A scope that notes `derivatives`: symbol -> what it is the derivative of, and `places`: comparison -> path."""

    def __init__(self, coordinates: Sequence[str], **names):
        self.derivatives: dict[Symbol, Written] = {}
        self.places: dict[sympy.Expr, Path] = {}
        self._reading: list[Path] = [()]
        super().__init__(coordinates, **names)

    def written(self, text: str, path: Path) -> tuple[Written, ...]:
        """The equation, and all that it differentiates."""
        return tuple(self._with_derivatives(Written(self.equation(text, path), path), set()))

    def _with_derivatives(self, one: Written, seen: set[Symbol]) -> Iterator[Written]:
        yield one
        for found in sorted(symbols_of(one.expression) & self.derivatives.keys() - seen, key=str):
            seen.add(found)
            yield from self._with_derivatives(self.derivatives[found], seen)

    def read(self, text: object, path: Sequence[str | int]) -> Value:
        self._reading.append(tuple(path))
        try:
            value = super().read(text, path)
        finally:
            self._reading.pop()
        whole = value.indicator if isinstance(value, Predicate) else value
        for part in whole if isinstance(whole, tuple) else (whole,):
            self._note(part, tuple(path))
        return value

    def _note(self, expression: sympy.Expr, path: Path) -> None:
        for comparison in comparisons_of(expression):
            self.places.setdefault(comparison, path)

    def differentiate(self, expression: sympy.Expr, *letters: str) -> sympy.Expr:
        self._note(expression, self._reading[-1])
        for letter in letters:
            if comparisons_of(expression) or symbols_of(expression) & self.derivatives.keys():
                expression = self._kept(Written(expression, self._reading[-1], letter))
            else:
                expression = super().differentiate(expression, letter)
        return expression

    def _kept(self, one: Written) -> Symbol:
        known = (s for s, w in self.derivatives.items() if (w.expression, w.letter) == (one.expression, one.letter))
        found = next(known, None) or symbol(f"derivative {len(self.derivatives)}")  # with a space: no name of a spec
        self.derivatives.setdefault(found, one)
        return found
