"""The known part of fields under point loads: it carries the load, solves the equations, and leaves edges alone."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.point_loads.examples import SQUARE, arc, body, force_through, known_part, scalar

HALF_PI = math.pi / 2
DISK = "{disk: {center: [0, 0], radius: 1, name: rim}}"
HELD = "[{on: rim, traction: [0, 0]}, {at: [0, 0], displacement: [0, 0]}, {at: [0, 0.5], ux: 0}]"
QUARTER = (
    """{intersection: [{disk: {center: [0, 0], radius: 1, name: rim}}, {rectangle: {from: [0, 0], to: [1, 1]}}]}"""
)
SYMMETRIC = "[{on: [left, bottom], symmetry: true}, {on: rim, traction: [0, 0]}]"


@pytest.mark.parametrize(
    ("where", "force", "sector"),
    [
        ("[0.7, 1.1]", (3, -2), (0, 2 * math.pi)),  # Kelvin
        ("[0.7, 2]", (3, -2), (math.pi, 2 * math.pi)),  # Flamant, on an edge
        ("[2, 0.6]", (3, -2), (HALF_PI, 3 * HALF_PI)),
        ("[2, 2]", (3, -2), (math.pi, 3 * HALF_PI)),  # Michell, in a corner of 90 degrees
    ],
    ids=["inside", "top", "right", "corner"],
)
@pytest.mark.parametrize("plane", ["stress", "strain"])
def test_the_traction_around_a_force_is_in_balance_with_it(where, force, sector, plane):
    problem = body(f"{{at: {where}, force: {[*force]}}}", plane=plane)
    centre = [float(part) for part in where.strip("[]").split(",")]
    for radius in (1e-3, 0.3):
        np.testing.assert_allclose(force_through(problem, centre, radius, *sector), -np.array(force), rtol=1e-9)


def test_a_force_in_a_corner_of_symmetry_counts_as_the_part_that_the_model_has():
    """Of a disk under P on its rim the quarter has P/2."""
    problem = body("{at: [0, 1], force: [0, -0.5]}", domain=QUARTER, conditions=SYMMETRIC)
    whole = body("{at: [0, 1], force: [0, -1]}", domain=DISK, conditions=HELD)
    points = np.array([[0.2, 0.3], [0.5, 0.6], [0.1, 0.9]])
    for name in ("stress_xx", "stress_yy", "stress_xy"):
        np.testing.assert_allclose(known_part(problem, name, points), known_part(whole, name, points), rtol=1e-12)


def test_the_known_part_on_the_rim_of_a_disk_is_the_uniform_pressure_of_the_textbook():
    """Timoshenko & Goodier, § 41: 2P/(pi d) all round, from both forces together."""
    problem = body("{at: [0, 1], force: [0, -5]}, {at: [0, -1], force: [0, 5]}", domain=DISK, conditions=HELD)
    points, normals, _ = arc((0, 0), 1.0, 0.1, 1.5, 7)
    xx, yy, xy = (known_part(problem, f"stress_{name}", points) for name in ("xx", "yy", "xy"))
    normal = xx * normals[:, 0] ** 2 + yy * normals[:, 1] ** 2 + 2 * xy * normals.prod(axis=1)
    np.testing.assert_allclose(normal, -5 / math.pi, rtol=1e-12)


def test_a_force_on_the_edge_of_a_hole_has_displacements_with_one_value_around_it():
    domain = f"{{difference: [{SQUARE}, {{disk: {{center: [1, 1], radius: 0.3, name: hole}}}}]}}"
    problem = body("{at: [1, 0.7], force: [0.4, -1]}", domain=domain)
    turn = np.array([[1 - 1e-9, 1.31], [1 + 1e-9, 1.31]])  # on both sides of the ray from the force through the hole
    for name in ("ux", "uy"):
        left, right = known_part(problem, name, turn)
        assert abs(left - right) < 1e-7
    np.testing.assert_allclose(force_through(problem, (1, 0.7), 1e-6, math.pi, 2 * math.pi), [-0.4, 1], rtol=1e-5)


@pytest.mark.parametrize(
    ("where", "angles", "conditions"),
    [
        ("[0.7, 1.1]", (0, 2 * math.pi), "[{on: boundary, u: 0}]"),
        ("[0.7, 2]", (math.pi, 2 * math.pi), "[{on: bottom, u: 0}, {on: boundary, u_n: 0}]"),
        ("[2, 2]", (math.pi, 3 * HALF_PI), "[{on: bottom, u: 0}, {on: boundary, u_n: 0}]"),
    ],
    ids=["inside", "edge", "corner"],
)
@pytest.mark.parametrize("equation", ["-2*laplacian(u) = 0", "2*u_xx + 2*u_yy = 0", "-3*u_xx - u_xy - 2*u_yy = 0"])
def test_what_flows_out_of_a_source_is_its_size(where, angles, conditions, equation):
    if "u_xy" in equation:
        conditions = conditions.replace("u_n: 0", "equation: 3*u_x*nx + 0.5*(u_x*ny + u_y*nx) + 2*u_y*ny = 0")
    problem = scalar(f"{{at: {where}, source: 5}}", equation, conditions=conditions)
    points, normals, weights = arc([float(part) for part in where.strip("[]").split(",")], 0.2, *angles)
    x, y = known_part(problem, "u_x", points), known_part(problem, "u_y", points)
    xx, xy, yy = (3, 0.5, 2) if "u_xy" in equation else (2, 0, 2)
    flux = -(normals[:, 0] * (xx * x + xy * y) + normals[:, 1] * (xy * x + yy * y))
    assert float(weights @ flux) == pytest.approx(5, rel=1e-9)


def test_the_shear_force_around_a_load_on_a_plate_is_the_load():
    problem = scalar(
        "{at: [1, 0.8], force: 4}", "3*laplacian(laplacian(u)) = 0", conditions="[{on: boundary, u: 0, u_n: 0}]"
    )
    points, normals, weights = arc((1, 0.8), 0.3, 0, 2 * math.pi)
    parts = [known_part(problem, f"u_{name}", points) for name in ("xxx", "xyy", "xxy", "yyy")]
    shear = 3 * ((parts[0] + parts[1]) * normals[:, 0] + (parts[2] + parts[3]) * normals[:, 1])  # D dn laplace w
    assert float(weights @ shear) == pytest.approx(4, rel=1e-9)
    at = np.array([[1.0, 0.8]])
    assert known_part(problem, "u", at) == 0
    assert known_part(problem, "u_x", at) == 0
    assert not np.isfinite(known_part(problem, "u_xx", at)).any()


def test_loads_inside_a_line_and_a_solid():
    beam = pinn_line("w", "2*w_xxxx = 0", "w: 0, w_xx: 0", "force: 3")
    above, below = (known_part(beam, "w_xxx", np.array([[0.4 + step]])) for step in (1e-9, -1e-9))
    assert 2 * float((above - below)[0]) == pytest.approx(3)
    rod = pinn_line("w", "-2*w_xx = 0", "w: 0", "source: 3")
    above, below = (known_part(rod, "w_x", np.array([[0.4 + step]])) for step in (1e-9, -1e-9))
    assert -2 * float((above - below)[0]) == pytest.approx(3)


def pinn_line(field: str, equation: str, conditions: str, load: str):
    import pinn

    return pinn.load(
        f"""
