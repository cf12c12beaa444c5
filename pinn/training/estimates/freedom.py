"""Freedom: fields that change without any statement noticing, in words.

The modes of a companion with an infinite gain span what the statements leave open. Constants of a field and rigid
motions of a displacement are looked for in that span by name; what is left over is described by where it is largest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from pinn.problem.motions import cure, turning
from pinn.problem.problem import Problem
from pinn.problem.scan import has_source
from pinn.training.estimates.companion import Mode

# Gain, beyond which a mode is free: at an eigenvalue, features show 2e7 (the square's lowest) to 1e9 of an infinite
# one; within 1e-6 of it, the gain is 1e6.
FREE = 1e7
# Gains of a whole function that is free fall slowly, from what the features can show of it; of a problem that is
# hard in one direction, all but the first are of the order of one.
MANY, LARGE = 4, 1e3
ROUNDING = 1e-7  # of the largest gain: what rounding errors make of the others
BELONGS = 0.02  # distance of a motion from the span, relative to its size: what features cannot show of a rotation
AMPLIFIES = 1e4  # gain, from which a reader wants to know


def freedom(problem: Problem, modes: Sequence[Mode]) -> list[str]:
    """A sentence for each motion that nothing fixes, or for what is free beside them; none where all is fixed."""
    free = [mode for mode in modes if mode.gain > (FREE if is_driven(problem) else AMPLIFIES)]
    noisy = any(statement.noise is not None for statement in problem.statements)
    least = FREE if noisy else LARGE  # what hangs on noisy data has large gains, and a standard deviation
    large = [mode for mode in modes if mode.gain > max(least, ROUNDING * modes[0].gain)]
    if not free and len(large) < MANY:
        return []
    span = large if len(large) >= MANY else free
    points = span[0].points
    space = orthonormal([torch.cat([mode.values[o] / size_of(problem, o) for o in problem.outputs]) for mode in span])
    found, named = [], []
    for sentence, motion in motions(problem, points, space):
        found.append(sentence)
        named.append(motion)
    rest = without(space, named)
    if len(span) == 1 and span[0].moves:
        return [held_by_nothing(problem, span[0])]
    if rest.shape[1] and not (found and len(large) < MANY):
        found.append(described(problem, points, rest))
    return found


def is_driven(problem: Problem) -> bool:
    """Whether anything is stated but that linear expressions of the fields vanish: else zero fields satisfy it all."""
    return not problem.is_linear or any(s.values is not None or has_source(s) for s in problem.statements)


def amplification(modes: Sequence[Mode]) -> str | None:
    """A sentence where fields follow the residual with a large gain, though nothing is free."""
    gain = modes[0].gain if modes else 0.0
    if gain < AMPLIFIES:
        return None
    return f"residuals are amplified up to {gain:.0e} times: the problem is near one without a unique solution"


def motions(problem: Problem, points: Tensor, space: Tensor) -> list[tuple[str, Tensor]]:
    """(sentence, direction) of every constant and rigid motion within the span of the columns of `space`."""
    found = []
    displacement = problem.vectors.get("displacement", ())
    for subdomain in problem.subdomains:
        where = f" in {subdomain.name}" if subdomain.name else ""
        for name in subdomain.scope.fields:
            column = motion_of(problem, points, {subdomain.output(name): torch.ones(len(points))})
            if not belongs(column, space):
                continue
            axis = problem.coordinates[displacement.index(name)] if name in displacement else None
            what = f"a translation along {axis}" if axis else f"{name} up to a constant"
            found.append((f"nothing fixes {what}{where}: {cure(name)}", column))
        if len(displacement) == problem.space:
            found += rotations(problem, points, space, [subdomain.output(name) for name in displacement], where, found)
    return found


def rotations(problem: Problem, points: Tensor, space: Tensor, outputs: Sequence[str], where: str, known) -> list:
    """Rotations in each coordinate plane; about a centre of its own where translations are fixed."""
    found = []
    for i in range(problem.space):
        for j in range(i + 1, problem.space):
            turn = {outputs[i]: -points[:, j], outputs[j]: points[:, i]}
            shifts = [motion_of(problem, points, {outputs[k]: torch.ones(len(points))}) for k in (i, j)]
            column = motion_of(problem, points, turn)
            candidates = torch.stack([column, *shifts], dim=1)
            weights = turning(candidates, space, BELONGS)
            if weights is None:
                continue
            free_shifts = all(belongs(shift, space) for shift in shifts)
            centre = "any point" if free_shifts else (
                f"({problem.coordinates[i]}, {problem.coordinates[j]}) = "
                f"({float(-weights[2] / weights[0]):.3g}, {float(weights[1] / weights[0]):.3g})"
            )  # fmt: skip
            field = problem.vectors["displacement"][j]
            found.append(
                (
                    f"nothing fixes a rotation about {centre}{where}: {cure(field)}",
                    candidates @ weights,
                )
            )
    return found


def motion_of(problem: Problem, points: Tensor, values: dict[str, Tensor]) -> Tensor:
    """A motion as a column over all outputs at the points, each inside its own subdomain, in units of the fields."""
    number = problem.subdomains.number_at(points)
    parts = []
    for output in problem.outputs:
        place = next(k for k, subdomain in enumerate(problem.subdomains) if output in subdomain.outputs)
        given = values.get(output, torch.zeros(len(points))).to(points)
        parts.append(torch.where(number == place, given, torch.zeros_like(given)) / size_of(problem, output))
    return torch.cat(parts)


def size_of(problem: Problem, output: str) -> float:
    return problem.scaling.fields[output]


def orthonormal(columns: Sequence[Tensor]) -> Tensor:
    return torch.linalg.qr(torch.stack(list(columns), dim=1))[0]


def belongs(column: Tensor, space: Tensor) -> bool:
    """Whether a column lies in the span of an orthonormal space."""
    size = float(column.norm())
    return size > 0 and float((column - space @ (space.T @ column)).norm()) < BELONGS * size


def without(space: Tensor, columns: Sequence[Tensor]) -> Tensor:
    """What is left of a space [rows, K] when directions are taken away."""
    if not columns:
        return space
    taken = orthonormal(columns)
    left, sizes, _ = torch.linalg.svd(space - taken @ (taken.T @ space), full_matrices=False)
    return left[:, sizes > math.sqrt(BELONGS)]


def held_by_nothing(problem: Problem, mode: Mode) -> str:
    """Where a front stands that its surroundings hold by less than rounding errors."""
    sizes = torch.stack([mode.values[o] / size_of(problem, o) for o in problem.outputs]).square().sum(dim=0)
    at = place_of(problem, mode.points, sizes)
    return (
        f"nothing holds the fields in place: moved as a whole, with their front near {at}, "
        "they satisfy every statement as well (what fixes it is below the rounding errors); state where it is"
    )


def place_of(problem: Problem, points: Tensor, sizes: Tensor) -> str:
    """Of points [N, D] the one where sizes [N] are largest."""
    place = points[int(sizes.argmax())].tolist()
    return ", ".join(f"{axis} = {value:.3g}" for axis, value in zip(problem.axes, place, strict=True))


def described(problem: Problem, points: Tensor, rest: Tensor) -> str:
    """Where the free fields are largest, and which they are."""
    sizes = rest.square().sum(dim=1).reshape(len(problem.outputs), -1)
    strongest = sizes.sum(dim=1)
    names = [
        output.partition(" in ")[0]
        for output, size in zip(problem.outputs, strongest, strict=True)
        if size > 0.1 * strongest.max()
    ]
    at = place_of(problem, points, sizes.sum(dim=0))
    fields = ", ".join(dict.fromkeys(names))
    if rest.shape[1] == 1:
        return (
            f"the statements without their loads have a solution of their own, largest near {at}: any multiple of it "
            f"may be added to {fields} (an eigenvalue, or a condition that is missing)"
        )
    return (
        f"the statements leave a function of {fields} open, largest near {at}: a condition is missing there; add it, "
        "or write free: true where nothing is known"
    )
