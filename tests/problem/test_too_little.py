"""What is left open before training: conditions, equations, constants and rigid motions that are missing."""

from __future__ import annotations

import pytest

from pinn.problem.motions import free_motions
from pinn.problem.problem import Problem
from pinn.problem.too_little import missing
from pinn.problem.warnings import warnings
from tests.training.examples import problem

SQUARE = """
name: square
coordinates: [x, y]
fields: [u, v]
domain: {rectangle: {from: [0, 0], to: [2, 1]}}
equations: EQUATIONS
conditions: CONDITIONS
"""
LAPLACE = "{a: laplacian(u) = v, b: laplacian(v) = 1}"
BEAM = """
name: beam
coordinates: [x]
fields: [w]
domain: {interval: {from: 0, to: 1}}
equations: {bending: EQUATION}
conditions: CONDITIONS
"""
BODY = """
name: body
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: 2e11, poissons_ratio: 0.3, plane: stress}}
domain: {rectangle: {from: [1, 0], to: [5, 2]}}
conditions:
  - {on: boundary, traction: [0, 0]}
"""
HALVES = """
name: halves
coordinates: [x]
fields: [u]
subdomains: {soft: {interval: {from: 0, to: 0.5}}, hard: rest}
domain: {interval: {from: 0, to: 1}}
equations: {rest: u_xx = 0}
conditions: [{on: left, u: 0}, {on: right, u_x: 1}]
interfaces: [INTERFACE]
"""


def square(equations: str, conditions: str) -> Problem:
    return problem(SQUARE.replace("EQUATIONS", equations).replace("CONDITIONS", conditions))


@pytest.mark.parametrize(
    ("equations", "conditions", "said"),
    [
        (LAPLACE, "[{on: boundary, u: 0, v: 0}]", []),
        (LAPLACE, "[{on: boundary, u: 0}]", ["left", "right", "bottom", "top"]),
        (LAPLACE, "[{on: top, where: x < 1, u: 1}, {on: [left, right, bottom], u: 1}, {on: boundary, v: 0}]", ["top"]),
        (LAPLACE, "[{on: top, free: true}, {on: boundary, v: 0, u: 1}]", []),
        (LAPLACE, "[{on: top, u: 1, free: true}, {on: boundary, v: 0, u: 1}]", []),
        (LAPLACE, "[{periodic: [left, right]}, {on: [bottom, top], v: 0, u: 1}]", []),
        ("{a: laplacian(u) = 1, b: 'd(x*v_x, x) + d(x*v_y, y) = 1'}", "[{on: boundary, u: 0, v: 0}]", []),
        ("{a: u_x + v_y = 1, b: u_y - v_x = 0}", "[{on: boundary, u: 0}]", []),
    ],
)
def test_patches_with_too_few_conditions(equations, conditions, said):
    found = missing(square(equations, conditions))
    assert len(found) == len(said)
    for sentence, patch in zip(found, said, strict=True):
        assert f"patch '{patch}' has 1 condition (" in sentence
        assert "where the equations need 2" in sentence


def test_no_condition_is_asked_for_where_a_coefficient_vanishes():
    """On x = 0 the equation of v has no second derivative across the patch."""
    equations = "{a: laplacian(u) = 1, b: 'd(x*v_x, x) + d(x*v_y, y) = 1'}"
    found = missing(square(equations, "[{on: boundary, u: 0}, {on: [bottom, top], v: 0}]"))
    assert [sentence.split("'")[1] for sentence in found] == ["right"]


@pytest.mark.parametrize(
    ("equations", "said"),
    [
        ("{a: laplacian(u) = 1, b: laplacian(u) = 1}", "no equation says anything of v"),
        ("{a: laplacian(u) + laplacian(v) = 1}", "1 equation for 2 fields: some of them are open"),
    ],
)
def test_a_field_without_an_equation(equations, said):
    (sentence,) = missing(square(equations, "[{on: boundary, u: 0, v: 0}]"))
    assert said in sentence


@pytest.mark.parametrize(
    ("equation", "conditions", "said"),
    [
        ("w_xxxx = 1", "[{on: left, w: 0, w_x: 0}, {on: right, w_xx: 0}]", "3 conditions together"),
        ("w_xxxx = 1", "[{on: left, w: 0, w_x: 0}, {on: right, w_xx: 0, w_xxx: 0}]", ""),
        ("w_xxxx = 1", "[{on: left, w: 0, w_x: 0, w_xx: 0, w_xxx: 0}, {on: right, free: true}]", ""),
        ("'d(x*w_xxx, x) = 1'", "[{on: left, w: 0}, {on: right, w_xx: 0, w: 1}]", ""),
    ],
)
def test_ends_share_their_conditions(equation, conditions, said):
    found = missing(problem(BEAM.replace("EQUATION", equation).replace("CONDITIONS", conditions)))
    assert bool(found) == bool(said)
    assert said in "".join(found)


@pytest.mark.parametrize(
    ("pins", "said"),
    [
        ("", ["a translation along x", "a translation along y", "a rotation about any point"]),
        ("  - {at: [2, 0.5], displacement: [0, 0]}", ["a rotation about (x, y) = (2, 0.5)"]),
        ("  - {at: [2, 0.5], displacement: [0, 0]}\n  - {at: [4, 0.5], uy: 0}", []),
        ("  - {at: [2, 0.5], ux: 0}\n  - {at: [4, 0.5], ux: 0}", ["a translation along y", "a rotation about (x, y)"]),
    ],
)
def test_rigid_motions_are_found_before_training(pins, said):
    found = free_motions(problem(BODY + pins + "\n"))
    assert len(found) == len(said)
    for sentence, words in zip(found, said, strict=True):
        assert f"nothing fixes {words}" in sentence
    assert found == warnings(problem(BODY + pins + "\n"))


@pytest.mark.parametrize(
    ("left", "interface", "said"),
    [
        ("u: 0", "continuous: [u, u_x]", []),
        ("u: 0", "free: true", ["u up to a constant in hard"]),
        ("u_x: 1", "continuous: [u, u_x]", ["u up to a constant"]),
    ],
)
def test_a_part_that_floats_is_found(left, interface, said):
    text = HALVES.replace("INTERFACE", "{between: [soft, hard], " + interface + "}").replace(
        "{on: left, u: 0}", "{on: left, " + left + "}"
    )
    found = free_motions(problem(text))
    assert [sentence.split(":")[0] for sentence in found] == [f"nothing fixes {words}" for words in said]


def test_the_sum_of_two_fields_alone_is_fixed():
    text = square("{a: laplacian(u) + v_x = 1, b: laplacian(v) = 0}", "[{on: boundary, u_n: 0, equation: u + v = 0}]")
    assert free_motions(text) == ["nothing fixes a combination of constants or rigid motions of u, v"]
