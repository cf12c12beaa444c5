"""Separation: a body is cut through its holes where the functions of a corner would jump inside it.

A function r^a phi(theta) of a vertex on the outline of a hole has no one value all the way round that hole, and smooth
features have the same value on both faces of a crack. So such a body is solved in parts, with straight cuts through the
middle of each hole and along each slit, across which everything is continuous: no part surrounds a hole, and none has
both lips of a slit (cuts.py). It is what a user could have written with `subdomains` and `interfaces`, and the run's
spec.yaml says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pinn.errors import SpecError
from pinn.geometry.build.partition import build_partition
from pinn.geometry.mesh.shape import MeshShape
from pinn.geometry.shapes.shape import GeometryError
from pinn.problem.compatibility import excluded
from pinn.problem.cuts import Cut, cells, cuts_of, edge_slits, inside
from pinn.problem.features import SUBDOMAINS, Asked
from pinn.problem.loading import build_problem
from pinn.problem.problem import Problem
from pinn.problem.singular import order_of, singular, usable, window_of
from pinn.spec.blocks.interface import Interface
from pinn.spec.schema import REST

METHODS = ("auto", "least_squares")  # which have functions of corners


def separated(problem: Problem) -> Problem:
    """The problem in parts where that helps, else itself."""
    if not separable(problem):
        return problem
    cuts = cuts_of(problem)
    if not cuts:
        return problem
    try:
        found = in_parts(problem, cuts)
    except (GeometryError, SpecError):  # a cut along an edge, or through what is too thin to be cut
        return problem
    worth = jumping(problem) if edge_slits(problem) else jumping(problem) - 1
    return found if found is not None and jumping(found) <= worth else problem


def separable(problem: Problem) -> bool:
    """Whether the body is one of a single material that `subdomains` can be stated for."""
    if len(problem.coordinates) != 2:
        return False
    spec = problem.spec
    one = problem.subdomains.partition is None and not isinstance(problem.geometry, MeshShape)
    asked = not spec.solver.minimises_energy and not spec.network.hidden and spec.solver.stages[0].name in METHODS
    return (
        problem.eigen is None
        and one
        and asked
        and usable(problem)
        and continuous_quantities(problem) is not None
        and not excluded(SUBDOMAINS, Asked(spec, problem))
        and (jumping(problem) > 0 or bool(edge_slits(problem)))
    )


def jumping(problem: Problem) -> int:
    """How many singular corners have functions that jump inside their part of the body."""
    order = order_of(problem)
    return sum(window_of(problem, c) is not None for c in problem.corners if singular(c, order))


def continuous_quantities(problem: Problem) -> tuple[str, ...] | None:
    """What determines the fields across a cut; None where equations are not of second order in every field."""
    orders = dict.fromkeys(problem.fields, 0)
    for statement in problem.statements:
        if statement.is_equation:
            for jet in statement.expression.derivatives:
                orders[jet.field] = max(orders[jet.field], jet.partial.order)
    if any(order != 2 for order in orders.values()):
        return None
    if {"displacement", "traction"} <= problem.vectors.keys():
        return "displacement", "traction"
    return (*problem.fields, *(f"{name}_n" for name in problem.fields))


def in_parts(problem: Problem, lines: Sequence[Cut]) -> Problem | None:
    """The problem with these cuts as `subdomains` and `interfaces`. Raises GeometryError, SpecError."""
    spec = problem.spec
    trees: dict[str, Any] = {}
    for number, side in enumerate(cells(lines, inside(problem))):
        shapes = [line.shape(bool(left)) for line, left in zip(lines, side, strict=True)]
        trees[f"part_{number + 1}"] = shapes[0] if len(shapes) == 1 else {"intersection": shapes}
    names = list(trees)
    trees[names[-1]] = REST
    quantities = continuous_quantities(problem)
    assert quantities is not None
    number, shape = problem.scope.number, problem.geometry
    partition = build_partition({**trees, names[-1]: None}, shape, number, spec.coordinates, problem.folder)
    interfaces = [Interface(between=pair, continuous=quantities) for pair in partition.touching]
    return build_problem(spec.model_copy(update={"subdomains": trees, "interfaces": interfaces}), problem.folder)
