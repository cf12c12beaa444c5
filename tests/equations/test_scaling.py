"""Scaling: dimensionless residuals do not depend on the units that a spec is written in."""

from __future__ import annotations

import pytest
import torch

from pinn.derivatives.jets import Partial
from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import Derivative
from pinn.equations.scaling import length_factor
from pinn.problem.loading import build
from pinn.problem.problem import Problem
from pinn.spec.yaml.source import parse_spec
from pinn.training.residuals.assembly import Group

PLATE = """
name: plate
coordinates: [x, y]
constants: {{L: {length}, a: "0.25*L", S: {stress}, E: {modulus}}}
physics:
  linear_elasticity: {{youngs_modulus: E, poissons_ratio: 0.3, plane: stress, body_force: [{stress}/L*x/L, 0]}}
domain:
  difference:
    - rectangle: {{from: [0, 0], to: [2*L, L]}}
    - disk: {{center: [0, 0], radius: a, name: hole}}
conditions:
  - {{on: left, ux: 0, traction_y: 0}}
  - {{on: bottom, uy: 0, traction_x: 0}}
  - {{on: hole, traction: [0, 0]}}
  - {{on: right, traction: [S, 0]}}
  - {{on: top, ux: "S/E*x", traction_y: 0}}
"""
HEAT = """
name: bar
coordinates: [x]
time: {{from: 0, to: {duration}}}
fields: [T]
constants: {{L: {length}, k: "0.3*L**2/{duration}"}}
domain: {{interval: {{from: 0, to: L}}}}
equations: {{heat: T_t = k*T_xx + {size}/{duration}*x/L}}
conditions:
  - {{on: initial, T: "{size}*sin(pi*x/L)"}}
  - {{on: left, T: 0}}
  - {{on: right, T_x: "-{size}/L"}}
"""


def problem(text: str, **values: float | str) -> Problem:
    return build(parse_spec(text.format(**values), "units.yaml"))


def residuals(found: Problem, lengths: list[float], sizes: dict[str, float]) -> list[torch.Tensor]:
    """Dimensionless residuals at corresponding points, of jets that are the same numbers times the units."""
    generator = torch.Generator().manual_seed(2)
    values = []
    for statement, magnitude in zip(found.statements, found.scaling.statements, strict=True):
        expression = statement.expression
        points = torch.rand(20, len(lengths), generator=generator, dtype=torch.float64) * torch.tensor(
            lengths, dtype=torch.float64
        )
        normals = torch.nn.functional.normalize(
            torch.randn(20, found.space, generator=generator, dtype=torch.float64), dim=1
        )
        jets = {}
        for d in expression.derivatives:
            number = torch.randn(20, generator=generator, dtype=torch.float64)
            jets[d] = number * sizes[d.field] * length_factor(d.partial, lengths, found.space)
        inputs = PointSet(points, normals).inputs(found.axes)
        values.append(torch.as_tensor(expression.value(inputs, jets)).expand(20) / magnitude)
    return values


SAME = 1e-12  # rounding errors of a change of units


def assert_same_residuals(first: list[torch.Tensor], second: list[torch.Tensor]) -> None:
    for a, b in zip(first, second, strict=True):
        torch.testing.assert_close(a, b, rtol=SAME, atol=SAME * float(a.abs().max()))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("length", "stress", "modulus"),
    [(1000.0, 1e8, 2.1e11), (1e-3, 1e-4, 2.1e-1), (1.0, 5e7, 2.1e11)],
    ids=["pascal and millimetres", "kilometres", "steel in metres"],
)
def test_a_plate_in_other_units(length, stress, modulus):
    plain = problem(PLATE, length=1.0, stress=1.0, modulus=1.0)
    other = problem(PLATE, length=length, stress=stress, modulus=modulus)
    displacement = stress / modulus * length
    first = residuals(plain, [1.0, 0.5], dict.fromkeys(("ux", "uy"), 1.0))
    second = residuals(other, [length, 0.5 * length], dict.fromkeys(("ux", "uy"), displacement))
    assert_same_residuals(first, second)
    for name in ("ux", "uy"):
        assert other.scaling.fields[name] == pytest.approx(plain.scaling.fields[name] * displacement, rel=SAME)