name: line
coordinates: [x]
fields: [{field}]
equations: {{balance: "{equation}"}}
domain: {{interval: {{from: 0, to: 1}}}}
point_loads: [{{at: 0.4, {load}}}]
conditions: [{{on: boundary, {conditions}}}]
"""
    )


def test_a_force_inside_a_solid_is_in_balance_with_the_traction_around_it():
    import pinn

    problem = pinn.load(
        """
name: solid
coordinates: [x, y, z]
physics: {linear_elasticity: {youngs_modulus: 3, poissons_ratio: 0.3}}
domain: {box: {from: [0, 0, 0], to: [1, 1, 1]}}
point_loads: [{at: [0.5, 0.4, 0.6], force: [1, 2, -3]}]
conditions: [{on: z_lower, fixed: true}, {on: boundary, traction: [0, 0, 0]}]
"""
    )
    nodes, weights = np.polynomial.legendre.leggauss(20)
    turns = 2 * math.pi * np.arange(40) / 40
    z, turn = np.meshgrid(nodes, turns, indexing="ij")
    rho = np.sqrt(1 - z**2)
    normals = np.stack([rho * np.cos(turn), rho * np.sin(turn), z], axis=-1).reshape(-1, 3)
    area = (np.repeat(weights, 40) * 2 * math.pi / 40) * 0.2**2
    points = np.array([0.5, 0.4, 0.6]) + 0.2 * normals
    letters = "xyz"
    stress = np.array(
        [[known_part(problem, f"stress_{''.join(sorted(a + b))}", points) for b in letters] for a in letters]
    )
    np.testing.assert_allclose(area @ np.einsum("ijn,nj->ni", stress, normals), [-1, -2, 3], rtol=1e-9)


def test_equations_and_edges_that_the_known_part_satisfies_stay_as_they_are():
    problem = body("{at: [0.7, 2], force: [0, -1]}")
    by_name = {f"{s.name}": (s, p) for s, p in zip(problem.statements, problem.posed, strict=True)}
    same = {name for name, (statement, posed) in by_name.items() if statement is posed}
    assert {"equilibrium_x", "equilibrium_y"} <= same
    assert any(statement is not posed for statement, posed in by_name.values())
    assert problem.loads[0].amounts == {"equilibrium_x": 0.0, "equilibrium_y": -1.0}
