"""Hard conditions that cannot be built, and enrichment that makes no sense: refused in one line, with a way out.

In the texts below » marks the place that the refusal must name.
"""

from __future__ import annotations

import pytest

from tests.problem.refusals import HEAT, POISSON, SOLID, assert_refused, conditions, cut, spec_with
from tests.spec.refusals import marked

HARD = "network: {constraints: hard}"
PLATE_WITH_HOLE = cut("rectangle: {from: [0, 0], to: [1, 1]}", "disk: {center: [0.5, 0.5], radius: 0.2, name: hole}")
DISK = "domain: {disk: {center: [0, 0], radius: 1}}"
PARABOLA = "exact: {u: (x**2 + y**2)/4}"
NOTCHED_CUBE = (
    "domain:\n  difference:\n  - cuboid: {from: [0, 0, 0], to: [2, 2, 2]}\n"
    "  - cuboid: {from: [1, 1, -1], to: [3, 3, 3], name: notch}"
)
# case -> (the right spec, blocks that are added or replaced, path in the spec, part of the message)
CASES = {
    "nothing to be met": (
        POISSON,
        "network: {constraints: »hard}\n" + conditions("{on: boundary, u_n: 0}"),
        "network.constraints",
        "no condition gives a field's value on a patch or at the start; write soft",
    ),
    "part of a patch": (
        POISSON,
        conditions("{on: left, u: »1, where: y < 0.5}", "{on: boundary, u: 1}") + "\n" + HARD,
        "conditions[0].u",
        "a part of a patch ('where'); name a whole patch, or write network: {constraints: soft}",
    ),
    "normal": (
        POISSON,
        conditions("{on: boundary, u: »nx**2}") + "\n" + HARD,
        "conditions[0].u",
        "uses the normal (nx); write it out, or write network: {constraints: soft}",
    ),
    "start against an end": (
        HEAT,
        conditions("{on: initial, u: 1 - x}", "{on: left, u: »0}", "{on: right, u: 0}") + "\n" + HARD,
        "conditions[1].u",
        "together with conditions[0] and conditions[2]: at x = 0, t = ",
    ),
    "velocity against a moving end": (
        {**HEAT, "equations": "equations: {wave: u_tt = u_xx}"},
        conditions("{on: initial, u: 0, u_t: 1}", "{on: boundary, u: »0}") + "\n" + HARD,
        "conditions[1].u",
        "make the values agree where they meet, or write network: {constraints: soft}",
    ),
    "exact solution inside a disk": (
        POISSON,
        f"{DISK}\n{PARABOLA}\n" + conditions("{on: circle, u: »exact.u}") + "\n" + HARD,
        "conditions[0].u",
        "comes from the exact solution, and inside a round patch only the solution itself continues it",
    ),
    "exact solution by way of a definition": (
        POISSON,
        f"{DISK}\n{PARABOLA}\ndefinitions: {{edge: 2*exact.u}}\n"
        + conditions("{on: circle, equation: »u = edge}")
        + "\n"
        + HARD,
        "conditions[0].equation",
        "comes from the exact solution",
    ),
    "values on slanted sides": (
        POISSON,
        "domain: {polygon: {vertices: [[0, 0], [1, 0], [0.3, 1]]}}\n"
        + conditions("{on: edge_1, u: x*(1 - x)}", "{on: [edge_2, edge_3], u: »0}")
        + "\n"
        + HARD,
        "conditions[1].u",
        "cannot be met exactly together with conditions[0]",
    ),
    "a notch in space": (
        SOLID,
        f"{NOTCHED_CUBE}\n" + conditions("{on: boundary, u: »0}") + "\n" + HARD,
        "conditions[0].u",
        "the surface of patch 'notch_left' also cuts through the rest of the domain; write network: {constra",
    ),
    "not periodic": (
        POISSON,
        f"{PLATE_WITH_HOLE.replace('0.5, 0.5', '0.4, 0.5')}\n"
        + conditions("{periodic: »[left, right]}", "{on: hole, u: 0}", "{on: [bottom, top], u: 0}")
        + "\n"
        + HARD,
        "conditions[0].periodic",
        "the form that the other conditions give to u is not periodic",
    ),
    "enrichment of an unknown field": (
        POISSON,
        "network: {enrichment: {v: »x**0.5}}",
        "network.enrichment.v",
        "unknown field 'v'",
    ),
    "enrichment with a field": (
        POISSON,
        "network: {enrichment: {u: [x**0.5, »u*x]}}",
        "network.enrichment.u[1]",
        "may depend on the coordinates x, y only, but uses u",
    ),
    "enrichment with an unknown parameter": (
        POISSON,
        "unknowns: {k: {initial: 1}}\nnetwork: {enrichment: {u: »x**k}}",
        "network.enrichment.u",
        "but uses k",
    ),
    "constant enrichment": (POISSON, "network: {enrichment: {u: »2}}", "network.enrichment.u", "is a constant"),
    "components of a field": (
        POISSON,
        "network: {enrichment: {u: [»[x**0.5, y], [x, y]]}}",
        "network.enrichment.u[0]",
        "must be one expression",
    ),
    "empty enrichment": (
        POISSON,
        "network: {enrichment: {u: »[]}}",
        "network.enrichment.u",
        "must not be an empty list",
    ),
    "enrichment and soft periodicity": (
        POISSON,
        "network: {periodic: off, enrichment: »{u: y**0.5}}\n"
        + conditions("{periodic: [left, right]}", "{on: boundary, u: 0}"),
        "network.enrichment",
        "write periodic: auto",
    ),
    "condition at a singular point": (
        POISSON,
        "network: {enrichment: {u: sqrt(x**2 + y**2)*y}}\n"
        + conditions("{on: boundary, u: 0}", "{at: [0, 0], u_x: »0}"),
        "conditions[1].u_x",
        "is not a finite number at x = 0, y = 0",
    ),
    "probe at a singular point": (
        POISSON,
        "network: {enrichment: {u: sqrt(x**2 + y**2)}}\ndefinitions: {slope: u_x}\n"
        "probes: {corner: {quantity: slope, at: »[0, 0]}}",
        "probes.corner.at",
        "slope is not a finite number there; move the point",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_form_is_refused(case):
    right, text, path, fragment = CASES[case]
    spec, place = marked(spec_with(right, text))
    assert_refused(spec, place, path, fragment)
