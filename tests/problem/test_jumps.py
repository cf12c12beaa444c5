"""Jumps in space: coefficients that jump under a derivative mean continuity of the field and of its flux."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import pinn
from pinn.domain.places import Boundary, Initial, Interface
from pinn.errors import SpecError
from pinn.problem.contradictions import contradictions
from pinn.problem.description import describe
from pinn.problem.loading import build
from pinn.problem.warnings import warnings
from pinn.spec.yaml.source import parse_spec

ROOT = Path(__file__).resolve().parents[2]
BAR = """
name: bar
coordinates: [x]
fields: [u]
definitions: {k: 'where(x < 0.5, 1, 10)'}
domain: {interval: {from: 0, to: 1}}
equations: {c: 'd(k*u_x, x) = 0'}
conditions:
  - {on: left, u: 0}
  - {on: right, u: 1}
"""
PLATE = """
name: plate
coordinates: [x, y]
fields: [u]
definitions: {k: 'where(x < 0.5, 1, 10)'}
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: {c: 'd(k*u_x, x) + d(k*u_y, y) = 0'}
conditions: [{on: boundary, u: x}]
"""
K = "where(x < 0.5, 1, 10)"
FLUX = 1 / (0.5 / 1 + 0.5 / 10)


def problem_of(text: str, *replacements: tuple[str, str]) -> pinn.Problem:
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return build(parse_spec(text, "jump.yaml"))


def values_of(problem: pinn.Problem, *points: float) -> np.ndarray:
    return np.asarray(pinn.solve(problem, seed=0, device="cpu")(np.array(points)[:, None], ["u"])["u"])


BY_FLUX = [FLUX * 0.25, FLUX * 0.5, 1 - FLUX * 0.025]  # at 0.25, 0.5 and 0.75


@pytest.mark.slow
@pytest.mark.parametrize(
    "k",
    [
        K,
        "where(x >= 0.5, 10, 1)",
        "where(not x < 0.5, 10, 1)",
        "5.5 + 4.5*sign(x - 0.5)",
        "1 + 9*heaviside(x - 0.5)",
        "where(abs(x) < 0.5, 1, 10)",
        "where(x < 0.5, where(x < 0.2, 1, 1), 10)",
        "where(where(x < 0.5, 0, 1) > 0.3, 10, 1)",
    ],
)
def test_the_flux_through_two_materials_is_continuous(k):
    found = values_of(problem_of(BAR, (K, k)), 0.25, 0.5, 0.75)
    assert found == pytest.approx(BY_FLUX, abs=1e-7)


@pytest.mark.slow
def test_a_condition_takes_the_material_of_its_side():
    """Fourier's wall of two layers with a heat flux: 293.15 + 200 (0.5/400 + 0.5/1.38)."""
    wall = problem_of(BAR, (K, "where(x < 0.5, 400, 1.38)"), ("right, u: 1", "right, equation: k*u_n = 200"),
                      ("left, u: 0", "left, u: 293.15"))  # fmt: skip
    assert values_of(wall, 1.0) == pytest.approx(293.15 + 200 * (0.5 / 400 + 0.5 / 1.38), rel=1e-8)


@pytest.mark.slow
def test_a_material_that_ends_with_the_domain_is_one_material():
    """At x = 1 itself the text says 10."""
    whole = problem_of(BAR, (K, "where(x < 1, 1, 10)"), ("right, u: 1", "right, equation: k*u_n = 1"))
    assert len(whole.subdomains) == 1
    assert whole.cuts == ()
    assert values_of(whole, 0.5, 1.0) == pytest.approx([0.5, 1], abs=1e-8)


@pytest.mark.slow
def test_a_source_that_jumps_is_followed():
    """u'' = 0 on the left and 1 on the right, u and u' continuous: u = -x/8, then -x/8 + (x - 1/2)^2/2."""
    source = problem_of(
        BAR, ("d(k*u_x, x) = 0", "u_xx = k"), (K, "where(x > 0.5, 1, 0)"), ("right, u: 1", "right, u: 0")
    )
    assert len(source.subdomains) == 2
    assert values_of(source, 0.25, 0.5, 0.75) == pytest.approx([-1 / 32, -1 / 16, -1 / 16], abs=1e-7)


