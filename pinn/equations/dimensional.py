"""Dimensional analysis of a spec's texts: what their values are measures of, as far as their names tell.

A coordinate is a length and t a time; the fields and parameters of a named physics have the dimensions that its page
gives them, a field of one's own that of its `unit`, a constant that of the value it is written with. Products, powers,
derivatives and functions follow. A plain number has the dimension of what it is added to or compared with; as a factor
it is pure where it is one that formulas have, such as 2, 1/3, pi or 1 - nu**2, and else not known: 25*(T - 293) may be
a flux.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from pinn.equations.meanings import read_meaning, values_in
from pinn.errors import SpecError
from pinn.physics.model import Physics
from pinn.spec.language.expressions import Scope
from pinn.spec.language.functions import FUNCTIONS
from pinn.spec.language.reading import short
from pinn.spec.schema import Spec
from pinn.units.dimension import PURE, Dimension, base, dimension
from pinn.units.literals import with_numbers
from pinn.units.measure import UnitError, unit_of

LENGTH, TIME = base("length"), base("time")
USUAL, QUARTERS = (6, 8, 12, 16, 24, 32), 4  # factors of formulas: these, and multiples of a quarter up to 4
AS_SUMS = ("min", "max", "abs")  # functions whose value is one of what they are given
FINEST = 24  # the denominator of a power


class Inconsistent(Exception):
    """Values of different dimensions are added or compared; the message names both."""


@dataclass(frozen=True)
class Value:
    """dimension   None where it is not known
    plain       whether it is a number without a unit, which may be a measure of anything; `pure`: of nothing
    """

    dimension: Dimension | None
    plain: bool = False
    pure: bool = True


UNKNOWN = Value(None)


@dataclass(eq=False)
class Dimensions:
    """What is known of the names of a spec in a subdomain."""

    spec: Spec
    physics: Physics
    scope: Scope
    subdomain: str = ""
    _known: dict[str, Dimension | None] = field(default_factory=dict)

    # ---- names ---------------------------------------------------------------------------------------------------

    def of_name(self, name: str) -> Dimension | None:
        """Of a name, a derivative such as u_xy among them; None where it is not known."""
        if name not in self._known:
            self._known[name] = None  # within itself
            self._known[name] = self._found(name)
        return self._known[name]

    def _found(self, name: str) -> Dimension | None:
        spec, scope = self.spec, self.scope
        if name in scope.letters:
            return TIME if name == "t" else LENGTH
        if name in [f"n{axis}" for axis in scope.space]:
            return PURE
        if name in self.physics.dimensions:
            return dimension(self.physics.dimensions[name])
        if name in spec.parameters:
            return self.of_first(spec.parameters[name].start, spec.parameters[name].end)
        if name in spec.constants:
            return self.of_first(spec.constants[name])
        if name in spec.unknowns:
            return self.of_first(spec.unknowns[name].initial, spec.unknowns[name].expected)
        if isinstance(spec.fields, dict) and name in spec.fields:
            unit = spec.fields[name].unit
            return None if unit is None else unit_of(unit).dimension
        if name in scope.definitions:
            own = values_in(spec.definitions, self.subdomain)
            return self.of_first(own[name]) if name in own else self.of_first(scope.definitions[name], trusted=True)
        stem, _, suffix = name.rpartition("_")
        if (stem in scope.fields or stem in scope.definitions) and suffix:
            return self.differentiated(self.of_name(stem), "x" if suffix == "n" else suffix)
        return None

    def of_first(self, *texts: Any, trusted: bool = False) -> Dimension | None:
        """Of the first of several texts for one thing that says it."""
        for text in texts:
            try:
                if text is not None and (found := self.of(text, trusted=trusted)) is not None:
                    return found
            except Inconsistent:
                return None
        return None

    def differentiated(self, of: Dimension | None, letters: Sequence[str]) -> Dimension | None:
        if of is None:
            return None
        for letter in letters:
            of /= TIME if letter == "t" else LENGTH
        return of

    # ---- texts ---------------------------------------------------------------------------------------------------

    def of(self, text: Any, *, trusted: bool = False) -> Dimension | None:
        """Of the value of a text; None where it is not known, as of a plain number.

        trusted   whether all its numbers are pure, as those of a physics' own page are
        Raises Inconsistent.
        """
        return self.value(text, trusted).dimension

    def sides(self, equation: str, *, trusted: bool = False) -> Dimension | None:
        """Of both sides of `left = right`. Raises Inconsistent where they differ."""
        left, _, right = equation.partition("=")
        return self.together([(side.strip(), self.value(side, trusted)) for side in (left, right)]).dimension

    def value(self, text: Any, trusted: bool = False) -> Value:
        if not isinstance(text, str):
            return Value(None, plain=True, pure=trusted or is_usual(text))
        measures: dict[str, Dimension] = {}

        written: dict[str, str] = {}

        def named(number: str, unit: str) -> str:
            name = f"measure_{len(measures)}_"
            measures[name], written[name] = unit_of(unit).dimension, f"{number} {unit}"
            return name

        try:
            tree = ast.parse(with_numbers(text, named).strip(), mode="eval").body
            return self._walk(tree, measures, trusted)
        except Inconsistent as error:
            raise Inconsistent(re.sub(r"measure_\d+_", lambda name: written[name[0]], str(error))) from None
        except (SyntaxError, ValueError, RecursionError, UnitError):  # refused elsewhere, where it is read
            return UNKNOWN

    def _walk(self, node: ast.expr, measures: Mapping[str, Dimension], trusted: bool) -> Value:
        def walk(inner: ast.expr) -> Value:
            return self._walk(inner, measures, trusted)

        match node:
            case ast.Constant(value=number):
                return Value(None, plain=True, pure=trusted or is_usual(number))
            case ast.Name(id=name):
                if name in measures:
                    return Value(measures[name])
                return Value(None, plain=True) if name in ("pi", "e") else Value(self.of_name(name))
            case ast.Attribute(attr=name):
                return Value(self.of_name(name))
            case ast.UnaryOp(operand=operand):
                return walk(operand)
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
                return self.together([(ast.unparse(one), walk(one)) for one in (left, right)])
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return product(walk(left), walk(right))
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return product(walk(left), power(walk(right), Fraction(-1)))
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                exponent = self._number(right)
                return UNKNOWN if exponent is None else power(walk(left), exponent)
            case ast.Compare(left=left, comparators=others):
                self.together([(ast.unparse(one), walk(one)) for one in (left, *others)])
                return Value(PURE)
            case ast.BoolOp(values=values):
                for one in values:
                    walk(one)
                return Value(PURE)
            case ast.List(elts=entries) | ast.Tuple(elts=entries):
                return self.together([(ast.unparse(one), walk(one)) for one in entries])
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._call(name, arguments, walk)
        return UNKNOWN

    def _call(self, name: str, arguments: list[ast.expr], walk: Callable[[ast.expr], Value]) -> Value:
        values = [(ast.unparse(one), walk(one)) for one in arguments]
        if not values:
            return UNKNOWN
        first = values[0][1]
        if name in AS_SUMS:
            return self.together(values)
        if name == "where":
            return self.together(values[1:])
        if name == "sqrt":
            return power(first, Fraction(1, 2))
        if name in FUNCTIONS:
            if name == "atan2":
                self.together(values)
            return Value(None, plain=True) if all(one.plain for _, one in values) else Value(PURE)
        if name == "d":
            letters = [text for text, _ in values[1:]]
            return Value(self.differentiated(first.dimension, letters))
        times = {"grad": 1, "div": 1, "laplacian": 2}.get(name)
        return UNKNOWN if times is None else Value(self.differentiated(first.dimension, "x" * times))

    def _number(self, node: ast.expr) -> Fraction | None:
        """An exponent, where it is a number."""
        try:
            return Fraction(self.scope.number(ast.unparse(node), ())).limit_denominator(FINEST)
        except (SpecError, ValueError):
            return None

    def together(self, parts: Sequence[tuple[str, Value]]) -> Value:
        """Of (text, value) that are added or compared. Raises Inconsistent where two of them differ."""
        known = [(text, one.dimension) for text, one in parts if one.dimension is not None]
        for text, one in known[1:]:
            if one != known[0][1]:
                raise Inconsistent(f"{self.described(*known[0])} and {self.described(text, one)}")
        if known:
            return Value(known[0][1])
        if any(text == "1" for text, _ in parts):  # 1 - nu**2, whatever nu is
            return Value(None, plain=True)
        return Value(None, all(one.plain for _, one in parts), all(one.pure for _, one in parts))

    def described(self, text: str, of: Dimension | None) -> str:
        """A part with its unit: p*y [N/mm]."""
        return f"{short(text)} [{self.scope.units.label(of) or 'a pure number'}]"


def dimensions_of(spec: Spec, subdomain: str | None = None) -> Dimensions:
    """What is known in a subdomain, the first where none is named; of the whole domain where there is none."""
    name = next(iter(spec.subdomains), "") if subdomain is None else subdomain
    return Dimensions(spec, *read_meaning(spec, name), name)


def is_usual(number: object) -> bool:
    """Whether a plain factor is one that formulas have, so that it is a measure of nothing."""
    if isinstance(number, bool) or not isinstance(number, int | float):
        return False
    size = abs(number)
    return size in USUAL or (size <= QUARTERS and float(size * QUARTERS).is_integer())


def product(first: Value, second: Value) -> Value:
    if first.plain and second.plain:
        return Value(None, plain=True, pure=first.pure and second.pure)
    for one, other in ((first, second), (second, first)):
        if one.plain:
            return other if one.pure else UNKNOWN
    if first.dimension is None or second.dimension is None:
        return UNKNOWN
    return Value(first.dimension * second.dimension)


def power(of: Value, exponent: Fraction) -> Value:
    return of if of.dimension is None else Value(of.dimension**exponent)
