"""Sequences of points that fill the unit cube: by what `sampling.method` means.

sobol, halton   quasi-random, scrambled (Sobol 1967; Owen 1995; Halton 1960): any beginning of the sequence is even
random          independent and uniform
lhs             Latin hypercube (McKay, Beckman & Conover 1979): each coordinate is stratified, the set has a fixed size
grid            midpoints of the cells of a tensor grid; the seed plays no part
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from pinn.geometry.points.seeds import seed_of
from pinn.geometry.shapes.pieces import Array
from pinn.geometry.shapes.sobol import ScrambledSobol

FIRST_DRAW_LOG2 = 10
LAST_DRAW_LOG2 = 20  # a million candidates without a hit: the place is empty for our purposes
# A set of fixed size with too few points in the domain is drawn larger: by the share that was kept and a little more,
# or by a factor where none was.
SURPLUS, EMPTY_GROWTH = 1.02, 4


class Engine(Protocol):
    """What gives the next points [count, D] of an endless sequence."""

    def random(self, count: int, /) -> Array: ...


class PointSequence:
    """Points of the unit cube in batches, of which those in the domain are kept until there are `count`.

    extends   a batch goes on where the last one ended; otherwise it is a larger set that replaces the last
    even      the first coordinates are evenly spread, so that their ranks may stand for them
    """

    extends: ClassVar[bool] = True
    even: ClassVar[bool] = True

    def __init__(self, dimension: int, seed: int, count: int):
        self.dimension, self.seed, self.count = dimension, seed, count
        self.tried = 0  # points that the kept ones were chosen from

    @property
    def exhausted(self) -> bool:
        return self.tried >= 2**LAST_DRAW_LOG2

    def first(self) -> Array:
        """Exactly `count` points [count, D]."""
        raise NotImplementedError

    def more(self, kept: int) -> Array:
        """The next batch [N, D]; `kept` is how many points were of use so far."""
        raise NotImplementedError

    def over_parts(self, parts: int) -> tuple[NDArray[np.int64], Array]:
        """(part [count], point [count, 1]): parts of one kind, such as end points in time, get equal shares."""
        unit = self.first()
        return ranks(unit[:, 0]) * parts // self.count, unit[:, 1:]

    def chosen(self, kept: int) -> NDArray[np.int64]:
        """Which `count` of the kept points to take."""
        return np.arange(self.count)


class Sobol(PointSequence):
    """Drawn in doubling batches, as the sequence wants."""

    def __init__(self, dimension: int, seed: int, count: int):
        super().__init__(dimension, seed, count)
        self._engine = self._new_engine()

    def _new_engine(self) -> Engine:
        return ScrambledSobol(self.dimension, np.random.default_rng(self.seed))

    def more(self, kept: int) -> Array:
        size = self.tried or 2**FIRST_DRAW_LOG2
        self.tried += size
        return self._engine.random(size)

    def first(self) -> Array:
        return self._engine.random(1 << max(self.count - 1, 0).bit_length())[: self.count].copy()


class Halton(Sobol):
    def _new_engine(self) -> Engine:
        from scipy.stats import qmc  # slow to import

        return qmc.Halton(self.dimension, rng=np.random.default_rng(self.seed))


class Random(PointSequence):
    even = False

    def __init__(self, dimension: int, seed: int, count: int):
        super().__init__(dimension, seed, count)
        self._generator = np.random.default_rng(seed)

    def more(self, kept: int) -> Array:
        size = self.tried or 2**FIRST_DRAW_LOG2
        self.tried += size
        return self._generator.random((size, self.dimension))

    def first(self) -> Array:
        return self._generator.random((self.count, self.dimension))


class LatinHypercube(PointSequence):
    extends = False

    def more(self, kept: int) -> Array:
        if self.tried and kept:
            size = SURPLUS * self.count * self.tried / kept
        else:
            size = EMPTY_GROWTH * self.tried
        points = self._set(max(self.count, self.tried + 1, min(int(size), 2**LAST_DRAW_LOG2)))
        self.tried = len(points)
        return points

    def first(self) -> Array:
        points = self._set(self.count)
        return points[self.chosen(len(points))]

    def over_parts(self, parts: int) -> tuple[NDArray[np.int64], Array]:
        part = np.arange(self.count) * parts // self.count
        sizes = np.bincount(part, minlength=parts)
        return part, np.concatenate(
            [type(self)(1, seed_of(self.seed, k), int(size)).first() for k, size in enumerate(sizes)]
        )

    def chosen(self, kept: int) -> NDArray[np.int64]:
        return ((np.arange(self.count) + 0.5) * kept / self.count).astype(np.int64)

    def _set(self, size: int) -> Array:
        from scipy.stats import qmc  # slow to import

        return qmc.LatinHypercube(self.dimension, rng=np.random.default_rng(self.seed)).random(size)


class RegularGrid(LatinHypercube):
    even = False

    def _set(self, size: int) -> Array:
        """At least `size` midpoints, as many cells along each axis but for one."""
        if self.dimension == 0:
            return np.zeros((1, 0))
        cells = [max(1, int(size ** (1 / self.dimension)))] * self.dimension
        for axis in cycle(range(self.dimension)):
            if np.prod(cells) >= size:
                break
            cells[axis] += 1
        axes = [(np.arange(number) + 0.5) / number for number in cells]
        return np.stack([part.ravel() for part in np.meshgrid(*axes, indexing="ij")], axis=1)


SEQUENCES: dict[str, Callable[[int, int, int], PointSequence]] = {
    "sobol": Sobol,
    "halton": Halton,
    "lhs": LatinHypercube,
    "random": Random,
    "grid": RegularGrid,
}


def ranks(values: Array) -> NDArray[np.int64]:
    """Place of each value [N] in their order."""
    found = np.empty(len(values), dtype=np.int64)
    found[np.argsort(values, kind="stable")] = np.arange(len(values))
    return found
