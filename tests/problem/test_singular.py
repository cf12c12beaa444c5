"""Which problems have functions of corners, and how far each reaches."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pinn.problem.loading import build
from pinn.problem.singular import between, corner_bases, is_singular, window_of
from pinn.spec.yaml.source import parse_spec

NOTCH = """
name: notch
coordinates: [x, y]
fields: [u]
domain: {difference: [{rectangle: {from: [-1, -1], to: [1, 1]}}, {rectangle: {from: [0, 0], to: [1, 1], name: n}}]}
equations: {poisson: "EQUATION"}
conditions: [{on: boundary, u: 0}]
"""
WITH_A_HOLE = """
name: hole
coordinates: [x, y]
fields: [u]
domain: {difference: [{rectangle: {from: [-2, -2], to: [2, 2]}}, {rectangle: {from: [0, 0], to: [1, 1], name: n}}]}
equations: {poisson: -laplacian(u) = 1}
conditions: [{on: boundary, u: 0}]
"""


def notch(equation: str = "-laplacian(u) = 1", more: str = "", condition: str = ""):
    text = NOTCH.replace("EQUATION", equation).replace("u: 0}]", f"u: 0}}{condition}]")
    return build(parse_spec(text + more))


@pytest.mark.parametrize(
    ("problem", "answer"),
    [
        (notch(), True),
        (notch("u**3 - laplacian(u) = 1"), True),  # what is nonlinear is of lower order
        (notch("-d((1 + u**2)*u_x, x) - d((1 + u**2)*u_y, y) = 1"), False),
        (notch(more="network: {corners: none}\n"), False),
        (notch(more="network: {constraints: hard}\n"), False),
        (notch("-laplacian(u) = k", "parameters: {k: {from: 1, to: 2}}\n"), False),
        (notch("-laplacian(u) = k", "unknowns: {k: {initial: 1}}\n", ", {at: [-0.5, 0.5], u: 0.1}"), False),
        (notch(more="unknowns: {k: {initial: 1}}\n", condition=", {at: [-0.5, 0.5], u: k}"), True),  # data alone
        (notch(more="unknowns: {k: {initial: 1}}\n", condition=", {at: [-0.5, 0.5], u: k**2}"), False),
    ],
)
def test_which_problems_have_functions_of_corners(problem, answer):
    assert is_singular(problem) is answer


def test_a_body_beside_heat_has_the_functions_of_the_body():
    """A function of the displacement alone leaves rounding errors in the equation of heat, and is one all the same."""
    body = """
name: strip
coordinates: [x, y]
physics:
  - heat_conduction: {conductivity: 50}
  - linear_elasticity: {youngs_modulus: 210e9, poissons_ratio: 0.3, plane: stress, thermal_expansion: 12e-6}
domain: {rectangle: {from: [0, 0], to: [2, 1]}}
conditions:
  - {on: left, temperature: 20, fixed: true}
  - {on: [right, top, bottom], outward_heat_flux: 0, traction: [0, 0]}
"""
    problem = build(parse_spec(body))
    assert is_singular(problem)
    clamped = next(corner for corner in problem.corners if np.allclose(corner.point, [0, 0]))
    functions = clamped.functions(1.0)
    assert functions is not None
    assert [round(one.exponent.real, 6) for one in functions.functions] == [0.758349]  # as without heat


def test_a_square_with_data_that_ask_for_a_logarithm_is_singular():
    """u = 0 on the sides and -Laplace u = 1 in a corner do not agree: u_xx + u_yy is 0 or -1 there."""
    first, _, after = NOTCH.partition("domain:")
    square = f"{first}domain: {{rectangle: {{from: [0, 0], to: [1, 1]}}}}\n{after.partition(chr(10))[2]}"
    for source, answer in (("1", True), ("sin(pi*x)*sin(pi*y)", False)):
        assert is_singular(build(parse_spec(square.replace("EQUATION", f"-laplacian(u) = {source}")))) is answer


@pytest.mark.slow
def test_functions_fade_where_the_ray_on_which_they_jump_meets_the_domain():
    problem = build(parse_spec(WITH_A_HOLE))
    windows = {tuple(np.round(c.point, 6)): window_of(problem, c) for c in problem.corners}
    assert windows[-2.0, -2.0] is None
    window = windows[0.0, 0.0]  # across the hole, along its diagonal
    assert window is not None
    assert window[0] < window[1] < math.sqrt(2) * 1.01
    assert all(window_of(notch(), corner) is None for corner in notch().corners)


@pytest.mark.slow
def test_more_functions_for_higher_exponents_and_no_more_than_asked_for():
    problem = notch()
    few, many = (sum(map(len, corner_bases(problem, below))) for below in (2.0, 5.0))
    assert 2 <= few < many
    assert sum(map(len, corner_bases(problem, 5.0, most=many - 1))) < many


def test_angles_between_sectors():
    quarter = math.pi / 2
    assert list(between([])) == []
    assert list(between([(0.0, 2 * math.pi)])) == []
    assert list(between([(0.0, 3 * quarter)])) == pytest.approx([3.5 * quarter])
    assert list(between([(0.0, quarter), (2 * quarter, 3 * quarter)])) == pytest.approx([1.5 * quarter, 3.5 * quarter])
