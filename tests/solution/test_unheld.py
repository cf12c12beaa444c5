"""Loads that nothing holds are named before a problem is solved."""

import pytest

from pinn.solution.unheld import unheld_loads
from tests.training.examples import problem

BEAM = """
name: beam
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: 1, poissons_ratio: 0.3, plane: stress}}
domain: {rectangle: {from: [-2, 0], to: [2, 1]}}
conditions:
  - {on: [bottom, top], traction: [0, 0]}
  - ENDS
  - {at: [-1, 0], displacement: [0, 0]}
  - {at: [1, 0], uy: 0}
"""
PLATE = """
name: plate
coordinates: [x, y]
fields: [u]
domain: {rectangle: {from: [0, 0], to: [2, 1]}}
equations: {heat: -div(3*grad(u)) + TERM = SOURCE}
conditions: CONDITIONS
"""


def ends(text: str):
    return problem(BEAM.replace("ENDS", text))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "law", "amount"),
    [
        ("{on: [left, right], traction: [0, -1]}", "equilibrium_y", "-2"),
        ("{on: [left, right], traction: [0.5, 0]}", "equilibrium_x", "1"),
        ("{on: [left, right], traction: [0, x]}", "moment_xy", "8"),
    ],
)
def test_supports_at_points_hold_no_force(text, law, amount):
    (said,) = unheld_loads(ends(text))
    assert said.startswith(f"nothing holds the loads: those of {law} add up to {amount}, and no patch reacts, since")
    assert "point_loads" in said


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "{on: [left, right], traction: [sign(x), 0]}",  # in balance
        "{on: left, fixed: true}\n  - {on: right, traction: [0, -1]}",
        "{on: left, symmetry: true}\n  - {on: right, traction: [1, 0]}",  # one component is held, the other in balance
        "{on: [left, right], equation: traction_x = 1}\n  - {on: [left, right], equation: traction_y + 3*uy = 1}",
    ][:3],
)
def test_what_is_held_or_in_balance_is_not_named(text):
    assert unheld_loads(ends(text)) == ()


FLUX = "[{on: boundary, u_n: 1}, {at: [0, 0], u: 0}]"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("term", "source", "conditions", "amount"),
    [
        ("0", "0", FLUX, "18"),
        ("0", "5", FLUX, "28"),
        ("0", "-9", FLUX, None),  # what flows in is used up
        ("u", "0", FLUX, None),  # grows until it is
        ("0", "0", "[{on: [left, right, top], u_n: 1}, {on: bottom, equation: u_n + 2*u = 1}]", None),
        ("0", "0", "[{on: [left, right, top], u_n: 1}, {on: bottom, u: 1}]", None),
    ],
)
def test_fluxes_that_no_state_at_rest_has(term, source, conditions, amount):
    plate = PLATE.replace("TERM", term).replace("SOURCE", source).replace("CONDITIONS", conditions)
    said = unheld_loads(problem(plate))
    if amount is None:
        assert said == ()
    else:
        assert f"of heat add up to {amount}," in said[0].replace("-", "")