@pytest.mark.slow
def test_a_beam_of_two_stiffnesses():
    """Moment and shear are continuous: w'' = M/EI with M = (1 - x)^2/2 of a cantilever.

    w(1/2) = x^2/4 - x^3/6 + x^4/24 and w'(1/2) = x/2 - x^2/2 + x^3/6 there; w(1) = w + w'/2 + (1/2)^4/80.
    """
    beam = problem_of(
        BAR,
        ("d(k*u_x, x) = 0", "d(k*u_xx, x, x) = 1"),
        ("{on: left, u: 0}", "{on: left, u: 0, u_x: 0}"),
        ("{on: right, u: 1}", "{on: right, u_xx: 0, u_xxx: 0}"),
    )
    middle = 1 / 16 - 1 / 48 + 1 / 384
    end = middle + (1 / 4 - 1 / 8 + 1 / 48) / 2 + 1 / 1280
    assert values_of(beam, 0.5, 1.0) == pytest.approx([middle, end], rel=1e-6)


ELASTIC = """
name: elastic
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: 'where(x < 0.5, 1, 10)', poissons_ratio: 0.0, plane: stress}}
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
conditions:
  - {on: left, ux: 0, traction_y: 0}
  - {on: bottom, uy: 0, traction_x: 0}
  - {on: top, traction: [0, 0]}
  - {on: right, traction: [1, 0]}
solver: {method: {least_squares: {features: 60, scale: 2}}}
"""


@pytest.mark.slow
def test_an_elastic_modulus_that_jumps():
    solution = pinn.solve(problem_of(ELASTIC), seed=0, device="cpu")
    found = solution(np.array([[0.25, 0.5], [1.0, 0.5]]), ["ux"])["ux"]
    assert found == pytest.approx([0.25, 0.55], abs=1e-6)


@pytest.mark.slow
def test_a_temperature_that_jumps():
    """Heated on the right only and free everywhere: ux' = alpha T there, no stress where nothing is bent (nu = 0)."""
    hot = "youngs_modulus: 1, thermal_expansion: 0.01, temperature: 'where(x < 0.5, 0, 100)'"
    heated = problem_of(
        ELASTIC,
        ("youngs_modulus: 'where(x < 0.5, 1, 10)'", hot),
        ("{on: right, traction: [1, 0]}", "{on: right, traction: [0, 0]}"),
        ("{on: top, traction: [0, 0]}", "{on: top, uy: 0, traction_x: 0}"),
    )
    solution = pinn.solve(heated, seed=0, device="cpu")
    found = solution(np.array([[0.25, 0.5], [1.0, 0.5]]), ["ux"])["ux"]
    assert found == pytest.approx([0, 0.5], abs=1e-6)


def inclusion(*replacements: tuple[str, str]) -> pinn.Problem:
    """problems/elasticity/inclusion.yaml without subdomains and interfaces: the disk is in the modulus."""
    text = (ROOT / "problems/elasticity/inclusion.yaml").read_text(encoding="utf-8")
    start, end = text.index("subdomains:"), text.index("conditions:")
    text = text[:start] + text[end:]
    start, end = text.index("interfaces:"), text.index("definitions:")
    text = text[:start] + text[end:]
    text = text.replace(
        "{inclusion: E_inclusion, matrix: E_matrix}", "'where(x**2 + y**2 < a**2, E_inclusion, E_matrix)'"
    )
    for name in ("ux", "uy"):
        start = text.index(f"  {name}:\n")
        inner, outer = (line.split(": ", 1)[1] for line in text[start:].splitlines()[1:3])
        end = text.index(outer) + len(outer)
        text = text[:start] + f'  {name}: "where(r < a, {inner}, {outer})"' + text[end:]
    return problem_of(text, *replacements)


@pytest.mark.slow
def test_an_inclusion_by_its_modulus_satisfies_goodier():
    problem = inclusion()
    assert contradictions(problem) == []
    assert {s.name for s in problem.statements if isinstance(s.place, Interface)} == {
        f"{name} on part_1 | part_2" for name in ("ux", "uy", "flux of equilibrium_x", "flux of equilibrium_y")
    }
    assert [part.shape.measure for part in problem.subdomains] == pytest.approx([np.pi / 16, 1 - np.pi / 16])


