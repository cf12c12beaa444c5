"""Functions of one variable: derivatives at a point with a bound of their rounding, and a bound of each on an interval.

    |s_k(z) - value_k| <= error_k            at points z, from recurrences in extended precision
    |s_k(z)| <= bound(k, d)                  for all |z| >= d,  k >= 2

The activations are even or odd from their second derivative on, so that one function of the distance to 0 serves both
sides. The bound is a table over small intervals: from the highest order K down,

    sup over an interval |s_k|  <=  |s_k(middle)| + (half its length) sup |s_(k+1)|,

which begins with a closed bound of s_K everywhere: for the Gaussian Cramér's inequality |He_k(z)| exp(-z^2/4) <=
1.09 sqrt(k!), for the logistic function Cauchy's on discs of radius 2, in which it is at most 1.1 (its poles are at
pi i; on the line Im z = y it is at most 1/sin y for pi/2 < y < pi, and 1 below). The elementary functions of the
machine are taken to be right to ELEMENTARY units in their last place; the independent checker asks for no such thing.
Sources: NIST Digital Library of Mathematical Functions, eqs. 18.14.9 (Cramér), 18.9.1 (recurrence).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from pinn.certificates.taylor import EPS, UP, Array

Long = np.longdouble
LONG_EPS = float(np.finfo(np.longdouble).eps)
ELEMENTARY = 8  # units in the last place that exp, erf and the like may be off
Values = NDArray[np.longdouble]
Derivatives = Callable[[Values, int], tuple[list[Values], list[Array]]]

STEP = 2.0**-8  # of the table of bounds
FARTHEST = 40.0
FURTHER = 12  # orders above those asked for, at which the table begins


@dataclass(frozen=True)
class Univariate:
    """One function s.

    derivatives   (z, n) -> [s_0 … s_n] and bounds of their errors; z in extended precision
    anywhere      k -> at least sup |s_k|
    """

    name: str
    derivatives: Derivatives
    anywhere: Callable[[int], float]

    def at(self, z: Array | Values, order: int) -> tuple[list[Array], list[Array]]:
        """[s_0 … s_order] at z [...] in double precision, and bounds of their errors."""
        values, errors = self.derivatives(np.asarray(z, dtype=Long), order)
        found = [np.asarray(value, dtype=float) for value in values]
        return found, [(e + EPS * np.abs(v)) * UP + 1e-300 for v, e in zip(found, errors, strict=True)]

    def bound(self, order: int, distance: Array) -> Array:
        """At least |s_order(z)| for all |z| >= distance [...]; order >= 2."""
        table = bounds(self.name, order)
        return table[np.clip((distance / STEP).astype(np.int64), 0, len(table) - 1)]


@lru_cache(maxsize=64)
def bounds(name: str, order: int) -> Array:
    """[n] bounds of |s_order| for |z| >= i STEP."""
    function = UNIVARIATE[name]
    middle = (np.arange(int(FARTHEST / STEP)) + 0.5) * STEP
    top = order + FURTHER
    values, errors = function.at(middle, top - 1)
    beyond = function.anywhere(top) * UP
    sup = np.full(len(middle) + 1, beyond)
    for k in range(top - 1, order - 1, -1):
        beyond = function.anywhere(k) * UP
        inside = (np.abs(values[k]) + errors[k] + STEP / 2 * sup[:-1]) * UP
        sup = np.append(np.minimum(inside, beyond), beyond)
    sup[-1] = tail_bound(function, order)
    return np.maximum.accumulate(sup[::-1])[::-1]


def tail_bound(function: Univariate, order: int) -> float:
    """At least |s_order| beyond FARTHEST: the Gaussian has exp(-z^2/4) there, the logistic |z| exp(2 - |z|)."""
    return function.anywhere(order) * UP * (1.0 if function.name == "sin" else 1e-14)


# ---- the Gaussian -------------------------------------------------------------------------------------------------

ROOT_2_PI = np.sqrt(2 * np.arccos(Long(-1)))


def hermite(z: Values, order: int) -> tuple[list[Values], list[Array]]:
    """He_0 … He_order and bounds of their errors, which grow as the recurrence does: He_(k+1) = z He_k - k He_(k-1)."""
    size = np.abs(z).astype(float)
    values, errors = [np.ones_like(z), z], [np.zeros_like(size), np.zeros_like(size)]
    for k in range(1, order):
        first, second = z * values[k], k * values[k - 1]
        values.append(first - second)
        rounding = 2 * LONG_EPS * (np.abs(first) + np.abs(second)).astype(float)
        errors.append((size * errors[k] + k * errors[k - 1] + rounding) * UP)
    return values[: order + 1], errors[: order + 1]


def density(z: Values) -> Values:
    return np.exp(-(z * z) / 2) / ROOT_2_PI


def density_error(z: Values) -> Array:
    """Of `density`, relative: exp is off by as much as its argument, and by its own last places."""
    return ((z * z).astype(float) + 2 * ELEMENTARY) * LONG_EPS


def gelu(z: Values, order: int) -> tuple[list[Values], list[Array]]:
    """s = z Phi(z); s_1 = Phi + z phi; s_n = (-1)^n (n He_(n-2) - z He_(n-1)) phi for n >= 2."""
    size = np.abs(z).astype(float)
    rough = z.astype(float)
    rest = (z - rough).astype(float)  # erf is known in double precision alone: its slope carries what z has beyond
    phi, phi_error = density(z), density_error(z)
    distribution = (1 + erf(rough * math.sqrt(0.5)).astype(Long)) / 2 + rest * phi
    # |z phi'| <= 0.25 makes the rounding of z/sqrt 2 harmless; the square of the rest is below everything
    error = (ELEMENTARY + 1) * EPS + rest**2
    values = [z * distribution, distribution + z * phi]
    errors = [size * error + 4 * LONG_EPS * size, error + size * phi.astype(float) * (phi_error + 4 * LONG_EPS)]
    if order >= 2:
        polynomials, off = hermite(z, order - 1)
        for n in range(2, order + 1):
            first, second = n * polynomials[n - 2], z * polynomials[n - 1]
            value = (-1) ** n * (first - second)
            rounding = 3 * LONG_EPS * (np.abs(first) + np.abs(second)).astype(float)
            error = n * off[n - 2] + size * off[n - 1] + rounding
            height = phi.astype(float)
            values.append(value * phi)
            errors.append((height * error + np.abs(values[-1]).astype(float) * (phi_error + 4 * LONG_EPS)) * UP)
    return values[: order + 1], errors[: order + 1]


def gelu_anywhere(k: int) -> float:
    """n |He_(n-2)| phi + |z He_(n-1)| phi by Cramér's inequality; |z| exp(-z^2/4) <= 0.858."""
    if k < 2:
        return math.inf if k == 0 else 1.129
    return (
        1.09
        / math.sqrt(2 * math.pi)
        * (k * math.sqrt(math.factorial(k - 2)) + 0.858 * math.sqrt(math.factorial(k - 1)))
    )


