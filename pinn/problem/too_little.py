"""Too little: conditions, equations and fixed motions that are missing, found by counting before anything is trained.

It takes half the order of each field in conditions on every patch (in one dimension its order, at both ends together),
an equation for every field, and something that fixes constants and rigid motions. Where counting is not enough (a
coefficient that vanishes on a patch, a field that data determine) nothing is said here; after training the smallest
singular values decide (training/estimates/freedom.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from pinn.domain.integrals import Integral
from pinn.domain.places import Boundary, Points
from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import Derivative
from pinn.equations.statements import Statement
from pinn.equations.subdomains import Subdomain
from pinn.problem.problem import Problem

POINTS = 64  # of a patch, at which its conditions are counted
TRIED = 0.7  # value of all jets, where the coefficients of nonlinear equations are looked at
VANISHES = 1e-9  # of its largest value, a coefficient that is none


def missing(problem: Problem) -> list[str]:
    """A sentence for each field without an equation, and for each patch with too few conditions."""
    statements = problem.posed or problem.statements
    if any(statement.values is not None for statement in statements):
        return []  # what data say counts for conditions
    equations = [statement for statement in statements if statement.is_equation]
    if found := without_equation(problem, equations):
        return found
    if problem.spec.solver.minimises_energy:
        return []  # what is not stated is natural
    orders = spatial_orders(problem, equations)
    return at_the_ends(problem, statements, orders) if problem.space == 1 else on_patches(problem, statements, orders)


def without_equation(problem: Problem, equations: Sequence[Statement]) -> list[str]:
    found = []
    for subdomain in problem.subdomains:
        ours = [statement for statement in equations if statement.place.subdomain == subdomain.name]
        named = {d.field for statement in ours for d in statement.expression.derivatives}
        where = f" in {subdomain.name}" if subdomain.name else ""
        for name in subdomain.scope.fields:
            if subdomain.output(name) not in named:
                found.append(f"no equation says anything of {name}{where}: it is open there; add one, or leave it out")
        if not found and len(ours) < len(subdomain.outputs):
            count = f"{len(ours)} equation{'s' * (len(ours) != 1)}"
            found.append(f"{count} for {len(subdomain.outputs)} fields{where}: some of them are open")
    return found


def spatial_orders(problem: Problem, equations: Sequence[Statement]) -> dict[str, int]:
    """Output -> the highest order of its derivatives in space."""
    orders = dict.fromkeys(problem.outputs, 0)
    for statement in equations:
        for d in statement.expression.derivatives:
            orders[d.field] = max(orders[d.field], d.spatial_order(problem.space))
    return orders


def closed_patches(problem: Problem) -> set[str]:
    """Patches of which the spec says that no more is known there, or that they are periodic."""
    found: set[str] = set()
    for condition in problem.spec.conditions:
        found |= set(condition.periodic or ())
        for name in condition.names if condition.free else ():
            part = problem.spec.boundaries.get(name)
            found |= set(problem.geometry.patches if name == "boundary" else (part.on if part else None) or (name,))
            found |= set(problem.geometry.patches) if part is not None and part.on is None else set()
    return found


def at_the_ends(problem: Problem, statements: Sequence[Statement], orders: Mapping[str, int]) -> list[str]:
    """In one dimension conditions may be shared between the ends as one likes."""
    needed = sum(orders.values())
    if closed_patches(problem) or len(problem.subdomains) > 1 or any_vanish(problem, statements, orders):
        return []
    stated = [s for s in statements if isinstance(s.place, Boundary | Points | Integral)]
    count = sum(len(s.place.patches) if isinstance(s.place, Boundary) else s.place.listed for s in stated)
    if count >= needed:
        return []
    return [
        f"the ends have {count} condition{'s' * (count != 1)} together where equations of this order need {needed}: "
        "what is not said is open"
    ]


def any_vanish(problem: Problem, statements: Sequence[Statement], orders: Mapping[str, int]) -> bool:
    (subdomain,) = problem.subdomains
    return any(degenerate(problem, statements, orders, subdomain, patch) for patch in problem.geometry.patches)


def on_patches(problem: Problem, statements: Sequence[Statement], orders: Mapping[str, int]) -> list[str]:
    found, closed = [], closed_patches(problem)
    for subdomain in problem.subdomains:
        needed = sum(orders[name] // 2 for name in subdomain.outputs)
        for patch in subdomain.shape.patches:
            if patch in closed or patch not in problem.geometry.patches:
                continue
            names, fewest = conditions_on(problem, statements, subdomain, patch)
            if fewest < needed and not degenerate(problem, statements, orders, subdomain, patch):
                said = f" ({', '.join(names)})" if names else ""
                where = f" in {subdomain.name}" if subdomain.name else ""
                part = " on a part of it" if len(names) > fewest else ""
                found.append(
                    f"patch '{patch}'{where} has {fewest} condition{'s' * (fewest != 1)}{said}{part} where the "
                    f"equations need {needed}: what is not said is open; state it, or free: true beside what is known"
                )
    return found


def conditions_on(
    problem: Problem, statements: Sequence[Statement], subdomain: Subdomain, patch: str
) -> tuple[list[str], int]:
    """The quantities that are stated on a patch, and how many of them where there are fewest."""
    points = boundary_points(problem, subdomain, patch).points
    said: dict[tuple[tuple, str], Tensor] = {}
    for statement in statements:
        place = statement.place
        if isinstance(place, Boundary) and patch in place.patches and place.subdomain == subdomain.name:
            mask = problem.domain.mask(place.where)
            here = torch.ones(len(points), dtype=torch.bool)
            if mask is not None:
                here = torch.as_tensor(mask(points[:, : problem.space + len(problem.parameters)].numpy()))
            said[statement.path, statement.name.removesuffix(f" on {place.label}")] = here
    return [name for _, name in said], int(sum(said.values(), torch.zeros(len(points))).min())


def boundary_points(problem: Problem, subdomain: Subdomain, patch: str) -> PointSet:
    return problem.domain.sample(Boundary((patch,), None, subdomain.name), POINTS, 0)


def degenerate(
    problem: Problem, statements: Sequence[Statement], orders: Mapping[str, int], subdomain: Subdomain, patch: str
) -> bool:
    """Whether a coefficient is infinite on the patch, or that of a highest derivative across it vanishes."""
    points = boundary_points(problem, subdomain, patch)
    assert points.normals is not None
    across = dict.fromkeys((name for name in subdomain.outputs if orders[name] > 1), points.points.new_zeros(POINTS))
    guesses = {name: torch.tensor(value, dtype=torch.float64) for name, value in problem.guesses.items()}
    inputs = PointSet(points.points).inputs(problem.axes, guesses)
    for statement in statements:
        if not statement.is_equation or statement.place.subdomain != subdomain.name:
            continue
        tried = {d: torch.full((len(points),), TRIED, dtype=torch.float64) for d in statement.expression.derivatives}
        principal: dict[str, Tensor] = {}
        for key, slope in statement.expression.linearise(inputs, tried).items():
            column = torch.as_tensor(slope, dtype=torch.float64).expand(len(points))
            if not bool(column.isfinite().all()):
                return True
            if (
                isinstance(key, Derivative)
                and key.field in across
                and key.spatial_order(problem.space) == orders[key.field]
            ):
                share = normal_share(key, points.normals)
                principal[key.field] = principal.get(key.field, torch.zeros_like(column)) + column * share
        for name, column in principal.items():
            across[name] = torch.maximum(across[name][: len(column)], column.abs())
    return any(bool((column <= VANISHES * column.max()).any()) for column in across.values())


def normal_share(derivative: Derivative, normals: Tensor) -> Tensor:
    """The product of the components of the normal that a derivative takes: [N]."""
    found = torch.ones(len(normals), dtype=torch.float64)
    for axis in range(normals.shape[1]):
        found = found * normals[:, axis] ** derivative.partial.orders[axis]
    return found
