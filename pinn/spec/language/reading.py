"""A text becomes a SymPy expression, through a whitelist of Python's syntax tree. No text is ever evaluated."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Protocol

import sympy

from pinn.errors import SpecError, did_you_mean, shortened
from pinn.spec.language import branches, habits
from pinn.spec.language.bounds import (
    DEEPEST_NESTING,
    LONG_WHOLE_NUMBER,
    LONGEST_TEXT,
    MOST_OPERATIONS,
    bounded_calls,
    bounded_power,
    bounded_product,
    exact_number,
    finite_real,
    nesting,
    plain_argument,
    tree_size,
)
from pinn.spec.language.branches import Predicate
from pinn.spec.language.functions import FUNCTIONS, OPERATORS, RELATIONS
from pinn.spec.language.tabulated import Tabulated
from pinn.units.literals import name_in, with_numbers
from pinn.units.measure import UnitError, unit_of
from pinn.units.system import UnitSystem

LARGEST_WHOLE = 1e15  # that is written without an exponent
Value = sympy.Expr | Predicate | tuple  # an expression, a condition, or a vector of expressions (grad)


class Names(Protocol):
    """What a text may name, and what differentiation means: the part of a `Scope` that reading needs."""

    @property
    def space(self) -> tuple[str, ...]: ...
    @property
    def letters(self) -> tuple[str, ...]: ...  # by which expressions may be differentiated
    @property
    def tables(self) -> Mapping[str, Tabulated]: ...
    @property
    def units(self) -> UnitSystem: ...  # that values with units of their own are read in
    def declares(self, name: str) -> bool: ...
    def names(self) -> list[str]: ...
    def resolve(self, name: str, exact: bool = False) -> sympy.Expr: ...
    def differentiate(self, expression: sympy.Expr, *letters: str) -> sympy.Expr: ...


class Reader:
    """Reads texts by the names of a scope."""

    def __init__(self, scope: Names):
        self.scope = scope

    def read(self, text: object, path: Sequence[str | int]) -> Value:
        if isinstance(text, bool) or not isinstance(text, (int, float, str)):
            raise SpecError(path, f"must be a number or an expression, got {type(text).__name__}")
        if isinstance(text, (int, float)):
            if not math.isfinite(text):
                raise SpecError(path, f"must be finite, got {text}")
            return exact_number(text)
        if len(text) > LONGEST_TEXT:
            raise SpecError(path, f"expression of {len(text)} characters; at most {LONGEST_TEXT} are read")
        if not text.strip():
            raise SpecError(path, "empty expression")
        try:
            text = with_numbers(text, self._number)
        except SpecError as error:
            raise error.at(path) from None
        if not text.isascii():
            odd = next(character for character in text if not character.isascii())
            hint = habits.SIGNS.get(odd, "write it in plain letters")
            raise SpecError(path, f"'{odd}' is not part of the expression language; {hint}")
        if "\0" in text or nesting(text) > DEEPEST_NESTING:
            raise SpecError(path, f"expression nested deeper than {DEEPEST_NESTING} or with a NUL character")
        if LONG_WHOLE_NUMBER.search(text):
            raise SpecError(path, f"'{short(text)}' is a number too large")
        try:
            tree = ast.parse(text.strip(), mode="eval")
        except SyntaxError as error:
            if hint := habits.of_keyword(text) or habits.of_sign(text, self.scope.letters) or habits.of_product(text):
                raise SpecError(path, f"cannot read '{short(text)}'{hint}") from None
            hint = "; powers are written **" if "^" in text else ""
            raise SpecError(
                path, f"cannot read '{short(text)}': {error.msg} at character {error.offset}{hint}"
            ) from None
        except (ValueError, RecursionError, MemoryError):
            raise SpecError(path, f"cannot read '{short(text)}': too deeply nested or malformed") from None
        try:
            value = self._walk(tree.body, 0)
            whole = value.indicator if isinstance(value, Predicate) else value
            parts: tuple[sympy.Expr, ...] = whole if isinstance(whole, tuple) else (whole,)
            size = sum(tree_size(part) for part in parts)
        except SpecError as error:
            raise error.at(path) from None
        except (RecursionError, OverflowError, ZeroDivisionError, MemoryError):
            raise SpecError(path, f"'{short(text)}' cannot be evaluated: too large or too deep") from None
        if size > MOST_OPERATIONS:
            raise SpecError(path, f"'{short(text)}' expands to more than {MOST_OPERATIONS} operations")
        if any(part.has(sympy.zoo, sympy.oo, sympy.nan, -sympy.oo, sympy.I) for part in parts):
            raise SpecError(
                path, f"'{short(text)}' is not a finite real number (a division by zero or a root below zero?)"
            )
        return value

    def _number(self, value: str, unit: str) -> str:
        """A value with its unit as the number that it is in the units of the spec."""
        if word := name_in(unit, self.scope.declares, self.scope.letters):
            way_out = f"in a formula a value with its unit stands in brackets: ({value} {unit.split('*')[0]})*…"
            if unit.startswith(word):
                way_out = f"a product has its sign: {value}*{word}"
            elif "*" not in unit:
                way_out = "choose another name for it, so that it is clear what is meant"
            raise SpecError((), f"'{short(f'{value} {unit}')}': '{word}' is a name of this problem; {way_out}")
        try:
            number = float(self.scope.units.number(Fraction(value), unit_of(unit)))
        except UnitError as error:
            product = "" if error.says_what_was_meant else f"; a product has its sign: {value}*{unit}"
            raise SpecError((), f"cannot read '{short(f'{value} {unit}')}': {error}{product}") from None
        except OverflowError:
            raise SpecError((), "number too large") from None
        return repr(int(number) if number.is_integer() and abs(number) < LARGEST_WHOLE else number)

    def _walk(self, node: ast.AST, depth: int) -> Value:
        if depth > 2 * DEEPEST_NESTING:
            raise SpecError((), f"expression nested deeper than {2 * DEEPEST_NESTING}")
        below = depth + 1
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                if isinstance(number, float) and not math.isfinite(number):
                    raise SpecError((), "number too large")
                return exact_number(number)
            case ast.Name():
                if node.id in FUNCTIONS or node.id in OPERATORS:
                    raise SpecError((), f"'{node.id}' is a function: write {node.id}(…)")
                if node.id in self.scope.tables:
                    letters = ", ".join(self.scope.tables[node.id].arguments)
                    raise SpecError((), f"'{node.id}' is a table: write {node.id}({letters})")
                return self.scope.resolve(node.id)
            case ast.Attribute(value=ast.Name(id="exact")):
                return self.scope.resolve(node.attr, exact=True)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                operand = self._scalar(node.operand, below)
                return -operand if isinstance(node.op, ast.USub) else operand
            case ast.UnaryOp(op=ast.Not()):
                return self._condition(node.operand, below).negated()
            case ast.BoolOp():
                parts = [self._condition(value, below) for value in node.values]
                return Predicate.all(parts) if isinstance(node.op, ast.And) else Predicate.any(parts)
            case ast.Compare():
                sides = [self._scalar(side, below) for side in (node.left, *node.comparators)]
                for operator in node.ops:
                    if type(operator) not in RELATIONS:
                        raise SpecError((), "comparisons are <, <=, >, >=")
                relations = zip(node.ops, sides[:-1], sides[1:], strict=True)
                return Predicate.all([Predicate(RELATIONS[type(operator)](a, b)) for operator, a, b in relations])
            case ast.BinOp(op=ast.BitAnd() | ast.BitOr()):
                word, sign = ("and", "&") if isinstance(node.op, ast.BitAnd) else ("or", "|")
                raise SpecError((), f"'{sign}' is not part of the expression language; write {word}")
            case ast.BinOp():
                return self._chain(node, below)
            case ast.List() | ast.Tuple():
                return tuple(self._scalar(item, below) for item in node.elts)
            case ast.Call(func=ast.Name(id=name), keywords=[]):
                return self._call(name, node.args, below)
            case ast.Call(func=ast.Attribute() as named) | (ast.Attribute() as named):
                if isinstance(named.value, ast.Name) and (words := habits.of_module(named.value.id, named.attr)):
                    raise SpecError((), words)
        raise SpecError((), f"{_what(node)} is not part of the expression language")

    def _scalar(self, node: ast.AST, depth: int) -> sympy.Expr:
        value = self._walk(node, depth)
        if not isinstance(value, sympy.Expr):
            raise SpecError((), f"'{short(ast.unparse(node))}' is not a single value")
        return value

    def _vector(self, node: ast.AST, depth: int) -> Value:
        """A gradient or a list of components, or one times a number: `k*grad(u)`, `grad(u)*k`, `grad(u)/k`."""
        match node:
            case ast.BinOp(op=ast.Mult(), left=factor, right=ast.Call(func=ast.Name(id="grad")) | ast.List() as vector):
                scalar, components = self._scalar(factor, depth + 1), self._walk(vector, depth + 1)
            case ast.BinOp(op=ast.Mult() | ast.Div(), left=vector, right=factor):
                scalar, components = self._scalar(factor, depth + 1), self._vector(vector, depth + 1)
            case _:
                return self._walk(node, depth)
        if not isinstance(components, tuple):
            return components
        operator = node.op if isinstance(node, ast.BinOp) else ast.Mult()
        return tuple(self._binary(operator, component, scalar) for component in components)

    def _condition(self, node: ast.AST, depth: int) -> Predicate:
        value = self._walk(node, depth)
        if not isinstance(value, Predicate):
            raise SpecError((), f"'{short(ast.unparse(node))}' is not a comparison")
        return value

    def _chain(self, node: ast.BinOp, depth: int) -> sympy.Expr:
        """a + b + c - …, which Python nests to the left, without going one level deeper per term."""
        waiting: list[tuple[ast.operator, ast.expr]] = []
        first: ast.expr = node
        while isinstance(first, ast.BinOp) and not isinstance(first.op, (ast.BitAnd, ast.BitOr)):
            waiting.append((first.op, first.right))
            first = first.left
        value = self._scalar(first, depth)
        for operator, right in reversed(waiting):
            value = finite_real(
                f"'{short(ast.unparse(right))}'", self._binary(operator, value, self._scalar(right, depth))
            )
        return value

    @staticmethod
    def _binary(operator: ast.operator, left: sympy.Expr, right: sympy.Expr) -> sympy.Expr:
        match operator:
            case ast.Add():
                return left + right
            case ast.Sub():
                return left - right
            case ast.Mult():
                return bounded_product(left * right)
            case ast.Div():
                if right.is_zero:
                    raise SpecError((), "division by zero")
                return bounded_product(left / right)
            case ast.Pow():
                return bounded_power(left, right)
        hint = "; powers are written **" if isinstance(operator, ast.BitXor) else ""
        raise SpecError((), f"operator '{type(operator).__name__}' is not part of the expression language{hint}")

    def _call(self, name: str, arguments: list[ast.expr], depth: int) -> Value:
        if name in FUNCTIONS:
            function, count = FUNCTIONS[name]
            if (count is not None and len(arguments) != count) or not arguments:
                raise SpecError((), f"{name}() takes {count or 'one or more'} arguments, got {len(arguments)}")
            if name == "where":
                return branches.where(
                    self._condition(arguments[0], depth), *(self._scalar(a, depth) for a in arguments[1:])
                )
            values = [plain_argument(self._scalar(argument, depth)) for argument in arguments]
            bounded_calls(name, values)
            value = finite_real(f"{name}()", function(*values))
            if tree_size(value) > MOST_OPERATIONS:
                raise SpecError((), f"{name}() makes an expression of more than {MOST_OPERATIONS} operations")
            return value
        if name in self.scope.tables:
            return self._looked_up(self.scope.tables[name], arguments, depth)
        if name == "d":
            letters = [a.id if isinstance(a, ast.Name) else "" for a in arguments[1:]]
            if not letters or any(letter not in self.scope.letters for letter in letters):
                raise SpecError(
                    (), f"d(expression, coordinate, …) takes coordinates of {', '.join(self.scope.letters)}"
                )
            return self.scope.differentiate(self._scalar(arguments[0], depth), *letters)
        if name in OPERATORS and len(arguments) != 1:
            raise SpecError((), f"{name}() takes one argument, got {len(arguments)}")
        if name == "laplacian":
            expression = self._scalar(arguments[0], depth)
            return sum((self.scope.differentiate(expression, axis, axis) for axis in self.scope.space), sympy.S(0))
        if name == "grad":
            expression = self._scalar(arguments[0], depth)
            return tuple(self.scope.differentiate(expression, axis) for axis in self.scope.space)
        if name == "div":
            vector = self._vector(arguments[0], depth)
            if not isinstance(vector, tuple) or len(vector) != len(self.scope.space):
                raise SpecError((), f"div() takes a vector of {len(self.scope.space)} components")
            parts = zip(vector, self.scope.space, strict=True)
            return sum((self.scope.differentiate(component, axis) for component, axis in parts), sympy.S(0))
        if name in self.scope.names():
            raise SpecError((), f"'{name}' is no function; write {name}, or {name}*(…) for a product")
        way_out = (
            f"; {habits.CALLS[name]}"
            if name in habits.CALLS
            else did_you_mean(name, [*FUNCTIONS, *OPERATORS, *self.scope.tables])
        )
        raise SpecError((), f"unknown function '{short(name)}'{way_out}")

    def _looked_up(self, table: Tabulated, arguments: list[ast.expr], depth: int) -> sympy.Expr:
        """A table's function of what stands in its brackets."""
        count, letters = len(table.arguments), ", ".join(table.arguments)
        if len(arguments) != count:
            raise SpecError((), f"the table {table.name}({letters}) takes {count} arguments, got {len(arguments)}")
        values = [plain_argument(self._scalar(argument, depth)) for argument in arguments]
        bounded_calls(table.name, values)
        value = table.at(*values)
        if tree_size(value) > MOST_OPERATIONS:
            raise SpecError((), f"{table.name}() makes an expression of more than {MOST_OPERATIONS} operations")
        return value


def short(text: object) -> str:
    return shortened(" ".join(str(text).split()))


def _what(node: ast.AST) -> str:
    kinds = {
        ast.Attribute: "a dot (only exact.NAME has one)",
        ast.Subscript: "an index [ ]",
        ast.Lambda: "lambda",
        ast.Constant: f"'{short(getattr(node, 'value', ''))}'",
        ast.Call: "this call",
        ast.IfExp: "if … else (write where(condition, a, b))",
    }
    return next((text for kind, text in kinds.items() if isinstance(node, kind)), type(node).__name__)
