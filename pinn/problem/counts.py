"""Counts: how many points each statement of a problem gets."""

from __future__ import annotations

from collections.abc import Hashable

from pinn.domain.domain import Domain
from pinn.domain.places import Counts
from pinn.problem.problem import Problem


def statement_counts(
    problem: Problem, interior: int, boundary: int, initial: int | None = None, domain: Domain | None = None
) -> list[int]:
    """Points per statement: `interior` for equations, `boundary` shared by its parts in proportion to their measure.

    A count in the spec goes before: of a condition, or of `sampling`.
    domain   where they are to lie, if that is a part of the problem's
    """
    sampling, domain = problem.spec.sampling, domain or problem.domain
    places = list(dict.fromkeys(statement.place for statement in problem.statements))
    covered: dict[Hashable, float] = {}  # overlapping places count once
    for place in places:
        covered |= place.covers(domain)
    wanted = Counts(
        sampling.interior or interior,
        sampling.boundary or boundary,
        sampling.initial or initial or boundary,
        sum(covered.values()) * domain.duration or 1.0,
    )
    counts = {place: place.count(domain, wanted) for place in places}
    return [statement.count or counts[statement.place] for statement in problem.statements]
