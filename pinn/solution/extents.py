"""Extents: integrals, means and extremes of an expression over patches, sections, subdomains and the domain.

Integrals by quadrature (`integrated.py`); on curved pieces of a boundary the points lie on the curve itself. Extremes
from the points of the same rules and of the boundary around them, the best of which are followed: around each of them,
on the place that it lies on, the neighbours at a distance that is halved as soon as none of them is better (compass
search), so that the place is found to rounding where the expression is smooth. What still grows by a tenth over the
last millionth of the place, as stresses do towards a sharp corner, has no largest value: it is called unbounded.
Source: Kolda, Lewis & Torczon, SIAM Review 45 (2003) 385 (compass search).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from pinn.domain.places import Boundary, Interior
from pinn.geometry.points.sampling import Where
from pinn.geometry.points.sections import Section
from pinn.geometry.shapes.pieces import Piece
from pinn.problem.probe import Extent
from pinn.solution.fluxes import inside_rule
from pinn.solution.integrated import integrated
from pinn.solution.probed_expressions import Answer, at_points
from pinn.solution.solution import Solution

SAMPLES = {1: 300, 2: 8000, 3: 20_000}  # inside, from which an extreme is looked for
ON_PIECE = 1000  # on each piece of a boundary
ON_LINE = 1000
STARTS = 6  # of these, the best, none of them beside a better one
APART = 0.02  # of the domain's size
FIRST_STEP, LAST_STEP = 0.01, 1e-10  # of the extent of the place; the value is then off by the square of the last one
MOST_STEPS = 200
# Of the extent of the place, and of the value: r^-0.05 and log r grow by 0.2 and more from there to LAST_STEP.
BESIDE, GROWS = 1e-6, 0.1


@dataclass(frozen=True, eq=False)
class Patch:
    """Where an extreme is looked for: parameters in a box, the points and normals that they stand for, and from where.

    points   parameters [N, P] -> points [N, S]; normals likewise, None inside; which of them count [N]
    """

    seen: str | None
    low: np.ndarray
    high: np.ndarray
    starts: np.ndarray
    points: Callable[[np.ndarray], np.ndarray]
    normals: Callable[[np.ndarray], np.ndarray] | None
    counts: Callable[[np.ndarray], np.ndarray]


def answer(solution: Solution, extent: Extent, near: Answer | None = None) -> Answer:
    """What becomes of the expression.

    near   the answer of a solution close to this one: an extreme is taken at its place
    """
    if extent.kind in ("integral", "mean"):
        return integrated(solution, extent, compared=near is None)
    sign = 1.0 if extent.kind == "max" else -1.0
    if near is not None:
        if near.at is None:  # no value anywhere
            return near
        return replace(near, value=float(at_points(solution, extent, np.array([near.at]), near.normal, near.seen)[0]))
    best = Answer(-np.inf, 0.0)
    for patch in patches(solution, extent):
        found = highest(solution, extent, sign, patch)
        size = max(best.size, found.size)
        best = replace(found if found.value > best.value else best, size=size)
    return replace(best, value=sign * best.value if best.at is not None else np.nan)


def patches(solution: Solution, extent: Extent) -> Iterator[Patch]:
    """The places of an extreme: the inside together with what bounds it, pieces of a boundary, stretches of a cut."""
    domain = solution.problem.domain
    for place in extent.places:
        if isinstance(place, Section):
            for first, last in place.stretches(domain.shape):
                yield along(place, first, last)
            continue
        shape = domain.over(place.subdomain)
        if isinstance(place, Interior):
            slack = 1e-9 * shape.size
            low, high = (np.asarray(corner, dtype=float) for corner in shape.bounds)
            inside = inside_rule(solution, shape, SAMPLES[domain.space], 1.0).points
            yield Patch(
                place.subdomain, low, high, inside, lambda x: x, None, lambda x, s=shape, e=slack: s.level(x) <= e
            )
        bounds = isinstance(place, Boundary)
        where = domain.mask(place.where) if bounds else None
        for piece in place.pieces(domain) if bounds else shape.pieces:
            yield on_piece(place.subdomain, piece, domain.space - 1, where, bounds)


def along(section: Section, first: float, last: float) -> Patch:
    return Patch(
        None,
        np.array([first]),
        np.array([last]),
        np.linspace(first, last, ON_LINE)[:, None],
        lambda share: section.at(share[:, 0]),
        lambda share: np.tile(section.normal, (len(share), 1)),
        lambda share: np.ones(len(share), dtype=bool),
    )


def on_piece(subdomain: str, piece: Piece, dimension: int, where: Where | None, needs_normals: bool) -> Patch:
    def counts(parameters: np.ndarray) -> np.ndarray:
        kept = piece.kept(parameters)
        return kept if where is None else kept & where(piece.points(parameters))

    return Patch(
        subdomain,
        np.zeros(dimension),
        np.ones(dimension),
        grid(dimension),
        piece.points,
        piece.normals if needs_normals else None,
        counts,
    )


def grid(dimension: int) -> np.ndarray:
    """Parameters [N, dimension] over the unit cube, its faces included."""
    if dimension == 0:
        return np.zeros((1, 0))
    along = np.linspace(0.0, 1.0, round(ON_PIECE ** (1 / dimension)))
    return np.array(list(product(along, repeat=dimension)))


def highest(solution: Solution, extent: Extent, sign: float, patch: Patch) -> Answer:
    """The largest value of sign * expression on a patch."""

    def value(parameters: np.ndarray) -> np.ndarray:
        found = np.full(len(parameters), -np.inf)
        counted = patch.counts(parameters)
        if counted.any():
            chosen = parameters[counted]
            normals = None if patch.normals is None else patch.normals(chosen)
            found[counted] = sign * at_points(solution, extent, patch.points(chosen), normals, patch.seen)
        return np.where(np.isnan(found), -np.inf, found)

    samples = value(patch.starts)
    finite = np.abs(samples[np.isfinite(samples)])
    size = float(finite.max(initial=0.0))
    starts = apart(patch, samples, solution.problem.domain.shape.size)
    if not len(starts):
        return Answer(-np.inf, size)
    ends, found = climbed(value, starts, patch)
    top = int(np.argmax(found))
    if grows(value, ends[top], float(found[top]), size, patch):
        found[top] = np.inf
    normal = None if patch.normals is None else patch.normals(ends[top : top + 1])
    at = tuple(patch.points(ends[top : top + 1])[0].tolist())
    return Answer(float(found[top]), size, at, normal, patch.seen)


def grows(value: Callable[[np.ndarray], np.ndarray], at: np.ndarray, there: float, size: float, patch: Patch) -> bool:
    """Whether the values around a place [P] are so much smaller that it is a singular point.

    size   of the values elsewhere
    """
    steps = ways(len(at)) * BESIDE * (patch.high - patch.low)
    around = value(np.clip(at + steps, patch.low, patch.high)) if len(steps) else np.zeros(0)
    return bool(np.isfinite(around).any() and there - around[np.isfinite(around)].max() > GROWS * max(abs(there), size))


def ways(dimension: int) -> np.ndarray:
    """To all neighbours of a place in a grid: [3^P - 1, P]."""
    every = [way for way in product((-1.0, 0.0, 1.0), repeat=dimension) if any(way)]
    return np.array(every).reshape(len(every), dimension)


def apart(patch: Patch, values: np.ndarray, size: float) -> np.ndarray:
    """The parameters [K, P] of the best samples, none near a better one."""
    points = patch.points(patch.starts)
    chosen: list[int] = []
    for index in np.argsort(-values, kind="stable").tolist():
        if not np.isfinite(values[index]) or len(chosen) == STARTS:
            break
        if all(np.linalg.norm(points[index] - points[other]) > APART * size for other in chosen):
            chosen.append(index)
    return patch.starts[chosen]


def climbed(
    value: Callable[[np.ndarray], np.ndarray], starts: np.ndarray, patch: Patch
) -> tuple[np.ndarray, np.ndarray]:
    """Where the searches from starts [K, P] end, side by side, and the values there [K]."""
    at, best = starts.copy(), value(starts)
    neighbours = ways(at.shape[1])
    if not len(neighbours):
        return at, best
    share = np.full(len(at), FIRST_STEP)
    for _ in range(MOST_STEPS):
        around = np.clip(
            at[:, None] + share[:, None, None] * neighbours * (patch.high - patch.low), patch.low, patch.high
        )
        values = value(around.reshape(-1, at.shape[1])).reshape(len(at), len(neighbours))
        index = values.argmax(axis=1)
        rows = np.arange(len(at))
        better = values[rows, index] > best
        at = np.where(better[:, None], around[rows, index], at)
        best = np.where(better, values[rows, index], best)
        share = np.where(better, share, share / 2)
        if share.max() < LAST_STEP:
            break
    return at, best
