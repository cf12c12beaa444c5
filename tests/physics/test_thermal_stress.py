"""Thermal strain in linear elasticity: free expansion, restrained expansion, and its refusals."""

from __future__ import annotations

import numpy as np
import pytest

from pinn.errors import SpecError
from pinn.physics import build_physics
from tests.physics.test_linear_elasticity import CASES, NU, Body, E, names

ALPHA, RISE = 12e-6, 50.0
HEATED = {"thermal_expansion": ALPHA, "temperature": RISE}


@pytest.mark.parametrize("plane", CASES)
def test_free_expansion_leaves_no_stress(plane):
    """Every line grows by alpha*T; in plane strain, held between two walls, those in the plane by (1 + nu)*alpha*T."""
    growth = ALPHA * RISE * (1 + NU if plane == "strain" else 1)
    displacement = {f"u{c}": f"{growth!r}*{c}" for c in ("xyz" if plane is None else "xy")}
    body = Body(plane, displacement, **HEATED)
    for name in names(plane, "stress"):
        np.testing.assert_allclose(body.quantity(name), 0, atol=1e-12 * E * ALPHA * RISE)
    if plane == "strain":
        np.testing.assert_allclose(body.quantity("stress_out_of_plane"), -E * ALPHA * RISE, rtol=1e-12)


@pytest.mark.parametrize("plane", CASES)
def test_restrained_expansion(plane):
    """No strain at all: -E alpha T/(1 - nu) in a sheet held at its edges, -E alpha T/(1 - 2 nu) held on all sides."""
    displacement = dict.fromkeys(("ux", "uy", "uz") if plane is None else ("ux", "uy"), "0")
    body = Body(plane, displacement, **HEATED)
    pressure = E * ALPHA * RISE / (1 - NU if plane == "stress" else 1 - 2 * NU)
    for name in names(plane, "stress"):
        axes = name.removeprefix("stress_")
        expected = -pressure if axes[0] == axes[1] else 0.0
        np.testing.assert_allclose(body.quantity(name), expected, rtol=1e-12, atol=1e-12 * pressure)
    if plane == "strain":
        np.testing.assert_allclose(body.quantity("stress_out_of_plane"), -pressure, rtol=1e-12)


def test_a_temperature_that_varies_loads_the_body():
    """div(stress) = -E alpha/(1 - nu) grad T in a sheet that is held everywhere."""
    body = Body("stress", {"ux": "0", "uy": "0"}, thermal_expansion=ALPHA, temperature="3*x**2*y")
    x, y = (body.inputs[c].numpy() for c in "xy")
    factor = -E * ALPHA / (1 - NU)
    np.testing.assert_allclose(body.residual("equilibrium_x"), factor * 6 * x * y, rtol=1e-12)
    np.testing.assert_allclose(body.residual("equilibrium_y"), factor * 3 * x**2, rtol=1e-12)


@pytest.mark.parametrize(("given", "missing"), [("temperature", "thermal_expansion"), ("thermal_expansion", "temp")])
def test_one_of_the_two_alone_is_refused(given, missing):
    parameters = {"youngs_modulus": 1, "poissons_ratio": 0.3, "plane": "stress", given: 1}
    with pytest.raises(SpecError, match=f"needs '{missing}") as refusal:
        build_physics("linear_elasticity", parameters, ("x", "y"))
    assert refusal.value.path == ("physics", "linear_elasticity", given)
