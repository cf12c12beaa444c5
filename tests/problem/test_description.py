"""What `pinn validate` says."""

from pathlib import Path

import pytest

import pinn
from pinn.errors import SpecError
from pinn.export.sampling.sample import scalar_names
from pinn.problem.description import describe
from pinn.problem.loading import build
from pinn.spec.yaml.source import parse_spec

ROOT = Path(__file__).resolve().parents[2]
POISSON = """
name: poisson
coordinates: [x, y]
fields: [u]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: {poisson: -laplacian(u) = 1}
conditions: CONDITIONS
network: {activation: ACTIVATION}
"""


NOTCHED = """
name: notched
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: 3, poissons_ratio: 0.3, plane: strain}}
domain:
  difference:
    - rectangle: {from: [0, 0], to: [4, 2]}
    - rectangle: {from: [1, 1], to: [2, 3], name: notch}
    - disk: {center: [3, 1], radius: 0.5, name: hole}
conditions: CONDITIONS
"""


def problem(conditions: str = "[{on: boundary, u: 0}]", activation: str = "gelu"):
    return build(parse_spec(POISSON.replace("CONDITIONS", conditions).replace("ACTIVATION", activation)))


@pytest.mark.slow
def test_description_names_derivatives_linearity_and_points():
    text = describe(pinn.load(ROOT / "problems/elasticity/plate_with_hole.yaml"))
    assert "the problem is linear" in text
    assert "equilibrium_x: order 2, linear, needs ux_xx, ux_yy, uy_xy" in text.replace("ux_yy, ux_xx", "ux_xx, ux_yy")
    assert "traction_x on hole: 81 points" in text
    assert "nonlinear, needs u, u_t, u_x, u_xx" in describe(pinn.load(ROOT / "problems/transport/burgers.yaml"))
    assert "needs Δu" in describe(problem())


def notched(conditions: str):
    return build(parse_spec(NOTCHED.replace("CONDITIONS", conditions)))


@pytest.mark.slow
def test_the_measure_of_each_patch_is_said_and_what_a_shape_stands_for():
    text = describe(notched("[{on: left, fixed: true}, {on: rest, traction: [0, 0]}]"))
    assert (
        "lengths    left 2, right 2, bottom 4, top 3, notch_left 1, notch_right 1, notch_bottom 1, hole 3.14159" in text
    )
    assert "notch is notch_left and notch_right and notch_bottom" in text


def stated(problem) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for statement in problem.statements:
        if not statement.is_equation:
            found.setdefault(statement.quantity, set()).update(statement.place.patches)
    return found


def test_the_name_of_a_shape_stands_for_all_that_is_left_of_its_sides():
    found = stated(notched("[{on: notch, pressure: 3}, {on: left, fixed: true}, {on: rest, traction: [0, 0]}]"))
    by_name = stated(
        notched(
            "[{on: [notch_left, notch_right, notch_bottom], pressure: 3}, {on: left, fixed: true}, "
            "{on: [right, bottom, top, hole], traction: [0, 0]}]"
        )
    )
    assert found == by_name


def test_rest_is_what_no_condition_names():
    found = stated(notched("[{on: rest, traction: [0, 0]}, {on: left, ux: 0, uy: 0}, {on: hole, traction: [1, 0]}]"))
    assert "left" not in found["traction_x"]  # where boundary would state a traction beside the displacement
    others = {"right", "bottom", "top", "notch_left", "notch_right", "notch_bottom"}
    assert found["traction_y"] == {*others, "hole"}


def test_of_a_patch_that_is_named_in_part_rest_is_the_other_part():
    halves = notched("[{on: left, where: y < 1, fixed: true}, {on: rest, traction: [0, 0]}]")
    on_left = [s for s in halves.statements if not s.is_equation and s.place.patches == ("left",)]
    for statement in on_left:
        y = statement.place.sample(halves.domain, 50, 0).points[:, 1]
        assert bool((y < 1).all()) == statement.quantity.startswith("u")
    assert {s.quantity for s in on_left} == {"ux", "uy", "traction_x", "traction_y"}


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ("[{on: [rest, left], fixed: true}]", "'rest' is every patch that no condition names, and stands alone"),
        (
            "[{on: [left, right, bottom, top, notch, hole], fixed: true}, {on: rest, traction: [0, 0]}]",
            "nothing of the boundary is left: every patch has conditions of its own",
        ),
    ],
)
def test_where_rest_means_nothing_it_is_refused(conditions, message):
    with pytest.raises(SpecError, match=message):
        notched(conditions)


def test_outputs_name_vectors_and_tensors():
    outputs = "outputs: {quantities: [displacement, stress]}"
    plate = build(parse_spec(NOTCHED.replace("CONDITIONS", "[{on: boundary, fixed: true}]") + outputs))
    names = scalar_names(plate, plate.spec.outputs.quantities)
    assert names[:2] == ("ux", "uy")
    assert sorted(names[2:]) == ["stress_out_of_plane", "stress_xx", "stress_xy", "stress_yy"]
