"""Shadows: with terms of lower order a corner function satisfies equation and conditions to higher and higher order."""

from __future__ import annotations

import math

import pytest
import torch

from pinn.corners.basis import CornerBasis
from pinn.derivatives.jets import plan_jets
from pinn.problem.loading import build
from pinn.spec.yaml.source import parse_spec

NOTCH = """
name: notch
coordinates: [x, y]
fields: [u]
domain: {polygon: {vertices: [[1, 1], [3, 1], [3, 3], [0, 3], [0, 0], [1, 0]], names: [wall, a, b, c, d, side]}}
equations: {balance: "EQUATION"}
conditions: [{on: wall, "CONDITION"}, {on: side, u: 0}, {on: [a, b, c, d], u: 0}]
"""
# (equation, condition on the wall)
CASES = {
    "terms of first order": ("u_xx + u_yy + u_x/x = 0", "u_n: 0"),
    "a material that varies": ("d((1 + x**2 + y)*u_x, x) + d((1 + x**2 + y)*u_y, y) = 0", "u_n: 0"),
    "waves": ("laplacian(u) + 3*u = 0", "u: 0"),
    "a film": ("laplacian(u) = 0", "equation: u_n + (1 + x)*u = 0"),
}


def residuals(case: str, below: float, r: float) -> tuple[float, float]:
    """Of the first function about (1, 1) at a distance: of the equation times r^2, of the condition times r."""
    equation, condition = CASES[case]
    problem = build(parse_spec(NOTCH.replace("EQUATION", equation).replace('"CONDITION"', condition)))
    (corner,) = [one for one in problem.corners if math.isclose(one.angle, 1.5 * math.pi)]
    functions = corner.functions(below)
    assert functions is not None
    basis = CornerBasis(corner.point, functions, problem.outputs, radius=1.7)
    sector = corner.vertex.sectors[0]
    inside = torch.linspace(sector.start + 0.1, sector.end - 0.1, 20, dtype=torch.float64)
    found = []
    for statement in problem.statements:
        if statement.is_equation:
            theta, power, normal = inside, 2, None
        elif "wall" in statement.name:
            theta, power, normal = torch.tensor([0.0], dtype=torch.float64), statement.expression.order, (0.0, -1.0)
        else:
            continue
        points = torch.as_tensor(corner.point) + r * torch.stack([theta.cos(), theta.sin()], dim=1)
        derivatives = statement.expression.derivatives
        plan = plan_jets([d.partial for d in derivatives], 2, 2)
        channels = basis.jets(points, plan)
        jets = {d: channels[plan.index(d.partial)][:, 0, 0] for d in derivatives}
        inputs = {"x": points[:, 0], "y": points[:, 1]}
        if normal:
            inputs |= {"nx": torch.full_like(theta, normal[0]), "ny": torch.full_like(theta, normal[1])}
        size = (r / 1.7) ** functions.functions[0].exponent.real
        found.append(float(statement.expression.value(inputs, jets).abs().max()) * r**power / size)
    return found[0], found[1]


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_each_shadow_leaves_a_residual_of_one_order_more(case):
    first = 2 / 3 if case in ("waves", "a film") else 1 / 3
    for shadows in range(4):
        below = first + shadows + 0.5
        far, near = (max(residuals(case, below, r)) for r in (2e-2, 2e-3))
        assert near < max(10 ** -(shadows + 0.75) * far, 1e-9)


def test_the_principal_part_alone_has_none():
    problem = build(parse_spec(NOTCH.replace("EQUATION", "laplacian(u) = 0").replace('"CONDITION"', "u: 0")))
    for corner in problem.corners:
        functions = corner.functions(3.0)
        assert functions is not None
        assert not any(function.shadows for function in functions.functions)
