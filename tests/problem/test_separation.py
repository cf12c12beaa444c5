"""Bodies with holes that have corners are solved in parts, and those without are left as they are."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from pinn.problem.cuts import cuts_of, straight
from pinn.problem.holes import find_holes
from pinn.problem.loading import build
from pinn.problem.problem import Problem
from pinn.problem.separation import continuous_quantities, jumping, separated
from pinn.spec.blocks.solver import LeastSquaresOptions
from pinn.spec.yaml.source import parse_spec
from pinn.training.native import prepare
from pinn.training.output_layer.least_squares import LeastSquares
from pinn.training.run.run import Run

PLATE = """
name: plate
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: 7, poissons_ratio: 0.3, plane: stress}}
domain:
  difference:
    - rectangle: {from: [0, 0], to: [10, 6]}
    - HOLE
conditions:
  - {on: left, displacement: [0, 0]}
  - {on: right, traction: [1, 0]}
  - {on: [bottom, top, FACES], traction: [0, 0]}
solver: {method: METHOD, threads: 1}
"""
SQUARE = "rectangle: {from: [4, 2], to: [6, 4], name: hole}"
DISK = "disk: {center: [5, 3], radius: 1, name: hole}"
SLIT = "polygon: {vertices: [[4, 2], [5.001, 2.999], [6, 4], [4.999, 3.001]], name: hole}"


FACES = {
    SQUARE: "hole_left, hole_right, hole_bottom, hole_top",
    DISK: "hole",
    SLIT: "hole_edge_1, hole_edge_2, hole_edge_3, hole_edge_4",
}


def plate(hole: str, method: str = "auto") -> Problem:
    text = PLATE.replace("HOLE", hole).replace("FACES", FACES[hole]).replace("METHOD", method)
    return build(parse_spec(text))


@pytest.mark.slow
def test_a_square_hole_is_cut_across_the_shorter_way():
    problem = plate(SQUARE)
    assert jumping(problem) == 4
    (cut,) = cuts_of(problem)
    assert (cut.points, cut.onward) == (((5.0, 3.0),), (0.0, 1.0))
    parts = separated(problem)
    assert jumping(parts) == 0
    assert [round(s.shape.measure, 9) for s in parts.subdomains] == [28.0, 28.0]
    assert {i.continuous for i in parts.spec.interfaces} == {("displacement", "traction")}
    assert prepare(parts) is parts


@pytest.mark.slow
def test_a_slit_is_no_hole_and_is_cut_along_itself():
    problem = plate(SLIT)
    assert not find_holes(problem)
    (cut,) = cuts_of(problem)
    assert np.allclose(np.abs([cut.back, cut.onward]), np.sqrt(0.5))
    assert jumping(separated(problem)) == 0


@pytest.mark.parametrize(
    ("hole", "method"), [(DISK, "auto"), (SQUARE, "gauss_newton")], ids=["round", "another method"]
)
def test_others_are_left_as_they_are(hole, method):
    problem = plate(hole, method)
    assert separated(problem) is problem


@pytest.mark.slow
def test_own_equations_go_on_with_their_normal_derivatives():
    text = PLATE.replace("HOLE", SQUARE).replace("METHOD", "auto").split("conditions:")
    head = text[0].split("physics:")[0] + "fields: [u]\nequations: {poisson: -laplacian(u) = 1}\ndomain:"
    whole = head + text[0].split("domain:")[1] + "conditions: [{on: boundary, u: 0}]\n"
    problem = build(parse_spec(whole))
    assert continuous_quantities(problem) == ("u", "u_n")
    assert len(separated(problem).subdomains) == 2


LUG = """
name: lug
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: 7, poissons_ratio: 0.3, plane: stress}}
domain:
  difference:
    - union: [{rectangle: {from: [0, -2.5], to: [6, 2.5]}}, {disk: {center: [6, 0], radius: 2.5, name: eye}}]
    - disk: {center: [6, 0], radius: 1, name: hole}
conditions:
  - {on: left, displacement: [0, 0]}
  - {on: [bottom, top, eye], traction: [0, 0]}
  - {on: hole, where: x > 6, traction: [(x - 6)**2, (x - 6)*y]}
  - {on: hole, where: x < 6, traction: [0, 0]}
