"""Parts: the domain cut at the levels of what jumps, cells that agree joined again.

Levels cut the domain into cells; in a cell every comparison that matters has one value, so every expression has one
branch. Neighbouring cells in which all expressions have the same branches are one part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy
from numpy.typing import NDArray

from pinn.equations.jumps.crossing import Samples
from pinn.equations.jumps.levels import Level
from pinn.geometry.shapes.csg import Intersection, Union
from pinn.geometry.shapes.partition import Partition, cut_by_shapes
from pinn.geometry.shapes.shape import GeometryError, Shape
from pinn.geometry.shapes.sides import Complement
from pinn.spec.language.branches import selections_of
from pinn.spec.language.expressions import Scope

MOST_PARTS = 12
MOST_LEVELS = 12
_AGREEMENT = 0.999  # of the samples that must lie in the part that they were counted to
_MEASURE_TOLERANCE = 1e-6  # relative, of the parts' measures together, up to two dimensions

Branches = dict[sympy.Expr, sympy.Expr]
Cube = dict[int, bool]  # number of a level -> whether its shape holds the points; they all do


@dataclass(frozen=True, eq=False)
class Part:
    """A part of the domain: its branches, the cubes of levels that make it up, in words too."""

    name: str
    branches: Branches
    cubes: tuple[Cube, ...]
    where: str


def constant_branches(switches: Sequence[sympy.Expr], samples: Samples) -> Branches:
    """Comparisons of the coordinates that hold everywhere inside the domain, or nowhere, with what they are."""
    return _constant({s: samples.at(s, samples.points) > 0.5 for s in switches}, np.arange(len(samples.points)))


def find_parts(
    levels: Sequence[Level], switches: Sequence[sympy.Expr], expressions: Sequence[sympy.Expr], samples: Samples
) -> list[Part]:
    """The parts in which `switches`, comparisons and products of them, leave each of the expressions one branch.

    Raises GeometryError for too many.
    """
    points = samples.points[:, : samples.shape.dimension]
    levels = _distinct(levels, points)
    if len(levels) > MOST_LEVELS:
        raise GeometryError((), f"are {len(levels)} borders; at most {MOST_LEVELS} are followed")
    signs = np.column_stack([level.holds(points) for level in levels])
    cells, cell_of = np.unique(signs, axis=0, return_inverse=True)
    cell_of = cell_of.ravel()
    values = {s: samples.at(s, samples.points) > 0.5 for s in switches}
    branches = [_constant(values, np.flatnonzero(cell_of == cell)) for cell in range(len(cells))]
    found = [[settled(e, b) for e in expressions] for b in branches]
    groups: list[tuple[list[int], Branches]] = []
    for cells_together in _joined(cells, found):
        common = _common(cells_together, branches, expressions)
        if [settled(e, common) for e in expressions] == found[cells_together[0]]:
            groups.append((cells_together, common))
        else:  # the branch follows from no one comparison
            groups += [([cell], branches[cell]) for cell in cells_together]
    if len(groups) > MOST_PARTS:
        raise GeometryError((), f"make {len(groups)} parts; at most {MOST_PARTS} are cut")
    centres = [points[np.isin(cell_of, group)].mean(axis=0).round(9).tolist() for group, _ in groups]
    parts = []
    for number, index in enumerate(sorted(range(len(groups)), key=centres.__getitem__)):
        cubes = _cubes(cells, groups[index][0])
        parts.append(Part(f"part_{number + 1}", groups[index][1], tuple(cubes), _in_words(cubes, levels)))
    return parts


def cut(parts: Sequence[Part], levels: Sequence[Level], samples: Samples) -> Partition:
    """The domain cut into the parts. Raises GeometryError where the shapes do not make up what the samples say."""
    domain = samples.shape
    points = samples.points[:, : domain.dimension]
    levels = _distinct(levels, points)
    rest = max(parts, key=lambda part: sum(map(len, part.cubes)))
    shapes = {part.name: None if part is rest else _shape(part.cubes, levels, domain) for part in parts}
    partition = cut_by_shapes(domain, shapes)
    counted = _counted(parts, levels, points)
    whole = sum(part.measure for part in partition.parts.values())
    exact = domain.dimension > 2 or abs(whole - domain.measure) <= _MEASURE_TOLERANCE * domain.measure
    if np.mean(partition.part_of(points) == counted) < _AGREEMENT or not exact:
        raise GeometryError((), "cannot be resolved")
    return partition


def aligned(
    parts: Sequence[Part], levels: Sequence[Level], comparisons: Iterable[sympy.Expr], samples: Samples
) -> list[Part]:
    """The parts, with the comparisons of other texts that change at the cuts only: on the cut both sides are clear."""
    points = samples.points[:, : samples.shape.dimension]
    counted = _counted(parts, _distinct(levels, points), points)
    values = {comparison: samples.at(comparison, samples.points) > 0.5 for comparison in comparisons}
    inside = [_constant(values, np.flatnonzero(counted == number)) for number in range(len(parts))]
    clear = [c for c, holds in values.items() if 0 < holds.sum() < len(holds) and all(c in known for known in inside)]
    return [
        replace(part, branches={**{c: known[c] for c in clear}, **part.branches})
        for part, known in zip(parts, inside, strict=True)
    ]


def _counted(parts: Sequence[Part], levels: Sequence[Level], points: NDArray) -> NDArray[np.int64]:
    """Number of the part [N] that the cubes say."""
    signs = np.column_stack([level.holds(points) for level in levels])
    found = np.full(len(points), -1)
    for number, part in enumerate(parts):
        for cube in part.cubes:
            found[_within(signs, cube)] = number
    return found


def settled(expression: sympy.Expr, branches: Mapping[sympy.Expr, sympy.Expr]) -> sympy.Expr:
    """The expression in a cell."""
    return Scope(()).within(branches).settled(expression)


def _distinct(levels: Sequence[Level], points: NDArray) -> list[Level]:
    """Levels that cut the points, each cut once."""
    found: dict[bytes, Level] = {}
    for level in levels:
        holds = level.holds(points)
        if 0 < holds.sum() < len(holds):
            found.setdefault((holds if holds[0] else ~holds).tobytes(), level)
    return list(found.values())


def _constant(values: Mapping[sympy.Expr, NDArray[np.bool_]], rows: NDArray[np.int64]) -> Branches:
    """What has one value at all these samples."""
    inside = {switch: holds[rows] for switch, holds in values.items()}
    return {s: sympy.Integer(int(holds[0])) for s, holds in inside.items() if holds.all() or not holds.any()}


def _joined(cells: NDArray[np.bool_], found: Sequence[Sequence[sympy.Expr]]) -> list[list[int]]:
    """Cells that agree, and are neighbours: they differ in one level, or have such neighbours between them."""
    group = list(range(len(cells)))
    for one in range(len(cells)):
        for other in range(one):
            if np.count_nonzero(cells[one] != cells[other]) == 1 and found[one] == found[other]:
                old, new = group[one], group[other]
                group = [new if g == old else g for g in group]
    return [[cell for cell, g in enumerate(group) if g == label] for label in dict.fromkeys(group)]


def _common(cells: Sequence[int], branches: Sequence[Branches], expressions: Sequence[sympy.Expr]) -> Branches:
    """What holds in all of the cells; a choice too, where it comes to the same in all of them."""
    first, *others = (branches[cell] for cell in cells)
    found = {key: value for key, value in first.items() if all(other.get(key) == value for other in others)}
    for choice in set().union(*(selections_of(e) for e in expressions)):
        taken = {settled(choice, branches[cell]) for cell in cells}
        if len(taken) == 1 and taken != {choice}:
            found[choice] = taken.pop()
    return found


def _cubes(cells: NDArray[np.bool_], mine: Sequence[int]) -> list[Cube]:
    """Few cubes that hold these cells and no other: conditions are dropped as long as no foreign cell gets in."""
    foreign = np.delete(cells, mine, axis=0)
    found: list[Cube] = []
    left = set(mine)
    for cell in mine:
        if cell not in left:
            continue
        cube = {level: bool(holds) for level, holds in enumerate(cells[cell])}
        for level in range(cells.shape[1]):
            smaller = {key: holds for key, holds in cube.items() if key != level}
            if smaller and not _within(foreign, smaller).any():
                cube = smaller
        found.append(cube)
        left -= {other for other in left if _within(cells[[other]], cube)[0]}
    return found


def _within(cells: NDArray[np.bool_], cube: Cube) -> NDArray[np.bool_]:
    return np.all([cells[:, level] == holds for level, holds in cube.items()], axis=0)


def _shape(cubes: Sequence[Cube], levels: Sequence[Level], domain: Shape) -> Shape:
    shapes = []
    for cube in cubes:
        one = [levels[n].shape if holds else Complement(levels[n].shape, domain.bounds) for n, holds in cube.items()]
        shapes.append(one[0] if len(one) == 1 else Intersection(*one))
    return shapes[0] if len(shapes) == 1 else Union(*shapes)


def _in_words(cubes: Sequence[Cube], levels: Sequence[Level]) -> str:
    texts = [" and ".join(levels[n].less if holds else levels[n].more for n, holds in cube.items()) for cube in cubes]
    return " or ".join(texts)