# ---- the logistic function ----------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def logistic_polynomial(n: int) -> tuple[int, ...]:
    """P_n with g_n = P_n(g): P_0 = x, P_(n+1) = P_n' x (1 - x). Integers, exact."""
    if n == 0:
        return (0, 1)
    lower = logistic_polynomial(n - 1)
    found = [0] * (len(lower) + 1)
    for power, factor in enumerate(lower):
        found[power] += power * factor
        if power:
            found[power + 1] -= power * factor
    return tuple(found)


def logistic(z: Values, order: int) -> tuple[list[Values], list[Array]]:
    """g = 1/(1 + exp(-z)), evaluated where it is at most 1/2: g_n(z) = (-1)^(n+1) g_n(-z), g(z) = 1 - g(-z)."""
    below = -np.abs(z)
    growth = np.exp(below)
    g = growth / (1 + growth)
    off = (np.abs(z).astype(float) + ELEMENTARY + 4) * LONG_EPS  # relative, of g
    values, errors = [], []
    for n in range(order + 1):
        total, size, sensitivity = np.zeros_like(g), np.zeros(g.shape), np.zeros(g.shape)
        power, height = np.ones_like(g), g.astype(float)
        for k, factor in enumerate(logistic_polynomial(n)):
            if factor:
                total = total + float(factor) * power
                part = abs(float(factor)) * height**k
                size, sensitivity = size + part, sensitivity + k * part
            power = power * g
        error = (sensitivity * off + (3 * n + 12) * LONG_EPS * size) * UP
        if float(max(map(abs, logistic_polynomial(n)))) > 2.0**53:
            error = error + EPS * size * UP  # integers that double precision does not hold
        mirrored = 1 - total if n == 0 else (-1) ** (n + 1) * total
        values.append(np.where(z > 0, mirrored, total))
        errors.append(error + LONG_EPS)
    return values, errors


