"""Warnings: what a spec may say, and probably does not mean."""

from __future__ import annotations

import math

from pinn.domain.places import Boundary
from pinn.equations.dimensional import dimensions_of
from pinn.network.activations import ACTIVATIONS
from pinn.problem.contradictions import contradictions
from pinn.problem.measured import misfit_warnings
from pinn.problem.motions import free_motions
from pinn.problem.problem import Problem
from pinn.problem.steps import steps
from pinn.problem.too_little import missing


def warnings(problem: Problem) -> list[str]:
    """One line for each thing that is allowed, and probably not meant."""
    return [
        *problem.uncut,
        *activation_warnings(problem),
        *excess_warnings(problem),
        *missing(problem),
        *(free_motions(problem) if problem.eigen is None else ()),  # what nothing holds has modes of frequency zero
        *contradictions(problem),
        *steps(problem),
        *beyond_warnings(problem),
        *unit_warnings(problem),
    ]


def activation_warnings(problem: Problem) -> list[str]:
    """Equations that ask for more derivatives than the activation has."""
    activation = ACTIVATIONS[problem.spec.network.activation.name]
    warnings = []
    for statement in problem.statements:
        order = statement.expression.order
        if not statement.is_equation or (order <= activation.order and order <= activation.smoothness + 1):
            continue
        if order > activation.order:
            what = f"{activation.name} has zero derivatives of order {order} almost everywhere"
        else:
            what = f"{activation.name} has jumps in its derivatives of order {activation.smoothness + 1}"
        warnings.append(f"{what}; equation {statement.name} needs order {order}")
    return warnings


def beyond_warnings(problem: Problem) -> list[str]:
    """Rows of the reference that lie outside the domain, where no solution has a value."""
    if problem.reference is None or not problem.reference.outside:
        return []
    rows = problem.reference.outside + len(problem.reference.points)
    return [f"{problem.reference.outside} of the reference's {rows} points lie outside the domain, and do not count"]


def unit_warnings(problem: Problem) -> list[str]:
    """Expressions that add, compare or state what does not have the same unit."""
    if not problem.spec.is_measured:
        return []
    every = [dimensions_of(problem.spec, name) for name in problem.spec.subdomains or ("",)]
    return list(dict.fromkeys(text for known in every for text in misfit_warnings(known)))


def excess_warnings(problem: Problem) -> list[str]:
    """Patches with more conditions than the equations can satisfy: half the order of each field, at least one."""
    order = dict.fromkeys(problem.outputs, 0)
    for statement in problem.statements:
        if statement.is_equation:
            for d in statement.expression.derivatives:
                order[d.field] = max(order[d.field], d.spatial_order(problem.space))
    most = max(sum(max(1, math.ceil(order[name] / 2)) for name in s.outputs) for s in problem.subdomains)
    found = []
    for patch in problem.geometry.patches:
        names = [
            statement.name.removesuffix(f" on {statement.place.label}")
            for statement in problem.statements
            if isinstance(place := statement.place, Boundary) and place.where is None and patch in place.patches
        ]
        names = list(dict.fromkeys(names)) if len(problem.subdomains) > 1 else names  # one for each subdomain on it
        if len(names) > most:
            found.append(
                f"patch '{patch}' has {len(names)} conditions ({', '.join(names)}) where the equations take {most}; "
                "'on: boundary' means every patch that has no condition on that very quantity"
            )
    return found
