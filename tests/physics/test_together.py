"""Several physics as one: a body takes its temperature from the heat beside it."""

from __future__ import annotations

import pytest

import pinn
from pinn.errors import SpecError

HEAD = """
name: heated
coordinates: [x, y]
physics: PHYSICS
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
conditions:
  - {on: left, temperature: 1, fixed: true}
  - {on: rest, outward_heat_flux: 0, traction: [0, 0]}
"""
HEAT = "heat_conduction: {conductivity: 2}"
BODY = "linear_elasticity: {youngs_modulus: 1, poissons_ratio: 0.3, plane: stress, thermal_expansion: 0.1"


def load(physics: str) -> pinn.Problem:
    return pinn.load(HEAD.replace("PHYSICS", physics))


@pytest.mark.parametrize("physics", [f"[{HEAT}, {BODY}}}]", f"{{{HEAT}, {BODY}}}}}", f"[{BODY}}}, {HEAT}]"])
def test_the_temperature_of_one_is_that_of_the_other(physics):
    problem = load(physics)
    assert {"temperature", "ux", "uy"} == set(problem.fields)
    equilibrium = next(one for one in problem.statements if one.name == "equilibrium_x")
    assert {d.field for d in equilibrium.expression.derivatives} == {"temperature", "ux", "uy"}
    assert str(problem.scope.resolve("thermal_strain")) == "0.1*temperature"


def test_the_reference_is_that_of_the_body_free_of_stress():
    problem = load(f"[{HEAT}, {BODY}, reference_temperature: 20}}]")
    strain = problem.scope.resolve("thermal_strain")
    assert strain.subs(problem.scope.resolve("temperature"), 20) == 0


@pytest.mark.parametrize(
    ("physics", "message"),
    [
        (f"[{HEAT}, {BODY}, temperature: 3}}]", "heat_conduction and linear_elasticity both have 'temperature'"),
        (
            f"[{HEAT}, linear_elasticity: {{youngs_modulus: 1, poissons_ratio: 0.3, plane: stress}}]",
            "know nothing of each other; give linear_elasticity its thermal_expansion",
        ),
        (f"[{HEAT}, heat: {{}}]", "unknown physics 'heat'; here it is heat_conduction"),
        ("contact", "contact is not available; where bodies touch must be known"),
        ("elastoplasticity", "plasticity is not available; a body stays elastic"),
        (f"{{{BODY}, temperatur: 3}}}}", "unknown parameter 'temperatur'"),
        (f"{{{BODY}}}}}", "needs 'temperature' beside it, or heat_conduction beside this physics"),
    ],
)
def test_what_does_not_go_together_is_refused(physics, message):
    with pytest.raises(SpecError, match=message):
        load(physics)


def test_a_parameter_is_found_where_it_is_written():
    with pytest.raises(SpecError, match=r"physics.heat_conduction.conductivity: must be positive, got -2"):
        load(f"{{{HEAT.replace('2', '-2')}, {BODY}}}}}")