def test_heat_in_other_units():
    plain = problem(HEAT, length=1.0, duration=1.0, size=1.0)
    other = problem(HEAT, length=250.0, duration=3600.0, size=1e-5)
    assert_same_residuals(residuals(plain, [1.0, 1.0], {"T": 1.0}), residuals(other, [250.0, 3600.0], {"T": 1e-5}))
    assert other.scaling.fields["T"] == pytest.approx(plain.scaling.fields["T"] * 1e-5, rel=SAME)


BURGERS = """
name: burgers
coordinates: [x]
time: {{from: 0, to: {duration}}}
fields: [u]
constants: {{L: {length}, U: {length}/{duration}}}
domain: {{interval: {{from: 0, to: L}}}}
equations: {{momentum: "u_t + u*u_x + 0.3*L*u_x**2 = 0.1*U*L*u_xx"}}
conditions: [{{on: initial, u: U*sin(pi*x/L)}}, {{on: boundary, u: 0}}]
"""


def test_a_nonlinear_equation_in_other_units():
    plain, other = problem(BURGERS, length=1.0, duration=1.0), problem(BURGERS, length=2e4, duration=1e-2)
    first, second = residuals(plain, [1.0, 1.0], {"u": 1.0}), residuals(other, [2e4, 1e-2], {"u": 2e6})
    assert_same_residuals(first, second)
    assert other.scaling.fields["u"] == pytest.approx(plain.scaling.fields["u"] * 2e6, rel=SAME)


def test_multiplying_an_equation_changes_nothing():
    text = "name: p\ncoordinates: [x, y]\nfields: [u]\ndomain: {{rectangle: {{from: [0, 0], to: [1, 1]}}}}\n"
    text += "equations: {{p: '{factor}*(laplacian(u) + sin(x)) = 0'}}\nconditions: [{{on: boundary, u: x}}]\n"
    plain, other = problem(text, factor=1), problem(text, factor=1e9)
    assert_same_residuals(residuals(plain, [1.0, 1.0], {"u": 1.0}), residuals(other, [1.0, 1.0], {"u": 1.0}))


BAR = """
name: bar
coordinates: [x]
fields: [u]
domain: {{interval: {{from: 0, to: 1}}}}
equations: {{balance: "{equation}"}}
conditions: [{{on: boundary, u: 0}}]
"""


@pytest.mark.parametrize(
    ("equation", "size"),
    [
        ("-u_xx + 1e6*u**3 = 1e3", (1e3 / 1e6) ** (1 / 3)),
        ("-u_xx + 1e9*u**5 = 1e4", (1e4 / 1e9) ** (1 / 5)),
        ("-d((1 + u**2)*u_x, x) = 1e-3", 1e-3 / 8),
    ],
)
def test_the_magnitude_of_a_nonlinear_problem_settles(equation, size):
    """Undamped, the cubic term throws it from one side to the other, ten thousand times too large and too small."""
    assert size / 4 < problem(BAR, equation=equation).scaling.fields["u"] < 4 * size


@pytest.mark.slow
@pytest.mark.parametrize("modulus", [1.0, 2e11])
def test_round_off_is_no_coefficient(modulus):
    """A flat facet of a mesh has a normal of 1e-17 across it."""
    text = PLATE.replace("{{on: left, ux: 0, traction_y: 0}}", "{{on: left, ux: 0, equation: uy_x + ROUND*ux_x = 0}}")
    values = {"length": 1.0, "stress": 1.0, "modulus": modulus}
    clean, dirty = (problem(text.replace("ROUND", round_off), **values) for round_off in ("0", "1e-17"))
    assert dirty.scaling.fields == pytest.approx(clean.scaling.fields, rel=1e-12)


@pytest.mark.parametrize(
    ("equation", "varying"),
    [
        ("exp(9*x)*(u_xx + sin(x)) = 0", True),
        ("d(exp(9*x)*u_x, x) = 1", True),
        ("exp(x)*(u_xx + sin(x)) = 0", False),
        ("1e-6*u_xx + (x - 0.5)*u_x = 1", False),  # a layer lies where the lower term vanishes
    ],
)
def test_terms_that_vary_by_orders_of_magnitude_count_point_by_point(equation, varying):
    assert problem(BAR, equation=equation).scaling.varying == frozenset([0] if varying else [])


