"""Hard conditions: met to rounding by any network, by forms that are finite up to the corners."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
import torch

import pinn
from pinn.derivatives.jets import Partial
from pinn.domain.places import Periodic
from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import Derivative
from pinn.geometry.points.sampling import sample_boundary, sample_interior
from pinn.solution.solution import Solution
from pinn.solution.solving import solve
from pinn.spec.language.expressions import symbol
from tests.equations.closed_forms import jets_of
from tests.training.examples import PROBLEMS, model_of, problem

COUNT = 1000
POISSON = """
name: hard
coordinates: [{coordinates}]
{time}
fields: [u]
domain: {domain}
equations: {{poisson: laplacian(u) = 1}}
conditions:
{conditions}
network: {{constraints: hard, hidden: [9, 8]}}
"""
LINE, PLANE, SPACE = "x", "x, y", "x, y, z"
RECTANGLE = "{rectangle: {from: [-1, 0.3], to: [2, 1]}}"
HOLE = "{difference: [{rectangle: {from: [0, 0], to: [2, 2]}}, {disk: {center: [%s], radius: 0.5, name: hole}}]}"
QUARTER, INNER = HOLE % "0, 0", HOLE % "0.8, 1.1"
L_SHAPE = "{polygon: {vertices: [[0, 0], [1, 0], [1, 1], [-1, 1], [-1, -1], [0, -1]]}}"
CUBOID = "{cuboid: {from: [0, -1, 2], to: [1, 1, 2.5]}}"
# name -> (coordinates, domain, {patch: value}), the value as a user writes it
STEADY = {
    "interval": (LINE, "{interval: {from: -0.3, to: 1.7}}", {"left": "1.5", "right": "-0.2"}),
    "one end": (LINE, "{interval: {from: -0.3, to: 1.7}}", {"left": "1.5"}),
    "rectangle": (PLANE, RECTANGLE, {"boundary": "sin(x + 2*y)"}),
    "three sides": (PLANE, RECTANGLE, {"left": "y*(1 - y)", "right": "exp(y) - e**0.3", "bottom": "0.07*(2 - x)"}),
    "side and hole": (PLANE, QUARTER, {"left": "(y - 0.5)*(2 - y)", "hole": "x**3", "right": "3"}),
    "hole": (PLANE, QUARTER, {"hole": "0"}),
    "hole inside": (PLANE, INNER, {"boundary": "x - y**2", "hole": "cos(3*x)"}),
    "disk": (PLANE, "{disk: {center: [0.2, 0], radius: 0.7}}", {"circle": "x*y + 1"}),
    "ellipse": (PLANE, "{ellipse: {center: [1, 2], semi_axes: [0.7, 0.2], rotation: 0.5}}", {"ellipse": "x - y"}),
    "annulus": (
        PLANE,
        "{annulus: {center: [0, 1], inner_radius: 0.5, outer_radius: 2}}",
        {"inner": "sin(3*x)", "outer": "7"},
    ),
    "L-shape": (PLANE, L_SHAPE, {"boundary": "2"}),
    "two sides of a notch": (PLANE, L_SHAPE, {"edge_1": "0", "edge_6": "0"}),
    "triangle": (PLANE, "{polygon: {vertices: [[0, 0], [2, 0.3], [0.5, 1]]}}", {"boundary": "-1"}),
    "cuboid": (SPACE, CUBOID, {"boundary": "sin(x + 2*y)*z"}),
    "ball": (SPACE, "{sphere: {center: [0, 1, 0], radius: 2}}", {"sphere": "x*y + z"}),
    "bored cuboid": (
        SPACE,
        "{difference: [{cuboid: {from: [-1, -1, 0], to: [1, 1, 1]}},"
        " {cylinder: {from: [0, 0, -1], to: [0, 0, 2], radius: 0.3, name: bore}}]}",
        {"left": "y*z", "right": "0", "bore_side": "x"},
    ),
    "five dimensions": (
        "v, w, x, y, z",
        "{box: {from: [0, 0, 0, 0, 0], to: [1, 1, 1, 2, 1]}}",
        {"v_lower": "w*z", "v_upper": "w*z", "w_lower": "0", "y_upper": "w*z"},
    ),
}
# name -> (coordinates, domain, {patch: value}, initial value, initial velocity)
IN_TIME = {
    "rod": (LINE, "{interval: {from: 0, to: 2}}", {"left": "sin(t - 1)", "right": "3"}, "1.5*x", None),
    "string": (LINE, "{interval: {from: 0, to: 2}}", {"boundary": "0"}, "sin(pi*x/2)*e", "x*(2 - x)"),
    "only a start": (LINE, "{interval: {from: 0, to: 2}}", {}, "exp(x)", "cos(x)"),
    "rectangle": (PLANE, RECTANGLE, {"boundary": "sin(x + 2*y)*exp(t - 1)"}, "sin(x + 2*y)*exp(t - 1)", None),
    "cuboid": (SPACE, CUBOID, {"boundary": "z*cos(t)", "left": "z*cos(t)"}, "z*cos(1) + x*0", None),
}


def hard_problem(coordinates, domain, values, initial=None, velocity=None, changing=False):
    lines = [f"- {{on: {patch}, u: '{value}'}}" for patch, value in values.items()]
    start = [f"u: {initial}"] if initial else []
    start += [f"u_t: {velocity}"] if velocity else []
    lines += [f"- {{on: initial, {', '.join(start)}}}"] if start else []
    stated = {"boundary"} & set(values)
    lines += [] if stated else ["- {on: boundary, equation: u_n = 0}"]
    time = "time: {from: 1, to: 3}" if changing else "constants: {}"
    return problem(POISSON.format(coordinates=coordinates, time=time, domain=domain, conditions="\n".join(lines)))


def untrained(found) -> Solution:
    model = model_of(found, seed=3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3)
    return Solution(found, model, {}, [], {})


def stated(found, values, patch):
    """The expression given on a patch."""
    return found.scope.expression(values.get(patch, values.get("boundary")), ())


def at(expression, points, axes):
    function = sympy.lambdify([symbol(axis) for axis in axes], expression, "numpy")
    return np.broadcast_to(np.asarray(function(*points.T), dtype=float), len(points))


@pytest.mark.slow
@pytest.mark.parametrize("name", STEADY)
def test_values_on_patches_are_exact(name):
    coordinates, domain, values = STEADY[name]
    found = hard_problem(coordinates, domain, values)
    solution = untrained(found)
    inside = solution(sample_interior(found.geometry, 200, 0))["u"]
    assert np.isfinite(inside).all()
    assert np.ptp(inside) > 1e-3, "the network must matter inside"
    for patch in found.geometry.patches:
        if patch in values or "boundary" in values:
            points = sample_boundary(found.geometry, [patch], COUNT, 5).points
            expected = at(stated(found, values, patch), points, found.axes)
            np.testing.assert_allclose(
                solution(points)["u"], expected, rtol=0, atol=1e-13 * max(1, np.abs(expected).max())
            )
    assert not [s.name for s in found.statements if s.name.startswith("u on")]


@pytest.mark.parametrize("name", IN_TIME)
def test_values_in_time_are_exact(name):
    coordinates, domain, values, initial, velocity = IN_TIME[name]
    found = hard_problem(coordinates, domain, values, initial, velocity, changing=True)
    solution = untrained(found)
    for patch in found.geometry.patches if values else ():
        points = sample_boundary(found.geometry, [patch], COUNT, 5, extent=(1.0, 3.0)).points
        expected = at(stated(found, values, patch), points, found.axes)
        np.testing.assert_allclose(solution(points)["u"], expected, rtol=0, atol=1e-13 * max(1, np.abs(expected).max()))
    inside = np.hstack([sample_interior(found.geometry, COUNT, 0), np.ones((COUNT, 1))])
    start = at(found.scope.expression(initial, ()), inside, found.axes)
    np.testing.assert_allclose(solution(inside)["u"], start, rtol=0, atol=1e-13 * max(1, np.abs(start).max()))
    rate = Derivative("u", Partial((0,) * found.space + (1,)))
    moved = solution.derivatives(inside, [rate])[rate]
    if velocity:
        given = at(found.scope.expression(velocity, ()), inside, found.axes)
        np.testing.assert_allclose(moved, given, rtol=0, atol=1e-12 * np.abs(given).max())
    else:
        assert np.ptp(moved) > 1e-3


@pytest.mark.parametrize("name", ["rectangle", "side and hole", "disk", "cuboid"])
def test_the_distance_has_slope_one_on_a_lone_patch_and_forms_are_finite_on_the_boundary(name):
    coordinates, domain, values = STEADY[name]
    found = hard_problem(coordinates, domain, values)
    statement = found.statements[0].expression
    on = [sample_boundary(found.geometry, [patch], 50, 1).points for patch in found.geometry.patches]
    lower, upper = found.bounds
    grid = np.stack(np.meshgrid(*zip(lower, upper, strict=True)), axis=-1).reshape(-1, found.space)
    corners = grid[found.geometry.contains(grid, 1e-12)]
    ends = [piece.points(np.array([[0.0], [1.0]])) for piece in found.geometry.pieces] if found.space == 2 else []
    points = torch.as_tensor(np.vstack([*on, corners, *ends]))
    jets = {d: torch.ones(len(points), dtype=torch.float64) for d in statement.derivatives}
    value = statement.value(PointSet(points).inputs(found.axes), jets)
    assert torch.isfinite(value).all()
    for coefficient in statement.linearise(PointSet(points).inputs(found.axes), jets).values():
        assert torch.isfinite(torch.as_tensor(coefficient)).all()


def test_distance_of_an_interval_and_of_a_disk():
    x, y = symbol("x"), symbol("y")
    assert found_factor("interval").equals((x + 0.3) * (1.7 - x) / 2)
    disk = found_factor("disk")
    slope = sympy.sqrt(disk.diff(x) ** 2 + disk.diff(y) ** 2)
    assert float(slope.subs({x: 0.2, y: 0.7})) == pytest.approx(1, rel=1e-12)
    hole = found_factor("hole")
    assert float(hole.diff(y).subs({x: 0, y: 0.5})) == pytest.approx(1, rel=1e-12)


def found_factor(name: str) -> sympy.Expr:
    ansatz = hard_problem(*STEADY[name]).ansatz
    assert ansatz is not None
    return ansatz.forms["u"].factor


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("heat/poisson_2d", "u"),
        ("waves/wave_1d", "u"),
        ("fluids/kovasznay", "u"),
        ("elasticity/plate_kirchhoff", "w"),
        ("elasticity/manufactured_plate", "ux"),
    ],
)
def test_residuals_vanish_for_the_network_that_makes_the_exact_solution(name, field):
    """N = (u - g)/phi, its jets by sympy: every statement that is left must be zero, and so all derivatives right."""
    found = pinn.load(PROBLEMS / f"{name}.yaml", ["network.constraints=hard"])
    assert found.ansatz is not None
    fields = {f: found.scope.resolve(f, exact=True) for f in found.fields}
    outputs = {
        f: (exact - found.ansatz.forms[f].extension) / found.ansatz.forms[f].factor
        if f in found.ansatz.forms
        else exact
        for f, exact in fields.items()
    }
    assert field in found.ansatz.forms
    lower, upper = found.bounds
    points = torch.as_tensor(lower + (upper - lower) * np.random.default_rng(0).uniform(0.1, 0.9, (40, len(lower))))
    for index, statement in enumerate(found.statements):
        if not statement.is_equation:
            continue
        inputs = PointSet(points).inputs(found.axes)
        jets = jets_of(outputs, statement.expression, inputs, found.axes, found.space)
        residual = statement.expression.value(inputs, jets)
        assert float(torch.as_tensor(residual).abs().max()) / found.scaling.statements[index] < 1e-10, statement.name


@pytest.mark.slow
@pytest.mark.parametrize("name", ["heat/heat_1d", "heat/poisson_2d", "heat/nonlinear_poisson", "waves/helmholtz_2d"])
def test_solves_as_well_as_with_soft_conditions(name):
    found = pinn.load(PROBLEMS / f"{name}.yaml", ["network.constraints=hard", "solver.tolerance=1e-6"])
    solution = solve(found)
    assert solution.metrics["stop_reason"] == "tolerance"
    assert solution.metrics["relative_l2"]["u"] < 1e-6
    assert solution.metrics["terms"].keys() <= {s.name for s in found.statements}


@pytest.mark.slow
def test_a_residual_means_the_same_with_soft_and_hard_conditions():
    soft, hard = (
        pinn.load(PROBLEMS / "heat/poisson_5d.yaml", [f"network.constraints={c}"]).scaling for c in ("soft", "hard")
    )
    assert hard.statements[0] == pytest.approx(soft.statements[0], rel=1e-12)
    assert hard.fields["u"] < 1e-12  # here transfinite interpolation is the solution


@pytest.mark.slow
def test_a_plate_in_si_units():
    """Steel in pascal and metres, loaded by its exact traction: the same digits as without units."""
    text = (PROBLEMS / "elasticity/manufactured_plate.yaml").read_text(encoding="utf-8")
    text = text.replace("{lmbd: 1, mu: 0.5, Q: 4}", "{lmbd: 120e9, mu: 80e9, Q: 4}")
    text = (
        text.replace("ux: cos", "ux: 1e-6*cos")
        .replace("uy: sin", "uy: 1e-6*sin")
        .replace("(lmbd + 2*mu)*Q*sin", "1e-6*(lmbd + 2*mu)*Q*sin")
    )
    text = text.replace("solver: {tolerance: 1e-8}", "solver: {tolerance: 1e-6}\nnetwork: {constraints: hard}")
    solution = solve(problem(text))
    assert solution.metrics["stop_reason"] == "tolerance"
    assert solution.metrics["relative_l2"]["displacement"] < 1e-5
    assert solution.metrics["relative_l2"]["stress"] < 1e-5


PERIODIC = """
name: channel
coordinates: [x, y]
fields: [u]
domain: {rectangle: {from: [0, 0], to: [2, 1]}}
equations: {poisson: -laplacian(u) = 1 + sin(pi*x)}
conditions:
  - {periodic: [left, right]}
  - {on: bottom, u: 0}
  - {on: top, u: cos(pi*x)}
