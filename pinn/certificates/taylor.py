"""Taylor models: polynomials with a radius that holds everything left out, rounding included.

    f(t) = sum_k c_k t^k + [-e, e]      for all t in [-1, 1]^m,   |k| <= n

Monomials are at most 1 on the cube, so that the sum of |c_k| is a norm with |f g| <= |f| |g|: a product's radius is
that of its parts, what its degree cuts off, and rounding, all bounded by norms. Rounding of a sum of n products is at
most n u times the sum of their absolute values, in any order of summation (u = 2^-53); here eps = 2 u is charged. Sums
of nonnegative numbers, in which radii are computed, are inflated by UP, far more than their own rounding.
Source: Makino & Berz, Taylor models and other validated functional inclusion methods, Int. J. Pure Appl. Math. 4
(2003) 379; Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. (2002), § 3.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)  # twice the unit roundoff
UP = 1 + 1e-11  # what a sum of up to 40,000 nonnegative numbers may be off, and some
TINY = 1e-290  # above what underflows


class Algebra:
    """Polynomials in so many variables up to a total degree n, monomials ordered by their degree.

    exponents   [K, m]
    """

    def __init__(self, variables: int, degree: int):
        self.variables, self.degree = variables, degree
        found = [e for e in product(range(degree + 1), repeat=variables) if sum(e) <= degree]
        found.sort(key=lambda e: (sum(e), e))
        self.exponents = np.array(found, dtype=np.int64).reshape(len(found), variables)
        self.degrees = self.exponents.sum(axis=1)
        index = {e: number for number, e in enumerate(found)}
        # of t^i times the monomials that stay within the degree: their numbers, and those of the products
        self.shifts: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        for e in found:
            kept = [k for k, other in enumerate(found) if sum(e) + sum(other) <= degree]
            onto = [index[tuple(a + b for a, b in zip(e, found[k], strict=True))] for k in kept]
            self.shifts.append((np.array(kept), np.array(onto)))

    def __len__(self) -> int:
        return len(self.exponents)

    @cached_property
    def even(self) -> NDArray[np.bool_]:
        """[K] monomials that are at least 0."""
        return (self.exponents % 2 == 0).all(axis=1)

    @cached_property
    def first_of_degree(self) -> list[int]:
        return [*np.searchsorted(self.degrees, np.arange(self.degree + 2))]

    def number(self, exponents: Sequence[int]) -> int:
        return int(np.flatnonzero((self.exponents == np.array(exponents)).all(axis=1))[0])

    @cached_property
    def moments(self) -> Array:
        """[K, K] mean of t^i t^j over the cube."""
        total = self.exponents[:, None] + self.exponents[None]
        return np.where((total % 2 == 0).all(axis=2), 1 / (total + 1).prod(axis=2), 0.0)


@lru_cache(maxsize=32)
def algebra(variables: int, degree: int) -> Algebra:
    return Algebra(variables, degree)


class Taylor:
    """Taylor models of many functions at once: coefficients c [K, ...], radii e [...]."""

    __array_priority__ = 100  # numpy arrays leave arithmetic with these to them

    def __init__(self, space: Algebra, c: Array, e: Array):
        self.space, self.c, self.e = space, c, e

    @classmethod
    def constant(cls, space: Algebra, value: Array, radius: Array | float = 0.0) -> Taylor:
        value = np.asarray(value, dtype=float)
        c = np.zeros((len(space), *value.shape))
        c[0] = value
        return cls(space, c, np.broadcast_to(np.asarray(radius, dtype=float), value.shape) * UP)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.e.shape

    @cached_property
    def norm(self) -> Array:
        """[...] at least the sum of |c_k|."""
        return np.abs(self.c).sum(axis=0) * UP

    @cached_property
    def spread(self) -> Array:
        """[...] how far f may be from c_0."""
        return (np.abs(self.c[1:]).sum(axis=0) + self.e) * UP

    @cached_property
    def _by_degree(self) -> Array:
        """[n + 1, ...] sums of |c_k| over the monomials of each degree."""
        first = self.space.first_of_degree
        return np.stack([np.abs(self.c[a:b]).sum(axis=0) for a, b in pairwise(first)])

    def range(self) -> tuple[Array, Array]:
        """Lower and upper bounds [...] of f over the cube."""
        even = self.space.even.copy()
        even[0] = False
        odd = ~even
        odd[0] = False
        radius = (np.abs(self.c[odd]).sum(axis=0) + self.e + (len(even) + 4) * EPS * self.norm) * UP + TINY
        radius = np.where(np.isfinite(radius), radius, np.inf)
        return (
            self.c[0] + np.minimum(self.c[even], 0.0).sum(axis=0) - radius,
            self.c[0] + np.maximum(self.c[even], 0.0).sum(axis=0) + radius,
        )

    def mean_square(self) -> Array:
        """[...] at least the mean of f^2 over the cube."""
        square = np.einsum("k...,kl,l...->...", self.c, self.space.moments, self.c)
        slack = (2 * len(self.space) + 4) * EPS * self.norm**2
        root = np.sqrt(np.maximum(square, 0.0) + slack) + self.e
        return root**2 * UP + TINY

    def __neg__(self) -> Taylor:
        return Taylor(self.space, -self.c, self.e)

    def __add__(self, other: Taylor | float) -> Taylor:
        if not isinstance(other, Taylor):
            c = self.c.copy()
            c[0] = c[0] + other
            return Taylor(self.space, c, (self.e + EPS * np.abs(c[0])) * UP)
        c = self.c + other.c
        return Taylor(self.space, c, (self.e + other.e + EPS * np.abs(c).sum(axis=0)) * UP)

    __radd__ = __add__

    def __sub__(self, other: Taylor | float) -> Taylor:
        return self + (-other)

    def __rsub__(self, other: float) -> Taylor:
        return (-self) + other

    def __mul__(self, other: Taylor | float) -> Taylor:
        if not isinstance(other, Taylor):
            return self.scaled(np.asarray(float(other)))
        return times(self, other)

    __rmul__ = __mul__

    def scaled(self, factor: Array) -> Taylor:
        """Times numbers [...]."""
        size = np.abs(factor)
        return Taylor(self.space, self.c * factor, (self.e * size + EPS * self.norm * size) * UP + TINY)

    def widened(self, radius: Array | float) -> Taylor:
        return Taylor(self.space, self.c, (self.e + radius) * UP)

    def mapped(self, weight: Array, bias: Array | None = None) -> Taylor:
        """W f + b for f [..., I], W [O, I], b [O]: [..., O]."""
        inputs = weight.shape[1]
        size = np.abs(weight).T
        c = self.c @ weight.T
        e = self.e @ size + (inputs + 2) * EPS * (self.norm @ size)
        if bias is not None:
            c[0] = c[0] + bias
            e = e + EPS * np.abs(c[0])
        return Taylor(self.space, c, e * UP + TINY)

    def __getitem__(self, key) -> Taylor:
        return Taylor(self.space, self.c[(slice(None), *key)], self.e[key])


def times(f: Taylor, g: Taylor) -> Taylor:
    space = f.space
    c = np.zeros((len(space), *np.broadcast_shapes(f.shape, g.shape)))
    for number, (kept, onto) in enumerate(space.shifts):
        if np.any(f.c[number]):
            c[onto] += f.c[number] * g.c[kept]
    a, b = f._by_degree, g._by_degree
    beyond = np.zeros(c.shape[1:])
    tail = np.cumsum(b[::-1], axis=0)[::-1]  # sums over the degrees from each on
    for degree in range(1, space.degree + 1):
        beyond = beyond + a[degree] * tail[space.degree - degree + 1]
    rounding = (len(space) + 2) * EPS * f.norm * g.norm
    with np.errstate(invalid="ignore"):
        e = (f.norm * g.e + g.norm * f.e + f.e * g.e + beyond + rounding) * UP + TINY
    return Taylor(space, c, np.where(np.isnan(e), np.inf, e))


def hull(f: Taylor, g: Taylor) -> Taylor:
    """What holds both."""
    half = (f - g).scaled(np.asarray(0.5))
    return (f + g).scaled(np.asarray(0.5)).widened(half.norm + half.e)
