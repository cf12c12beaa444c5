"""`on: boundary` is what no other condition says: of a body, a clamped patch is not free of traction as well."""

from __future__ import annotations

import pytest

import pinn
from pinn.domain.places import Boundary
from pinn.problem.problem import Problem

BODY = """
name: body
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: 3, poissons_ratio: 0.3, plane: strain}}
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
conditions: [%s]
"""
SCALAR = """
name: scalar
coordinates: [x, y]
fields: [u]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: {poisson: %s}
conditions: [%s]
"""
TILTED = "{polygon: {vertices: [[0, 0], [2, 0], [2, 1], [1, 2]], names: [bottom, right, top, slope]}}"


def patches(problem: Problem, quantity: str) -> set[str]:
    return {
        patch
        for statement in problem.statements
        if isinstance(statement.place, Boundary) and statement.quantity == quantity
        for patch in statement.place.patches
    }


def test_a_clamped_patch_is_not_free_of_traction():
    problem = pinn.load(BODY % "{on: left, displacement: [0, 0]}, {on: boundary, traction: [0, 0]}")
    for quantity in ("traction_x", "traction_y"):
        assert patches(problem, quantity) == {"right", "bottom", "top"}


def test_a_guided_patch_is_free_along_it_alone():
    problem = pinn.load(BODY % "{on: left, fixed: true}, {on: bottom, uy: 0}, {on: boundary, traction: [0, 0]}")
    assert patches(problem, "traction_x") == {"right", "bottom", "top"}
    assert patches(problem, "traction_y") == {"right", "top"}


def test_a_part_that_is_clamped_is_left_out_alone():
    problem = pinn.load(BODY % "{on: left, where: y < 0.5, fixed: true}, {on: boundary, traction: [0, 0]}")
    parts = [s.place for s in problem.statements if s.quantity == "traction_x" and isinstance(s.place, Boundary)]
    (beside,) = [place for place in parts if place.patches == ("left",)]
    assert beside.where is not None
    points = problem.domain.sample(beside, 50, 1).points
    assert (points[:, 1] >= 0.5).all()


def test_a_slanted_support_has_its_own_tractions():
    text = (BODY % "{on: slope, symmetry: true}, {on: bottom, fixed: true}, {on: boundary, traction: [0, 0]}").replace(
        "{rectangle: {from: [0, 0], to: [1, 1]}}", TILTED
    )
    assert patches(pinn.load(text), "traction_x") == {"right", "top"}


def test_a_value_stands_for_a_flux():
    problem = pinn.load(SCALAR % ("laplacian(u) = 1", "{on: left, u: 0}, {on: boundary, u_n: 0}"))
    assert patches(problem, "u_n") == {"right", "bottom", "top"}


@pytest.mark.parametrize(
    ("equation", "conditions"),
    [
        ("laplacian(laplacian(u)) = 1", "{on: left, u: 0}, {on: [right, bottom, top], u: 0}, {on: boundary, u_n: 0}"),
        ("laplacian(u) = 1", "{on: boundary, u: 0}, {on: boundary, u_n: 0}"),
        ("laplacian(u) = 1", "{on: boundary, u: 0, u_n: 0}"),
    ],
    ids=["both are known on a clamped plate", "two conditions of the whole boundary", "one condition"],
)
def test_what_is_said_of_the_whole_boundary_holds_there(equation, conditions):
    problem = pinn.load(SCALAR % (equation, conditions))
    assert patches(problem, "u_n") == {"left", "right", "bottom", "top"}
