"""Poles: solutions of r^-1 behind the boundary."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors import safe_open

import pinn
from pinn.corners.network import CornerNetwork
from pinn.corners.poles import PoleTable, harmonics_of
from pinn.derivatives.autograd import partial_derivatives
from pinn.derivatives.jets import Partial, plan_jets
from pinn.equations.compiler.compile import Derivative
from pinn.problem.holes import fillets, find_holes, hole_bases, roundings
from pinn.problem.loading import build
from pinn.problem.poles import RESOLVED, at_arcs, functions_of_r, pole_tables, standing
from pinn.problem.problem import Problem
from pinn.spec.yaml.source import parse_spec
from pinn.training.output_layer.gathered import beside, with_points_at_holes
from pinn.training.residuals.points import draw
from pinn.training.run.networks import network_of

PLATE = """
name: plate
coordinates: [x, y]
physics: {PHYSICS}
domain:
  difference:
    - rectangle: {from: [0, 0], to: [4, 2]}
    - disk: {center: [1.6, 1], radius: 0.3, name: hole}
    - disk: {center: [2.4, 1], radius: 0.3, name: other}
conditions:
  - {on: left, displacement: [0, 0]}
  - {on: right, traction: [1, 0]}
  - {on: [top, bottom, hole, other], traction: [0, 0]}
"""
HOLE = "disk: {center: [1.6, 1], radius: 0.3, name: hole}"
SLOT = "rectangle: {from: [0.9, 1], to: [1.1, 3], name: slot}"
NAMES = {HOLE: "hole,", SLOT: "slot_left, slot_right, slot_bottom,"}
ISOTROPIC = "linear_elasticity: {youngs_modulus: 7, poissons_ratio: 0.3, plane: stress}"
ORTHOTROPIC = (
    "orthotropic_elasticity: {youngs_modulus_1: 10, youngs_modulus_2: 3, poissons_ratio_12: 0.3, shear_modulus_12: 2, "
    "plane: stress}"
)
PLAN = plan_jets([Partial((2, 0)), Partial((1, 1)), Partial((0, 2))], 2)


def plate(physics: str = ISOTROPIC) -> Problem:
    return build(parse_spec(PLATE.replace("PHYSICS", physics)))


def points_of(problem: Problem) -> torch.Tensor:
    return torch.as_tensor(problem.heldout_points(60, 3))


@pytest.mark.slow
@pytest.mark.parametrize("physics", [ISOTROPIC, ORTHOTROPIC])
def test_they_satisfy_the_equations(physics):
    problem = plate(physics)
    (table,) = pole_tables(problem, 1.0, 800)
    points = points_of(problem)
    jets = table.jets(points, PLAN)
    for statement in problem.statements:
        if not statement.is_equation:
            continue
        total, size = jets[0][:, 0] * 0, jets[0][:, 0] * 0
        for derivative, coefficient in statement.expression.coefficients.items():
            assert isinstance(derivative, Derivative)
            term = float(coefficient) * jets[PLAN.index(derivative.partial)][:, problem.outputs.index(derivative.field)]
            total, size = total + term, size + term.abs()
        assert (total.abs() / size.max(dim=0).values).max() < 1e-7  # kernels are that exact


def test_derivatives_are_those_of_the_functions():
    problem = plate()
    (table,) = pole_tables(problem, 1.0, 800)
    points = points_of(problem)[:9]
    factors = torch.linspace(-1, 1, len(table), dtype=torch.float64)
    expected = partial_derivatives(lambda x: table.combined(x, plan_jets([], 2), factors)[0], points, PLAN.channels, 2)
    whole = table.jets(points, PLAN)
    for number, channel in enumerate(PLAN.channels):
        torch.testing.assert_close(whole[number] @ factors, expected[channel], rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(table.combined(points, PLAN, factors)[number], whole[number] @ factors)


def test_a_pole_in_the_middle_of_a_hole_is_what_the_hole_has_of_1_over_r():
    problem = plate()
    hole = hole_bases(problem, RESOLVED)[0]
    functions = functions_of_r(problem, problem.subdomains[0])
    assert functions is not None
    tensors = {
        "places": hole.vertex[None],
        "radii": hole.radius[None],
        "harmonics": harmonics_of(functions, problem.outputs),
    }
    table, points = PoleTable(tensors, 2), points_of(problem)
    of_hole = hole.growth[:, 0] == -1
    for one, other in zip(table.jets(points, PLAN), hole.jets(points, PLAN), strict=True):
        torch.testing.assert_close(one, other[:, :, torch.as_tensor(of_hole)], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("cut", [HOLE, SLOT], ids=["hole", "slot"])
def test_none_is_in_the_body_and_each_is_clear_of_it(cut):
    problem = build(parse_spec(PLATE.replace("PHYSICS", ISOTROPIC).replace(HOLE, cut).replace("hole,", NAMES[cut])))
    found = standing(problem, problem.subdomains[0])
    assert not problem.geometry.contains(found.places).any()
    assert (problem.geometry.level(found.places) > 0.7 * found.distances).all()
    few, many = (len(found.thinned(apart)[0]) for apart in (0.5, 0.25))
    assert many > 1.5 * few


def test_they_stand_nearer_where_the_body_is_narrow():
    problem = plate()
    found = standing(problem, problem.subdomains[0])
    beside_holes = (abs(found.places[:, 0] - 1.6) < 0.1) & (found.places[:, 1] > 2)
    assert found.distances[beside_holes].max() < 0.6 * found.distances.max()


def test_there_are_none_where_coefficients_vary():
    problem = plate("linear_elasticity: {youngs_modulus: 1 + x, poissons_ratio: 0.3, plane: stress}")
    assert pole_tables(problem, 1.0, 800) == []


@pytest.mark.slow
def test_a_narrow_ligament_between_holes_is_resolved_by_few_features(tmp_path):
    solver = "solver: {method: {least_squares: {features: 150, scale: 3}}, threads: 1}\n"
    solution = pinn.solve(build(parse_spec(PLATE.replace("PHYSICS", ISOTROPIC) + solver)))
    assert solution.metrics["heldout_residual"] < 1e-3
    solution.save_weights(tmp_path / "model.safetensors")
    with safe_open(tmp_path / "model.safetensors", "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    again = network_of(solution.problem, CornerNetwork.kind, tensors)
    assert isinstance(again, CornerNetwork)
    again.load_state_dict({name.removeprefix("network."): t for name, t in tensors.items() if name[:8] == "network."})
    points = points_of(solution.problem)
    assert torch.equal(again(points), solution.model.network(points))


SHOULDER = """
name: shoulder
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: 7, poissons_ratio: 0.3, plane: stress}}
domain:
  difference:
    - union:
        - rectangle: {from: [0, 0], to: [2, 2], name: wide}
        - rectangle: {from: [2, 0], to: [5, 1], name: narrow}
        - rectangle: {from: [2, 1], to: [2.3, 1.3], name: patch}
    - disk: {center: [2.3, 1.3], radius: 0.3, name: fillet}
