"""Tables as functions of expressions: a node of SymPy for a piecewise polynomial of one to three arguments.

On a grid the values are interpolated by products of splines in each argument,

    f(a, b, c) = sum over i, j, k of  C_ijk B_i(a) B_j(b) B_k(c),

linear or cubic with the not-a-knot condition. Where an argument's value is repeated in a table, the function jumps: the
pieces on both sides are functions of their own, and a choice between them makes one of them, as `where` would.
Outside the table there is no value. Source: de Boor, A Practical Guide to Splines, §§ IV, IX, XVII.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
import sympy
from numpy.typing import NDArray

from pinn.errors import SpecError
from pinn.spec.language.branches import less, select, symbols_of

Array = NDArray[np.float64]
DEGREES = {"linear": 1, "cubic": 3}
MARGIN = 1e-9  # of an axis: so far outside is its end, by rounding


@dataclass(frozen=True, eq=False)
class Axis:
    """The splines of one argument.

    count         n, of the splines
    breaks        [m + 1] ends of the intervals on which they are polynomials, increasing
    polynomials   [m, d + 1, d + 1]: of an interval the coefficients of the powers 0 … d of (a - its lower end), for
                  each of the d + 1 splines that are not zero there
    first         [m] numbers of the first of these
    """

    name: str
    count: int
    breaks: Array
    polynomials: Array
    first: NDArray[np.int64]

    @property
    def degree(self) -> int:
        return self.polynomials.shape[1] - 1

    @property
    def smoothness(self) -> float:
        """How many derivatives are continuous; of one polynomial all are."""
        return self.degree - 1 if len(self.first) > 1 else np.inf


def axis_of(name: str, knots: Array, degree: int) -> Axis:
    """The splines on a sequence of knots."""
    intervals = np.flatnonzero(np.diff(knots) > 0)
    ends = np.append(knots[intervals], knots[intervals[-1] + 1])
    return Axis(name, len(knots) - degree - 1, ends, local_polynomials(knots, degree, intervals), intervals - degree)


def local_polynomials(knots: Array, degree: int, intervals: NDArray[np.int64]) -> Array:
    """Splines on the intervals between knots as polynomials, by the recurrence

    B_(i,d)(a) = (a - t_i)/(t_(i+d) - t_i) B_(i,d-1)(a) + (t_(i+d+1) - a)/(t_(i+d+1) - t_(i+1)) B_(i+1,d-1)(a).

    Source: de Boor, A Practical Guide to Splines, § IX (14).
    """
    start = knots[intervals]
    found = np.ones((len(intervals), 1, 1))
    for d in range(1, degree + 1):
        lower, found = found, np.zeros((len(intervals), d + 1, d + 1))
        for a in range(d + 1):
            i = intervals - d + a
            if a > 0:
                width, own = (knots[i + d] - knots[i])[:, None], lower[:, a - 1]
                found[:, a, :-1] += (start - knots[i])[:, None] / width * own
                found[:, a, 1:] += own / width
            if a < d:
                width, own = (knots[i + d + 1] - knots[i + 1])[:, None], lower[:, a]
                found[:, a, :-1] += (knots[i + d + 1] - start)[:, None] / width * own
                found[:, a, 1:] -= own / width
    return found


@dataclass(frozen=True, eq=False)
class Piece:
    """A table without jumps.

    coefficients   of the products of splines, an axis of the array for each argument
    open           for each argument, whether the table ends at its lower and at its upper end, rather than jumps there
    """

    name: str
    axes: tuple[Axis, ...]
    coefficients: Array
    open: tuple[tuple[bool, bool], ...]

    @cached_property
    def digest(self) -> str:
        parts = [self.coefficients, *(axis.breaks for axis in self.axes), np.array(self.open)]
        return hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()

    def contains(self, number: int, value: float) -> bool:
        """Whether an argument's value lies in the table."""
        low, high = self.axes[number].breaks[[0, -1]]
        margin = MARGIN * (high - low)
        at_low, at_high = self.open[number]
        return (not at_low or value >= low - margin) and (not at_high or value <= high + margin)

    def value(self, orders: Sequence[int], arguments: Sequence[float]) -> float:
        """The derivative of these orders at one point; NaN outside."""
        if not all(self.contains(number, value) for number, value in enumerate(arguments)):
            return float("nan")
        found = self.coefficients
        for axis, order, value in zip(self.axes, orders, arguments, strict=True):
            place = min(max(value, axis.breaks[0]), axis.breaks[-1])
            i = min(max(int(np.searchsorted(axis.breaks, place, side="right")) - 1, 0), len(axis.first) - 1)
            splines = [
                np.polynomial.polynomial.polyval(
                    place - axis.breaks[i], np.polynomial.polynomial.polyder(own, order) if order else own
                )
                for own in axis.polynomials[i]
            ]
            part = found[axis.first[i] : axis.first[i] + len(splines)]
            found = np.tensordot(np.array(splines), part, axes=1)
        return float(found)


class Grid(sympy.AtomicExpr):
    """A piece of a table as a leaf of an expression; no number and no symbol."""

    piece: Piece
    is_commutative = True
    is_number = False

    def __new__(cls, piece: Piece) -> Grid:
        self = super().__new__(cls)
        self.piece = piece
        return self

    def _hashable_content(self) -> tuple[str, str]:
        return self.piece.name, self.piece.digest

    def __getnewargs__(self) -> tuple[Piece]:
        return (self.piece,)

    def _sympystr(self, printer: object) -> str:
        return self.piece.name


