"""Axisymmetric physics against the same solids in space: forces, stresses, heat, and what holds on the axis."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import sympy
import torch
from sympy import Add, Expr, Matrix, Rational

import pinn
from pinn.equations.balance.laws import conservation_laws
from pinn.equations.compiler.compile import Derivative
from pinn.errors import SpecError
from pinn.physics import build_physics
from pinn.problem.loading import build
from pinn.problem.problem import Problem
from pinn.spec.language.expressions import symbol
from pinn.spec.yaml.source import parse_spec
from tests.equations.closed_forms import jets_of, numbers, relative_residual
from tests.physics.test_manufactured import AXES, NU, POINTS, SATISFIED, X, Y, Z

R, HEIGHT = symbol("r"), symbol("z")
RADIUS = sympy.sqrt(X**2 + Y**2)
RADIAL = R * (1 + HEIGHT / 3 + R**2 / 5) / 10
AXIAL = HEIGHT**2 / 7 + R**2 * HEIGHT / 9
MODULUS = 2 + R**2 / 3 + HEIGHT / 5
TEMPERATURE = 1 + R**2 / 2 + HEIGHT**2 / 3 + R**2 * HEIGHT
CONDUCTIVITY = 1 + R**2 / 4
EXPANSION, REFERENCE = Rational(1, 100), Rational(1, 5)


def in_space(expression: Expr) -> Expr:
    return expression.subs({R: RADIUS, HEIGHT: Z})


def in_section(expression: Expr) -> Expr:
    """At y = 0, where x is the radius and y the direction of the hoop."""
    positive = sympy.Symbol("positive", positive=True)
    return expression.subs({X: positive, Y: 0}).subs({positive: R, Z: HEIGHT})


@cache
def stress(heated: bool) -> Matrix:
    """Of the solid in space, from the compliance."""
    displacement = Matrix([in_space(RADIAL) * X / RADIUS, in_space(RADIAL) * Y / RADIUS, in_space(AXIAL)])
    gradient = displacement.jacobian(AXES)
    strain = (gradient + gradient.T) / 2
    if heated:
        strain -= EXPANSION * (in_space(TEMPERATURE) - REFERENCE) * sympy.eye(3)
    modulus = in_space(MODULUS)
    return modulus / (1 + NU) * (strain + NU / (1 - 2 * NU) * strain.trace() * sympy.eye(3))


@cache
def body(heated: bool) -> Problem:
    known = stress(heated)
    force = [-Add(*(sympy.diff(known[i, j], AXES[j]) for j in range(3))) for i in (0, 2)]
    radial, axial = (str(in_section(one)) for one in force)
    hot = f", thermal_expansion: 0.01, temperature: {TEMPERATURE}, reference_temperature: 0.2" if heated else ""
    return build(
        parse_spec(
            f"""
name: body
coordinates: [r, z]
physics:
  axisymmetric_elasticity:
    {{youngs_modulus: {MODULUS}, poissons_ratio: 0.3, body_force: ["{radial}", "{axial}"]{hot}}}
