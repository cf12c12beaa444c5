"""Jets: a network's value and every partial derivative asked for, in one forward pass.

A jet is kept as channels. Channel `Partial(orders, laplacians)` of a field u is

    d^|orders| / (dx_1^orders_1 ... dx_D^orders_D)  Laplace^laplacians  u.

A linear layer acts on every channel alike. An activation s acts by Faà di Bruno's formula: with z the pre-activation,

    D_I s(z) = sum over the set partitions P of I of  s_|P|(z) * prod over the blocks B of P of D_B z

where I lists the differentiations. A Laplacian adds a pair of equal, summed indices to I: where both fall into one
block, that block is a Laplacian of z again; where a partition splits them, the sum over the space axes is written out.
Source: Hardy, Combinatorics of partial derivatives, Electron. J. Combin. 13 (2006), R1, Proposition 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product

from torch import Tensor

MAX_ORDER = 4


@dataclass(frozen=True, order=True)
class Partial:
    """One differential operator: `orders` [D] differentiations per coordinate, after `laplacians` space Laplacians."""

    orders: tuple[int, ...]
    laplacians: int = 0

    @property
    def order(self) -> int:
        return sum(self.orders) + 2 * self.laplacians


@dataclass(frozen=True)
class Term:
    """coefficient * s_order(z) * product of the channels `factors` of z."""

    coefficient: int
    order: int
    factors: tuple[int, ...]


@dataclass(frozen=True)
class JetPlan:
    """The channels to carry, the value first, and for each the terms of Faà di Bruno's formula.

    `space` of the `dimension` coordinates carry the Laplacian.
    """

    channels: tuple[Partial, ...]
    terms: tuple[tuple[Term, ...], ...]
    dimension: int
    space: int

    @property
    def order(self) -> int:
        return max(channel.order for channel in self.channels)

    def index(self, partial: Partial) -> int:
        return self.channels.index(partial)

    @cached_property
    def by_order(self) -> tuple[tuple[int, int, int], ...]:
        """(order, first, last): the channels first:last are those of this order."""
        orders = [channel.order for channel in self.channels]
        return tuple((n, orders.index(n), orders.index(n) + orders.count(n)) for n in sorted(set(orders)))


def set_partitions(items: Sequence) -> Iterator[list[list]]:
    """Every way to split `items` into non-empty blocks."""
    if not items:
        yield []
        return
    first, rest = items[0], items[1:]
    for partition in set_partitions(rest):
        yield [[first], *partition]
        for i, block in enumerate(partition):
            yield [*partition[:i], [first, *block], *partition[i + 1 :]]


def expand(partial: Partial, space: int) -> Counter[tuple[Partial, ...]]:
    """The blocks of every set partition of `partial`, sorted, with their multiplicity.

    `space` axes carry the Laplacian.
    """
    dimension = len(partial.orders)
    axes = [axis for axis, count in enumerate(partial.orders) for _ in range(count)]
    pairs = [f"pair {k}" for k in range(partial.laplacians) for _ in range(2)]
    found: Counter[tuple[Partial, ...]] = Counter()
    for partition in set_partitions([*axes, *pairs]):
        split = [pair for pair in set(pairs) if not any(block.count(pair) == 2 for block in partition)]
        for choice in product(range(space), repeat=len(split)):
            chosen = dict(zip(split, choice, strict=True))
            blocks = []
            for block in partition:
                concrete = [chosen.get(item, item) for item in block]
                orders = tuple(concrete.count(axis) for axis in range(dimension))
                blocks.append(Partial(orders, sum(isinstance(item, str) for item in concrete) // 2))
            found[tuple(sorted(blocks))] += 1
    return found


@lru_cache(maxsize=256)
def _plan(requested: frozenset[Partial], dimension: int, space: int) -> JetPlan:
    expansions: dict[Partial, Counter[tuple[Partial, ...]]] = {}
    waiting = [Partial((0,) * dimension), *requested]
    while waiting:
        partial = waiting.pop()
        if partial not in expansions:
            expansions[partial] = expand(partial, space)
            waiting += [block for blocks in expansions[partial] for block in blocks]
    channels = tuple(sorted(expansions, key=lambda partial: (partial.order, partial)))
    index = {channel: i for i, channel in enumerate(channels)}
    terms = tuple(
        tuple(
            Term(count, len(blocks), tuple(index[block] for block in blocks))
            for blocks, count in expansions[channel].items()
        )
        for channel in channels
    )
    return JetPlan(channels, terms, dimension, space)


def plan_jets(requested: Iterable[Partial], dimension: int, space: int | None = None) -> JetPlan:
    """The smallest set of channels that is closed under Faà di Bruno's formula and holds `requested`.

    dimension  number of coordinates, time included
    space      how many of them, from the first, a Laplacian sums over (default: all)
    Raises ValueError above order 4.
    """
    wanted = frozenset(requested)
    for partial in wanted:
        if partial.order > MAX_ORDER:
            raise ValueError(f"derivatives up to order {MAX_ORDER} are available, got order {partial.order}")
    return _plan(wanted, dimension, dimension if space is None else space)


Jets = list[Tensor | None]  # one tensor per channel of a plan, [N, W] or broadcastable to it; None where it is zero


def activate(plan: JetPlan, derivatives: Callable[[Tensor, int], list[Tensor]], z: Jets) -> Jets:
    """Channels of s(z) from the channels of z. `derivatives(z, n)` gives [s(z), s_1(z), ..., s_n(z)]."""
    value = z[0]
    assert value is not None
    s = derivatives(value, plan.order)
    result: Jets = [s[0]]
    for channel in plan.terms[1:]:
        # The factors of s_1, s_2, ... are gathered first: one multiplication with each s_n is the least work.
        by_order: dict[int, Tensor] = {}
        for term in channel:
            factors = [factor for factor in [z[i] for i in term.factors] if factor is not None]
            if len(factors) < len(term.factors):
                continue
            factor = factors[0] if term.coefficient == 1 else term.coefficient * factors[0]
            for other in factors[1:]:
                factor = factor * other
            by_order[term.order] = by_order[term.order] + factor if term.order in by_order else factor
        total = None
        for order, factor in by_order.items():
            total = s[order] * factor if total is None else total + s[order] * factor
        result.append(total)
    return result
