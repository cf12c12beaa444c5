"""Orthotropic elasticity against the compliances of its material and against isotropic elasticity."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import pinn
from pinn.errors import SpecError
from pinn.physics import build_physics
from pinn.spec.language.expressions import Scope
from tests.equations.closed_forms import numbers
from tests.physics.test_linear_elasticity import GENERAL, NU, Body, E

E1, E2, G12, NU12 = 140.0, 10.0, 5.0, 0.3
MATERIAL = {"youngs_modulus_1": E1, "youngs_modulus_2": E2, "shear_modulus_12": G12, "poissons_ratio_12": NU12}


def quantities(displacement: dict[str, str], **parameters) -> dict[str, np.ndarray]:
    """Stresses and residuals of closed-form displacements."""
    physics = build_physics("orthotropic_elasticity", {**MATERIAL, "plane": "stress", **parameters}, ("x", "y"))
    scope = Scope("xy", fields=physics.fields, definitions=physics.definitions, exact=displacement)
    generator = np.random.default_rng(4)
    inputs = {c: torch.as_tensor(generator.uniform(0.2, 1.4, 30)) for c in "xy"}
    found = {n: scope.resolve(n, exact=True) for n in physics.definitions if n.startswith(("stress_", "strain_"))}
    found |= {name: scope.insert_exact(scope.equation(text, ())) for name, text in physics.equations.items()}
    return {name: numbers(expression, inputs).numpy() for name, expression in found.items()}


@pytest.mark.parametrize("angle", [0.0, 0.4, np.pi / 2, -2.0])
def test_the_compliances_of_a_turned_layer(angle):
    """Engineering constants of a layer turned by `angle` (Jones, eqs. (2.97)): tension along x, then pure shear."""
    c, s = np.cos(angle), np.sin(angle)
    shear = 1 / G12 - 2 * NU12 / E1
    along_x = c**4 / E1 + shear * s**2 * c**2 + s**4 / E2  # strain_xx per stress_xx
    across = -NU12 / E1 * (s**4 + c**4) + (1 / E1 + 1 / E2 - 1 / G12) * s**2 * c**2
    coupled = (2 / E1 + 2 * NU12 / E1 - 1 / G12) * s * c**3 - (2 / E2 + 2 * NU12 / E1 - 1 / G12) * s**3 * c
    found = quantities(
        {"ux": f"{float(along_x)!r}*x + {float(coupled)!r}*y", "uy": f"{float(across)!r}*y"}, angle=float(angle)
    )
    np.testing.assert_allclose(found["stress_xx"], 1, rtol=1e-12)
    np.testing.assert_allclose(found["stress_yy"], 0, atol=1e-12)
    np.testing.assert_allclose(found["stress_xy"], 0, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("angle", ["0", "0.7", "x*y"])
def test_equal_moduli_are_isotropic_at_every_angle(angle):
    isotropic = {
        "youngs_modulus_1": E,
        "youngs_modulus_2": E,
        "shear_modulus_12": E / (2 * (1 + NU)),
        "poissons_ratio_12": NU,
    }
    found, expected = quantities(GENERAL, **isotropic, angle=angle), Body("stress", GENERAL)
    for name in ("stress_xx", "stress_yy", "stress_xy", "equilibrium_x", "equilibrium_y"):
        true = expected.residual(name) if name.startswith("equilibrium") else expected.quantity(name)
        np.testing.assert_allclose(found[name], true, rtol=1e-10, atol=1e-11 * np.abs(true).max())


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"poissons_ratio_12": 4}, "makes stiffness_divisor -0.142857, which must be positive"),
        ({"youngs_modulus_2": -1}, "must be positive, got -1"),
        ({"plane": "strain"}, "must be stress"),
        ({"shear_modulus": 1}, "did you mean 'shear_modulus_12'"),
    ],
)
def test_wrong_parameters(tmp_path, parameters, message):
    given = {**MATERIAL, "plane": "stress", **parameters}
    file = tmp_path / "sheet.yaml"
    file.write_text(
        "name: sheet\ncoordinates: [x, y]\ndomain: {rectangle: {from: [0, 0], to: [1, 1]}}\n"
        f"physics: {{orthotropic_elasticity: {{{', '.join(f'{k}: {v}' for k, v in given.items())}}}}}\n"
        "conditions:\n  - {on: boundary, ux: 0, uy: 0}\n"
    )
    with pytest.raises(SpecError, match=message):
        pinn.load(file)


SOLID = {
    "youngs_modulus_1": 14,
    "youngs_modulus_2": 2,
    "shear_modulus_12": 1,
    "poissons_ratio_12": 0.3,
    "poissons_ratio_23": 0.4,
}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"youngs_modulus_3": 3}, "'shear_modulus_13' is missing beside youngs_modulus_3"),
        ({"axes": [1, 0, 0]}, "must be the directions of the axes 1 and 2"),
        ({"axes": [[1, 0, 0], [0, 1]]}, "must be the directions of the axes 1 and 2"),
        ({"angle": 0.3}, "unknown parameter 'angle'"),
    ],
)
def test_what_a_solid_needs(more, message):
    with pytest.raises(SpecError, match=message):
        build_physics("orthotropic_elasticity", SOLID | more, ("x", "y", "z"))


@pytest.mark.parametrize("axes", ["[[2, 0, 0], [0, 1, 0]]", "[[1, 0, 0], [0.6, 0.8, 0]]", "[[1, 0, 0], [0, 0.9, 0]]"])
def test_axes_are_unit_vectors_at_right_angles(axes):
    material = ", ".join(f"{name}: {value}" for name, value in SOLID.items())
    text = f"""
name: block
coordinates: [x, y, z]
physics: {{orthotropic_elasticity: {{{material}, axes: {axes}}}}}
domain: {{cuboid: {{from: [0, 0, 0], to: [1, 1, 1]}}}}
conditions: [{{on: boundary, displacement: [0, 0, 0]}}]
"""
    with pytest.raises(SpecError, match=r"axes: makes axis_._(squared|times_2)"):
        pinn.load(text)
