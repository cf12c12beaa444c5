"""Scrambled Sobol points, the same numbers as `scipy.stats.qmc.Sobol` gives for the same generator.

    x_n = 2^-30 (s XOR sum over the bits j of gray(n) of v_j),     gray(n) = n XOR n/2

v_j are the direction numbers of Joe & Kuo, multiplied by a random lower triangular matrix over GF(2), s is a random
shift. Importing scipy.stats for them takes longer than everything else that a spec is read with.

Sources: Joe & Kuo, SIAM J. Sci. Comput. 30 (2008), 2635 (direction numbers); Matousek, J. Complexity 14 (1998), 527
(scrambling by a matrix and a shift); Antonov & Saleev, USSR Comput. Math. Math. Phys. 19 (1979), 252 (Gray code).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch.quasirandom import SobolEngine

BITS = 30
POWERS = 2 ** np.arange(BITS, dtype=np.uint32)


class ScrambledSobol:
    """The sequence in the unit cube of so many dimensions, scrambled by numbers of a child of the generator."""

    def __init__(self, dimension: int, generator: np.random.Generator):
        self.drawn = 0
        (own,) = generator.spawn(1)
        self._last = own.integers(2, size=(dimension, BITS), dtype=np.uint32) @ POWERS
        lower = np.tril(own.integers(2, size=(dimension, BITS, BITS), dtype=np.uint32))
        self._directions = scrambled(directions(dimension), lower)

    def random(self, count: int) -> NDArray[np.float64]:
        """The next `count` points [count, D]. Raises ValueError behind the last one, the 2^30th."""
        if count == 0:
            return np.empty((0, len(self._last)))
        if self.drawn + count > 2**BITS:
            raise ValueError(f"the sequence has no more than 2**{BITS} points")
        numbers = np.arange(max(self.drawn, 1) - 1, self.drawn + count - 1)
        flipped = np.frexp(~numbers & (numbers + 1))[1] - 1  # from point n to the next: the lowest bit of n that is 0
        steps = np.vstack([self._last[None], self._directions[:, flipped].T])
        points = np.bitwise_xor.accumulate(steps, axis=0)
        self._last, first = points[-1], self.drawn == 0
        self.drawn += count
        return (points if first else points[1:]) * 2.0**-BITS


def directions(dimension: int) -> NDArray[np.uint32]:
    """The direction numbers [D, BITS]."""
    if dimension == 0:
        return np.zeros((0, BITS), dtype=np.uint32)
    return SobolEngine(dimension).sobolstate.numpy().astype(np.uint32)


def scrambled(numbers: NDArray[np.uint32], lower: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Direction numbers [D, BITS] times lower triangular matrices [D, BITS, BITS] over GF(2), their diagonals 1."""
    matrices = lower | np.eye(BITS, dtype=np.uint32)
    bits = (numbers[:, :, None] & POWERS[::-1]) > 0  # [D, BITS, the bits of each from the highest on]
    products = np.einsum("dpk,djk->djp", matrices, bits.astype(np.uint32)) & 1
    return (products @ POWERS[::-1]).astype(np.uint32)
