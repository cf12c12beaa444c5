"""Leibniz's rule on jets: the channels of w h from the derivatives of a weight w and the channels of h.

    D_I (w h) = sum over the ways to share the differentiations I between the factors of  (D_J w) (D_(I-J) h)

A Laplacian is a pair of equal, summed differentiations: where both fall on h, h's own Laplacian channel serves; in
every other case the sum over the space axes is written out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from itertools import product

from torch import Tensor

from pinn.derivatives.jets import JetPlan, Jets, Partial


@lru_cache(maxsize=4096)
def shares(partial: Partial, space: int) -> tuple[tuple[int, tuple[int, ...], Partial], ...]:
    """Terms (coefficient, orders of w, partial of h) of Leibniz's rule for one channel."""
    dimension = len(partial.orders)
    axes = [axis for axis, count in enumerate(partial.orders) for _ in range(count)]
    found: Counter[tuple[tuple[int, ...], Partial]] = Counter()
    # Each differentiation falls on h (False) or on w (True). A pair falls on h whole (None), or is written out along an
    # axis, each of its halves on h or on w.
    pairs: list[list[tuple[int, bool, bool] | None]] = [
        [None, *((axis, a, b) for axis in range(space) for a, b in ((True, True), (True, False), (False, True)))]
        for _ in range(partial.laplacians)
    ]
    for single in product((False, True), repeat=len(axes)):
        for choice in product(*pairs):
            weight, rest, laplacians = [0] * dimension, [0] * dimension, 0
            for axis, on_weight in zip(axes, single, strict=True):
                (weight if on_weight else rest)[axis] += 1
            for pair in choice:
                if pair is None:
                    laplacians += 1
                    continue
                axis, *halves = pair
                for on_weight in halves:
                    (weight if on_weight else rest)[axis] += 1
            found[tuple(weight), Partial(tuple(rest), laplacians)] += 1
    return tuple((count, orders, rest) for (orders, rest), count in found.items())


@lru_cache(maxsize=4096)
def splits(partial: Partial, space: int) -> tuple[tuple[int, Partial, Partial], ...]:
    """Terms (coefficient, partial of g, partial of h) of Leibniz's rule for one channel of g h.

    All of them are channels of a plan that has this one: blocks of the partitions in Faà di Bruno's formula.
    """
    dimension = len(partial.orders)
    axes = [axis for axis, count in enumerate(partial.orders) for _ in range(count)]
    found: Counter[tuple[Partial, Partial]] = Counter()
    # a pair falls on one factor whole (its number), or is split along an axis, in two ways
    pairs: list[tuple[int, int | None]] = [(0, None), (1, None), *((2, axis) for axis in range(space))]
    for single in product((0, 1), repeat=len(axes)):
        for choice in product(pairs, repeat=partial.laplacians):
            orders, laplacians, count = [[0] * dimension, [0] * dimension], [0, 0], 1
            for axis, factor in zip(axes, single, strict=True):
                orders[factor][axis] += 1
            for factor, axis in choice:
                if axis is None:
                    laplacians[factor] += 1
                    continue
                count *= 2
                for of_factor in orders:
                    of_factor[axis] += 1
            ends = (Partial(tuple(of), n) for of, n in zip(orders, laplacians, strict=True))
            found[next(ends), next(ends)] += count
    return tuple((count, g, h) for (g, h), count in found.items())


def product_of(plan: JetPlan, g: Jets, h: Jets) -> Jets:
    """Channels of g h from those of both, [N, W] or broadcastable to it."""
    result: Jets = []
    for channel in plan.channels:
        total = None
        for count, of_g, of_h in splits(channel, plan.space):
            first, second = g[plan.index(of_g)], h[plan.index(of_h)]
            if first is None or second is None:
                continue
            term = (first if count == 1 else count * first) * second
            total = term if total is None else total + term
        result.append(total)
    return result


def multiply(plan: JetPlan, weight: Callable[[tuple[int, ...]], Tensor | None], h: Jets) -> Jets:
    """Channels of w h.

    weight   orders [D] -> that derivative of w [...], None where it is zero everywhere
    h        one tensor [..., W] per channel of the plan, or None where it is zero
    """
    result: Jets = []
    for channel in plan.channels:
        total = None
        for count, orders, rest in shares(channel, plan.space):
            factor, jet = weight(orders), h[plan.index(rest)]
            if factor is None or jet is None:
                continue
            term = (factor if count == 1 else count * factor)[..., None] * jet
            total = term if total is None else total + term
        result.append(total)
    return result
