"""Error bounds that are proved: the maximum principle, and the energy of a residual.

**Maximum principle.** Let L e = A : D^2 e + b . grad e + c e with A positive definite and c <= 0 on the domain, and
e = u_h - u be twice differentiable inside and continuous up to the boundary. Then L e = r, the residual of u_h, and
with any v >= 0 for which L v <= -1 inside,

    max |e|  <=  max over the boundary |e|  +  max v * max |r|.

In time, L e - tau e_t = r with tau > 0, the boundary is that at the start and at the sides, and v = t/tau serves too.
Barriers v (a_ii, tr A from below, |b_i| from above, over the box of widths d_i around the domain):

    slab        (x_i - l)(l + d_i - x_i)/(2 a_ii)                         if b_i = 0:          d_i^2/(8 a_ii)
    drift       (exp(k d_i) - exp(k (x_i - l)))/(k a_ii (k - |b_i|/a_ii))  for k > |b_i|/a_ii: (exp(k d_i) - 1)/(…)
    ball        (R^2 - |x - m|^2)/(2 tr A)                                if b = 0:            R^2/(2 tr A)
    duration    t/tau                                                                          T/tau

**Energy.** With u_h equal to u on the whole boundary by construction, A and b constant and no time, Friedrichs'
inequality |e| <= C |grad e|, C = 1/(pi sqrt(sum 1/d_i^2)), gives

    |A^(1/2) grad e|  <=  C/sqrt(a) |r|     in L2,   a the least eigenvalue of A (from below).

Sources: Gilbarg & Trudinger, Elliptic Partial Differential Equations of Second Order (2001), theorems 3.1, 3.7; Evans,
Partial Differential Equations (2010), § 7.1.4; Mikhlin, Constants in Some Inequalities of Analysis (1986) (the first
eigenvalue of a box holds for what lies in it).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pinn.certificates.certify import Certificate
from pinn.certificates.second_order import SecondOrder, is_held, second_order, values_given
from pinn.errors import SpecError

RATES = np.geomspace(1.001, 30, 400)  # k of the drift barrier, over its least, that are tried
SAFE = 1 + 1e-12  # for the rounding of a handful of operations


@dataclass(frozen=True)
class Theorem:
    """What is proved of the error of the field, or in `refused` why nothing is.

    barrier      name, axis and size of what bounds the maximum, the smallest of all that apply
    conditions   names of those that give the field its values -> factor of the field in them
    """

    of: str = ""
    maximum: float | None = None
    energy: float | None = None
    residual: float = 0.0
    boundary: float = 0.0
    growth: float = 1.0
    barrier: dict[str, Any] = field(default_factory=dict)
    energy_parts: dict[str, float] = field(default_factory=dict)
    conditions: dict[str, float] = field(default_factory=dict)
    equation: str = ""
    refused: str = ""
    energy_refused: str = ""

    def data(self) -> dict[str, Any]:
        if self.refused:
            return {"proved": False, "reason": self.refused}
        return {
            "proved": True,
            "field": self.of,
            "assumes": "the equation with these conditions has a solution, twice continuously differentiable inside and"
            " continuous up to the boundary",
            "maximum": self.maximum,
            "residual": self.residual,
            "boundary": self.boundary,
            "growth": self.growth,
            "barrier": self.barrier,
            "equation": self.equation,
            "conditions": self.conditions,
            "energy": self.energy,
            "energy_parts": self.energy_parts,
            "energy_refused": self.energy_refused,
            "energy_assumes": "the closed forms that hold the values on the boundary are exact there",
        }


def proved(certificate: Certificate) -> Theorem:
    """What follows from the claims of a certificate."""
    try:
        return error_bounds(certificate)
    except SpecError as error:
        return Theorem(refused=error.message)


@dataclass(frozen=True)
class Range:
    lower: float
    upper: float


def error_bounds(certificate: Certificate) -> Theorem:
    """Raises SpecError with the reason where nothing is proved."""
    problem = certificate.solution.problem
    equation = second_order(problem)
    given = values_given(problem)
    ranges = coefficient_ranges(certificate, equation)
    sign = 1.0 if all(r.lower > 0 for r in ranges["second"]) else -1.0
    second, first = ranges["second"], ranges["first"]
    zeroth, rate = ranges["zeroth"][0], ranges["rate"][0]
    if sign < 0:
        second, first = [flipped(r) for r in second], [flipped(r) for r in first]
        zeroth, rate = flipped(zeroth), flipped(rate)
    if not all(r.lower > 0 for r in second):
        raise SpecError(
            equation.statement.path, "its second derivatives are not proved to have coefficients of one sign"
        )
    slowest = -rate.upper  # tau, from below
    growth = 1.0
    if problem.time:
        if not slowest > 0:
            raise SpecError(
                equation.statement.path, "it is not proved to be parabolic: the sign of the derivative in time"
            )
        duration = (problem.time[1] - problem.time[0]) * SAFE
        growth = math.exp(max(zeroth.upper, 0.0) / slowest * duration) * SAFE
    elif zeroth.upper > 0:
        raise SpecError(equation.statement.path, "its term without derivatives has the sign that allows eigenvalues")
    bound = certificate.bound_of(equation.statement.name)
    boundary = max(certificate.bound_of(name).largest / abs(factor) for name, (_, factor) in given.items()) * SAFE
    widths = certificate.widths
    options = [*barriers(second, first, widths[: problem.space])]
    if problem.time:
        options.append({"kind": "duration", "size": duration / slowest * SAFE})
    barrier = min(options, key=lambda option: option["size"])
    maximum = growth * (boundary + barrier["size"] * bound.largest) * SAFE
    energy, parts, why = energy_bound(certificate, equation, second)
    return Theorem(
        problem.fields[0], maximum, energy, bound.largest, boundary, growth, barrier, parts,
        {name: factor for name, (_, factor) in given.items()},
        equation.statement.name, energy_refused=why,
    )  # fmt: skip


def flipped(r: Range) -> Range:
    return Range(-r.upper, -r.lower)


def coefficient_ranges(certificate: Certificate, equation: SecondOrder) -> dict[str, list[Range]]:
    problem = certificate.solution.problem
    field_name = problem.fields[0]

    def one(name: str, form) -> Range:
        if form == 0:
            return Range(0.0, 0.0)
        bound = certificate.bound_of(name)
        if not (math.isfinite(bound.lower) and math.isfinite(bound.upper)):
            raise SpecError(equation.statement.path, f"the {name} is not bounded")
        return Range(bound.lower, bound.upper)

    axes = problem.coordinates
    return {
        "second": [one(f"coefficient of {field_name}_{a}{a}", f) for a, f in zip(axes, equation.second, strict=True)],
        "first": [one(f"coefficient of {field_name}_{a}", f) for a, f in zip(axes, equation.first, strict=True)],
        "zeroth": [one(f"coefficient of {field_name}", equation.zeroth)],
        "rate": [one(f"coefficient of {field_name}_t", equation.rate)],
    }


def barriers(second: list[Range], first: list[Range], widths: list[float]) -> Iterator[dict[str, Any]]:
    """Those of this module's docstring that depend on space."""
    for axis, (a, b, width) in enumerate(zip(second, first, widths, strict=True)):
        drift = max(abs(b.lower), abs(b.upper)) / a.lower * SAFE
        if drift == 0:
            yield {"kind": "slab", "axis": axis, "size": width**2 / (8 * a.lower) * SAFE}
            continue
        for share in RATES.tolist():
            k = drift * share
            if k * width < 600:
                size = math.expm1(k * width) / (k * a.lower * (k - drift)) * SAFE
                yield {"kind": "drift", "axis": axis, "rate": k, "size": size}
    if all(b.lower == b.upper == 0 for b in first):
        trace = sum(a.lower for a in second)
        yield {"kind": "ball", "size": sum(width**2 for width in widths) / 4 / (2 * trace) * SAFE}


def energy_bound(
    certificate: Certificate, equation: SecondOrder, second: list[Range]
) -> tuple[float | None, dict[str, float], str]:
    """(bound, what it is made of, why there is none)."""
    problem = certificate.solution.problem
    if problem.time:
        return None, {}, "the energy is that of a problem without time"
    if not is_held(problem):
        return None, {}, "the values on the boundary do not hold by construction (network: {constraints: hard})"
    if not all(form.is_number for form in (*equation.second, *equation.first)):
        return None, {}, "the coefficients vary in space"
    friedrichs = 1 / (math.pi * math.sqrt(sum(width**-2 for width in certificate.widths))) * SAFE
    least = min(a.lower for a in second)
    residual = certificate.l2_of(equation.statement.name)
    parts = {"friedrichs": friedrichs, "least": least, "residual_l2": residual}
    return friedrichs * residual / math.sqrt(least) * SAFE, parts, ""