"""


@pytest.mark.slow
def test_a_hole_on_which_the_kind_of_load_changes_is_cut_and_stays_a_hole_of_both_parts():
    problem = build(parse_spec(LUG))
    (cut,) = cuts_of(problem)
    assert (cut.points, cut.onward) == (((6.0, 0.0),), (1.0, 0.0))  # the load changes at the ends of the other axis
    parts = separated(problem)
    assert [(h.subdomain.name, round(h.radius, 12)) for h in find_holes(parts)] == [("part_1", 1.0), ("part_2", 1.0)]


def test_the_pressure_of_a_pin_that_ends_in_zero_is_no_corner():
    """It ends as the normal turns, which is 1e-8 off where it is looked at, and 1e-15 with its square."""
    for pressure in ("[-nx, 0]", "[-nx*nx*nx, -nx*nx*ny]"):
        problem = build(parse_spec(LUG.replace("[(x - 6)**2, (x - 6)*y]", pressure)))
        assert jumping(problem) == 0
        assert separated(problem) is problem
    problem = build(parse_spec(LUG.replace("[(x - 6)**2, (x - 6)*y]", "[1e-3 - nx, 0]")))
    assert jumping(problem) == 2


@pytest.mark.slow
@pytest.mark.parametrize(("whole", "bound"), [(False, 1e-3), (True, 0.05)], ids=["parts", "whole"])
def test_a_square_hole_is_solved_in_parts_and_in_no_other_way(whole, bound):
    problem = plate(SQUARE) if whole else separated(plate(SQUARE))
    run = Run(problem, torch.device("cpu"), torch.float64, 0, 3600.0, 1e-9)
    heldout = run.heldout(LeastSquares(LeastSquaresOptions(features=200), run).solve(4.0)[1])
    assert heldout > bound if whole else heldout < bound


SLANTED = """
name: slanted
coordinates: [x, y]
fields: [u]
equations: {laplace: laplacian(u) = 0}
domain:
  difference:
    - rectangle: {from: [0, -SIDE], to: [SIDE, SIDE]}
    - polygon: {vertices: [[-0.1, -0.101], [1, 1], [-0.1, -0.099]], name: slit}
conditions:
  - {on: bottom, u: 0}
  - {on: top, u: 1}
  - {on: boundary, u_n: 0}
solver: {threads: 1}
"""


@pytest.mark.parametrize("side", ["3", "5"])
def test_a_cut_at_the_tip_of_a_slit_turns_away_from_a_vertex(side):
    problem = build(parse_spec(SLANTED.replace("SIDE", side)))
    (cut,) = cuts_of(problem)
    assert cut.points == ((1.0, 1.0),)
    assert np.allclose(cut.back, -np.sqrt(0.5), atol=1e-3)
    x, y = cut.onward
    assert math.degrees(math.atan2(y, x)) == pytest.approx(60, abs=0.1)


def test_a_cut_at_the_tip_of_a_slit_goes_straight_on_where_it_can():
    problem = build(parse_spec(SLANTED.replace("to: [SIDE, SIDE]", "to: [2, 4]").replace("SIDE", "4")))
    (cut,) = cuts_of(problem)
    assert np.allclose(cut.onward, np.sqrt(0.5), atol=1e-3)


@pytest.mark.slow
def test_a_slit_from_an_edge_is_solved_in_parts_and_in_no_other_way():
    """Of the whole body features are the same on both lips, wherever the functions of the tip do not reach."""
    problem = build(parse_spec(SLANTED.replace("SIDE", "3")))
    residuals = []
    for one in (problem, separated(problem)):
        run = Run(one, torch.device("cpu"), torch.float64, 0, 3600.0, 1e-9)
        residuals.append(run.heldout(LeastSquares(LeastSquaresOptions(features=100), run).solve(4.0)[1]))
    assert residuals[0] > 1e-2 > 10 * residuals[1]


def test_both_sides_of_a_cut_are_the_plane():
    cut = straight((0.3, 0.2), (0.6, 0.8), 3.0)
    points = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    offset = points - (0.3, 0.2)
    assert (cut.on_left(points) == (0.6 * offset[:, 1] - 0.8 * offset[:, 0] > 0)).all()
    assert np.allclose(cut.distances(points), np.abs(0.6 * offset[:, 1] - 0.8 * offset[:, 0]))
