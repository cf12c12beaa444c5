"""Integrals, means and extremes over places, against closed forms of fields that the network holds to 1e-8."""

from __future__ import annotations

import math
from functools import cache

import pytest

import pinn
from pinn.errors import SpecError
from pinn.problem.probe import Extent
from pinn.solution.extents import answer
from pinn.solution.integrated import left_over

pytestmark = pytest.mark.slow

ROUND = 1e-7  # of the values: ten times what the field's own error and the rules make of it
SHEET = """
name: sheet
coordinates: [x, y]
fields: [u]
domain: {difference: [{rectangle: {from: [0, 0], to: [1, 1]}}, {disk: {center: [0.5, 0.5], radius: 0.2, name: hole}}]}
equations: {poisson: "-laplacian(u) = 2*pi**2*sin(pi*x)*sin(pi*y)"}
conditions: [{on: boundary, u: sin(pi*x)*sin(pi*y)}]
exact: {u: sin(pi*x)*sin(pi*y)}
solver: {method: {least_squares: {features: 400}}, tolerance: 1e-6}
outputs: {figures: false}
probes:
"""
HOLE = 0.2
ON_HOLE = math.sin(math.pi * (0.5 + HOLE / math.sqrt(2))) ** 2


def probes(*lines: str, text: str = SHEET):
    spec = text + "".join(f"  p{number}: {line}\n" for number, line in enumerate(lines))
    return pinn.solve(pinn.load(spec), seed=0, device="cpu")


@cache
def sheet() -> pinn.Solution:
    """One solution, asked for integrals (six) and extremes (five)."""
    return probes(
        "{integral: u_n, on: [left, right, top, bottom]}",
        "{integral: u_n, on: hole}",
        "{integral: 2*pi**2*u}",
        "{mean: u, on: {line: [[0, 0.1], [1, 0.1]]}}",
        "{integral: u_x*nx + u_y*ny, on: {line: [[0, 0.1], [1, 0.1]]}}",
        "{mean: u, on: {line: [[0.5, 0], [0.5, 1]]}}",
        "{max: u}",
        "{max: sqrt(u_x**2 + u_y**2)}",
        "{min: u_n, on: hole}",
        "{max: u, on: {line: [[0, 0.1], [1, 0.1]]}}",
        "{max: u, expected: 0.5}",
    )


def test_integrals_over_patches_lines_and_the_domain():
    """The flux through the outer edges and the hole balances the source; a cut has the flux of the half beside it."""
    found = [*sheet().metrics["probes"].values()][:6]
    outer, hole, source, mean, cut, through = (one["value"] for one in found)
    assert outer == pytest.approx(-8, rel=ROUND)
    assert outer + hole + source == pytest.approx(0, abs=8 * ROUND)
    assert mean == pytest.approx(math.sin(0.1 * math.pi) * 2 / math.pi, rel=ROUND)
    # the normal points to the right of the way along x: downwards
    assert cut == pytest.approx(-math.pi * math.cos(0.1 * math.pi) * 2 / math.pi, rel=ROUND)
    beside = 2 * (1 - math.cos(0.3 * math.pi)) / math.pi / 0.6  # the hole lies in the middle of this line
    assert through == pytest.approx(beside, rel=ROUND)
    for one in found:
        assert one["error_estimate"] < 1e-6


def test_extremes_are_found_with_their_places():
    top, steep, least, along, off = [*sheet().metrics["probes"].values()][6:]
    assert top["value"] == pytest.approx(ON_HOLE, rel=1e-6)
    assert math.dist(top["at"], (0.5, 0.5)) == pytest.approx(HOLE, rel=1e-6)
    assert steep["value"] == pytest.approx(math.pi, rel=1e-6)
    assert min(math.dist(steep["at"], at) for at in ((0.5, 0), (0.5, 1), (0, 0.5), (1, 0.5))) < 1e-3
    a = math.pi * (0.5 + HOLE / math.sqrt(2))
    assert least["value"] == pytest.approx(-math.pi * math.cos(a) * math.sin(a) * math.sqrt(2), rel=1e-5)
    assert along["value"] == pytest.approx(math.sin(0.1 * math.pi), rel=1e-6)
    assert along["at"] == pytest.approx([0.5, 0.1], abs=1e-4)
    assert off["expected"] == 0.5
    assert sheet().metrics["verdict"] != "solved"  # what is expected there is something else


def test_what_is_unbounded_at_a_corner_has_no_largest_value():
    """The slope at a re-entrant corner grows as r^(-1/3): no number there would mean anything."""
    notch = """
name: notch
coordinates: [x, y]
fields: [u]
domain: {sector: {center: [0, 0], outer_radius: 1, from_angle: 0, to_angle: 3*pi/2}}
equations: {poisson: -laplacian(u) = 1}
conditions: [{on: boundary, u: 0}]
solver: {method: {least_squares: {features: 60, scale: 2}}, tolerance: 1e-4}
outputs: {figures: false}
probes:
"""
    solution = probes("{max: sqrt(u_x**2 + u_y**2)}", "{max: u}", "{min: u}", text=notch)
    steep, top, least = solution.metrics["probes"].values()
    assert steep["unbounded"]
    assert math.isinf(steep["value"])
    assert math.hypot(*steep["at"]) < 1e-6
    assert "error_estimate" not in steep
    assert "unbounded" in solution.table()
    assert not top["unbounded"]
    assert not least["unbounded"]


