"""Corners of problems: where they are, what meets there, what is left out."""

from __future__ import annotations

import math

import numpy as np
import pytest

import pinn
from pinn.corners import find
from pinn.corners.functions import corner_functions
from pinn.problem.corners import corner_lines
from pinn.problem.loading import build
from pinn.problem.problem import Problem
from pinn.problem.singular import is_singular
from pinn.spec.yaml.source import parse_spec
from tests.geometry.meshes import block, core_and_block, ring, write
from tests.training.examples import PROBLEMS

POISSON = """
name: corners
coordinates: [x, y]
fields: [u]
domain: DOMAIN
equations: {poisson: -laplacian(u) = 0}
conditions: CONDITIONS
"""
SQUARE = "{rectangle: {from: [0, 0], to: [1, 1]}}"


def poisson(domain: str = SQUARE, conditions: str = "[{on: boundary, u: 0}]", more: str = "") -> Problem:
    return build(parse_spec(POISSON.replace("DOMAIN", domain).replace("CONDITIONS", conditions) + more))


def at(problem: Problem, x: float, y: float):
    """The corner at a point."""
    (found,) = [corner for corner in problem.corners if np.allclose(corner.point, [x, y], atol=1e-6)]
    return found


def exponents(corner, below: float = 2.0):
    functions = corner.functions(below)
    assert functions is not None, corner.reason
    return [function.exponent for function in functions.functions if not function.particular]


def test_corners_of_a_polygon_cut_from_a_square():
    problem = pinn.load(PROBLEMS / "heat/poisson_l_shape.yaml")
    assert len(problem.corners) == 6
    corner = at(problem, 0, 0)
    assert math.isclose(corner.angle, 1.5 * math.pi)
    np.testing.assert_allclose(exponents(corner), [2 / 3, 4 / 3], atol=1e-10)
    assert exponents(at(problem, -1, 1)) == []


def test_the_exponents_that_were_worked_out_by_hand_for_cook_s_panel():
    """Clamped and free: sin(k*angle)**2 = ((kappa + 1)**2 - 4*k**2*sin(angle)**2)/(4*kappa), kappa of plane stress."""
    problem = pinn.load(PROBLEMS / "elasticity/cook_membrane.yaml")
    upper = [0.6771640855309894, 1.3530002480120933, 1.5518422284187112]
    np.testing.assert_allclose(exponents(at(problem, 0, 44)), upper, atol=1e-9)
    np.testing.assert_allclose(exponents(at(problem, 0, 0)), [1.221706425983396], atol=1e-9)
    functions = at(problem, 48, 60).functions()
    assert functions is not None
    assert [(f.exponent, f.logarithms, f.particular) for f in functions.functions] == [(1, 1, True)]


@pytest.mark.slow
def test_a_lid_makes_velocities_jump():
    problem = pinn.load(PROBLEMS / "fluids/lid_driven_cavity.yaml")
    functions = at(problem, 0, 1).functions()
    assert functions is not None
    assert [(f.exponent, f.particular) for f in functions.functions] == [(0, True)]


def test_conditions_that_change_on_a_straight_edge():
    """Insulated to the left of x = 0.3 on the bottom, held to the right: r^(1/2)."""
    conditions = (
        "{on: bottom, where: x < 0.3, u_n: 0}, {on: bottom, where: x >= 0.3, u: 0}, {on: [left, right, top], u: 0}"
    )
    problem = poisson(conditions=f"[{conditions}]")
    assert len(problem.corners) == 5
    corner = at(problem, 0.3, 0)
    np.testing.assert_allclose(corner.angle, math.pi)
    np.testing.assert_allclose(exponents(corner), [0.5, 1.5], atol=1e-10)
    assert corner.conditions == (("u on bottom",), ("u_n on bottom",))


def test_patches_of_one_line_with_different_conditions():
    domain = "{polygon: {vertices: [[0, 0], [0.4, 0], [1, 0], [1, 1], [0, 1]], names: [a, b, c, d, e]}}"
    problem = poisson(domain, "[{on: a, u_n: 0}, {on: [b, c, d, e], u: 0}]")
    np.testing.assert_allclose(exponents(at(problem, 0.4, 0)), [0.5, 1.5], atol=1e-10)


def test_where_a_line_goes_on_there_is_no_corner():
    domain = "{polygon: {vertices: [[0, 0], [0.4, 0], [1, 0], [1, 1], [0, 1]]}}"
    assert len(poisson(domain).corners) == 4
    assert poisson("{disk: {center: [0, 0], radius: 1}}").corners == ()


