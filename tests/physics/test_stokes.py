"""Creeping flow against its tensors, with a viscosity that varies; what balances are its tractions."""

from __future__ import annotations

import pytest
import sympy
from sympy import Add, Matrix

import pinn
from pinn.domain.places import Interior
from pinn.equations.balance.laws import conservation_laws
from pinn.errors import SpecError
from pinn.physics import build_physics
from tests.equations.closed_forms import jets_of, relative_residual
from tests.physics.test_manufactured import AXES, SATISFIED, SCREW, VORTEX, X, Y

VISCOSITY = 2 + X * Y / 3
PRESSURE = X**2 - Y + X * Y


@pytest.mark.slow
@pytest.mark.parametrize("velocity", [VORTEX, SCREW], ids=["plane", "space"])
def test_every_equation_holds(velocity):
    size = len(velocity)
    axes, letters = AXES[:size], "xyz"[:size]
    gradient = Matrix(velocity).jacobian(axes)
    stress = VISCOSITY * (gradient + gradient.T) - PRESSURE * sympy.eye(size)
    force = [-Add(*(sympy.diff(stress[i, j], axes[j]) for j in range(size))) for i in range(size)]
    exact = ", ".join(f"v{letter}: {one}" for letter, one in zip(letters, velocity, strict=True))
    problem = pinn.load(
        f"""
name: flow
coordinates: [{", ".join(letters)}]
physics: {{stokes: {{viscosity: {VISCOSITY}, body_force: [{", ".join(map(str, force))}]}}}}
domain: {{{"rectangle" if size == 2 else "cuboid"}: {{from: {[0] * size}, to: {[1] * size}}}}}
conditions:
  - {{on: boundary, velocity: [{", ".join(f"exact.v{letter}" for letter in letters)}]}}
  - {{at: {[0] * size}, p: exact.p}}
exact: {{{exact}, p: {PRESSURE}}}
"""
    )
    equations = [one for one in problem.statements if isinstance(one.place, Interior)]
    assert len(equations) == size + 1
    for statement in equations:
        inputs = problem.domain.sample(statement.place, 12, 3).inputs(problem.axes)
        jets = jets_of(problem.exact[""], statement.expression, inputs, problem.axes, problem.space)
        assert relative_residual(statement.expression, inputs, jets) < SATISFIED, statement.name
    laws = conservation_laws(problem.spec, problem.subdomains[0])
    assert [law.name for law in laws][:size] == [f"equilibrium_{letter}" for letter in letters]


def test_creeping_flow_has_no_density():
    with pytest.raises(SpecError, match="unknown parameter 'density'"):
        build_physics("stokes", {"viscosity": 1, "density": 1}, ("x", "y"))
