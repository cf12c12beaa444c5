"""Motions that nothing fixes: constants of fields and rigid motions that no statement notices, before training.

A motion v is free where the linear part of every statement vanishes on it, sum_d c_d(x) v_d(x) = 0 at points x of its
place. Of all combinations of the constants of the outputs and of the rotations of a displacement, those are the null
space of one small matrix: a row for each statement and point, in units of its own terms, a column for each motion, and
for each unknown motion of a rigid patch, which goes along with the body.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import torch
from torch import Tensor

from pinn.equations.compiler.compile import Derivative
from pinn.equations.statements import Statement
from pinn.problem.problem import Problem

POINTS, SEED = 16, 5  # of each place
TRIED = (0.7, 0.3)  # values of all jets, at which the slopes of nonlinear statements are looked at
FREE = 1e-9  # singular value of a motion that no statement notices, relative to the largest
BELONGS = 1e-6  # distance from the free motions, of one that is free
LEAST_TURN = 1e-6  # share of a rotation in a motion that is one


@dataclass(frozen=True)
class Motion:
    """A field that is linear in the coordinates: output -> (constant, {axis: slope})."""

    parts: Mapping[str, tuple[float, Mapping[int, float]]]

    def jet(self, derivative: Derivative, points: Tensor) -> Tensor:
        """A derivative of it at points [N, D]: [N]."""
        constant, slopes = self.parts.get(derivative.field, (0.0, {}))
        found = points.new_zeros(len(points))
        if derivative.partial.order == 0:
            return sum((slope * points[:, axis] for axis, slope in slopes.items()), found + constant)
        if derivative.partial.order == 1:
            return found + slopes.get(derivative.partial.orders.index(1), 0.0)
        return found


def free_motions(problem: Problem) -> list[str]:
    """A sentence for each constant and rigid motion that no statement notices; none for data and for families."""
    statements = problem.posed or problem.statements
    if problem.parameters or any(statement.values is not None for statement in statements):
        return []
    motions, count = candidates(problem), len(problem.motions)
    rows = torch.cat([noticed(problem, statement, [*motions.values()]) for statement in statements])
    rows = torch.cat([rows, rows.new_zeros(len(motions) + count, len(motions) + count)])
    sizes = rows.abs().amax(dim=0).clamp(min=FREE)
    _, values, directions = torch.linalg.svd(rows / sizes, full_matrices=False)
    free = directions[values <= FREE * max(float(values[0]), 1.0)].T / sizes[:, None]
    return worded(problem, [*motions], torch.linalg.qr(free[: len(motions)])[0]) if free.shape[1] else []


def candidates(problem: Problem) -> dict[tuple[str, ...], Motion]:
    """(output,) -> its constant; (subdomain, i, j) -> its rotation in a coordinate plane about the domain's middle."""
    found: dict[tuple[str, ...], Motion] = {(output,): Motion({output: (1.0, {})}) for output in problem.outputs}
    components = problem.vectors.get("displacement", ())
    if len(components) != problem.space or not problem.space:
        return found
    middle = ((problem.bounds[0] + problem.bounds[1]) / 2).tolist()
    length = float(problem.domain.half_width[: problem.space].max())
    for subdomain in problem.subdomains:
        outputs = [subdomain.output(name) for name in components]
        for i, j in combinations(range(problem.space), 2):
            found[subdomain.name, str(i), str(j)] = Motion(
                {
                    outputs[i]: (middle[j] / length, {j: -1 / length}),
                    outputs[j]: (-middle[i] / length, {i: 1 / length}),
                }
            )
    return found