@pytest.mark.slow
def test_an_inclusion_by_its_modulus_is_solved():
    problem = inclusion(("solver: {", "solver: {method: {least_squares: {features: 150, scale: 3}}, "))
    solution = pinn.solve(problem, seed=0, device="cpu")
    assert solution.metrics["relative_l2"]["stress_xx"] < 1e-3
    probe = problem.probes["stress_inside"]
    assert probe.expected is not None
    assert solution(probe.points, ["stress_xx"])["stress_xx"] == pytest.approx(probe.expected, rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("k", "measures"),
    [
        ("where(x < 0.3, 1, where(x < 0.6, 5, 10))", [0.3, 0.3, 0.4]),
        ("where(x < 0.3, 1, where(y < 0.6, 5, 10))", [0.3, 0.28, 0.42]),
        ("where(0.2 < x < 0.5 and y < 0.5, 10, 1)", [0.15, 0.85]),
        ("where(x < 0.3 or y < 0.3, 10, 1)", [0.51, 0.49]),
        ("where(max(abs(x - 0.5), abs(y - 0.5)) < 0.2, 10, 1)", [0.84, 0.16]),
        ("where(sqrt((x - 0.5)**2 + (y - 0.5)**2) > 0.2, 10, 1)", [np.pi * 0.04, 1 - np.pi * 0.04]),
        ("where((x - 0.5)**2/0.09 + (y - 0.5)**2/0.04 < 1, 10, 1)", [np.pi * 0.06, 1 - np.pi * 0.06]),
        ("where(x**2 > 0.25, 10, 1)", [0.5, 0.5]),
        ("where(sin(9*x) < 0, 10, 1)", [np.pi / 9, np.pi / 9, 1 - 2 * np.pi / 9]),
        ("where(x*y + y**2 + x**2 < 0.1, 1, 10)", None),
        ("where((x - 0.5)*(y - 0.5) < 0, 1, 10)", [0.25] * 4),
        ("where(y < 0.5 + 0.1*sin(6*x), 10, 1)", [0.5 + (1 - np.cos(6)) / 60, 0.5 - (1 - np.cos(6)) / 60]),
        ("where((x - 0.3)**2 + (y - 0.5)**2 < 0.01, 9, where((x - 0.7)**2 + (y - 0.5)**2 < 0.01, 5, 1))",
         [np.pi / 100, 1 - np.pi / 50, np.pi / 100]),
        ("where((x - 0.512)**2 + (y - 0.4123)**2 < 1e-6, 10, 1)", [1 - np.pi * 1e-6, np.pi * 1e-6]),
    ],
)  # fmt: skip
def test_parts(k, measures):
    """The coefficient is smooth in each part, and the parts are those of the condition."""
    problem = problem_of(PLATE, (K, k))
    if measures is not None:
        assert sorted(p.shape.measure for p in problem.subdomains) == pytest.approx(sorted(measures), abs=1e-7)
    written = parse_and_evaluate(k)
    for part in problem.subdomains:
        place = next(s.place for s in problem.statements if s.is_equation and s.place.subdomain == part.name)
        points = problem.domain.sample(place, 200, 1)
        inside = part.scope.resolve("k")
        assert inside.is_number
        assert written(points.points) == pytest.approx(float(inside))


def parse_and_evaluate(text: str):
    from pinn.equations.compiler.compile import evaluate
    from pinn.spec.language.expressions import Scope

    expression = Scope(["x", "y"]).expression(text, ())
    return lambda points: evaluate(expression, {"x": points[:, 0], "y": points[:, 1]}, len(points), points).numpy()


@pytest.mark.parametrize(
    "k",
    [
        "where(x > 0.5, 1, 1)",
        "where(x > 0.5, x, 0.5)",
        "max(x, 0.5) + abs(x - 0.3)",
        "max(u, 0.5)",
        "where(x < 3, 1, 2)",
    ],
)
def test_what_does_not_jump_cuts_nothing(k):
    problem = problem_of(PLATE, (K, k))
    assert len(problem.subdomains) == 1
    assert problem.cuts == ()
    assert problem.uncut == ()