def logistic_anywhere(k: int) -> float:
    """k!/2^k times what it is at most on discs of radius 2."""
    return 1.0 if k == 0 else 1.1 * math.factorial(k) / 2.0**k


def silu(z: Values, order: int) -> tuple[list[Values], list[Array]]:
    """s = z g, s_n = z g_n + n g_(n-1)."""
    gate, off = logistic(z, order)
    size = np.abs(z).astype(float)
    values, errors = [z * gate[0]], [size * off[0] + 4 * LONG_EPS * size]
    for n in range(1, order + 1):
        first, second = z * gate[n], n * gate[n - 1]
        values.append(first + second)
        rounding = 3 * LONG_EPS * (np.abs(first) + np.abs(second)).astype(float)
        errors.append((size * off[n] + n * off[n - 1] + rounding) * UP)
    return values, errors


def silu_anywhere(k: int) -> float:
    """|g_n(z)| <= 1.1 exp(2 - |z|) n!/2^n too, and |z| exp(-|z|) <= 1/e."""
    if k == 0:
        return math.inf
    return 1.1 * math.factorial(k) / 2.0**k * math.exp(1.0) + k * logistic_anywhere(k - 1)


def softplus(z: Values, order: int) -> tuple[list[Values], list[Array]]:
    """s = log(1 + exp z), s_n = g_(n-1)."""
    value = np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))
    error = (np.abs(value).astype(float) + 1) * 2 * ELEMENTARY * LONG_EPS
    if not order:
        return [value], [error]
    gate, off = logistic(z, order - 1)
    return [value, *gate], [error, *off]


def tanh(z: Values, order: int) -> tuple[list[Values], list[Array]]:
    """s = 2 g(2z) - 1, s_n = 2^(n+1) g_n(2z)."""
    gate, off = logistic(2 * z, order)
    values = [2 * gate[0] - 1, *(2.0 ** (n + 1) * gate[n] for n in range(1, order + 1))]
    return values, [2.0 ** (n + 1) * off[n] + 2 * LONG_EPS for n in range(order + 1)]


def sin(z: Values, order: int) -> tuple[list[Values], list[Array]]:
    """The argument is taken as it is: |z| <= 1e6, say, where its reduction is exact to a last place."""
    sine, cosine = np.sin(z), np.cos(z)
    four = [sine, cosine, -sine, -cosine]
    error = np.full(z.shape, 2 * ELEMENTARY * LONG_EPS)
    return [four[n % 4] for n in range(order + 1)], [error] * (order + 1)


UNIVARIATE: dict[str, Univariate] = {
    function.name: function
    for function in (
        Univariate("gelu", gelu, gelu_anywhere),
        Univariate("silu", silu, silu_anywhere),
        Univariate("softplus", softplus, lambda k: math.inf if k == 0 else logistic_anywhere(k - 1)),
        Univariate("tanh", tanh, lambda k: 1.0 if k == 0 else 2.0 ** (k + 1) * logistic_anywhere(k)),
        Univariate("sin", sin, lambda k: 1.0),
    )
}
UNIVARIATE["lambda_gelu"] = Univariate("lambda_gelu", gelu, gelu_anywhere)
