"""Angular basis: functions of the angle on an interval, as iterated integrals of Chebyshev polynomials.

The unknown is the highest derivative that the equations have, as a Chebyshev series, and the constants of integration.
So the matrices of collocation stay well conditioned however many points there are (differentiation would cost a factor
of points^4, six digits here).
Source: Greengard, Spectral integration and two-point boundary value problems, SIAM J. Numer. Anal. 28 (1991) 1071.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

Array = NDArray


class AngularBasis:
    """phi on low <= theta <= high: phi^(top) = sum_k c_k T_k of `count` terms, and a polynomial of degree below top."""

    def __init__(self, low: float, high: float, count: int, top: int):
        self.low, self.high, self.count, self.top = low, high, count, top
        self._rows: dict[tuple[int, bytes], Array] = {}

    @property
    def size(self) -> int:
        return self.count + self.top

    @property
    def half(self) -> float:
        return (self.high - self.low) / 2

    def unit(self, angles: Array) -> Array:
        return (angles - (self.low + self.high) / 2) / self.half

    @cached_property
    def series(self) -> list[NDArray]:
        """Chebyshev coefficients [size, size] of the 0th to top-th derivatives, one column per basis function."""
        columns = np.zeros((self.size, self.size))
        for k in range(self.count):
            series = chebyshev.chebint(np.eye(self.count)[k], self.top) if self.top else np.eye(self.count)[k]
            columns[: len(series), k] = series
        columns[: self.top, self.count :] = np.eye(self.top)
        found: list[Array] = [columns]
        for _ in range(self.top):
            derived = chebyshev.chebder(found[-1], axis=0) / self.half
            found.append(np.vstack([derived, np.zeros((self.size - len(derived), self.size))]))
        return found

    def rows(self, angles: Array, order: int) -> Array:
        """phi^(order) at angles [N] of every basis function: [N, size]. Every term of a row asks at the same angles."""
        key = (order, angles.tobytes())
        if key not in self._rows:
            self._rows[key] = chebyshev.chebvander(self.unit(angles), self.size - 1) @ self.series[order]
        return self._rows[key]

    def derivatives(self, unknowns: NDArray, order: int) -> list[NDArray]:
        """Chebyshev coefficients [size, ...] of phi to phi^(order), from the unknowns [size, ...] of functions."""
        found = [np.tensordot(series, unknowns, axes=1) for series in self.series[: order + 1]]
        while len(found) <= order:
            derived = chebyshev.chebder(found[-1], axis=0) / self.half
            found.append(np.concatenate([derived, np.zeros((self.size - len(derived), *derived.shape[1:]))]))
        return found


def gauss_angles(low: float, high: float, count: int) -> Array:
    """Chebyshev's points of the first kind on the interval: collocation there is exact for as many terms."""
    return (low + high) / 2 + (high - low) / 2 * np.cos((2 * np.arange(count) + 1) * np.pi / (2 * count))