class Lookup(sympy.Function):
    """Lookup(grid, order of the derivative by each argument, the arguments)."""

    is_real = True

    @classmethod
    def eval(cls, grid: Grid, *args: sympy.Expr) -> sympy.Expr | None:
        orders, arguments = args[: len(grid.piece.axes)], args[len(grid.piece.axes) :]
        if any(int(order) > axis.degree for order, axis in zip(orders, grid.piece.axes, strict=True)):
            return sympy.S.Zero
        if not all(argument.is_number for argument in arguments):
            return None
        found = grid.piece.value([int(order) for order in orders], [float(argument) for argument in arguments])
        if np.isnan(found):
            raise SpecError((), outside(grid.piece, [float(argument) for argument in arguments]))
        return sympy.Float(found)

    @property
    def piece(self) -> Piece:
        return cast(Grid, self.args[0]).piece

    @property
    def orders(self) -> tuple[int, ...]:
        return tuple(int(order) for order in self.args[1 : 1 + len(self.piece.axes)])  # pyright: ignore

    @property
    def arguments(self) -> tuple[sympy.Expr, ...]:
        return cast(tuple[sympy.Expr, ...], self.args[1 + len(self.piece.axes) :])

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        number = argindex - 2 - len(self.piece.axes)
        if number < 0:
            return sympy.S.Zero
        orders = [order + (k == number) for k, order in enumerate(self.orders)]
        return cast(sympy.Expr, Lookup(self.args[0], *orders, *self.arguments))

    def _sympystr(self, printer: object) -> str:
        marks = "".join(
            "_" + axis.name * order for axis, order in zip(self.piece.axes, self.orders, strict=True) if order
        )
        return f"{self.piece.name}{marks}({', '.join(printer._print(argument) for argument in self.arguments)})"  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Tabulated:
    """A table of a spec.

    arguments   their columns' names
    at          the function of that many expressions
    """

    name: str
    arguments: tuple[str, ...]
    at: Callable[..., sympy.Expr]


def tabulated(name: str, arguments: Sequence[str], points: Sequence[Array], values: Array, degree: int) -> Tabulated:
    """From the points of each argument, increasing, where it jumps twice the same, and values on their grid."""
    from scipy.interpolate import make_interp_spline

    jumps = [p[1:][np.diff(p) == 0] for p in points]
    splits = [np.flatnonzero(np.diff(p) == 0) + 1 for p in points]

    def piece(parts: tuple[int, ...]) -> Grid:
        edges = [[0, *split, len(p)] for split, p in zip(splits, points, strict=True)]
        ranges = [slice(edge[k], edge[k + 1]) for edge, k in zip(edges, parts, strict=True)]
        coefficients, axes = values[tuple(ranges)], []
        for number, (letter, p, own) in enumerate(zip(arguments, points, ranges, strict=True)):
            of_axis = min(degree, len(p[own]) - 1)  # lower where there are too few points
            spline = make_interp_spline(p[own], np.moveaxis(coefficients, number, 0), k=of_axis)
            coefficients = np.moveaxis(spline.c, 0, number)
            axes.append(axis_of(letter, spline.t, of_axis))
        ends = tuple((k == 0, k == len(edge) - 2) for edge, k in zip(edges, parts, strict=True))
        return Grid(Piece(name, tuple(axes), np.ascontiguousarray(coefficients), ends))

    pieces = {parts: piece(parts) for parts in np.ndindex(*(len(split) + 1 for split in splits))}

    def at(*given: sympy.Expr) -> sympy.Expr:
        def chosen(parts: tuple[int, ...]) -> sympy.Expr:
            number = len(parts)
            if number == len(points):
                return cast(sympy.Expr, Lookup(pieces[parts], *[0] * number, *given))
            found = chosen((*parts, len(jumps[number])))
            for k in range(len(jumps[number]) - 1, -1, -1):
                found = select(less(given[number], sympy.Float(jumps[number][k])), chosen((*parts, k)), found)
            return found

        return chosen(())

    return Tabulated(name, tuple(arguments), at)


def lookups_of(expression: sympy.Basic) -> set[Lookup]:
    """All tables in an expression."""
    return cast(set[Lookup], expression.atoms(Lookup))


def require_smooth(expression: sympy.Expr, by: set[sympy.Symbol]) -> None:
    """Raises SpecError where a derivative by symbols would be one of a table that has none."""
    for lookup in sorted(lookups_of(expression), key=str):
        for order, axis, argument in zip(lookup.orders, lookup.piece.axes, lookup.arguments, strict=True):
            if order + 1 <= axis.smoothness or not symbols_of(argument) & by:
                continue
            name = lookup.piece.name
            if axis.degree == 1:
                raise SpecError(
                    (),
                    f"the table '{name}' is linear between its points, so that its derivative jumps there; write "
                    f"interpolation: cubic in tables.{name}"
                    + ", with four points or more between jumps"
                    * (len(axis.breaks) < 4),
                )
            raise SpecError((), f"a derivative of order {order + 1} of the table '{name}', which has {axis.degree - 1}")


def outside(piece: Piece, arguments: Sequence[float]) -> str:
    """Which argument lies outside, in words."""
    for number, (axis, value) in enumerate(zip(piece.axes, arguments, strict=True)):
        if not piece.contains(number, value):
            low, high = axis.breaks[[0, -1]]
            return f"the table '{piece.name}' has {axis.name} from {low:g} to {high:g}, but is asked at {value:g}"
    return f"the table '{piece.name}' has no value there"