@pytest.mark.slow
def test_space():
    box = (
        ("[x, y]", "[x, y, z]"),
        ("rectangle: {from: [0, 0], to: [1, 1]}", "cuboid: {from: [0, 0, 0], to: [1, 1, 1]}"),
        ("d(k*u_y, y)", "d(k*u_y, y) + d(k*u_z, z)"),
    )
    for k, measure in (
        ("where(x**2 + y**2 + z**2 < 0.25, 10, 1)", np.pi / 48),
        ("where(x + y + z < 1, 10, 1)", 1 / 6),
        ("where(x**2 + z**2 < 0.25, 10, 1)", np.pi / 16),
        ("where(x**2 < 0.25, 10, 1)", 0.5),
    ):
        problem = problem_of(PLATE, *box, (K, k))
        # volumes are counted by quasi-random points
        assert problem.subdomains[0].shape.measure == pytest.approx(measure, rel=2e-3)
    with pytest.raises(SpecError, match="is neither a plane nor a sphere nor a cylinder"):
        problem_of(PLATE, *box, (K, "where(x**2 + y**2 + 2*z**2 < 0.25, 10, 1)"))


TIME = (("conditions: [", "time: {from: 0, to: 1}\nconditions: [{on: initial, u: 0}, "), ("= 0'", "= u_t'"))
FIELDS = "fields"
SUBDOMAINS = """subdomains: {a: {rectangle: {from: [0, 0], to: [0.3, 1]}}, b: rest}
interfaces: [{between: [a, b], continuous: [u, u_n]}]
"""


def added(block: str) -> tuple[str, str]:
    return FIELDS, f"{block}\n{FIELDS}"


