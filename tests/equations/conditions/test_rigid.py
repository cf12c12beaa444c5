"""Rigid patches with their resultants: without lateral contraction, tension and bending of a strip are exact."""

from __future__ import annotations

import pytest

import pinn
from pinn.problem.motions import free_motions
from tests.training.examples import problem

STRIP = """
name: strip
coordinates: [x, y]
constants: {F: 5, M: 0.5, L: 2}
physics: {linear_elasticity: {youngs_modulus: 10, poissons_ratio: 0, plane: stress}}
domain: {rectangle: {from: [0, 0], to: [L, 1]}}
conditions:
  - {on: left, fixed: true}
  - {on: [top, bottom], traction: [0, 0]}
  - {on: right, rigid: true, force: [F, 0], moment: M}
exact: {ux: F*x/10 - 1.2*M*x*(y - 0.5), uy: 0.6*M*x**2}
outputs: {figures: false, formats: []}
solver: {tolerance: 1e-4}
"""
CANTILEVER = """
name: cantilever
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: 210000, poissons_ratio: 0.3, plane: stress}}
domain: {rectangle: {from: [0, 0], to: [100, 20]}}
conditions:
  - {on: left, fixed: true}
  - {on: [top, bottom], traction: [0, 0]}
  - {on: right, rigid: true, force: [0, -100]}
outputs: {figures: false, formats: []}
solver: {method: {least_squares: {features: 200, scale: 3}}}
"""
BLOCK = """
name: block
coordinates: [x, y, z]
physics: {linear_elasticity: {youngs_modulus: 10, poissons_ratio: 0}}
domain: {box: {from: [0, 0, 0], to: [2, 1, 1]}}
conditions:
  - {on: x_lower, fixed: true}
  - {on: rest, traction: [0, 0, 0]}
  - {on: x_upper, rigid: true, force: [1, 2, 3], moment: [4, 5, 6]}
"""


@pytest.mark.slow
def test_a_strip_that_is_pulled_and_bent_by_a_rigid_end():
    solution = pinn.solve(problem(STRIP))
    assert solution.metrics["relative_l2"]["ux"] < 1e-5
    motion = solution.metrics["unknowns"]
    assert motion["right_translation_x"] == pytest.approx(1.0, rel=1e-4)
    assert motion["right_translation_y"] == pytest.approx(1.2, rel=1e-4)
    assert motion["right_rotation"] == pytest.approx(1.2, rel=1e-4)
    balance = solution.metrics["balance"]
    assert balance["equilibrium_x"]["applied"]["right"] == pytest.approx(5, rel=1e-6)
    assert balance["moment_xy"]["applied"]["right"] == pytest.approx(0.5, rel=1e-4)


@pytest.mark.slow
def test_corners_of_a_rigid_end_have_their_functions():
    """A cantilever of steel with a platen: 0.244587 by quadratic elements graded to the corners; by beam theory,
    which frees its ends of their clamps, P L^3/3EI + 6/5 P L/GA = 0.24553. Without the functions of its four singular
    corners it was not solved in two minutes."""
    solution = pinn.solve(problem(CANTILEVER))
    assert float(solution([[100, 10]], ["uy"])["uy"][0]) == pytest.approx(-0.244587, rel=1e-3)


def test_a_body_in_space_has_six_numbers_to_find():
    found = problem(BLOCK)
    assert found.motions == tuple(
        f"x_upper_{kind}_{axis}" for kind in ("translation", "rotation") for axis in ("x", "y", "z")
    )
    names = [statement.name for statement in found.statements if statement.path[:2] == ("conditions", 2)]
    assert names == [
        f"{what}_{axis} on x_upper".replace("u_", "u") for what in ("u", "force", "moment") for axis in "xyz"
    ]


def test_a_rigid_patch_holds_no_body():
    """It goes along with every motion: a body without another support is free."""
    loose = STRIP.replace("{on: left, fixed: true}", "{on: left, traction: [-5, 0]}")
    assert len(free_motions(problem(loose))) == 3
    assert free_motions(problem(STRIP)) == []


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("{on: right, rigid: true, force: [1, 2, 3]}", "needs 2 numbers"),
        ("{on: right, rigid: true, force: [1, null]}", "belongs to the motion of the patch"),
        ("{on: right, rigid: true, force: [y, 0]}", "an expression of constants"),
        ("{on: right, rigid: true, ux: 0}", "a rigid patch has a force and a moment, and nothing else"),
        ("{on: right, rigid: true, fixed: true}", "a rigid patch has a force and a moment, and nothing else"),
        ("{on: boundary, rigid: true}", "is said of patches by their names"),
        ("{on: right, force: [1, 0]}", "rigid: true, force"),
        ("{on: [left, right], rigid: true}", "is already stated by conditions.0."),
    ],
)
def test_what_a_rigid_patch_cannot_have_is_refused(condition, message):
    lines = STRIP.splitlines()
    text = "\n".join(f"  - {condition}" if "rigid" in line else line for line in lines)
    with pytest.raises(pinn.SpecError, match=message):
        problem(text)


def test_a_beams_own_moment_is_still_a_quantity():
    beam = "name: beam\ncoordinates: [x]\nfields: [w]\ndefinitions: {moment: -w_xx, force: -w_xxx}\n"
    beam += "domain: {interval: {from: 0, to: 1}}\nequations: {bending: w_xxxx = 1}\n"
    found = problem(beam + "conditions: [{on: left, w: 0, w_x: 0}, {on: right, moment: 0, force: 1}]")
    assert [s.name for s in found.statements][-2:] == ["moment on right", "force on right"]
