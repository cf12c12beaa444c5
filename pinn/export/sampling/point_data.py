"""Point data: the values of a sample as the scalars, vectors and tensors of a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pinn.export.sampling.grid import Array, Grid
from pinn.export.sampling.sample import SAMPLE_CHUNK, Sample
from pinn.physics.model import ACROSS
from pinn.problem.problem import Problem

# VTK's order of a symmetric tensor's six components.
VTK_TENSOR = ("xx", "yy", "zz", "xy", "yz", "xz")

# The same six, as the nine of a full 3×3 matrix, row by row.
_FULL_TENSOR = (0, 3, 5, 3, 1, 4, 5, 4, 2)


BEFORE = ("exact_", "error_", "standard_deviation_")  # names of what is measured as the quantity behind them


def point_data(
    sampled: Sample, *, full_tensors: bool = False, tensors: bool = True, units: bool = True
) -> dict[str, Array]:
    """Everything known at the points, by the names that the file will carry: where the spec has units, with them.

    `subdomain` counts in the order of the spec; points on an interface are there once for each side. Vectors have three
    components [N, 3], zero beyond the problem's dimensions; symmetric tensors have six in VTK's
    order XX YY ZZ XY YZ XZ, or nine when `full_tensors`. Points outside the domain have NaN, but keep their marks.
    Of modes and load cases the same for each of them, with `_mode_1` or the case's name behind the names.

    units   whether names have units: ux [mm]
    """
    data = _point_data(sampled, full_tensors=full_tensors, tensors=tensors)
    return {_with_unit(sampled, name): values for name, values in data.items()} if units else data


def _with_unit(sampled: Sample, name: str) -> str:
    problem, quantity = sampled.solution.problem, name
    for member in sampled.solution.members:
        quantity = quantity.removesuffix(f"_{member}")
    known = (*problem.quantities, *problem.vectors, *problem.tensors)
    for before in BEFORE if quantity not in known else ():
        quantity = quantity.removeprefix(before)
    if name == "arc_length":
        quantity = problem.coordinates[0]
    unit = problem.unit_labels.of(quantity, plain=True) if quantity in (*known, *problem.coordinates) else ""
    return f"{name} [{unit}]" if unit else name


def _point_data(sampled: Sample, *, full_tensors: bool, tensors: bool) -> dict[str, Array]:
    if sampled.solution.members:
        return of_members(sampled, full_tensors=full_tensors, tensors=tensors)
    problem, values, grid = sampled.solution.problem, sampled.values, sampled.grid
    data = dict(values)
    if tensors:
        for name, components in problem.vectors.items():
            if all(component in values for component in components):
                data[name] = columns([values[component] for component in components], 3)
        for name, components in problem.tensors.items():
            if all(component in values for component in components.values()):
                six = [_tensor_component(problem, values, components, name, pair) for pair in VTK_TENSOR]
                tensor = np.column_stack([np.zeros(len(sampled.points)) if part is None else part for part in six])
                data[name] = tensor[:, _FULL_TENSOR] if full_tensors else tensor
    data |= {f"exact_{name}": exact for name, exact in sampled.exact.items()}
    data |= {f"error_{name}": error for name, error in sampled.error.items()}
    data |= {f"standard_deviation_{name}": deviation for name, deviation in sampled.deviation.items()}
    if set(sampled.names) >= set(problem.quantities):
        data |= {f"residual_{name}": residual for name, residual in sampled.residual.items()}
    if grid.subdomain is not None:
        data["subdomain"] = grid.subdomain.astype(float)
    return {**grid.marks, **data}


def of_members(sampled: Sample, **options: bool) -> dict[str, Array]:
    common = {*sampled.grid.marks, "subdomain"}
    found: dict[str, Array] = {}
    for member, solution in sampled.solution.members.items():
        data = _point_data(replace(sampled, solution=solution), **options)
        found |= {name if name in common else f"{name}_{member}": values for name, values in data.items()}
    return found


def layout(sampled: Sample, **options: bool) -> dict[str, int]:
    """Name -> number of components of what `blocks` gives, from one point of each subdomain."""
    rows = _one_of_each(sampled.grid, len(sampled.points))
    few = Sample(sampled.solution, sampled.grid.taken(rows), sampled.points[rows], sampled.names)
    return {name: 1 if part.ndim == 1 else part.shape[1] for name, part in point_data(few, **options).items()}


def _one_of_each(grid: Grid, count: int) -> NDArray[np.int64]:
    """The first of the points inside the domain, or the first in each subdomain."""
    found: dict[int, int] = {}
    for start in range(0, count, SAMPLE_CHUNK):
        some = slice(start, min(start + SAMPLE_CHUNK, count))
        inside = np.arange(some.start, some.stop)
        if grid.outside is not None:
            inside = inside[~grid.outside[some]]
        seen = np.zeros(len(inside), np.int64) if grid.subdomain is None else grid.subdomain[inside]
        for number, place in zip(*np.unique(seen, return_index=True), strict=True):
            found.setdefault(int(number), int(inside[place]))
    return np.array([*found.values()], np.int64)


def blocks(sampled: Sample, widths: Mapping[str, int], **options: bool) -> Iterator[tuple[int, dict[str, Array]]]:
    """(first row, name -> [n, …]) from the first point to the last, in bounded memory; `widths` are those of `layout`.

    NaN where a name is not known: an equation of another subdomain, a point outside."""
    for start, block in sampled.blocks():
        data = point_data(block, **options)
        for name, width in widths.items():
            if name not in data:
                data[name] = np.full((len(block.points), width) if width > 1 else len(block.points), np.nan)
        yield start, {name: data[name] for name in widths}


def columns(parts: Sequence[Array], width: int) -> Array:
    """Columns side by side, zeros up to `width`."""
    zero = np.zeros_like(parts[0])
    return np.column_stack([*parts, *[zero] * (width - len(parts))])


def _tensor_component(
    problem: Problem, values: dict[str, Array], components: dict[str, str], name: str, pair: str
) -> Array | None:
    """A component by the place of its letters among the coordinates, or a quantity of that name (stress_zz).

    Across a plane it is what the physics has there: the stress of plane strain, the hoop stress.
    """
    letters = dict(zip("xyz", problem.coordinates, strict=False))
    if pair == "zz" and "z" not in letters:
        quantity = components.get(ACROSS) or f"{name}_zz"
    else:
        own = "".join(letters.get(letter, letter) for letter in pair)
        quantity = components.get(own) or components.get(own[::-1]) or f"{name}_{own}"
    return values.get(quantity)