REFUSED = {  # name: (replacements, place and words, further words)
    "field": (
        [(K, "where(u > 0.5, 10, 1)")],
        ":5:18: definitions.k: jumps under a derivative of equations.c where u = 0.5, which depends on the solution",
        "write a smooth step, such as (1 + tanh((u - 0.5)/0.01))/2",
    ),
    "slope": ([(K, "where(u_x > 0.5, 10, 1)")], "where u_x = 0.5, which depends on the solution", ""),
    "moving": ([(K, "where(x < t, 10, 1)"), *TIME], "where x = t, which depends on t", "smooth step"),
    "in time": ([(K, "where(t < 0.5, 10, 1)"), ("d(k*u_x, x) +", "d(k*u, t) +"), *TIME], "where t = 0.5", ""),
    "unknown": ([(K, "where(x < a, 10, 1)"), added("unknowns: {a: {initial: 0.4}}")], "which depends on a", ""),
    "fine": ([(K, "where(sin(50*x) < 0, 10, 1)")], "definitions.k: jumps under", "are 15 borders; at most 12"),
    "many curves": (
        [(K, "where(sin(30*x)*sin(30*y) < 0.5, 10, 1)")],
        "definitions.k: jumps under",
        "curves; at most 12 are followed",
    ),
    "hard": (
        [added("network: {constraints: hard}")],
        ":4:24: network.constraints: is not available with subdomains; write constraints: soft",
        "the domain is cut because definitions.k jumps where x = 0.5 under a derivative of equations.c",
    ),
    "cells": ([added("solver: {method: cells}")], "solver.method: cells are not available", "k jumps where"),
    "energy": (
        [added("energy: {density: k*u_x**2/2}\nsolver: {formulation: energy}")],
        "solver.formulation: the energy is not available with subdomains; solve the equations",
        "k jumps where",
    ),
    "enrichment": ([added("network: {enrichment: {u: [x*y]}}")], "network.enrichment: is not", "k jumps where"),
    "periodic": (
        [("[{on: boundary", "[{periodic: [bottom, top]}, {on: [left, right]")],
        "conditions[0].periodic: is not available",
        "k jumps where",
    ),
    "data": ([added("data: [{file: no.csv, quantities: {u: u}}]")], "data: is not available", "k jumps where"),
    "parameters": ([added("parameters: {q: {from: 1, to: 2}}")], "the domain of a problem with parameters", ""),
    "inside a subdomain": (
        [added(SUBDOMAINS)],
        "inside the subdomain 'b', which is cut no further",
        "the border of two subdomains",
    ),
    "product rule": (
        [("d(k*u_x, x) + d(k*u_y, y)", "k*u_xx + k_x*u_x")],
        "equations.c: what is continuous",
        "such as d(k*u_x, x)",
    ),
    "a Dirac": ([("d(k*u_x, x) + d(k*u_y, y)", "u_xx + d(k, x, x)")], "equations.c: what is continuous", ""),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    replacements, place, words = REFUSED[name]
    with pytest.raises(SpecError) as caught:
        problem_of(PLATE, *replacements)
    assert place in str(caught.value)
    assert words in str(caught.value)


SOURCE = ("d(k*u_x, x) + d(k*u_y, y) = 0", "laplacian(u) = k")


@pytest.mark.parametrize(
    ("replacements", "words"),
    [
        ([(K, "where(u > 0.5, 10, 1)")], "definitions.k jumps where u = 0.5, which depends on the solution"),
        ([("fields", "network: {constraints: hard}\nfields")], "where network.constraints does not let it be cut"),
        ([("laplacian(u) = k", "u_xx*u_yy - u_xy**2 = k")], "its highest derivatives multiply each other"),
    ],
)
def test_a_source_that_cannot_be_followed_is_a_warning(replacements, words):
    problem = problem_of(PLATE, SOURCE, *replacements)
    assert len(problem.subdomains) == 1
    (warning,) = problem.uncut
    assert words in warning
    assert "expect fewer digits near it" in warning
    assert warning in warnings(problem)


def test_a_coefficient_that_jumps_in_time_is_a_warning():
    problem = problem_of(PLATE, (K, "where(t < 0.5, 10, 1)"), *TIME)
    assert "which depends on t, so that no cut can follow it" in problem.uncut[0]


def test_time_goes_on_in_every_part():
    problem = problem_of(PLATE, *TIME)
    assert [str(s.place.subdomain) for s in problem.statements if isinstance(s.place, Initial)] == ["part_1", "part_2"]
    (flux,) = [s for s in problem.statements if s.name.startswith("flux")]
    assert problem.domain.sample(flux.place, 8, 0).points.shape == (8, 3)


def test_subdomains_that_end_at_the_jump_keep_it():
    own = "subdomains: {a: {rectangle: {from: [0, 0], to: [0.5, 1]}}, b: rest}\ninterfaces: "
    own += "[{between: [a, b], continuous: [u, flux]}]\nfields"
    problem = problem_of(PLATE, ("fields", own), ("definitions: {", "definitions: {flux: k*u_n, "))
    assert [float(part.scope.resolve("k")) for part in problem.subdomains] == [1, 10]  # on the interface too


def test_places_are_chosen_by_the_whole_domain():
    """A 'where' of a condition that speaks of the material still has two sides."""
    split = "[{on: top, where: k > 5, u: 1}, {on: top, where: k < 5, u_y: 0}, {on: [left, right, bottom], u: 1}]"
    problem = problem_of(PLATE, ("[{on: boundary, u: x}]", split))
    top = [s.place for s in problem.statements if isinstance(s.place, Boundary) and "top" in s.place.patches]
    assert [(place.subdomain, place.where is not None) for place in top] == [("part_2", True), ("part_1", True)]
    drawn = problem.domain.sample(top[0], 50, 0).points
    assert drawn[:, 0].min() > 0.5


def test_a_value_that_jumps_along_a_patch_cuts_nothing():
    problem = problem_of(PLATE, ("u: x}", "u: 'where(x < 0.5, 0, 1)'}"), (K, "1"))
    assert len(problem.subdomains) == 1
    assert problem.uncut == ()


@pytest.mark.slow
def test_validate_says_so():
    text = describe(problem_of(PLATE, (K, "where(x < 0.3, 1, where(y < 0.6, 5, 10))")))
    assert "cut          definitions.k jumps where x = 0.3: the domain is cut there\n" in text
    assert "cut          definitions.k jumps where y = 0.6: the domain is cut there\n" in text
    assert "  part_1 is where x < 0.3\n" in text
    assert "  part_2 is where x > 0.3 and y > 0.6\n" in text
    assert "flux of c on part_2 | part_3" in text
    assert "physics.linear_elasticity.youngs_modulus jumps where x = 0.5" in describe(problem_of(ELASTIC))


def test_values_seen_from_a_part():
    problem = problem_of(BAR)
    at = torch.tensor([[0.5]], dtype=torch.float64)
    values = [problem.compiled("k", part) for part in problem.subdomains]
    assert [float(one.value({"x": at[:, 0]}, {})) for one in values] == [1, 10]