def noticed(problem: Problem, statement: Statement, motions: Sequence[Motion]) -> Tensor:
    """What motions of fields and of rigid patches change in a statement, in units of its terms: [rows, motions]."""
    points = problem.domain.sample(statement.place, POINTS, SEED)
    guesses = {name: torch.tensor(value, dtype=torch.float64) for name, value in problem.guesses.items()}
    rows = []
    for tried in TRIED[: 1 if statement.expression.is_linear else 2]:
        changes, sizes = points.points.new_zeros(2, len(points), len(motions) + len(problem.motions))
        inputs, place = points.inputs(problem.axes, guesses), points.points
        jets = {d: place.new_full((len(place),), tried) for d in statement.expression.derivatives}
        weights = None if points.weights is None else points.weights.abs()
        for key, slope in statement.expression.linearise(inputs, jets).items():
            if isinstance(key, Derivative):
                column = torch.nan_to_num(torch.as_tensor(slope, dtype=place.dtype).expand(len(place)), nan=1.0)
                terms = torch.stack([column * motion.jet(key, place) for motion in motions], dim=1)
                changes[:, : len(motions)] += points.summed(terms)
                sizes[:, : len(motions)] += replace(points, weights=weights).summed(terms.abs())
            elif key in problem.motions:
                column = torch.as_tensor(slope, dtype=place.dtype).expand(len(place))
                changes[:, len(motions) + problem.motions.index(key)] += points.summed(column)
        largest = sizes.amax(dim=1)
        rows.append(changes[largest > 0] / largest[largest > 0, None])
    return torch.cat(rows)


def worded(problem: Problem, names: Sequence[tuple[str, ...]], space: Tensor) -> list[str]:
    """The motions of an orthonormal space [motions, free] in words."""

    def belongs(column: Tensor) -> bool:
        return float((column - space @ (space.T @ column)).norm()) < BELONGS * float(column.norm())

    def constant(name: str, subdomains: Sequence[str]) -> Tensor:
        chosen = {s.output(name) for s in problem.subdomains if s.name in subdomains}
        return torch.tensor([float(len(one) == 1 and one[0] in chosen) for one in names], dtype=space.dtype)

    everywhere = [subdomain.name for subdomain in problem.subdomains]
    found = []
    for name in problem.fields:
        if belongs(constant(name, everywhere)):
            found.append(f"nothing fixes {constant_of(problem, name)}: {cure(name)}")
            continue
        for one in everywhere:
            if belongs(constant(name, [one])):
                found.append(f"nothing fixes {constant_of(problem, name)} in {one}: {cure(name)}")
    displacement = problem.vectors.get("displacement", ())
    for i, j in combinations(range(problem.space if len(displacement) == problem.space else 0), 2):
        turn = torch.tensor([float(one[1:] == (str(i), str(j))) for one in names], dtype=space.dtype)
        shifts = [constant(displacement[k], everywhere) for k in (i, j)]
        weights = turning(torch.stack([turn, *shifts], dim=1), space, BELONGS)
        if weights is not None:
            about = "any point" if all(map(belongs, shifts)) else centre(problem, i, j, weights)
            found.append(f"nothing fixes a rotation about {about}: {cure(displacement[j])}")
    if len(found) < space.shape[1]:
        fields = ", ".join(problem.fields)
        found.append(f"nothing fixes a combination of constants or rigid motions of {fields}")
    return found


def constant_of(problem: Problem, name: str) -> str:
    displacement = problem.vectors.get("displacement", ())
    if name in displacement:
        return f"a translation along {problem.coordinates[displacement.index(name)]}"
    return f"{name} up to a constant"


def turning(together: Tensor, space: Tensor, near: float) -> Tensor | None:
    """Weights [3] of a rotation and two shifts, columns [rows, 3], whose sum is in an orthonormal space up to `near`.

    Where many are, as where a shift is in it by itself, those that have most of the rotation: the projection of the
    rotation on them, whatever basis they have. None where there are none.
    """
    outside = together - space @ (space.T @ together)
    _, sizes, directions = torch.linalg.svd(outside, full_matrices=False)
    inside = directions[sizes <= near * (together @ directions.T).norm(dim=0)]
    weights = inside.T @ inside[:, 0]
    return weights if abs(float(weights[0])) > LEAST_TURN else None


def centre(problem: Problem, i: int, j: int, weights: Tensor) -> str:
    """Where a rotation about the domain's middle, in units of its half width, stands still when shifts are added."""
    middle, length = (
        (problem.bounds[0] + problem.bounds[1]) / 2,
        float(problem.domain.half_width[: problem.space].max()),
    )
    at = middle[i] - length * float(weights[2] / weights[0]), middle[j] + length * float(weights[1] / weights[0])
    x, y = (0.0 if abs(value) < BELONGS * length else value for value in at)
    return f"({problem.coordinates[i]}, {problem.coordinates[j]}) = ({x:.3g}, {y:.3g})"


def cure(name: str) -> str:
    return f"prescribe {name} on a patch, or at a point: {{at: [...], {name}: 0}}"
