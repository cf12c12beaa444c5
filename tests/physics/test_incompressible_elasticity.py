"""Incompressible elasticity: the same law as linear elasticity below 1/2, and finite at 1/2."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pinn.errors import SpecError
from pinn.physics import build_physics
from pinn.spec.language.expressions import Scope
from tests.equations.closed_forms import numbers
from tests.physics.test_linear_elasticity import GENERAL, GENERAL_3D, Body

E = 210.0


def quantities(coordinates: str, exact: dict[str, str], nu: float) -> dict[str, np.ndarray]:
    """Stresses and residuals of closed-form displacement and pressure."""
    plane = {"plane": "strain"} if len(coordinates) == 2 else {}
    parameters = {"youngs_modulus": E, "poissons_ratio": nu, **plane}
    physics = build_physics("incompressible_elasticity", parameters, tuple(coordinates))
    scope = Scope(coordinates, fields=physics.fields, definitions=physics.definitions, exact=exact)
    generator = np.random.default_rng(4)
    inputs = {c: torch.as_tensor(generator.uniform(0.2, 1.4, 30)) for c in coordinates}
    found = {n: scope.resolve(n, exact=True) for n in physics.definitions if n.startswith("stress_")}
    found |= {name: scope.insert_exact(scope.equation(text, ())) for name, text in physics.equations.items()}
    return {name: numbers(expression, inputs).numpy() for name, expression in found.items()}


@pytest.mark.parametrize("nu", [-0.3, 0.0, 0.3, 0.49])
@pytest.mark.parametrize("displacement", [GENERAL, GENERAL_3D], ids=["plane", "solid"])
def test_hookes_law_of_linear_elasticity(displacement, nu):
    """p = -E/(3 (1 - 2 nu)) div u: then the stresses and the equilibrium are those without a pressure."""
    coordinates = "xyz"[: len(displacement)]
    divergence = " + ".join(f"d(exact.u{c}, {c})" for c in coordinates)
    mixed = quantities(coordinates, {**displacement, "p": f"-{E}/(3*(1 - 2*{nu}))*({divergence})"}, nu)
    plain = Body("strain" if len(coordinates) == 2 else None, displacement, poissons_ratio=nu)
    np.testing.assert_allclose(mixed.pop("volume"), 0, atol=1e-13)
    for name, value in mixed.items():
        expected = plain.residual(name) if name.startswith("equilibrium") else plain.quantity(name)
        np.testing.assert_allclose(value, expected, rtol=1e-10, atol=1e-10 * np.abs(expected).max(), err_msg=name)


def test_at_one_half_the_volume_is_kept_and_the_pressure_is_free():
    """u = (x, -y), p = x: stress_xx = 2 mu - p, and div(stress) = -grad p."""
    found = quantities("xy", {"ux": "x", "uy": "-y", "p": "x"}, 0.5)
    x = np.random.default_rng(4).uniform(0.2, 1.4, 30)
    np.testing.assert_allclose(found["stress_xx"], 2 * E / 3 - x, rtol=1e-13)
    np.testing.assert_allclose(found["stress_out_of_plane"], -x, rtol=1e-13)
    np.testing.assert_allclose(found["equilibrium_x"], -1, rtol=1e-13)
    np.testing.assert_allclose(found["volume"], 0, atol=1e-14)


def test_plane_stress_is_refused():
    with pytest.raises(SpecError, match="write linear_elasticity"):
        build_physics(
            "incompressible_elasticity", {"youngs_modulus": 1, "poissons_ratio": 0.5, "plane": "stress"}, ("x", "y")
        )