def test_a_positive_factor_changes_no_residual():
    points = PointSet(torch.linspace(0.05, 0.95, 19, dtype=torch.float64)[:, None])
    jets = {Derivative("u", Partial((2,))): torch.cos(points.points[:, 0])}
    found = []
    for factor in ("1", "exp(30*x)"):
        bar = problem(BAR, equation=f"{factor}*(u_xx + sin(x)) = 0")
        group = Group(bar, (0,), points)
        value = bar.statements[0].expression.value(points.inputs(bar.axes), jets)
        found.append(value / group.magnitude(0, {}, slice(None)))
        lengths = torch.full((19, 1), 0.1, dtype=torch.float64)
        slopes = bar.statements[0].expression.linearise(points.inputs(bar.axes), jets)
        found.append(value / Group(bar, (0,), points, lengths=lengths).magnitude(0, slopes, slice(None)))
    torch.testing.assert_close(found[2], found[0] * found[2][0] / found[0][0], rtol=1e-9, atol=0)
    torch.testing.assert_close(found[3], found[1] * found[3][0] / found[1][0], rtol=1e-9, atol=0)
    assert 0.5 < float(found[2][0] / found[0][0]) < 2  # the size of the field follows from the data of the equation


def test_magnitudes_are_those_of_the_problem():
    """A field of size 1e-5 with data of that size has a scale near it, and its residuals are near 1."""
    found = problem(HEAT, length=250.0, duration=3600.0, size=1e-5)
    assert 1e-6 < found.scaling.fields["T"] < 1e-4
    for values in residuals(found, [250.0, 3600.0], {"T": 1e-5}):
        assert 0.05 < float(values.square().mean().sqrt()) < 20


def test_a_length_factor_counts_every_order():
    assert length_factor(Partial((2, 1)), [10.0, 0.5], 2) == pytest.approx(1e-2 * 2)
    assert length_factor(Partial((0, 1), 1), [10.0, 0.5], 1) == pytest.approx(1e-2 * 2)
    assert length_factor(Partial((0, 0), 1), [10.0, 0.5], 2) == pytest.approx(1e-2 + 4)


AXIS = """
name: rod
coordinates: [r, z]
fields: [T]
domain: {rectangle: {from: [FIRST, 0], to: [1, 1]}}
equations: {heat: T_rr + T_r/r - T/r**2 + T_zz = r}
conditions: [{on: [right, top, bottom, left], T: 0}]
"""


def test_what_is_unbounded_at_an_axis_does_not_weigh_more_than_the_rest():
    """1/r^2 has no mean square up to the axis: the nearer a point happens to lie, the larger."""
    sizes = [build(parse_spec(AXIS.replace("FIRST", first))).scaling.fields["T"] for first in ("0", "1e-6", "0.3")]
    assert sizes[1] == pytest.approx(sizes[0], rel=1e-3)
    assert 0.1 < sizes[0] / sizes[2] < 10


def test_a_statement_is_measured_in_its_own_terms_where_they_are_far_larger():
    problem = build(parse_spec(AXIS.replace("FIRST", "0")))
    assert problem.scaling.steep == {0}
    assert build(parse_spec(AXIS.replace("FIRST", "0.5"))).scaling.steep == frozenset()
    points = torch.tensor([[1e-3, 0.5], [1e-4, 0.5], [0.9, 0.5]], dtype=torch.float64)
    group = Group(problem, (0,), PointSet(points))
    statement = problem.statements[0].expression
    slopes = statement.linearise(
        PointSet(points).inputs(problem.axes, {}), dict.fromkeys(statement.derivatives, points[:, 0])
    )
    size = group.magnitude(0, slopes, slice(None))
    assert float(size[1] / size[0]) == pytest.approx(100, rel=1e-2)
    assert float(size[2]) == problem.scaling.statements[0]
