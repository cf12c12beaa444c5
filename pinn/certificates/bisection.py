"""Bisection: bounds of functions over a box, by Taylor models on the leaves of a binary tree of boxes.

A box is cut in two while the bound of some function on it exceeds what the function is known to reach by more than a
share of its range; across the axis that the model depends on most. What is found holds whenever the cutting ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from pinn.certificates.taylor import UP, Array, Taylor

Evaluate = Callable[[Array, Array], Mapping[str, Taylor]]  # centre, radius [B, m] -> name -> [B]
Outside = Callable[[Array, Array], np.ndarray]

FLAT = 1e-9  # of its size, the range that a function is taken to have at least
STALLS = 2  # cuts along each axis that gain nothing, after which a box is left as it is
GAIN = 0.8  # of the width of a bound on its parent, below which a box has gained
DEEPEST = 44
LEAF, GONE = ".", "x"


@dataclass
class Node:
    """A box and what became of it: LEAF, GONE, or the axis that it was cut across, with two parts."""

    lower: Array
    upper: Array
    fate: str = LEAF
    parts: tuple[Node, Node] | None = None
    widths: Array | None = None
    stalls: int = 0
    depth: int = 0

    def cut(self, axis: int) -> tuple[Node, Node]:
        middle = (self.lower[axis] + self.upper[axis]) / 2
        first, second = self.upper.copy(), self.lower.copy()
        first[axis] = second[axis] = middle
        self.fate = str(axis)
        self.parts = (
            Node(self.lower, first, LEAF, None, self.widths, self.stalls, self.depth + 1),
            Node(second, self.upper, LEAF, None, self.widths, self.stalls, self.depth + 1),
        )
        return self.parts


@dataclass(frozen=True)
class Bound:
    """lower <= f <= upper; `reached`: f takes on a value at most the first, and one at least the second.

    square   at least the integral of f^2 over the leaves, in their parameters
    """

    lower: float
    upper: float
    reached: tuple[float, float]
    square: float
    symmetric: bool = False

    @property
    def largest(self) -> float:
        return max(abs(self.lower), abs(self.upper))

    @property
    def gap(self) -> float:
        """What the bounds are beyond what is reached, as a share of the range that is."""
        low, high = self.reached
        size = size_of(low, high, self.symmetric)
        return max(self.upper - high, low - self.lower, 0.0) / size if size > 0 else np.inf


@dataclass
class Bisection:
    """The bounds of functions, and the tree of boxes on which each was found."""

    bounds: dict[str, Bound]
    tree: str
    boxes: int
    volume: float


def radius_of(lower: Array, upper: Array, centre: Array) -> Array:
    """Radii that hold both corners whatever was rounded."""
    return np.nextafter(np.maximum(upper - centre, centre - lower), np.inf) * (upper > lower)


def bisect(
    evaluate: Evaluate,
    lower: Array,
    upper: Array,
    share: float,
    most: int,
    outside: Outside | None = None,
    counts: Callable[[Array], np.ndarray] | None = None,
    symmetric: frozenset[str] = frozenset(),
) -> Bisection:
    """Bounds of what `evaluate` gives over the box, each to a share of its range, with at most so many boxes.

    counts      which centres [B, m] are points of the region, so that what is reached there counts as reached
    symmetric   functions of which the size counts, as that of a residual does
    """
    root = Node(lower, upper)
    active = [root]
    side = np.where(upper > lower, upper - lower, np.inf)
    axes = np.flatnonzero(upper > lower)
    for axis in [*axes, *axes]:
        active = [part for node in active for part in node.cut(int(axis))]
    reached: dict[str, tuple[float, float]] = {}
    done: list[tuple[Node, dict[str, tuple[float, float, float]]]] = []
    while active:
        low, high = np.stack([node.lower for node in active]), np.stack([node.upper for node in active])
        gone = outside(low, high) if outside is not None else np.zeros(len(active), dtype=bool)
        for node, is_gone in zip(active, gone, strict=True):
            if is_gone:
                node.fate = GONE
        active = [node for node, is_gone in zip(active, gone, strict=True) if not is_gone]
        if not active:
            break
        low, high = low[~gone], high[~gone]
        centre = (low + high) / 2
        models = evaluate(centre, radius_of(low, high, centre))
        within = counts(centre) if counts is not None else np.ones(len(active), dtype=bool)
        found = {name: (*model.range(), model.mean_square()) for name, model in models.items()}
        for name, model in models.items():
            known = within & np.isfinite(model.e)
            at_least, at_most = (model.c[0] - model.e)[known], (model.c[0] + model.e)[known]
            before = reached.get(name, (np.inf, -np.inf))
            reached[name] = (min(before[0], at_most.min(initial=np.inf)), max(before[1], at_least.max(initial=-np.inf)))
        excess = np.zeros(len(active))
        want = np.zeros((len(active), len(lower)))
        urgency = np.zeros(len(active))  # what has no bound at all may have none: it must not take every box
        open_, widths = [], []
        for name, model in models.items():
            bottom, top = reached[name]
            lo, hi, _ = found[name]
            size = size_of(bottom, top, name in symmetric)
            beyond = np.maximum(np.maximum(hi - top, bottom - lo), 0.0)
            with np.errstate(divide="ignore", invalid="ignore"):
                over = np.nan_to_num(beyond / size, nan=0.0, posinf=np.inf)
            excess = np.maximum(excess, over)
            urgency = np.maximum(urgency, np.where(np.isfinite(over), over, 1.0))
            open_.append(over > share)
            widths.append(hi - lo)
            for axis in range(len(lower)):
                depends = model.space.exponents[:, axis] > 0
                part = np.abs(model.c[depends]).sum(axis=0) + model.e * (high - low)[:, axis] / side[axis]
                typical = size or float(np.max(part[np.isfinite(part)], initial=0.0)) or 1.0
                want[:, axis] += np.where(open_[-1] & np.isfinite(part), part / typical, 0.0)
        still, width = np.stack(open_, axis=1), np.stack(widths, axis=1)
        want += 1e-30 * (high - low) / side
        nexts = []
        budget = most - len(done) - len(active)
        for number in np.argsort(-urgency, kind="stable"):
            node, over = active[number], float(excess[number])
            node.stalls = node.stalls + 1 if stalled(width[number], node.widths, still[number]) else 0
            node.widths = width[number]
            stuck = node.stalls >= STALLS * max(len(axes), 1) or node.depth >= DEEPEST
            if over <= share or stuck or budget <= 0 or not len(axes):
                done.append(
                    (
                        node,
                        {n: (float(a[number]), float(b[number]), float(c[number])) for n, (a, b, c) in found.items()},
                    )
                )
            else:
                choice = np.where(high[number] > low[number], want[number], -np.inf)
                nexts += node.cut(int(np.argmax(choice)))
                budget -= 1
        active = nexts
    volumes = [float(np.prod(np.where(n.upper > n.lower, n.upper - n.lower, 1.0))) for n, _ in done]
    names = done[0][1] if done else {}
    bounds = {
        name: Bound(
            min(values[name][0] for _, values in done),
            max(values[name][1] for _, values in done),
            reached[name],
            sum(values[name][2] * volume for (_, values), volume in zip(done, volumes, strict=True)) * UP,
            name in symmetric,
        )
        for name in names
    }
    return Bisection(bounds, written(root), len(done), sum(volumes))


def size_of(bottom: float, top: float, symmetric: bool) -> float:
    """What gaps are shares of: the range that is reached; of what is symmetric the largest size, at least."""
    if not (np.isfinite(bottom) and np.isfinite(top)):
        return 0.0
    largest = max(top, -bottom, 0.0)
    return largest if symmetric else max(top - bottom, FLAT * largest, 0.0)


def stalled(width: Array, before: Array | None, still: np.ndarray) -> bool:
    """Whether no bound that is still open has become narrower by the last cut."""
    if before is None or not still.any():
        return False
    return bool((width[still] > GAIN * before[still]).all() & np.isfinite(width[still]).all())


def written(root: Node) -> str:
    """The tree in preorder: an axis for a cut box, then its two parts; LEAF or GONE."""
    found, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        found.append(node.fate)
        if node.parts is not None:
            waiting += [node.parts[1], node.parts[0]]
    return "".join(found)
