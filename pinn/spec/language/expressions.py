"""The expression language: text to SymPy, through a whitelist of Python's syntax tree. No text is ever evaluated.

A `Scope` holds every name a spec declares and turns texts into SymPy expressions over

    coordinates x, y, …, t     the outward normal nx, ny, …     unknown parameters     jets u, u_x, u_xy, …

Constants are inserted as numbers and definitions are expanded. Every symbol is real.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from typing import cast

import sympy
from sympy import Symbol

from pinn.errors import NoClosedForm, NoDerivative, SpecError, UnknownName, did_you_mean, shortened
from pinn.spec.language import branches, habits
from pinn.spec.language.bounds import (
    DEEPEST_NESTING,
    LONG_WHOLE_NUMBER,
    LONGEST_TEXT,
    MOST_DERIVED,
    MOST_DIFFERENTIATED,
    MOST_DIFFERENTIATIONS,
    MOST_OPERATIONS,
    bounded_calls,
    bounded_power,
    bounded_product,
    derived_size,
    exact_number,
    finite_real,
    nesting,
    plain_argument,
    tree_size,
)
from pinn.spec.language.branches import Predicate, symbols_of
from pinn.spec.language.exponential import exponential
from pinn.spec.language.tabulated import Tabulated, require_smooth

Value = sympy.Expr | Predicate | tuple  # an expression, a condition, or a vector of expressions (grad)


def symbol(name: str) -> Symbol:
    return Symbol(name, real=True)


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
BLOCKS = ("parameters", "constants", "unknowns", "fields", "definitions")  # of the spec, that declare names
OPERATORS = ("d", "laplacian", "grad", "div")
RELATIONS: dict[type, Callable[[sympy.Expr, sympy.Expr], sympy.Expr]] = {
    ast.Lt: branches.less,
    ast.LtE: branches.less_equal,
    ast.Gt: lambda a, b: branches.less(b, a),
    ast.GtE: lambda a, b: branches.less_equal(b, a),
}
NUMBERS = {"pi": sympy.pi, "e": sympy.E}


class Scope:
    """The names of one spec and what they mean.

    coordinates   space letters; `time` adds t
    parameters    names of further inputs of the network, between space and time, by which nothing is differentiated
    constants, unknowns, fields, definitions, exact   as in the spec, names to texts or numbers
    tables    name -> the function that a table is
    origins   name -> its place in the spec, for names that are not keys of these blocks (parameters of a physics)
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
        eigenvalue: str = "",
    ):
        self.tables = dict(tables or {})
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
            raise SpecError(path, f"an equation has the form 'left = right', with one '=', got '{_short(text)}'")
        at = marked.index("=")
        for side, words in ((text[:at], "left"), (text[at + 1 :], "right")):
            if not side.strip():
                raise SpecError(path, f"nothing stands {words} of '='; an equation has the form 'left = right'")
        return self.expression(str(text)[:at], path) - self.expression(str(text)[at + 1 :], path)

    def expression(self, text: object, path: Sequence[str | int]) -> sympy.Expr:
        """A number or a text -> SymPy expression. Raises SpecError with `path`."""
        value = self._parse(text, path)
        if not isinstance(value, sympy.Expr):
            kind = "a vector" if isinstance(value, tuple) else "a comparison"
            raise SpecError(path, f"must be a single value, but '{_short(text)}' is {kind}")
        return self.settled(value) if self.branches else value

    def condition(self, text: object, path: Sequence[str | int]) -> Predicate:
        """A comparison, such as `0 < y < 1 and x > 0.5`, of coordinates and constants."""
        if isinstance(text, str) and re.search(r"(?<![<>=!])=(?!=)", text):
            raise SpecError(path, f"comparisons are <, <=, >, >=, but '{_short(text)}' has '='")
        value = self.whole._parse(text, path)
        if not isinstance(value, Predicate):
            raise SpecError(path, f"must be a comparison such as 'y > 0.5', got '{_short(text)}'")
        if unknown := sorted(s.name for s in value.free_symbols if s.name not in self.axes):
            raise SpecError(path, f"may only depend on coordinates, but uses {', '.join(unknown)}")
        return value

    def _parse(self, text: object, path: Sequence[str | int]) -> Value:
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
        if not text.isascii():
            odd = next(character for character in text if not character.isascii())
            hint = "derivatives are written u_x, u_xx" if odd == "∂" else "write it in plain letters"
            raise SpecError(path, f"'{odd}' is not part of the expression language; {hint}")
        if "\0" in text or nesting(text) > DEEPEST_NESTING:
            raise SpecError(path, f"expression nested deeper than {DEEPEST_NESTING} or with a NUL character")
        if LONG_WHOLE_NUMBER.search(text):
            raise SpecError(path, f"'{_short(text)}' is a number too large")
        try:
            tree = ast.parse(text.strip(), mode="eval")
        except SyntaxError as error:
            if hint := habits.of_keyword(text) or habits.of_product(text):
                raise SpecError(path, f"cannot read '{_short(text)}'{hint}") from None
            hint = "; powers are written **" if "^" in text else ""
            raise SpecError(
                path, f"cannot read '{_short(text)}': {error.msg} at character {error.offset}{hint}"
            ) from None
        except (ValueError, RecursionError, MemoryError):
            raise SpecError(path, f"cannot read '{_short(text)}': too deeply nested or malformed") from None
        try:
            value = self._walk(tree.body, 0)
            whole = value.indicator if isinstance(value, Predicate) else value
            parts: tuple[sympy.Expr, ...] = whole if isinstance(whole, tuple) else (whole,)
            size = sum(tree_size(part) for part in parts)
        except SpecError as error:
            raise error.at(path) from None
        except (RecursionError, OverflowError, ZeroDivisionError, MemoryError):
            raise SpecError(path, f"'{_short(text)}' cannot be evaluated: too large or too deep") from None
        if size > MOST_OPERATIONS:
            raise SpecError(path, f"'{_short(text)}' expands to more than {MOST_OPERATIONS} operations")
        if any(part.has(sympy.zoo, sympy.oo, sympy.nan, -sympy.oo, sympy.I) for part in parts):
            raise SpecError(
                path, f"'{_short(text)}' is not a finite real number (a division by zero or a root below zero?)"
            )
        return value

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
                if node.id in self.tables:
                    letters = ", ".join(self.tables[node.id].arguments)
                    raise SpecError((), f"'{node.id}' is a table: write {node.id}({letters})")
                return self.resolve(node.id)
            case ast.Attribute(value=ast.Name(id="exact")):
                return self.resolve(node.attr, exact=True)
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
            raise SpecError((), f"'{_short(ast.unparse(node))}' is not a single value")
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
            raise SpecError((), f"'{_short(ast.unparse(node))}' is not a comparison")
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
                f"'{_short(ast.unparse(right))}'", self._binary(operator, value, self._scalar(right, depth))
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
        if name in self.tables:
            return self._looked_up(self.tables[name], arguments, depth)
        if name == "d":
            letters = [a.id if isinstance(a, ast.Name) else "" for a in arguments[1:]]
            if not letters or any(letter not in self.letters for letter in letters):
                raise SpecError((), f"d(expression, coordinate, …) takes coordinates of {', '.join(self.letters)}")
            return self.differentiate(self._scalar(arguments[0], depth), *letters)
        if name in OPERATORS and len(arguments) != 1:
            raise SpecError((), f"{name}() takes one argument, got {len(arguments)}")
        if name == "laplacian":
            expression = self._scalar(arguments[0], depth)
            return sum((self.differentiate(expression, axis, axis) for axis in self.space), sympy.S(0))
        if name == "grad":
            expression = self._scalar(arguments[0], depth)
            return tuple(self.differentiate(expression, axis) for axis in self.space)
        if name == "div":
            vector = self._vector(arguments[0], depth)
            if not isinstance(vector, tuple) or len(vector) != len(self.space):
                raise SpecError((), f"div() takes a vector of {len(self.space)} components")
            parts = zip(vector, self.space, strict=True)
            return sum((self.differentiate(component, axis) for component, axis in parts), sympy.S(0))
        if name in self.names():
            raise SpecError((), f"'{name}' is no function; write {name}, or {name}*(…) for a product")
        way_out = (
            f"; {habits.CALLS[name]}"
            if name in habits.CALLS
            else did_you_mean(name, [*FUNCTIONS, *OPERATORS, *self.tables])
        )
        raise SpecError((), f"unknown function '{_short(name)}'{way_out}")

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


def _short(text: object) -> str:
    return shortened(" ".join(str(text).split()))


def _what(node: ast.AST) -> str:
    kinds = {
        ast.Attribute: "a dot (only exact.NAME has one)",
        ast.Subscript: "an index [ ]",
        ast.Lambda: "lambda",
        ast.Constant: f"'{_short(getattr(node, 'value', ''))}'",
        ast.Call: "this call",
        ast.IfExp: "if … else (write where(condition, a, b))",
    }
    return next((text for kind, text in kinds.items() if isinstance(node, kind)), type(node).__name__)
