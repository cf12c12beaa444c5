"""Elastodynamics, heat conduction and Navier-Stokes on closed forms: what holds, vanishes, leaves without echo."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import torch

from pinn.errors import SpecError
from pinn.physics import build_physics
from pinn.spec.language.expressions import Scope, symbol
from tests.equations.closed_forms import numbers

ELASTIC = {"youngs_modulus": 2.0, "poissons_ratio": 0.3, "density": 1.5, "plane": "strain"}
SPEED = np.sqrt(2.0 * 0.7 / (1.3 * 0.4) / 1.5)  # of pressure waves: E (1 - nu)/((1 + nu)(1 - 2 nu)) over the density
ROUNDING = 1e-10


class Fields:
    """A physics with closed-form fields of x, y and t."""

    def __init__(self, name: str, parameters: Mapping[str, object], exact: Mapping[str, object]):
        self.physics = build_physics(name, parameters, ("x", "y"))
        fields, definitions = self.physics.fields, self.physics.definitions
        self.scope = Scope("xy", time=True, fields=fields, definitions=definitions, exact=exact)
        generator = np.random.default_rng(4)
        self.inputs = {c: torch.as_tensor(generator.uniform(0.2, 1.4, 30)) for c in "xyt"}

    def residual(self, equation: str) -> np.ndarray:
        expression = self.scope.equation(self.physics.equations[equation], ())
        return numbers(self.scope.insert_exact(expression), self.inputs).numpy()

    def on_edge(self, name: str, normal: tuple[float, float]) -> np.ndarray:
        expression = self.scope.insert_exact(self.scope.resolve(name))
        known = {symbol(f"n{c}"): n for c, n in zip("xy", normal, strict=True)}
        return numbers(expression.subs(known), self.inputs).numpy()


def wave() -> Fields:
    return Fields("elastodynamics", ELASTIC, {"ux": f"sin(x - {SPEED}*t)", "uy": 0})


def test_a_pressure_wave_moves_at_its_speed():
    for equation in ("motion_x", "motion_y"):
        assert np.abs(wave().residual(equation)).max() < ROUNDING
    slower = Fields("elastodynamics", ELASTIC, {"ux": f"sin(x - 0.9*{SPEED}*t)", "uy": 0})
    assert np.abs(slower.residual("motion_x")).max() > 0.1


def test_a_wave_leaves_an_absorbing_edge():
    for component in "xy":
        assert np.abs(wave().on_edge(f"absorbing_{component}", (1.0, 0.0))).max() < ROUNDING
    assert np.abs(wave().on_edge("absorbing_x", (-1.0, 0.0))).max() > 0.1  # it comes from there
    shear = Fields("elastodynamics", ELASTIC, {"ux": 0, "uy": f"sin(x - {np.sqrt(2 / 2.6 / 1.5)}*t)"})
    assert np.abs(shear.residual("motion_y")).max() < ROUNDING
    assert np.abs(shear.on_edge("absorbing_y", (1.0, 0.0))).max() < ROUNDING


def test_a_body_that_drifts_has_no_stress_and_damping_slows_it():
    drifting = Fields("elastodynamics", ELASTIC, {"ux": "3*t", "uy": "2 - t"})
    assert np.abs(drifting.residual("motion_x")).max() < ROUNDING
    assert np.abs(drifting.on_edge("traction_x", (0.6, 0.8))).max() < ROUNDING
    damped = Fields("elastodynamics", {**ELASTIC, "damping": 0.5}, {"ux": "exp(-t/2)", "uy": 0})
    assert np.abs(damped.residual("motion_x")).max() < ROUNDING


def test_heat_is_stored_and_flows_down():
    field = {"temperature": "sin(y)*exp(t)"}
    given = {"conductivity": "2 + x", "capacity": 3, "source": "(5 + x)*sin(y)*exp(t)"}
    assert np.abs(Fields("heat_conduction", given, field).residual("heat")).max() < ROUNDING
    assert np.abs(Fields("heat_conduction", {**given, "capacity": 2}, field).residual("heat")).max() > 0.1
    steady = Fields("heat_conduction", {"conductivity": 4}, {"temperature": "3*x - y"})
    assert np.abs(steady.residual("heat")).max() < ROUNDING
    np.testing.assert_allclose(steady.on_edge("outward_heat_flux", (1.0, 0.0)), -12)


@pytest.mark.parametrize("steady", [False, True])
def test_vortices_decay_and_a_channel_flows_for_ever(steady):
    fluid = {"density": 2, "viscosity": 0.1, "steady": steady}
    channel = Fields("navier_stokes", fluid, {"vx": "y*(1 - y)", "vy": 0, "p": "-0.2*x"})
    for equation in ("momentum_x", "momentum_y", "continuity"):
        assert np.abs(channel.residual(equation)).max() < ROUNDING
    decay = "exp(-2*0.05*t)"
    vortices = Fields(
        "navier_stokes",
        fluid,
        {
            "vx": f"-cos(x)*sin(y)*{decay}",
            "vy": f"sin(x)*cos(y)*{decay}",
            "p": f"-2*(cos(2*x) + cos(2*y))/4*{decay}**2",
        },
    )
    assert (np.abs(vortices.residual("momentum_x")).max() < ROUNDING) is not steady
    assert np.abs(vortices.residual("continuity")).max() < ROUNDING


def test_a_channel_leaves_freely():
    channel = Fields(
        "navier_stokes", {"density": 1, "viscosity": 0.1}, {"vx": "y*(1 - y)", "vy": 0, "p": "-0.2*(x - 3)"}
    )
    free = channel.on_edge("outflow_x", (1.0, 0.0)) - 0.2 * (channel.inputs["x"].numpy() - 3)
    assert np.abs(free).max() < ROUNDING
    assert np.abs(channel.on_edge("outflow_y", (1.0, 0.0))).max() < ROUNDING


def test_what_is_missing_is_named():
    for name, given, missing in (
        ("elastodynamics", {key: value for key, value in ELASTIC.items() if key != "density"}, "'density' is missing"),
        ("heat_conduction", {}, "'conductivity' is missing"),
        ("navier_stokes", {"density": 1}, "'viscosity' is missing"),
        ("navier_stokes", {"density": 1, "viscosity": 1, "steady": 1}, "must be true or false"),
        ("elastodynamics", {**ELASTIC, "plane": "strian"}, "did you mean 'strain'"),
    ):
        with pytest.raises(SpecError, match=missing):
            build_physics(name, given, ("x", "y"))