conditions:
  - {on: [wide_bottom, narrow_bottom], symmetry: true}
  - {on: wide_left, fixed: true}
  - {on: narrow_right, traction: [1, 0]}
  - {on: [wide_top, wide_right, narrow_top, fillet], traction: [0, 0]}
solver: {method: {least_squares: {features: 300, scale: 4}}, threads: 1}
"""


def test_a_fillet_is_found_and_poles_gather_at_its_ends():
    problem = build(parse_spec(SHOULDER))
    (fillet,) = fillets(problem.geometry)
    assert fillet.radius == pytest.approx(0.3)
    assert fillet.centre == pytest.approx([2.3, 1.3], abs=1e-3)
    places, distances = at_arcs(problem.geometry, 3)
    assert len(places) == 6
    assert problem.geometry.level(places) == pytest.approx(distances, rel=0.05)
    assert distances[:3] == pytest.approx([0.18, 0.09, 0.045])


@pytest.mark.slow
def test_a_fillet_is_resolved_by_few_features():
    radius = 0.05  # the smaller, the harder
    written = (
        SHOULDER.replace("1.3]", f"{1 + radius}]")
        .replace("[2.3", f"[{2 + radius}")
        .replace("0.3, name", f"{radius}, name")
    )
    solution = pinn.solve(build(parse_spec(written)))
    assert solution.metrics["heldout_residual"] < 2e-3
    assert solution.metrics["verdict"] == "useful"


def test_small_holes_and_fillets_have_points_of_their_own():
    problem = build(parse_spec(SHOULDER))
    (hole,) = find_holes(problem)
    groups = draw(problem, 100, 100, 0, torch.device("cpu"), torch.float64)
    more = with_points_at_holes(problem, groups, 50, 0)
    for few, many in zip(groups, more, strict=True):
        patches = getattr(few.statements[0].place, "patches", ())
        own = int(beside(hole, many.points.points).sum())
        if "fillet" in patches:
            assert int(beside(hole, few.points.points).sum()) < 20
            assert own == 50
            assert problem.geometry.level(many.points.points.numpy()) == pytest.approx(0, abs=1e-6)
        else:
            assert len(many.points) == len(few.points)


ACUTE = """
name: panel
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: 1, poissons_ratio: 0.3, plane: stress}}
domain: {polygon: {vertices: [[0, 0], [48, 44], [48, 60], [0, 44]], names: [bottom, right, top, left]}}
conditions:
  - {on: left, fixed: true}
  - {on: right, traction: [0, 0.0625]}
  - {on: [top, bottom], traction: [0, 0]}
"""


def test_poles_at_an_acute_corner_are_no_nearer_than_points_of_training_are_apart():
    problem = build(parse_spec(ACUTE))
    outline = sum(piece.measure for piece in problem.geometry.pieces)
    (table,) = pole_tables(problem, 1.0, 400)
    assert float(table.radii.min()) >= 2 * outline / 400
    assert standing(problem, problem.subdomains[0]).distances.min() < 0.5 * outline / 400


def test_poles_stand_behind_the_ends_of_what_is_round_and_not_where_a_circle_was_cut():
    text = """
name: lug
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: 1, poissons_ratio: 0.3, plane: stress}}
domain: {union: [{rectangle: {from: [0, -2], to: [6, 2]}}, {disk: {center: [6, 0], radius: 2}}]}
conditions: [{on: left, fixed: true}, {on: boundary, traction: [0, 0]}]
"""
    problem = build(parse_spec(text))
    assert sorted(end.round(6).tolist() for end, _, _ in roundings(problem.geometry)) == [[6.0, -2.0], [6.0, 2.0]]
    places, distances = at_arcs(problem.geometry, 3)
    assert len(places) == 6
    assert np.allclose(places[:, 0], 6.0, atol=1e-6)
    assert np.allclose(np.abs(places[:, 1]) - 2, distances, atol=1e-6)
    assert distances.max() == pytest.approx(1.2)
