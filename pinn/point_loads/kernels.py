"""Kernels: closed forms of fields that have a load at a point, and satisfy the equations without loads everywhere else.

With d = x - p and r = |d|, in a sector of opening w about p that no load leaves through its edges (w = 2 pi inside):

scalar, -div(A grad u) = Q delta:            u = -Q/(w' sqrt(det A)) log rho,    rho^2 = d.A^-1 d
    w' the opening in the coordinates A^(-1/2) d; in space u = Q/(4 pi sqrt(det A) rho), on a line u = -Q |d|/(2 A)
plate, D Laplace^2 w = P delta:              w = 2 pi/w P r^2 log r/(8 pi D);  a beam: P |d|^3/(12 D)
plane body of modulus mu, with kappa = (lambda + 3 mu)/(lambda + mu), u = ux + i uy, z = dx + i dy, force F = Fx + i Fy:
    2 mu u = (kappa a - b*) log r + i theta (kappa a + b*) - a* z/z*
    inside b* = -kappa a and a = -F/(2 pi (1 + kappa)), Kelvin's solution;
    at an edge or a corner b* = -a, of stresses 4 (a.e_r)/r along the radius alone, where 4 M a = -F and
    M = integral over the sector of e_r e_r^T: Flamant's and Michell's solutions
in space, of Poisson's ratio nu:             u = ((3 - 4 nu) F + d (d.F)/r^2)/(16 pi mu (1 - nu) r), Kelvin's solution

Sources: Timoshenko & Goodier, Theory of Elasticity, 3rd ed. (1970), §§ 36-38, 42, 135; Muskhelishvili, Some Basic
Problems of the Mathematical Theory of Elasticity (1953), §§ 32, 56; Timoshenko & Woinowsky-Krieger, Theory of Plates
and Shells, 2nd ed. (1959), § 34.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import sympy
from numpy.typing import NDArray

from pinn.spec.language.bounds import exact_number
from pinn.spec.language.branches import absolute, less, select
from pinn.spec.language.expressions import symbol

Array = NDArray[np.float64]
FULL = 2 * math.pi


@dataclass(frozen=True, eq=False)
class Sector:
    """Directions from the loaded point that lie in the body: polar angles start < end; all of them inside."""

    start: float = 0.0
    end: float = FULL

    @property
    def opening(self) -> float:
        return self.end - self.start

    @property
    def whole(self) -> bool:
        return self.opening > FULL - 1e-9

    @property
    def outward(self) -> Array:
        """The direction opposite to its middle [2]."""
        middle = (self.start + self.end) / 2
        return -np.array([math.cos(middle), math.sin(middle)])


@dataclass(frozen=True, eq=False)
class Offsets:
    """d = x - p as expressions, and a length that r is measured in."""

    coordinates: tuple[str, ...]
    point: Array
    size: float

    @property
    def components(self) -> tuple[sympy.Expr, ...]:
        return tuple(
            cast(sympy.Expr, symbol(letter) - exact_number(float(value)))
            for letter, value in zip(self.coordinates, self.point, strict=True)
        )

    @property
    def square(self) -> sympy.Expr:
        """r^2."""
        return sympy.Add(*(d**2 for d in self.components))

    @property
    def logarithm(self) -> sympy.Expr:
        """log r, in units of the size."""
        return sympy.log(self.square / exact_number(self.size) ** 2) / 2


def number(value: float) -> sympy.Expr:
    return sympy.Float(value)


def scalar(at: Offsets, stiffness: Array, load: float, sector: Sector) -> sympy.Expr:
    """u of -div(A grad u) = load * delta, A = stiffness [D, D] symmetric and positive definite."""
    dimension = len(stiffness)
    if dimension == 1:
        return number(-load / (2 * stiffness[0, 0])) * absolute(at.components[0])
    root = math.sqrt(float(np.linalg.det(stiffness)))
    inverse = np.linalg.inv(stiffness)
    d = at.components
    square = sympy.Add(
        *(
            number(float(inverse[i, j])) * d[i] * d[j]
            for i in range(dimension)
            for j in range(dimension)
            if inverse[i, j]
        )
    )
    if dimension == 3:
        return number(load / (4 * math.pi * root)) / sympy.sqrt(square)
    scale = float(np.trace(inverse)) / 2 * at.size**2
    return number(-load / (2 * opening_in(stiffness, sector) * root)) * sympy.log(square / number(scale))


def opening_in(stiffness: Array, sector: Sector) -> float:
    """The opening of the sector in the coordinates A^(-1/2) d, in which the operator is the Laplacian."""
    if sector.whole:
        return FULL
    values, vectors = np.linalg.eigh(stiffness)
    to = vectors @ np.diag(values**-0.5) @ vectors.T
    steps = max(2, math.ceil(sector.opening / (math.pi / 8)) + 1)
    angles = np.linspace(sector.start, sector.end, steps)
    turned = to @ np.array([np.cos(angles), np.sin(angles)])
    return float(np.ptp(np.unwrap(np.arctan2(turned[1], turned[0]))))


def bending(at: Offsets, stiffness: float, load: float, sector: Sector) -> sympy.Expr:
    """w of D Laplace^2 w = load * delta, D = stiffness; of D w'''' on a line.

    At the point itself r^2 log r has no second derivative, as r^(5/2), which stands for it there.
    """
    if len(at.coordinates) == 1:
        (d,) = at.components
        return number(load / (12 * stiffness)) * d**2 * absolute(d)
    square = at.square
    there = square ** sympy.Rational(5, 4)
    smooth = select(less(0, square), square * at.logarithm, there)
    return number(load / (4 * sector.opening * stiffness)) * smooth


@dataclass(frozen=True, eq=False)
class Potentials:
    """phi = a log z, psi = b log z of a plane body, complex, with b* the conjugate of b."""

    a: complex
    b_star: complex

    def through(self, sector: Sector) -> Array:
        """The integral [2] of the traction on an arc of the sector about the point, its normal outward.

        (a - b*) w - i a* [e^(2 i theta)], whatever the radius.
        """
        ends = np.exp(2j * sector.end) - np.exp(2j * sector.start)
        force = (self.a - self.b_star) * sector.opening - 1j * self.a.conjugate() * ends
        return np.array([force.real, force.imag])


def potentials(kappa: float, force: Array, sector: Sector) -> Potentials:
    """Those of a force that no edge of the sector carries."""
    if sector.whole:
        a = -complex(*force) / (2 * math.pi * (1 + kappa))
        return Potentials(a, -kappa * a)
    a = complex(*(-np.linalg.solve(radial_moments(sector), force) / 4))
    return Potentials(a, -a)


def plane_body(at: Offsets, mu: float, kappa: float, of: Potentials, sector: Sector) -> tuple[sympy.Expr, sympy.Expr]:
    """ux, uy of a plane isotropic body, per unit of thickness."""
    a, radial, turning = of.a, kappa * of.a - of.b_star, kappa * of.a + of.b_star
    dx, dy = at.components
    square = at.square
    even, odd = (dx**2 - dy**2) / square, 2 * dx * dy / square  # of z/z* = e^(2 i theta)
    theta, log = angle(at, sector.outward), at.logarithm
    ux = number(radial.real) * log - number(turning.imag) * theta - (number(a.real) * even + number(a.imag) * odd)
    uy = number(radial.imag) * log + number(turning.real) * theta - (number(a.real) * odd - number(a.imag) * even)
    return ux / number(2 * mu), uy / number(2 * mu)


def compensation(
    at: Offsets, beyond: Array, mu: float, kappa: float, of: Potentials, sector: Sector
) -> tuple[sympy.Expr, sympy.Expr]:
    """What ends the jump of theta of `plane_body` at a point beyond the body, rather than at infinity.

    There psi = b log z alone, with the jump of theta that cancels the other one: what the point has of forces is
    outside. So a force on the edge of a hole has displacements with one value all the way round.
    """
    there = Offsets(at.coordinates, beyond, at.size)
    return plane_body(there, mu, kappa, Potentials(0j, -(kappa * of.a + of.b_star)), sector)


def radial_moments(sector: Sector) -> Array:
    """M [2, 2]: the integral of e_r e_r^T over the sector."""
    first, last, half = 2 * sector.start, 2 * sector.end, sector.opening / 2
    even, odd = (math.sin(last) - math.sin(first)) / 4, (math.cos(first) - math.cos(last)) / 4
    return np.array([[half + even, odd], [odd, half - even]])


def angle(at: Offsets, cut: Array) -> sympy.Expr:
    """The polar angle from the direction opposite to `cut` [2], along which it jumps."""
    dx, dy = at.components
    cx, cy = -cut
    return cast(sympy.Expr, sympy.atan2(number(cx) * dy - number(cy) * dx, number(cx) * dx + number(cy) * dy))


def solid(at: Offsets, mu: float, nu: float, force: Array) -> tuple[sympy.Expr, ...]:
    """ux, uy, uz of an isotropic solid under a force inside."""
    r = sympy.sqrt(at.square)
    along = sympy.Add(*(number(float(f)) * d for f, d in zip(force, at.components, strict=True)))
    factor = number(1 / (16 * math.pi * mu * (1 - nu)))
    return tuple(
        factor * (number((3 - 4 * nu) * float(f)) / r + d * along / r**3)
        for f, d in zip(force, at.components, strict=True)
    )


def isotropic(coefficients: Sequence[Sequence[Array]]) -> tuple[float, float] | None:
    """(lambda, mu) of equations whose terms are those of an isotropic body; None of others.

    coefficients   [equation][field]: the symmetric matrix [D, D] of its second derivatives, the sign such that
                   mu Laplace u + (lambda + mu) grad div u stands there
    """
    dimension = len(coefficients)
    mu = float(coefficients[0][0][1, 1])
    plus = float(coefficients[0][0][0, 0]) - mu  # lambda + mu
    for i in range(dimension):
        for j in range(dimension):
            wanted = mu * np.eye(dimension) * (i == j)
            wanted[i, j] += plus / 2
            wanted[j, i] += plus / 2
            if np.abs(coefficients[i][j] - wanted).max() > 1e-9 * (abs(mu) + abs(plus)):
                return None
    return (plus - mu, mu) if mu > 0 and plus > 0 else None