def test_curved_edges_meet_at_the_angle_of_their_tangents():
    """A disk of radius 1 about (1, 0) cut out of one about the origin: tips of 60 degrees at (1/2, +-sqrt(3)/2)."""
    disks = [f"{{disk: {{center: [{x}, 0], radius: 1, name: {name}}}}}" for x, name in ((0, "whole"), (1, "bite"))]
    problem = poisson(f"{{difference: [{', '.join(disks)}]}}", "[{on: whole, u: 0}, {on: bite, u_n: 0}]")
    assert len(problem.corners) == 2
    corner = at(problem, 0.5, math.sqrt(3) / 2)
    np.testing.assert_allclose(corner.angle, math.pi / 3, atol=1e-6)
    np.testing.assert_allclose(exponents(corner), [1.5], atol=1e-5)


TWO_MATERIALS = """
subdomains: {inner: INNER, outer: rest}
definitions: {k: {inner: 5, outer: 1}, flux: k*u_n}
interfaces: [{between: [inner, outer], continuous: [u, flux]}]
"""


def two_materials(inner: str) -> Problem:
    text = POISSON.replace("-laplacian(u) = 0", "'d(k*u_x, x) + d(k*u_y, y) = 0'").replace("DOMAIN", SQUARE)
    text = text.replace("CONDITIONS", "[{on: boundary, u: 0}]")
    return build(parse_spec(text + TWO_MATERIALS.replace("INNER", inner)))


def test_the_corner_of_an_inclusion_and_where_its_edges_meet_the_boundary():
    problem = two_materials("{rectangle: {from: [0, 0], to: [0.5, 0.5]}}")
    assert len(problem.corners) == 4 + 3
    corner = at(problem, 0.5, 0.5)
    np.testing.assert_allclose(corner.angle, 2 * math.pi)
    assert {sector.subdomain for sector in corner.vertex.sectors} == {"inner", "outer"}
    w, k1, k2 = math.pi / 2, 5.0, 1.0
    for a in exponents(corner):
        odd = k1 / math.tan(a.real * w / 2) + k2 / math.tan(a.real * (math.pi - w / 2))
        even = k1 * math.tan(a.real * w / 2) + k2 * math.tan(a.real * (math.pi - w / 2))
        assert min(abs(odd), abs(even)) < 1e-8
    assert len(exponents(corner)) == 2
    edge = at(problem, 0.5, 0)
    assert [len(names) for names in edge.conditions] == [1, 2, 1]
    assert exponents(edge, 0.99) == []  # k1 cot(a pi/2) = -k2 cot(a pi/2): a = 1 first


def test_an_interface_without_corners_has_none():
    assert len(two_materials("{disk: {center: [0.5, 0.5], radius: 0.2}}").corners) == 4


def test_facets_of_a_curved_wall_make_no_corners(tmp_path):
    """A quarter of a ring of straight facets, eight along each arc: its corners are the four ends of the arcs."""
    points, cells = block("triangle", 8, ring)
    file = write(tmp_path / "ring.msh", points, [("triangle", cells)])
    text = POISSON.replace("DOMAIN", f"{{mesh: {{file: {file}}}}}").replace("CONDITIONS", "[{on: boundary, u: 0}]")
    points = sorted(tuple(np.round(corner.point, 6)) for corner in build(parse_spec(text)).corners)
    assert points == [(0, 1), (0, 2), (1, 0), (2, 0)]


def test_a_mesh_has_the_corners_of_its_outline(tmp_path):
    points, cells = block("triangle", 4)
    file = write(tmp_path / "square.msh", points, [("triangle", cells)])
    text = POISSON.replace("DOMAIN", f"{{mesh: {{file: {file}}}}}").replace("CONDITIONS", "[{on: boundary, u: 0}]")
    problem = build(parse_spec(text))
    assert len(problem.corners) == 4
    np.testing.assert_allclose([corner.angle for corner in problem.corners], math.pi / 2)


@pytest.mark.parametrize(
    ("equations", "reason"),
    [
        ("{transport: u_x + 2*u_y = 0}", "do not determine every field"),
        ("{waves: u_xx - u_yy = 0}", "is not elliptic"),
        ("{axis: u_xx + u_x/x + u_yy = 0}", "not finite"),
    ],
)
def test_what_has_no_corner_functions_says_why(equations, reason):
    text = POISSON.replace("{poisson: -laplacian(u) = 0}", equations).replace("DOMAIN", SQUARE)
    problem = build(parse_spec(text.replace("CONDITIONS", "[{on: boundary, u: 0}]")))
    corner = at(problem, 0, 0)
    assert corner.functions() is None
    assert reason in corner.reason
    assert corner_lines(problem) == []