network: {constraints: hard, hidden: [6, 5], periodic: %s}
"""


@pytest.mark.parametrize("periodic", ["auto", "off"])
def test_with_periodic_patches(periodic):
    found = problem(PERIODIC % periodic)
    assert any(isinstance(s.place, Periodic) for s in found.statements) is (periodic == "off")
    solution = untrained(found)
    y = np.linspace(0, 1, 7)
    left, right = (solution(np.column_stack([0 * y + x, y]))["u"] for x in (0, 2))
    assert np.allclose(left, right, atol=1e-12) is (periodic == "auto")
    x = np.linspace(0, 2, 9)
    np.testing.assert_allclose(solution(np.column_stack([x, 0 * x + 1]))["u"], np.cos(np.pi * x), atol=1e-13)


def test_values_with_an_unknown_parameter():
    text = """
name: identify
coordinates: [x]
fields: [u]
unknowns: {k: {initial: 0.5}}
domain: {interval: {from: 0, to: 1}}
equations: {poisson: u_xx = 0}
conditions: [{on: left, u: 0}, {on: right, u: k**2}, {at: 0.5, u: 2}]
network: {constraints: hard, hidden: [5]}
"""
    found = problem(text)
    solution = untrained(found)
    with torch.no_grad():
        solution.model.raw["k"].fill_(3 / 0.5)
    assert solution([[1.0]])["u"] == pytest.approx(9, rel=1e-13)
    assert not found.is_linear
    assert problem(text.replace("k**2", "k")).is_linear


def test_what_the_description_says():
    text = hard_problem(*STEADY["three sides"]).describe()
    for line in (
        "u on left: exact by construction",
        "u on bottom: exact by construction",
        "equation on left, right, bottom, top: ",
    ):
        assert line in text


def test_a_tensor_of_points_still_has_gradients():
    solution = untrained(hard_problem(*STEADY["side and hole"]))
    points = torch.tensor([[1.0, 0.7], [0.3, 1.2]], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(solution(points)["u"].sum(), points)
    slopes = [Derivative("u", Partial(orders)) for orders in ((1, 0), (0, 1))]
    expected = solution.derivatives(points.detach().numpy(), slopes)
    np.testing.assert_allclose(gradient.numpy().T, [expected[d] for d in slopes], rtol=1e-10)
