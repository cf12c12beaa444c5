"""Solutions under point loads: they balance, are seen as unbounded where they are, and agree with closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

import pinn

pytestmark = pytest.mark.slow

QUARTER = """
name: quarter
coordinates: [x, y]
constants: {P: 0}
cases: {one: {P: 1}, three: {P: 3}}
physics: {linear_elasticity: {youngs_modulus: 10, poissons_ratio: 0.3, plane: stress}}
domain: {intersection: [{disk: {center: [0, 0], radius: 1, name: rim}}, {rectangle: {from: [0, 0], to: [1, 1]}}]}
point_loads: [{at: [0, 1], force: [0, -P/2]}]
conditions:
  - {on: [left, bottom], symmetry: true}
  - {on: rim, traction: [0, 0]}
probes:
  peak: {max: von_mises}
  cut: {integral: stress_yy, on: {line: [[0, 0.5], [0.8660254037844386, 0.5]]}}
outputs: {figures: false}
"""


@pytest.fixture(scope="module")
def cases():
    return pinn.solve(pinn.load(QUARTER), progress=False).cases


@pytest.fixture(scope="module")
def quarter(cases):
    return cases["three"]


def test_a_quarter_of_a_disk_has_the_stresses_of_the_whole(quarter):
    """Timoshenko & Goodier, § 41: at the centre 2P/(pi D) and -6P/(pi D)."""
    at = quarter([[0, 0]])
    assert at["stress_xx"][0] == pytest.approx(3 / math.pi, rel=1e-9)
    assert at["stress_yy"][0] == pytest.approx(-9 / math.pi, rel=1e-9)


def test_reactions_carry_the_load(quarter):
    balance = quarter.metrics["balance"]["equilibrium_y"]
    assert balance["applied"]["force at (0, 1)"] == -1.5
    assert balance["reactions"]["bottom"] == pytest.approx(1.5, rel=1e-6)
    assert balance["relative"] < 1e-6
    assert quarter.metrics["probes"]["cut"]["value"] == pytest.approx(-1.5, rel=1e-6)


def test_a_support_on_the_line_of_symmetry_holds_the_wedge_under_the_load(quarter):
    """On the line stresses are 2P/(pi D) up to the load, where P/pi pushes the halves apart."""
    found = quarter.metrics["balance"]["equilibrium_x"]["reactions"]
    assert found["support at (0, 1)"] == pytest.approx(3 / math.pi, rel=1e-9)
    assert found["left"] == pytest.approx(-3 / math.pi, rel=1e-6)


def test_the_largest_stress_is_unbounded_and_at_the_load(quarter):
    peak = quarter.metrics["probes"]["peak"]
    assert peak["unbounded"]
    np.testing.assert_allclose(peak["at"], [0, 1], atol=1e-6)
    assert not np.isfinite(quarter([[0, 1]])["stress_yy"]).any()


def test_a_load_may_differ_from_case_to_case(cases):
    assert cases["one"]([[0, 0]])["stress_xx"][0] == pytest.approx(1 / math.pi, rel=1e-8)


def test_a_source_in_one_of_two_subdomains_is_felt_in_the_other():
    """A strip of two conductivities between 0 on the left and right, insulated along: what flows is linear outside."""
    solution = pinn.solve(
        pinn.load(
            """
name: two
coordinates: [x, y]
fields: [u]
definitions: {k: {west: 1, east: 3}}
subdomains: {west: {rectangle: {from: [0, 0], to: [1, 1]}}, east: rest}
domain: {rectangle: {from: [0, 0], to: [3, 1]}}
equations: {heat: "-k*laplacian(u) = 0"}
point_loads: [{at: [0.5, 0.5], source: 2}]
conditions:
  - {on: [left, right], u: 0}
  - {on: [bottom, top], u_n: 0}
interfaces: [{between: [west, east], continuous: [u], jump: {"k*u_n": 0}}]
solver: {tolerance: 1e-5}
outputs: {figures: false}
""".replace('jump: {"k*u_n": 0}', "jump: {flux: 0}").replace(
                "definitions: {k: {west: 1, east: 3}}",
                "definitions: {k: {west: 1, east: 3}, flux: k*u_n}",
            )
        ),
        progress=False,
    )
    # Over the height it is a rod: u' jumps by 2 at 0.5, resistances 0.5 on the left, 0.5 + 2/3 on the right
    right = 2 * 0.5 / (0.5 + 0.5 + 2 / 3)
    y = (np.polynomial.legendre.leggauss(8)[0] + 1) / 2
    weights = np.polynomial.legendre.leggauss(8)[1] / 2
    mean = weights @ solution(np.column_stack([np.full(8, 2.0), y]))["u"]
    assert mean == pytest.approx(right / 3, rel=1e-4)


def series(x: float, y: float, at: tuple[float, float]) -> float:
    """Temperature of a square of side 1 and conductivity 2, cold all round, with a source of 5 (Carslaw & Jaeger,
    Conduction of Heat in Solids, 2nd ed., § 14.3: Green's function as a series of sines)."""
    low, high = sorted((y, at[1]))
    n = np.arange(1, 200) * math.pi
    along = np.sinh(n * low) * np.sinh(n * (1 - high)) / np.sinh(n)
    return float(5 / 2 * np.sum(2 * np.sin(n * x) * np.sin(n * at[0]) * along / n))


@pytest.mark.parametrize("method", ["{cells: {passes: 1}}", "{least_squares: {features: 250, scale: 3}}"])
def test_a_source_in_a_square_is_that_of_the_series(method):
    solution = pinn.solve(
        pinn.load(
            f"""
name: square
coordinates: [x, y]
physics: {{heat_conduction: {{conductivity: 2}}}}
domain: {{rectangle: {{from: [0, 0], to: [1, 1]}}}}
point_loads: [{{at: [0.3, 0.4], source: 5}}]
conditions: [{{on: boundary, temperature: 0}}]
solver: {{method: {method}}}
outputs: {{figures: false}}
"""
        ),
        progress=False,
    )
    for x, y in ((0.7, 0.6), (0.3, 0.45), (0.1, 0.9)):
        assert solution([[x, y]])["temperature"][0] == pytest.approx(series(x, y, (0.3, 0.4)), abs=2e-5)