def test_half_of_the_conditions_make_no_wedge():
    problem = poisson(conditions="[{on: [left, right, top], u: 0}, {on: bottom, free: true}]")
    assert "has 0 conditions on an edge where its equations take 1" in at(problem, 0, 0).reason
    assert at(problem, 0, 1).wedge is not None


@pytest.mark.slow
def test_one_and_three_dimensions_have_none():
    assert pinn.load(PROBLEMS / "elasticity/cube_3d.yaml").corners == ()
    assert pinn.load(PROBLEMS / "heat/heat_1d.yaml").corners == ()


@pytest.mark.slow
def test_validate_lists_the_singular_ones():
    text = pinn.load(PROBLEMS / "elasticity/cook_membrane.yaml").describe()
    assert "  (0, 44): 108.4 degrees, ux, uy | traction_x, traction_y: r^0.6772, r^1.353, r^1.552" in text
    assert "(48, 60): 71.57 degrees, traction_x, traction_y | traction_x, traction_y: r^1 log r (from the data)" in text
    assert "singular corners" not in pinn.load(PROBLEMS / "heat/poisson_2d.yaml").describe()


def test_corners_of_one_kind_share_a_line():
    hole = "{rectangle: {from: [0.4, 0.4], to: [0.6, 0.6], name: hole}}"
    domain = f"{{difference: [{SQUARE}, {hole}]}}"
    lines = corner_lines(poisson(domain))
    assert len(lines) == 3
    assert lines[2].endswith("and 1 more: 270 degrees, u | u: r^0.6667, r^1.333")


def test_conditions_in_time_and_parameters_are_taken_at_their_middle():
    text = POISSON.replace("DOMAIN", "{polygon: {vertices: [[0, 0], [1, 0], [1, 1], [-1, 1], [-1, -1], [0, -1]]}}")
    text = text.replace("-laplacian(u) = 0", "u_t - laplacian(u) = 0").replace(
        "CONDITIONS", "[{on: boundary, u: 0}, {on: initial, u: 0}]"
    )
    problem = build(parse_spec(text + "time: {from: 0, to: 1}\n"))
    np.testing.assert_allclose(exponents(at(problem, 0, 0)), [2 / 3, 4 / 3], atol=1e-10)


@pytest.mark.slow
def test_a_mesh_ends_in_the_angles_that_it_stands_for(tmp_path):
    """The facets of a quarter circle meet its straight edges at 90.007 degrees: no corner of the body is singular."""
    core_and_block(tmp_path / "m.msh")
    text = (PROBLEMS / "heat/two_materials.yaml").read_text(encoding="utf-8")
    shapes = text[text.index("domain:") : text.index("definitions:")]
    (tmp_path / "p.yaml").write_text(
        text.replace(shapes, "domain: {mesh: {file: m.msh}}\nsubdomains: [core, block]\n"), encoding="utf-8"
    )
    found = pinn.load(tmp_path / "p.yaml")
    right = {round(np.degrees(corner.angle), 9) for corner in found.corners}
    assert right == {90.0, 180.0}
    assert not is_singular(found)


def test_functions_of_a_corner_are_computed_once_for_all_limits_and_for_the_body_and_its_parts(monkeypatch):
    computed = []

    def counted(wedge, below):
        computed.append(below)
        return corner_functions(wedge, below)

    monkeypatch.setattr(find, "corner_functions", counted)
    find._computed.cache_clear()
    whole = poisson("{rectangle: {from: [0, 0], to: [3, 1.23]}}")
    halves = poisson(
        "{rectangle: {from: [0, 0], to: [3, 1.23]}}",
        more="subdomains: {one: {rectangle: {from: [0, 0], to: [1.7, 1.23]}}, other: rest}\n"
        "interfaces: [{between: [one, other], continuous: [u, u_n]}]\n",
    )
    corners = [at(problem, 0, 1.23) for problem in (whole, halves)]
    found = [corner.functions(below) for corner in corners for below in (3.0, 5.5, 7.0)]
    assert computed == [8.0]
    assert [f and f.wedge for f in found] == [corner.wedge for corner in corners for _ in range(3)]


def test_functions_below_a_limit_are_those_computed_up_to_it():
    corner = at(poisson("{polygon: {vertices: [[0, 0], [1, 0], [1, 1], [-1, 1], [-1, -1], [0, -1]]}}"), 0, 0)
    assert corner.wedge is not None
    found, alone = corner.functions(4.0), corner_functions(corner.wedge, 4.0)
    assert found is not None
    assert [f.exponent for f in found.functions] == pytest.approx([f.exponent for f in alone.functions], abs=1e-10)
    assert found.exponents == pytest.approx(alone.exponents, abs=1e-10)