domain: {{rectangle: {{from: [0, 0], to: [1, 1]}}}}
conditions: [{{on: rest, displacement: [exact.ur, exact.uz]}}]
exact: {{ur: {RADIAL}, uz: {AXIAL}}}
""",
            "body.yaml",
        )
    )


@pytest.mark.slow
@pytest.mark.parametrize("heated", [False, True])
def test_forces_are_those_of_the_solid_in_space(heated):
    problem = body(heated)
    for statement in problem.statements:
        inputs = problem.domain.sample(statement.place, POINTS, 3).inputs(problem.axes)
        if not statement.is_equation:
            continue
        space = {axis: inputs[axis] for axis in problem.axes}
        jets = jets_of(problem.exact[""], statement.expression, space, problem.axes, problem.space)
        assert relative_residual(statement.expression, inputs, jets) < SATISFIED, statement.name


@pytest.mark.slow
@pytest.mark.parametrize("heated", [False, True])
def test_stresses_are_those_of_the_solid_in_space(heated):
    problem, known = body(heated), stress(heated)
    inputs = {axis: torch.linspace(0.1, 0.9, POINTS, dtype=torch.float64) for axis in problem.axes}
    deviator = known - known.trace() / 3 * sympy.eye(3)
    expected = {
        "stress_rr": known[0, 0],
        "stress_hoop": known[1, 1],
        "stress_zz": known[2, 2],
        "stress_rz": known[0, 2],
        "von_mises": sympy.sqrt(Rational(3, 2) * sum(part**2 for part in deviator)),
    }
    for name, true in expected.items():
        compiled = problem.compiled(name)
        jets = jets_of(problem.exact[""], compiled, inputs, problem.axes, problem.space)
        found = torch.as_tensor(compiled.value(inputs, jets)).expand(POINTS)
        assert torch.allclose(found, numbers(in_section(true), inputs), rtol=1e-10, atol=1e-12), name


@pytest.mark.slow
def test_hoop_strain_on_the_axis_is_its_limit():
    problem = body(False)
    compiled = problem.compiled("strain_hoop")
    inputs = {"r": torch.zeros(3, dtype=torch.float64), "z": torch.tensor([0.1, 0.5, 0.9], dtype=torch.float64)}
    jets = jets_of(problem.exact[""], compiled, inputs, problem.axes, problem.space)
    torch.testing.assert_close(compiled.value(inputs, jets), (1 + inputs["z"] / 3) / 10)


@pytest.mark.slow
def test_energy_is_of_the_whole_turn():
    """2 pi r times its density; its slope by the strains are the stresses."""
    problem = body(True)
    assert problem.energy is not None
    inputs = {axis: torch.linspace(0.1, 0.9, POINTS, dtype=torch.float64) for axis in problem.axes}
    density = problem.energy.density.expression
    jets = jets_of(problem.exact[""], density, inputs, problem.axes, problem.space)
    found = density.linearise(inputs, jets).items()
    slopes = {jet.partial.orders: slope for jet, slope in found if isinstance(jet, Derivative) and jet.field == "uz"}
    for orders, name in (((1, 0), "stress_rz"), ((0, 1), "stress_zz")):
        compiled = problem.compiled(name)
        value = compiled.value(inputs, jets_of(problem.exact[""], compiled, inputs, problem.axes, problem.space))
        torch.testing.assert_close(slopes[orders], 2 * torch.pi * inputs["r"] * value)


def heat(more: str = "", domain: str = "{rectangle: {from: [0, 0], to: [1, 1]}}", conditions: str = "") -> Problem:
    laplacian = Add(*((in_space(CONDUCTIVITY) * in_space(TEMPERATURE).diff(axis)).diff(axis) for axis in (X, Y, Z)))
    return build(
        parse_spec(
            f"""
