"""Integrals and means of an expression over places, and what their quadrature is off by.

    I_1, I_2, I_4: with all points, a half and a quarter of them;     a = |I_1 - I_2|,   b = |I_2 - I_4|

The rules converge like a power of the points, or faster: what is left is a r + a r^2 + … with r = a/b. Where that is no
small number nothing says that they converge, and a is what is left.
Source: Davis & Rabinowitz, Methods of Numerical Integration, 2nd ed., § 7.2 (extrapolation of three values, by Aitken).
"""

from __future__ import annotations

import numpy as np

from pinn.domain.integrals import Extended, quadrature
from pinn.domain.places import Interior
from pinn.geometry.points.quadrature import Quadrature
from pinn.geometry.points.sections import Section
from pinn.problem.probe import Extent
from pinn.solution.fluxes import inside_rule
from pinn.solution.probed_expressions import Answer, at_points, magnitudes
from pinn.solution.solution import Solution

INSIDE = {1: 600, 2: 20_000, 3: 60_000}  # points of a rule over the domain, by its dimension
AROUND = {1: 2, 2: 4000, 3: 30_000}  # over a boundary
VANISHING = 0.1  # share of the magnitudes below which a value counts as one that vanishes
CONVERGES = 0.5  # a/b, from which three rules do not show that they converge


def integrated(solution: Solution, extent: Extent, compared: bool) -> Answer:
    """The integral or mean; `compared` with coarser rules, for what the quadrature is off by."""
    finest = summed(solution, extent, 1.0)
    if not compared:
        return finest
    half, quarter = (summed(solution, extent, share) for share in (0.5, 0.25))
    return Answer(finest.value, finest.size, off=left_over(finest.value - half.value, half.value - quarter.value))


def left_over(last: float, before: float) -> float:
    """What a sequence is off by after its two last changes."""
    last, before = abs(last), abs(before)
    return last**2 / (before - last) if last < CONVERGES * before else last


def summed(solution: Solution, extent: Extent, share: float) -> Answer:
    """With a share of the points."""
    total = size = measure = 0.0
    for place in extent.places:
        seen = None if isinstance(place, Section) else place.subdomain
        rule = rule_over(solution, place, share)
        values = at_points(solution, extent, rule.points, rule.normals, seen)
        sizes = np.maximum(np.abs(values), VANISHING * magnitudes(solution, extent, rule.points, rule.normals, seen))
        total, size = total + float(rule.weights @ values), size + float(rule.weights @ sizes)
        measure += float(rule.weights.sum())
    whole = 1.0 if extent.kind == "integral" else measure
    return Answer(total / whole, size / whole)


def rule_over(solution: Solution, place: Extended, share: float) -> Quadrature:
    """Inside with more points in small cells of a solution that has such: layers lie between points spread evenly."""
    domain = solution.problem.domain
    inside, around = (max(1, round(share * count[domain.space])) for count in (INSIDE, AROUND))
    if isinstance(place, Interior):
        return inside_rule(solution, domain.over(place.subdomain), inside, share)
    if isinstance(place, Section):
        return place.quadrature(domain.shape, share)
    return quadrature(place, domain, inside, around)
