"""Levels: the sets where a comparison of coordinates changes, each as a shape that ends there.

Planes, the roots of a function of one coordinate, spheres and cylinders; in the plane any smooth curve. Comparisons
of expressions with branches, such as abs(x) < 0.5, are taken apart into those of their branches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import sympy
from numpy.typing import NDArray

from pinn.equations.jumps.crossing import Samples
from pinn.equations.jumps.words import shown, sides
from pinn.geometry.shapes.level_set import LevelSet
from pinn.geometry.shapes.pieces import Array
from pinn.geometry.shapes.planar import Disk, Ellipse
from pinn.geometry.shapes.shape import GeometryError, Shape
from pinn.geometry.shapes.sides import Complement, HalfSpace
from pinn.geometry.shapes.solids import Cylinder, Sphere
from pinn.spec.language.branches import comparisons_of, symbols_of
from pinn.spec.language.expressions import symbol

MOST_VARIANTS = 64  # of one comparison, by the branches within it
_ROOT_GRID = 2**14  # intervals along a line on which one looks for roots
_BISECTIONS = 60
_MARGIN = 1e-9  # of the domain: roots nearer to its ends are its ends
_EQUAL = 1e-12  # relative, of coefficients that must agree


@dataclass(frozen=True, eq=False)
class Level:
    """The shape where one side of a comparison is less than the other, and words for where it is less or more."""

    shape: Shape
    less: str
    more: str

    def holds(self, points: Array) -> np.ndarray:
        return self.shape.level(points) < 0


def levels_of(comparison: sympy.Expr, samples: Samples) -> list[Level]:
    """Raises GeometryError where a level cannot be followed."""
    found = []
    for left, right in _variants(comparison):
        factors = sympy.Mul.make_args(left - right)
        pairs = [(left, right)] if len(factors) == 1 else [(factor, sympy.S.Zero) for factor in factors]
        for one, other in pairs:
            if symbols_of(one - other):
                found += _levels(one, other, samples)
    return found


def _levels(left: sympy.Expr, right: sympy.Expr, samples: Samples) -> list[Level]:
    space = samples.axes[: samples.shape.dimension]
    used = [number for number, axis in enumerate(space) if symbol(axis) in symbols_of(left - right)]
    if len(used) == 1:
        return _planes(left - right, used[0], samples)
    return [Level(_shape(left - right, samples), *(f"{shown(left)} {sign} {shown(right)}" for sign in "<>"))]


def _variants(comparison: sympy.Expr) -> list[tuple[sympy.Expr, sympy.Expr]]:
    """The two sides of a comparison for all branches that they may take."""
    left, right, _ = sides(comparison)
    waiting, found = [(left, right)], []
    while waiting:
        pair = waiting.pop()
        inner = [c for side in pair for c in comparisons_of(side) if not any(comparisons_of(a) for a in c.args)]
        if not inner:
            found.append(pair)
            continue
        first = min(inner, key=str)
        waiting += [
            cast(tuple[sympy.Expr, sympy.Expr], tuple(side.xreplace({first: value}) for side in pair))
            for value in (sympy.S.One, sympy.S.Zero)
        ]
        if len(waiting) + len(found) > MOST_VARIANTS:
            raise GeometryError((), "has too many branches within")
    return list(dict.fromkeys(found))


def _planes(gap: sympy.Expr, axis: int, samples: Samples) -> list[Level]:
    """The roots of a function of one coordinate, as points, lines or planes across it."""
    lower, upper = (float(end[axis]) for end in samples.shape.bounds)
    name = samples.axes[axis]
    across = np.eye(samples.shape.dimension)[axis]

    def negative(places: Array) -> np.ndarray:
        return samples.values([gap], {symbol(name): places})[0] < 0

    grid = np.linspace(lower, upper, _ROOT_GRID + 1)
    below = negative(grid)
    found = []
    for index in np.flatnonzero(below[1:] != below[:-1]):
        start, end = grid[index], grid[index + 1]
        for _ in range(_BISECTIONS):
            middle = (start + end) / 2
            start, end = (middle, end) if negative(np.array([middle]))[0] == below[index] else (start, middle)
        root = _rounded(float(end))
        if min(root - lower, upper - root) > _MARGIN * (upper - lower):
            shape = HalfSpace(across, root, samples.shape.bounds)
            found.append(Level(shape, f"{name} < {root:.6g}", f"{name} > {root:.6g}"))
    return found


def _rounded(root: float) -> float:
    """The short number that bisection meant, if there is one."""
    short = float(f"{root:.13g}")
    return short if abs(short - root) <= 4 * np.spacing(abs(root)) else root


def _shape(gap: sympy.Expr, samples: Samples) -> Shape:
    """Where gap < 0."""
    letters = [symbol(axis) for axis in samples.axes[: samples.shape.dimension]]
    gap = _squared(gap)
    bounds = samples.shape.bounds
    if gap.is_polynomial(*letters):
        polynomial = sympy.Poly(gap, *letters)
        if polynomial.total_degree() == 1:
            slope = np.array([float(polynomial.coeff_monomial(letter)) for letter in letters])
            return HalfSpace(slope, -float(polynomial.coeff_monomial(1)), bounds)
        if polynomial.total_degree() == 2 and (shape := _quadric(gap, letters, bounds)):
            return shape
    if len(letters) != 2:
        raise GeometryError((), "is neither a plane nor a sphere nor a cylinder along a coordinate")
    slopes = [gap.diff(letter) for letter in letters]
    return LevelSet(
        lambda points: samples.at(gap, points),
        lambda points: np.column_stack([samples.at(slope, points) for slope in slopes]),
        bounds,
    )


def _squared(gap: sympy.Expr) -> sympy.Expr:
    """c sqrt(p) + d < 0 as a comparison of p, where c and d are numbers of opposite signs."""
    constant, rest = gap.as_independent(*symbols_of(gap), as_Add=True)
    factor, root = rest.as_coeff_Mul()
    if root.is_Pow and root.args[1] == sympy.S.Half and factor.is_number and constant.is_number:
        reach = cast(sympy.Expr, -constant / factor)
        if reach.is_positive:
            return cast(sympy.Expr, sympy.sign(factor) * (root.args[0] - reach**2))  # pyright: ignore
    return gap


def _quadric(gap: sympy.Expr, letters: Sequence[sympy.Symbol], bounds: tuple[Array, Array]) -> Shape | None:
    """(x - m)' A (x - m) < c, A definite in the letters used: an ellipse, a sphere, a cylinder, or what they leave."""
    used = [letter for letter in letters if gap.has(letter)]
    polynomial = sympy.Poly(gap, *used)
    half = [[polynomial.coeff_monomial(a * b) / (1 if a == b else 2) for a in used] for b in used]
    matrix = np.array(half, dtype=float)
    stretches, turned = np.linalg.eigh(matrix)
    outward = stretches[0] > 0
    if len(letters) not in (2, 3) or not (outward or stretches[-1] < 0):
        return None
    middle = np.linalg.solve(matrix, [-float(polynomial.coeff_monomial(letter)) / 2 for letter in used])
    reach = middle @ matrix @ middle - float(polynomial.coeff_monomial(1))
    if reach / stretches[0] <= 0:
        return None
    semi_axes = np.sqrt(reach / stretches)
    radius = float(semi_axes[0])
    if len(letters) == 2:
        shape = (
            Disk(middle.tolist(), radius)
            if _equal(semi_axes)
            else Ellipse(middle.tolist(), semi_axes.tolist(), float(np.arctan2(turned[1, 0], turned[0, 0])))
        )
    elif not _equal(semi_axes):
        return None
    else:
        shape = Sphere(middle.tolist(), radius) if len(used) == 3 else _cylinder(middle, radius, used, letters, bounds)
    return shape if outward else Complement(shape, bounds)


def _equal(semi_axes: Array) -> bool:
    return float(np.ptp(semi_axes)) <= _EQUAL * float(semi_axes[0])


def _cylinder(
    middle: NDArray, radius: float, used: Sequence[sympy.Symbol], letters: Sequence[sympy.Symbol], bounds
) -> Cylinder:
    """Along the coordinate that is not used, from end to end of the box and beyond."""
    across = [letters.index(letter) for letter in used]
    length = bounds[1] - bounds[0]
    start, end = bounds[0] - length, bounds[1] + length
    start[across] = end[across] = middle
    return Cylinder(start.tolist(), end.tolist(), radius)
