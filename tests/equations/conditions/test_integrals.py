"""Conditions on integrals: one row with the ends of a quadrature, in every solver that takes them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import pinn
from pinn.domain.integrals import Integral
from pinn.domain.places import Boundary, Interior
from pinn.problem.motions import free_motions
from pinn.problem.too_little import missing
from pinn.training.residuals.assembly import residuals
from pinn.training.residuals.points import draw
from tests.training.examples import model_of, problem

NONE = "{figures: false, formats: []}"
NEUMANN = """
name: neumann
coordinates: [x, y]
fields: [u]
domain: {rectangle: {from: [0, 0], to: [2, 1]}}
equations: {poisson: laplacian(u) + 1.25*pi**2*cos(pi*x/2)*cos(pi*y) = 0}
conditions: [{on: boundary, u_n: 0}, {integral: u, equals: 6}]
exact: {u: cos(pi*x/2)*cos(pi*y) + 3}
"""
BODY = """
name: block
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: 1, poissons_ratio: 0.3, plane: stress}}
domain: {rectangle: {from: [0, 0], to: [2, 1]}}
conditions:
  - {on: left, fixed: true}
  - {on: [top, bottom], traction: [0, 0]}
  - {on: right, traction_y: 0, ux_y: 0}
  - %s
"""


def integrals_of(found):
    return [statement for statement in found.statements if isinstance(statement.place, Integral)]


def test_an_integral_is_one_row_the_mean_over_its_place():
    found = problem(NEUMANN, network="{hidden: [6, 5]}")
    (statement,) = integrals_of(found)
    assert (statement.name, statement.place) == ("integral of u over domain", Integral((Interior(),)))
    model = model_of(found)
    groups = draw(found, 12, 8, 3, torch.device("cpu"), torch.float64)
    (group,) = (group for group in groups if statement in group.statements)
    assert len(group.points) == 1
    (value,) = residuals(model, group)
    points = torch.as_tensor(np.stack(np.meshgrid(*[(np.arange(200) + 0.5) / 200] * 2), axis=-1).reshape(-1, 2))
    with torch.no_grad():
        mean = model.network(points * torch.tensor([2.0, 1.0], dtype=torch.float64)).mean()
    size = found.scaling.statements[group.indices[0]]
    assert float(value.detach()) * size == pytest.approx(float(mean) - 3, abs=1e-5)


def test_a_vector_has_an_integral_for_each_component_with_a_value():
    found = problem(BODY % "{integral: traction, on: right, equals: [5, 1]}")
    assert [one.name for one in integrals_of(found)] == [
        "integral of traction_x over right",
        "integral of traction_y over right",
    ]
    (half,) = integrals_of(problem(BODY % "{integral: traction_x, on: right, where: y > 0.75, equals: 5}"))
    assert isinstance(half.place, Integral)
    assert half.place.measure(found.domain) == pytest.approx(0.25)


def test_lines_and_curves_are_measured():
    (cut,) = integrals_of(problem(BODY % "{integral: stress_xx*nx, on: {line: [[1, 0], [1, 1]]}, equals: 5}"))
    assert isinstance(cut.place, Integral)
    assert (cut.place.label, cut.place.measure(problem(NEUMANN).domain)) == ("a line", pytest.approx(1))
    disk = problem(NEUMANN, domain="{disk: {center: [0, 0], radius: 2, name: rim}}")
    assert Integral((Boundary(("rim",)),)).measure(disk.domain) == pytest.approx(4 * math.pi)


def test_a_mean_value_fixes_the_constant():
    """Before training: constants are among the motions that no statement notices, unless an integral does."""
    fixed, free = problem(NEUMANN), problem(NEUMANN, conditions="[{on: boundary, u_n: 0}]")
    assert free_motions(fixed) == []
    assert "up to a constant" in free_motions(free)[0]
    differences = problem(NEUMANN, conditions="[{on: boundary, u_n: 0}, {integral: u_x, equals: 0}]")
    assert "up to a constant" in free_motions(differences)[0]


def test_an_integral_counts_as_a_condition_in_one_dimension():
    beam = "name: a\ncoordinates: [x]\nfields: [u]\ndomain: {interval: {from: 0, to: 1}}\nequations: {beam: u_xx = 2}\n"
    ends = "{on: left, u: 0}, {on: right, free: true}"
    assert missing(problem(beam + f"conditions: [{ends}, {{integral: u, equals: 1}}]")) == []


@pytest.mark.slow
def test_a_neumann_problem_with_its_mean_value_is_solved():
    solution = pinn.solve(problem(NEUMANN, outputs=NONE, solver="{tolerance: 1e-4}"))
    assert solution.metrics["relative_l2"]["u"] < 1e-5
    assert solution.metrics["verdict"] == "solved"


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("{integral: u, on: domain}", "needs its value: write for example equals: 0"),
        ("{on: left, equals: 3}", "is the value of an 'integral', which is missing"),
        ("{integral: u, on: left, equals: 0, u: 1}", "an integral states nothing else"),
        ("{integral: u, on: initial, equals: 0}", "an integral holds at all times"),
        ("{integral: u, on: domain, equals: x}", "an integral has no place"),
        ("{integral: u, on: domain, equals: u}", "an integral has no place"),
        ("{integral: x**2, on: domain, equals: 1}", "says nothing about a field"),
        ("{integral: u_x*nx, on: domain, equals: 1}", "uses the normal"),
        ("{integral: u, on: domain, equals: [1, 2]}", "is one quantity"),
        ("{integral: u, on: domain, where: x > 1, equals: 1}", "goes with patches"),
        ("{integral: u, on: lid, equals: 1}", "unknown patch 'lid'"),
        ("{u: 1, on: {line: [[0, 0], [1, 1]]}}", "is a cut through the inside"),
    ],
)
def test_what_an_integral_cannot_say_is_refused(condition, message):
    with pytest.raises(pinn.SpecError, match=message.replace("'", ".")):
        problem(NEUMANN, conditions=f"[{{on: boundary, u_n: 0}}, {condition}]")


def test_an_integral_over_several_subdomains_is_refused():
    parts = "{a: {rectangle: {from: [0, 0], to: [1, 1]}}, b: rest}"
    between = "[{between: [a, b], continuous: [u, u_n]}]"
    with pytest.raises(pinn.SpecError, match="lies in several subdomains"):
        problem(NEUMANN, subdomains=parts, interfaces=between, exact="{}")
    conditions = "[{on: boundary, u_n: 0}, {integral: u, on: b, equals: 6}]"
    (found,) = integrals_of(problem(NEUMANN, subdomains=parts, interfaces=between, conditions=conditions, exact="{}"))
    assert found.place.subdomain == "b"
