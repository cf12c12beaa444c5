"""The energy of small strain: its Euler-Lagrange equations are those of the physics, with loads and heat."""

from __future__ import annotations

import pytest
import torch

from pinn.problem.loading import build
from pinn.spec.yaml.source import parse_spec

SHAPES = {"xy": "rectangle: {from: [0, 0], to: [1, 1]}", "xyz": "cuboid: {from: [0, 0, 0], to: [1, 1, 1]}"}
CASES = [
    ("xy", ", plane: stress"),
    ("xy", ", plane: strain"),
    ("xyz", ""),
    ("xy", ", plane: stress, thermal_expansion: 0.3, temperature: x**2 + y"),
    ("xy", ", plane: strain, thermal_expansion: 0.3, temperature: x**2 + y"),
    ("xyz", ", thermal_expansion: 0.3, temperature: x*z + y"),
]


@pytest.mark.parametrize(("letters", "more"), CASES)
def test_equations_are_those_of_euler_and_lagrange(letters, more):
    force = ", ".join(f"x*{k}" for k in range(1, len(letters) + 1))
    conditions = ", ".join(f"u{c}: 0" for c in letters)
    problem = build(
        parse_spec(
            f"name: body\ncoordinates: [{', '.join(letters)}]\nphysics: {{linear_elasticity: {{youngs_modulus: 2 + x, "
            f"poissons_ratio: 0.3, body_force: [{force}]{more}}}}}\ndomain: {{{SHAPES[letters]}}}\n"
            f"conditions: [{{on: boundary, {conditions}}}]\n",
            "body.yaml",
        )
    )
    scope = problem.scope
    assert problem.declared_energy is not None
    density = scope.expression(problem.declared_energy.density, ())
    generator = torch.Generator().manual_seed(1)
    inputs = {axis: torch.rand(5, generator=generator, dtype=torch.float64) for axis in problem.axes}
    flat = (0,) * len(letters)
    for statement, name in zip(problem.statements[: len(letters)], problem.fields, strict=True):
        variation = -density.diff(scope.jet(name, flat))
        for k, axis in enumerate(letters):
            order = tuple(int(i == k) for i in range(len(letters)))
            variation += scope.differentiate(density.diff(scope.jet(name, order)), axis)
        true = problem.over_outputs(variation, problem.subdomains[0])
        derivatives = sorted({*true.derivatives, *statement.expression.derivatives})
        jets = {d: torch.rand(5, generator=generator, dtype=torch.float64) for d in derivatives}
        torch.testing.assert_close(
            statement.expression.value(inputs, jets), true.value(inputs, jets), rtol=1e-11, atol=1e-11
        )