name: heat
coordinates: [r, z]
physics: {{axisymmetric_heat: {{conductivity: {CONDUCTIVITY}, source: "{in_section(-laplacian)}"}}}}
domain: {domain}
conditions: {conditions or "[{on: rest, temperature: exact.temperature}]"}
exact: {{temperature: {TEMPERATURE}}}
{more}
""",
            "heat.yaml",
        )
    )


@pytest.mark.slow
def test_heat_is_that_of_the_solid_in_space():
    problem = heat()
    for statement in problem.statements:
        if statement.path[0] == "conditions" and statement.path[1] == 1:
            continue  # on the axis both sides of it vanish
        inputs = problem.domain.sample(statement.place, POINTS, 3).inputs(problem.axes)
        space = {axis: inputs[axis] for axis in problem.axes}
        jets = jets_of(problem.exact[""], statement.expression, space, problem.axes, problem.space)
        assert relative_residual(statement.expression, inputs, jets) < SATISFIED, statement.name


def test_the_axis_has_its_conditions_by_itself():
    names = {one.name for one in body(False).statements}
    assert {"ur on left", "traction_z on left"} <= names
    assert not any(name.startswith(("traction_r", "uz")) and "left" in name for name in names)
    assert "outward_heat_flux on left" in {one.name for one in heat().statements}


def test_what_is_stated_on_the_axis_stays():
    own = heat(conditions="[{on: left, temperature_r: 0}, {on: rest, temperature: exact.temperature}]")
    on_left = [one.name for one in own.statements if one.name.endswith("on left")]
    assert on_left == ["temperature_r on left"]


LOADED = """
name: cylinder
coordinates: [r, z]
physics: {axisymmetric_elasticity: {youngs_modulus: 1, poissons_ratio: 0.3}}
domain: {rectangle: {from: [0, 0], to: [2, 1]}}
conditions: CONDITIONS
"""


def test_what_else_holds_on_the_boundary_does_not_on_the_axis():
    problem = pinn.load(LOADED.replace("CONDITIONS", "[{on: bottom, symmetry: true}, {on: boundary, stress_rr: 3}]"))
    pulled = {one.name for one in problem.statements if one.quantity == "stress_rr"}
    assert pulled == {"stress_rr on right, bottom, top"}


def test_work_of_a_load_is_of_the_whole_turn():
    problem = pinn.load(
        LOADED.replace("CONDITIONS", "[{on: bottom, fixed: true}, {on: top, free: true}, {on: right, pressure: 3}]")
    )
    assert problem.energy is not None
    (work,) = [term.expression for term in problem.energy.terms if term.name == "work of traction_r on right"]
    points = problem.domain.sample(next(t.place for t in problem.energy.terms if t.expression is work), 3, 1)
    jets = {jet: torch.ones(3, dtype=torch.float64) for jet in work.derivatives}
    value = torch.as_tensor(work.value(points.inputs(problem.axes), jets)).expand(3)
    torch.testing.assert_close(value, torch.full((3,), 2 * torch.pi * 2 * 3.0, dtype=torch.float64))


def test_a_hollow_body_has_no_axis():
    hollow = heat(domain="{rectangle: {from: [0.5, 0], to: [1, 1]}}")
    assert not [one for one in hollow.statements if "flux" in one.name]


@pytest.mark.parametrize(
    ("domain", "message"),
    [
        ("{rectangle: {from: [-0.5, 0], to: [1, 1]}}", "a half section has r >= 0"),
        ("{polygon: {vertices: [[0, 0], [1, 0], [0, 1]], names: [a, b, b]}}", "'b' lies partly on the axis r = 0"),
    ],
)
def test_what_is_no_half_section_is_refused(domain, message):
    with pytest.raises(SpecError, match=message):
        heat(domain=domain)


def test_two_coordinates_are_needed():
    with pytest.raises(SpecError, match="needs two coordinates, the radius first"):
        build_physics("axisymmetric_heat", {"conductivity": 1}, ("x", "y", "z"))


@pytest.mark.slow
def test_what_balances_is_of_the_whole_turn():
    """The force along the axis, and no force along the radius; the heat."""
    (axial,) = conservation_laws(body(False).spec, body(False).subdomains[0])
    assert axial.name == "equilibrium_z"
    (flow,) = conservation_laws(heat().spec, heat().subdomains[0])
    nr, jet = symbol("nr"), symbol("temperature_r")
    assert sympy.simplify(flow.flux.diff(nr) + 2 * sympy.pi * R * CONDUCTIVITY * jet) == 0


@pytest.mark.slow
def test_cylinder_pulled_and_pressed():
    """Uniform stresses, on the axis as well; the force that pulls it is pi a^2 of the stress along the axis."""
    conditions = "[{on: bottom, symmetry: true}, {on: right, pressure: 1}, {on: top, traction: [0, 3]}]"
    method = {"method": {"least_squares": {"features": 60, "scale": 1}}}
    solution = pinn.solve(pinn.load(LOADED.replace("CONDITIONS", conditions), solver=method), device="cpu")
    found = solution(np.array([[0.0, 0.5], [1.0, 0.3], [2.0, 1.0]]))
    for name, value in {"stress_rr": -1, "stress_hoop": -1, "stress_zz": 3, "von_mises": 4}.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-4)
    force = solution.metrics["balance"]["equilibrium_z"]
    np.testing.assert_allclose(force["applied"]["top"], 12 * np.pi, rtol=1e-9)
    np.testing.assert_allclose(force["reactions"]["bottom"], -12 * np.pi, rtol=1e-4)
