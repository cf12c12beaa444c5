"""The names of a spec and what they mean: a `Scope` turns texts into expressions and differentiates them.

A `Scope` holds every name a spec declares and turns texts into SymPy expressions over

    coordinates x, y, …, t     the outward normal nx, ny, …     unknown parameters     jets u, u_x, u_xy, …

Constants are inserted as numbers and definitions are expanded. Every symbol is real.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from typing import cast

import sympy
from sympy import Symbol

from pinn.errors import NoClosedForm, NoDerivative, SpecError, UnknownName, did_you_mean
from pinn.spec.language import habits
from pinn.spec.language.bounds import (
    MOST_DERIVED,
    MOST_DIFFERENTIATED,
    MOST_DIFFERENTIATIONS,
    derived_size,
    exact_number,
)
from pinn.spec.language.branches import Predicate, symbols_of
from pinn.spec.language.functions import NUMBERS
from pinn.spec.language.reading import Reader, Value, short
from pinn.spec.language.tabulated import Tabulated, require_smooth
from pinn.units.system import SI, UnitSystem


def symbol(name: str) -> Symbol:
    return Symbol(name, real=True)


BLOCKS = ("parameters", "constants", "unknowns", "fields", "definitions")  # of the spec, that declare names


class Scope:
    """The names of one spec and what they mean.

    coordinates   space letters; `time` adds t
    parameters    names of further inputs of the network, between space and time, by which nothing is differentiated
    constants, unknowns, fields, definitions, exact   as in the spec, names to texts or numbers
    tables    name -> the function that a table is
    origins   name -> its place in the spec, for names that are not keys of these blocks (parameters of a physics)
    units     in which values with units of their own are read
    eigenvalue   the name of an eigenvalue that is sought; '' where there is none
    whole     the scope of the whole domain, where this one belongs to a part of it
    branches  choice or comparison -> what it is in the part
    """

    def __init__(
        self,
        coordinates: Sequence[str],
        *,
        parameters: Sequence[str] = (),
        time: bool = False,
        constants: Mapping[str, object] | None = None,
        unknowns: Sequence[str] = (),
        fields: Sequence[str] = (),
        definitions: Mapping[str, object] | None = None,
        exact: Mapping[str, object] | None = None,
        origins: Mapping[str, Sequence[str | int]] | None = None,
        tables: Mapping[str, Tabulated] | None = None,
        units: UnitSystem = SI,
        eigenvalue: str = "",
    ):
        self.tables = dict(tables or {})
        self.units = units
        self.eigenvalue = eigenvalue
        self.space = tuple(coordinates)
        self.parameters = tuple(parameters)
        last = ("t",) if time else ()
        self.letters = self.space + last  # by which expressions may be differentiated
        self.axes = self.space + self.parameters + last
        self.fields = tuple(fields)
        self.unknowns = tuple(unknowns)
        self.definitions = dict(definitions or {})
        self.exact = dict(exact or {})
        self.jets: dict[Symbol, tuple[str, tuple[int, ...]]] = {}
        self.constants: dict[str, sympy.Expr] = {}
        self._origins = {name: tuple(path) for name, path in (origins or {}).items()}
        self.whole: Scope = self
        self.branches: dict[sympy.Expr, sympy.Expr] = {}
        self._later = [*(constants or {})]  # constants that are not known yet
        self._known: dict[tuple[str, bool], sympy.Expr] = {}
        self._open: list[str] = []
        self._differentiated = 0  # operations so far
        for name, value in (constants or {}).items():
            self.constants[name] = self._constant(value, ("constants", name))
            self._later.remove(name)
        for name in (*self.parameters, *self.constants, *self.unknowns, *self.fields, *self.definitions):
            self._refuse_normal(name)
            self._refuse_ambiguous(name)

    def within(self, branches: Mapping[sympy.Expr, sympy.Expr]) -> Scope:
        """The same names in a part of the domain, where the branches mapped are what they are mapped to.

        Conditions on coordinates, which choose points, go on meaning what they mean in the whole domain.
        """
        part = copy(self)
        part.whole, part.branches = self.whole, {**self.branches, **branches}
        part.jets, part._known = {**self.jets}, {}
        return part

    def settled(self, expression: sympy.Expr) -> sympy.Expr:
        """The expression with the branches that hold in this part."""
        found = cast(sympy.Expr, expression.xreplace(self.branches))
        while found != expression:  # a branch that is taken may decide the next one
            expression, found = found, cast(sympy.Expr, found.xreplace(self.branches))
        return found

    # ---- names ---------------------------------------------------------------------------------------------------

    def jet(self, field: str, orders: tuple[int, ...]) -> Symbol:
        """The symbol of a field's partial derivative, `orders` [D] times per axis."""
        if sum(orders) > MOST_DIFFERENTIATIONS:
            raise SpecError((), f"a derivative of {field} of order {sum(orders)}; at most {MOST_DIFFERENTIATIONS}")
        suffix = "".join(axis * count for axis, count in zip(self.axes, orders, strict=True))
        found = symbol(f"{field}_{suffix}" if suffix else field)
        self.jets[found] = (field, orders)
        return found

    def origin(self, name: str) -> tuple[str | int, ...]:
        """Where the spec declares a name."""
        block = next((b for b in BLOCKS if name in getattr(self, b)), "definitions")
        return self._origins.get(name, (block, name))

    def names(self) -> list[str]:
        normals = [f"n{axis}" for axis in self.space]
        sought = [self.eigenvalue] if self.eigenvalue else []
        known = (*self.constants, *self.unknowns, *self.fields, *self.definitions)
        return [*self.axes, *normals, *sought, *known, "pi", "e"]

    def declares(self, name: str) -> bool:
        """Whether a word is a name of this spec."""
        return name in self.names() or name in self._later or name in self.tables

    def resolve(self, name: str, exact: bool = False) -> sympy.Expr:
        """The meaning of a name: an exact match first, then a derivative `base_suffix`.

        With `exact`, the spec's exact solution: NAME itself if it is given, else what follows from the exact fields.
        """
        if (name, exact) not in self._known:
            self._known[name, exact] = self._resolve_exact(name) if exact else self._resolve(name)
        return self._known[name, exact]

    def _resolve(self, name: str) -> sympy.Expr:
        if name in self.axes or name in [f"n{axis}" for axis in self.space] or name in self.unknowns:
            return symbol(name)
        if name and name == self.eigenvalue:
            return symbol(name)
        if name in NUMBERS:
            return NUMBERS[name]
        if name in self.constants:
            return self.constants[name]
        if name in self.fields:
            return self.jet(name, (0,) * len(self.axes))
        if name in self.definitions:
            with self._opened(name):
                return self.expression(self.definitions[name], self.origin(name))
        base, _, suffix = name.rpartition("_")
        if base in self.fields or base in self.definitions:
            expression = self.resolve(base)
            if suffix == "n":
                return sum(
                    (symbol(f"n{axis}") * self.differentiate(expression, axis) for axis in self.space), sympy.S(0)
                )
            if suffix and all(letter in self.letters for letter in suffix):
                return self.differentiate(expression, *suffix)
            hint = self._hint("t") if "t" in suffix and "t" not in self.axes else ""
            letters = ", ".join(self.letters)
            raise NoDerivative((), name, f"; a derivative of {base} has letters of {letters} or n{hint}")
        raise UnknownName((), name, self._hint(name))

    def _hint(self, name: str) -> str:
        if name in self._later:
            return f"; a constant may use earlier constants only, so declare '{name}' further up"
        if name == "t":
            return "; t is time, which the block time: {from: 0, to: 1} adds"
        known = [*self.fields, *self.definitions]
        return (
            habits.of_derivative(name, known, self.letters)
            or habits.of_symbol(name, self.names())
            or did_you_mean(name, self.names())
        )

    def _resolve_exact(self, name: str) -> sympy.Expr:
        if name in self.exact:
            self._origins[f"exact.{name}"] = ("exact", name)
            with self._opened(f"exact.{name}"):
                return self.expression(self.exact[name], ("exact", name))
        if not self.exact:
            raise SpecError((), f"exact.{name} is used, but the spec has no block 'exact'")
        expression = self._resolve(name) if name not in self.definitions else self.resolve(name)
        missing = sorted({self.jets[s][0] for s in symbols_of(expression) & self.jets.keys()} - set(self.exact))
        if missing:
            known = [*self.exact]
            raise NoClosedForm((), f"exact.{name} is not given and cannot be derived: exact has {', '.join(known)}")
        return self.insert_exact(expression)

    def insert_exact(self, expression: sympy.Expr) -> sympy.Expr:
        """The expression on the exact solution: every jet becomes a derivative of the exact field."""
        values = {}
        for jet in symbols_of(expression) & self.jets.keys():
            field, orders = self.jets[jet]
            letters = [axis for axis, count in zip(self.axes, orders, strict=True) for _ in range(count)]
            values[jet] = self.differentiate(self.resolve(field, exact=True), *letters)
        return cast(sympy.Expr, expression.xreplace(values))

    @contextmanager
    def _opened(self, name: str) -> Iterator[None]:
        if name in self._open:
            circle = " -> ".join([*self._open[self._open.index(name) :], name])
            raise SpecError(self.origin(name), f"defined through itself: {circle}")
        self._open.append(name)
        try:
            yield
        finally:
            self._open.pop()

    def _block_of(self, name: str) -> str:
        return next(b for b in BLOCKS if name in getattr(self, b))

    def _refuse_normal(self, name: str) -> None:
        if name in [f"n{axis}" for axis in self.space]:
            raise SpecError((self._block_of(name), name), f"'{name}' is a component of the normal; choose another name")

    def _refuse_ambiguous(self, name: str) -> None:
        base, _, suffix = name.rpartition("_")
        if base in (*self.fields, *self.definitions) and suffix and all(a in (*self.letters, "n") for a in suffix):
            raise SpecError(
                self.origin(name), f"'{name}' could also be read as a derivative of '{base}'; choose another name"
            )

    # ---- texts ---------------------------------------------------------------------------------------------------

    def number(self, text: object, path: Sequence[str | int]) -> float:
        """A number, or an expression of constants: float. Refuses anything that depends on a point or a field."""
        expression = self.expression(text, path)
        if expression.free_symbols:
            names = ", ".join(sorted(s.name for s in symbols_of(expression)))
            raise SpecError(path, f"must be a number or an expression of constants, but depends on {names}")
        value = complex(expression.evalf())
        if value.imag or not math.isfinite(value.real):
            raise SpecError(path, f"must be a finite real number, got '{text}'")
        return value.real

    def _constant(self, text: object, path: Sequence[str | int]) -> sympy.Expr:
        """A constant's value: a number, or an expression of the parameters."""
        expression = self.expression(text, path)
        free = {s.name for s in symbols_of(expression)}
        return expression if free and free <= {*self.parameters} else exact_number(self.number(text, path))

    def equation(self, text: str, path: Sequence[str | int]) -> sympy.Expr:
        """`lhs = rhs` -> lhs - rhs."""
        marked = str(text).replace("==", "\0\0").replace("<=", "\0<").replace(">=", "\0>").replace("!=", "\0!")
        if marked.count("=") != 1 or "\0\0" in marked:
            raise SpecError(path, f"an equation has the form 'left = right', with one '=', got '{short(text)}'")
        at = marked.index("=")
        for side, words in ((text[:at], "left"), (text[at + 1 :], "right")):
            if not side.strip():
                raise SpecError(path, f"nothing stands {words} of '='; an equation has the form 'left = right'")
        return self.expression(str(text)[:at], path) - self.expression(str(text)[at + 1 :], path)

    def read(self, text: object, path: Sequence[str | int]) -> Value:
        """What a text says: an expression, a comparison or a vector. Raises SpecError with `path`."""
        return Reader(self).read(text, path)

    def expression(self, text: object, path: Sequence[str | int]) -> sympy.Expr:
        """A number or a text -> SymPy expression. Raises SpecError with `path`."""
        value = self.read(text, path)
        if not isinstance(value, sympy.Expr):
            kind = "a vector" if isinstance(value, tuple) else "a comparison"
            raise SpecError(path, f"must be a single value, but '{short(text)}' is {kind}")
        return self.settled(value) if self.branches else value

    def condition(self, text: object, path: Sequence[str | int]) -> Predicate:
        """A comparison, such as `0 < y < 1 and x > 0.5`, of coordinates and constants."""
        if isinstance(text, str) and re.search(r"(?<![<>=!])=(?!=)", text):
            raise SpecError(path, f"comparisons are <, <=, >, >=, but '{short(text)}' has '='")
        value = self.whole.read(text, path)
        if not isinstance(value, Predicate):
            raise SpecError(path, f"must be a comparison such as 'y > 0.5', got '{short(text)}'")
        if unknown := sorted(s.name for s in value.free_symbols if s.name not in self.axes):
            raise SpecError(path, f"may only depend on coordinates, but uses {', '.join(unknown)}")
        return value

    def differentiate(self, expression: sympy.Expr, *letters: str) -> sympy.Expr:
        """Total derivative: the chain rule through every jet, d/dx f(x, u, u_x) = f_x + f_u u_x + f_(u_x) u_xx."""
        if len(letters) > MOST_DIFFERENTIATIONS:
            raise SpecError((), f"{len(letters)} differentiations at once; at most {MOST_DIFFERENTIATIONS} are done")
        for letter in letters:
            if any(s.name in [f"n{axis}" for axis in self.space] for s in symbols_of(expression)):
                raise SpecError((), "the normal is known on the boundary only and cannot be differentiated")
            jets = symbols_of(expression) & self.jets.keys()
            require_smooth(expression, {symbol(letter), *jets})
            axis = self.axes.index(letter)
            terms = [self._derivative(expression, symbol(letter))]
            for jet in sorted(jets, key=lambda s: s.name):
                field, orders = self.jets[jet]
                higher = tuple(n + (i == axis) for i, n in enumerate(orders))
                terms.append(self._derivative(expression, jet) * self.jet(field, higher))
            expression = sympy.Add(*terms)
        return expression

    def _derivative(self, expression: sympy.Expr, by: Symbol) -> sympy.Expr:
        size, derived = derived_size(expression, by)
        self._differentiated += size + derived
        if derived > MOST_DERIVED or self._differentiated > MOST_DIFFERENTIATED:
            most = (
                f"{MOST_DERIVED} operations" if derived > MOST_DERIVED else f"{MOST_DIFFERENTIATED} operations in all"
            )
            raise SpecError((), f"derivatives of more than {most}; differentiate less often, or write it shorter")
        return expression.diff(by)