def test_an_extreme_inside_is_one_of_the_surface_too():
    domain = next(line for line in SHEET.splitlines() if line.startswith("domain"))
    bowl = SHEET.replace(domain, "domain: {rectangle: {from: [0, 0], to: [1, 1]}}")
    solution = probes("{max: u}", "{min: u}", text=bowl)
    top, least = solution.metrics["probes"].values()
    assert top["value"] == pytest.approx(1, rel=1e-7)
    assert top["at"] == pytest.approx([0.5, 0.5], abs=1e-3)
    assert least["value"] == pytest.approx(0, abs=1e-6)
    probe = solution.problem.probes["p0"]
    assert isinstance(probe, Extent)
    near = answer(solution, probe, near=solution.extents["p0"])
    assert near.value == pytest.approx(top["value"], rel=1e-12)


def test_in_time_the_last_moment_or_the_one_asked_for():
    heat = """
name: heat
coordinates: [x]
time: {from: 0, to: 0.5}
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {heat: pi**2*u_t = u_xx}
conditions: [{on: initial, u: sin(pi*x)}, {on: boundary, u: 0}]
solver: {method: {least_squares: {features: 200}}, tolerance: 1e-6}
outputs: {figures: false}
probes:
"""
    solution = probes(
        "{integral: u}", "{integral: u, time: 0}", "{max: u, time: 0.25}", "{max: u_n, on: left}", text=heat
    )
    last, first, top, flux = (one["value"] for one in solution.metrics["probes"].values())
    assert last == pytest.approx(2 / math.pi * math.exp(-0.5), rel=1e-5)
    assert first == pytest.approx(2 / math.pi, rel=1e-5)
    assert top == pytest.approx(math.exp(-0.25), rel=1e-5)
    assert flux == pytest.approx(-math.pi * math.exp(-0.5), rel=1e-4)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{integral: u, at: [0, 0]}", "does not go with 'integral'"),
        ("{integral: u, max: u}", "needs one of quantity"),
        ("{integral: u_n}", "uses the normal"),
        ("{integral: u, on: notch}", "unknown patch 'notch'"),
        ("{integral: u, on: {line: [[0, 0]]}}", "needs its two ends"),
        ("{integral: u, on: {line: [[0, 0], [0, 0]]}}", "two different ends"),
        ("{max: u, time: 1}", "has no time"),
        ("{max: x}", "says nothing about a field"),
        ("{quantity: u, at: [0, 0], on: left}", "does not go with 'quantity'"),
        ("{max: u, expected: [1, 2]}", "must be one number"),
        ("{max: v}", "unknown name 'v'"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_place(line, said):
    with pytest.raises(SpecError, match="probes") as refused:
        pinn.load(f"{SHEET}  p: {line}\n")
    assert said in str(refused.value)


LINE = """
name: line
coordinates: [x]
fields: [u]
domain: {interval: {from: 0, to: 1}}
"""


@pytest.mark.parametrize(("width", "resolved"), [(3e-4, False), (0.05, True)])
def test_what_a_quadrature_misses_is_in_the_estimate(width, resolved):
    """u = x is exact: all that is wrong is the integral of what lies between the points."""
    text = LINE + "equations: {law: u_xx = 0}\nconditions: [{on: boundary, u: x}]\noutputs: {figures: false}\nprobes:\n"
    metrics = probes(f"{{integral: 'u + exp(-x/{width})'}}", text=text).metrics
    probe, right = metrics["probes"]["p0"], 0.5 + width * (1 - math.exp(-1 / width))
    wrong = abs(probe["value"] - right)
    assert (wrong < 1e-8) is resolved
    assert probe["error_estimate"] > 0.3 * wrong
    assert (metrics["verdict"] == "solved") is resolved


def test_integrals_and_extremes_see_what_lies_in_small_cells():
    """u = exp(-x/s) + exp(-(1 - x)/s) with s between the points of a rule that knows nothing of it."""
    text = LINE + "equations: {law: u_xx = 1e8*u}\nconditions: [{on: boundary, u: 1}]\noutputs: {figures: false}\n"
    text += "solver: {method: cells, tolerance: 1e-4}\nprobes:\n"
    whole, middle = probes("{integral: u}", "{max: u*(1 - u)}", text=text).metrics["probes"].values()
    assert whole["value"] == pytest.approx(2e-4, rel=1e-3)  # without them 0.05 of it
    assert middle["value"] == pytest.approx(0.25, rel=1e-10)  # a layer as thin as that is not unbounded


@pytest.mark.parametrize(
    ("last", "before", "left"), [(1e-3, 4e-3, 1e-3 / 3), (-1e-3, 1e-3, 1e-3), (1e-3, 0.0, 1e-3), (0.0, 0.0, 0.0)]
)
def test_what_is_left_of_a_sequence(last, before, left):
    assert left_over(last, before) == pytest.approx(left)
