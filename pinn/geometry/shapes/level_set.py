"""LevelSet: the part of the plane where a smooth function is negative, with its boundary traced to roundoff.

A contour on a grid gives the topology; Newton's iteration along the gradient then puts every point of the curves on
the zero set, x <- x - g grad g/|grad g|^2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import KDTree

from pinn.geometry.shapes.pieces import Array, Piece
from pinn.geometry.shapes.shape import GeometryError, Shape

Function = Callable[[Array], Array]  # points [N, 2] -> values [N]
Gradient = Callable[[Array], Array]  # points [N, 2] -> slopes [N, 2]

_GRID = 240  # cells along each side of the box
_REFINED = 2  # the contour on a grid so much finer must be as long, or the grid saw not all of it
_LENGTH_TOLERANCE = 1e-2  # relative, between the two grids: contours converge with the square of the cell
_MARGIN = 1 / 60  # of the box, that the grid reaches beyond it, so that curves leave the domain before they end
_VERTICES = 2**13  # of a curve: lengths are then good to about 1e-8
_WITHIN = 0.382  # of a cell, where one looks for what its corners do not show
_MOST_CURVES = 12
_EVERY = 8  # which vertices stand for the curve, seen from afar
_CLOSE = 1e-2  # of a cell: here the first order is believed without looking how far the curve is
_NEWTON_STEPS = 12
_CONVERGED = 1e-8  # of the box: a step so short is the last, since the next would be its square
_ON = 1e-12  # of the box: how near to the zero set every vertex must come


@dataclass(frozen=True, eq=False)
class LevelCurve(Piece):
    """A curve of the zero set by arc length; vertices [V, 2] lie on it, `onto` puts points near it onto it."""

    patch: str
    vertices: Array
    onto: Function
    slope: Gradient

    @cached_property
    def _lengths(self) -> Array:
        return np.concatenate([[0.0], np.cumsum(_steps(self.vertices))])

    @property
    def measure(self) -> float:
        return float(self._lengths[-1])

    def points(self, parameters: Array) -> Array:
        along = parameters[:, 0] * self.measure
        chord = np.column_stack([np.interp(along, self._lengths, column) for column in self.vertices.T])
        return self.onto(chord)

    def normals(self, parameters: Array) -> Array:
        slopes = self.slope(self.points(parameters))
        return slopes / np.linalg.norm(slopes, axis=1, keepdims=True)


class LevelSet(Shape):
    """{function < 0} in a box. Raises GeometryError where the zero set cannot be traced."""

    def __init__(self, function: Function, gradient: Gradient, bounds: tuple[Array, Array]):
        self.function, self.gradient = function, gradient
        self._bounds = bounds
        lengths = [sum(map(_length, self._lines(cells))) for cells in (_GRID, _GRID * _REFINED)]
        if self._hides() or abs(lengths[1] - lengths[0]) > _LENGTH_TOLERANCE * lengths[1]:
            raise GeometryError((), "is finer than the grid that it is looked for on")

    @property
    def bounds(self) -> tuple[Array, Array]:
        return self._bounds

    @property
    def measure(self) -> float:
        return float("inf")

    def level(self, points: Array) -> Array:
        """Signed distance: to the first order near the zero set, to its nearest vertex away from it."""
        values = self.function(points)
        slopes = np.linalg.norm(self.gradient(points), axis=1)
        near = np.divide(np.abs(values), slopes, out=np.full(len(points), np.inf), where=slopes > 0)
        doubtful = ~(near < _CLOSE * self._spacing)
        far = np.zeros(len(points))
        far[doubtful] = self._tree.query(points[doubtful])[0]
        distance = np.where(doubtful & (far >= self._spacing), far, near)
        return np.where(np.isfinite(values), np.sign(values) * distance, far)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:  # type: ignore[override]
        lines = self._lines(_GRID)
        if len(lines) > _MOST_CURVES:
            raise GeometryError((), f"is made of {len(lines)} curves; at most {_MOST_CURVES} are followed")
        return tuple(LevelCurve("side", self._refined(line), self._onto, self.gradient) for line in lines)

    @property
    def _spacing(self) -> float:
        return float(np.max(self._bounds[1] - self._bounds[0])) / _GRID

    @cached_property
    def _tree(self) -> KDTree:
        return KDTree(np.vstack([piece.vertices[::_EVERY] for piece in self.pieces if isinstance(piece, LevelCurve)]))

    def _grid(self, cells: int, shift: float = 0.0) -> tuple[Array, Array, Array]:
        """x [X], y [Y] and values [Y, X] on a grid with whole cells in the box, and some beyond it."""
        lower, upper = self._bounds
        beyond = round(_MARGIN * cells)  # where the function ends with the box, so do the curves
        steps = (np.arange(-beyond, cells + beyond + 1) + shift) / cells
        x, y = (low + (high - low) * steps for low, high in zip(lower, upper, strict=True))
        points = np.stack(np.meshgrid(x, y), axis=-1)
        return x, y, self.function(points.reshape(-1, 2)).reshape(points.shape[:2])

    def _lines(self, cells: int) -> list[Array]:
        """The contour as polylines [V, 2]."""
        from contourpy import LineType, contour_generator

        x, y, values = self._grid(cells)
        generator = contour_generator(x, y, np.ma.masked_invalid(values), line_type=LineType.Separate)
        return [np.asarray(line) for line in generator.lines(0.0)]

    def _hides(self) -> bool:
        """Whether somewhere inside a cell the function has another sign than at all of its corners."""
        corners = self._grid(_GRID)[2] < 0
        alike = corners[:-1, :-1].astype(int) + corners[1:, :-1] + corners[:-1, 1:] + corners[1:, 1:]
        inside = self._grid(_GRID, _WITHIN)[2][:-1, :-1] < 0
        return bool(np.any((alike == 0) & inside | (alike == 4) & ~inside))

    def _refined(self, line: Array) -> Array:
        """The polyline with as many vertices as a curve needs, all on the zero set."""
        lengths = np.concatenate([[0.0], np.cumsum(_steps(line))])
        along = np.linspace(0.0, lengths[-1], _VERTICES)
        found = self._onto(np.column_stack([np.interp(along, lengths, column) for column in line.T]))
        slopes = np.linalg.norm(self.gradient(found), axis=1)
        off = np.abs(self.function(found)) > _ON * slopes * float(np.max(np.abs(self._bounds)))
        if off.any() or not np.isfinite(found).all():
            raise GeometryError((), "has a corner or crosses itself")
        return found

    def _onto(self, points: Array) -> Array:
        for _ in range(_NEWTON_STEPS):
            slopes = self.gradient(points)
            square = np.sum(slopes**2, axis=1)
            step = np.divide(self.function(points), square, out=np.zeros(len(points)), where=square > 0)
            points = points - step[:, None] * slopes
            if np.max(np.abs(step) * np.sqrt(square), initial=0.0) < _CONVERGED * float(np.ptp(self._bounds)):
                break
        return points


def _steps(line: Array) -> Array:
    return np.linalg.norm(np.diff(line, axis=0), axis=1)


def _length(line: Array) -> float:
    return float(_steps(line).sum())
