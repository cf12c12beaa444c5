"""Linear elasticity on closed-form displacements: strains, stresses, invariants and equilibrium."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
import torch

from pinn.errors import SpecError
from pinn.physics import PHYSICS, build_physics
from pinn.spec.language.expressions import Scope, symbol
from tests.equations.closed_forms import numbers

E, NU = 210.0, 0.3
PLANE_CASES = ["stress", "strain"]
CASES = [*PLANE_CASES, None]  # None: three dimensions
X, Y, Z = (symbol(c) for c in "xyz")


class Body:
    """A physics with closed-form displacements, whose quantities are expressions of the coordinates."""

    def __init__(self, plane: str | None, displacement: dict[str, object], coordinates: str = "", **parameters):
        coordinates = coordinates or ("xyz" if plane is None else "xy")
        given = {"youngs_modulus": E, "poissons_ratio": NU, **({"plane": plane} if plane else {}), **parameters}
        self.physics = build_physics("linear_elasticity", given, tuple(coordinates))
        self.scope = Scope(
            coordinates, fields=self.physics.fields, definitions=self.physics.definitions, exact=displacement
        )
        generator = np.random.default_rng(4)
        self.inputs = {c: torch.as_tensor(generator.uniform(0.2, 1.4, 30)) for c in coordinates}

    def quantity(self, name: str) -> np.ndarray:
        return numbers(self.scope.resolve(name, exact=True), self.inputs).numpy()

    def traction(self, component: str, normal: dict[str, float]) -> np.ndarray:
        expression = self.scope.insert_exact(self.scope.resolve(f"traction_{component}"))
        return numbers(expression.subs({symbol(f"n{c}"): n for c, n in normal.items()}), self.inputs).numpy()

    def residual(self, equation: str) -> np.ndarray:
        expression = self.scope.equation(self.physics.equations[equation], ())
        return numbers(self.scope.insert_exact(expression), self.inputs).numpy()

    def stress_matrix(self) -> np.ndarray:
        """[N, 3, 3], with the stress out of plane."""
        letters = list(self.inputs)
        stress = np.zeros((30, 3, 3))
        for i, a in enumerate(letters):
            for j, b in enumerate(letters):
                stress[:, i, j] = self.quantity(f"stress_{min(a, b)}{max(a, b)}")
        if "stress_out_of_plane" in self.physics.definitions:
            stress[:, 2, 2] = self.quantity("stress_out_of_plane")
        return stress


GENERAL = {"ux": "0.1*x**2*y - 0.2*y + sin(x*y)/9", "uy": "0.3*x*y**2 + x/5 + exp(-x)*y/7"}
GENERAL_3D = {"ux": "0.1*x**2*y - z*y/5", "uy": "0.3*x*y*z + x/5 + exp(-x)*y/7", "uz": "0.2*cos(x + 2*z)*y + z**2/3"}


def general(plane: str | None, **parameters) -> Body:
    return Body(plane, GENERAL_3D if plane is None else GENERAL, **parameters)


def names(plane: str | None, kind: str) -> list[str]:
    return [f"{kind}_{a}" for a in (("xx", "xy", "xz", "yy", "yz", "zz") if plane is None else ("xx", "xy", "yy"))]


@pytest.mark.parametrize("plane", CASES)
def test_rigid_motion_leaves_no_stress(plane):
    spatial = {"ux": "1 - 2*y + 3*z", "uy": "-4 + 2*x - 0.5*z", "uz": "7 - 3*x + 0.5*y"}
    planar = {"ux": "1 - 2*y", "uy": "-4 + 2*x"}
    body = Body(plane, spatial if plane is None else planar)
    for name in (*names(plane, "strain"), *names(plane, "stress"), "von_mises"):
        assert not body.quantity(name).any(), name
    for equation in body.physics.equations:
        assert not body.residual(equation).any()


@pytest.mark.parametrize("plane", CASES)
def test_uniaxial_tension(plane):
    """stress_xx = 42 alone; the strains are Hooke's."""
    pull = 42.0
    if plane == "stress":
        along, across = pull / E, -NU * pull / E
    elif plane == "strain":  # the stress out of plane is NU*pull
        along, across = pull * (1 - NU**2) / E, -pull * NU * (1 + NU) / E
    else:
        along, across = pull / E, -NU * pull / E
    displacement = {"ux": f"{along!r}*x", "uy": f"{across!r}*y", **({"uz": f"{across!r}*z"} if plane is None else {})}
    body = Body(plane, displacement)
    np.testing.assert_allclose(body.quantity("strain_xx"), along, rtol=1e-14)
    np.testing.assert_allclose(body.quantity("strain_yy"), across, rtol=1e-14)
    np.testing.assert_allclose(body.quantity("stress_xx"), pull, rtol=1e-13)
    for name in set(names(plane, "stress")) - {"stress_xx"}:
        np.testing.assert_allclose(body.quantity(name), 0, atol=1e-13 * pull)
    out = NU * pull if plane == "strain" else 0.0
    if plane == "strain":
        np.testing.assert_allclose(body.quantity("stress_out_of_plane"), out, rtol=1e-13)
    np.testing.assert_allclose(body.quantity("von_mises"), np.sqrt(pull**2 - pull * out + out**2), rtol=1e-13)
    np.testing.assert_allclose(body.traction("x", {"x": 0.6, "y": 0.8, "z": 0.0}), 0.6 * pull, rtol=1e-13)
    np.testing.assert_allclose(body.traction("y", {"x": 0.6, "y": 0.8, "z": 0.0}), 0, atol=1e-12)


@pytest.mark.parametrize("plane", CASES)
def test_simple_shear(plane):
    displacement = {"ux": "0.01*y", "uy": "0", **({"uz": "0"} if plane is None else {})}
    body = Body(plane, displacement)
    np.testing.assert_allclose(body.quantity("strain_xy"), 0.005, rtol=1e-14)
    np.testing.assert_allclose(body.quantity("stress_xy"), 0.01 * E / (2 * (1 + NU)), rtol=1e-14)
    assert not body.quantity("stress_xx").any()
    np.testing.assert_allclose(body.quantity("von_mises"), np.sqrt(3) * 0.01 * E / (2 * (1 + NU)), rtol=1e-14)


@pytest.mark.parametrize("plane", CASES)
def test_hookes_law_inverted(plane):
    """strain_ij = ((1 + nu) stress_ij - nu delta_ij stress_kk)/E with the stress out of plane among stress_kk."""
    body = general(plane)
    stress = body.stress_matrix()
    trace = np.trace(stress, axis1=1, axis2=2)
    letters = list(body.inputs)
    for i, a in enumerate(letters):
        for j, b in enumerate(letters[i:], start=i):
            strain = ((1 + NU) * stress[:, i, j] - NU * (i == j) * trace) / E
            np.testing.assert_allclose(body.quantity(f"strain_{a}{b}"), strain, rtol=1e-11, atol=1e-14)
    if plane == "strain":  # and none out of plane
        np.testing.assert_allclose((1 + NU) * stress[:, 2, 2] - NU * trace, 0, atol=1e-12 * np.abs(trace).max())


@pytest.mark.slow
@pytest.mark.parametrize("plane", CASES)
def test_invariants_are_those_of_the_stress_matrix(plane):
    body = general(plane)
    stress = body.stress_matrix()
    deviator = stress - np.trace(stress, axis1=1, axis2=2)[:, None, None] / 3 * np.eye(3)
    von_mises = np.sqrt(1.5 * (deviator**2).sum(axis=(1, 2)))
    np.testing.assert_allclose(body.quantity("von_mises"), von_mises, rtol=1e-12)
    if plane is None:
        principal = np.linalg.eigvalsh(stress)[:, ::-1]
        np.testing.assert_allclose(
            body.quantity("mean_stress"), np.trace(stress, axis1=1, axis2=2) / 3, rtol=1e-12, atol=1e-12
        )
    else:
        principal = np.linalg.eigvalsh(stress[:, :2, :2])[:, ::-1]
    for k in range(principal.shape[1]):
        found = body.quantity(f"principal_stress_{k + 1}")
        np.testing.assert_allclose(found, principal[:, k], rtol=1e-9, atol=1e-9 * np.abs(principal).max())


@pytest.mark.parametrize("pull", [5.0, -5.0])
def test_principal_stresses_where_two_are_equal(pull):
    displacement = {"ux": f"{pull / E!r}*x", "uy": f"{-NU * pull / E!r}*y", "uz": f"{-NU * pull / E!r}*z"}
    body = Body(None, displacement)
    found = [body.quantity(f"principal_stress_{k}") for k in (1, 2, 3)]
    expected = [5.0, 0.0, 0.0] if pull > 0 else [0.0, 0.0, -5.0]
    for computed, true in zip(found, expected, strict=True):
        np.testing.assert_allclose(
            computed, true, atol=1e-6
        )  # the angle of Lode is known to the root of a rounding error there


@pytest.mark.parametrize("plane", PLANE_CASES)
@pytest.mark.parametrize("modulus", ["210", "210*(1 + x/2)*exp(y/3)"])
def test_equilibrium_against_the_stress_differentiated_by_hand(plane, modulus):
    """With a modulus that varies in space, the divergence of the stress has its gradient in it."""
    body = Body(plane, GENERAL, youngs_modulus=modulus, body_force=["3*x", "y - 2"])
    ux = X**2 * Y / 10 - Y / 5 + sympy.sin(X * Y) / 9
    uy = 3 * X * Y**2 / 10 + X / 5 + sympy.exp(-X) * Y / 7
    modulus_here = sympy.Integer(210) if modulus == "210" else 210 * (1 + X / 2) * sympy.exp(Y / 3)
    nu = sympy.Rational(3, 10)
    exx, eyy, exy = ux.diff(X), uy.diff(Y), (ux.diff(Y) + uy.diff(X)) / 2
    if plane == "stress":
        factor = modulus_here / (1 - nu**2)
        sxx, syy = factor * (exx + nu * eyy), factor * (eyy + nu * exx)
    else:
        factor = modulus_here / ((1 + nu) * (1 - 2 * nu))
        sxx, syy = factor * ((1 - nu) * exx + nu * eyy), factor * ((1 - nu) * eyy + nu * exx)
    sxy = modulus_here / (1 + nu) * exy
    for equation, true in (
        ("equilibrium_x", sxx.diff(X) + sxy.diff(Y) + 3 * X),
        ("equilibrium_y", sxy.diff(X) + syy.diff(Y) + Y - 2),
    ):
        expected = numbers(true, body.inputs).numpy()
        np.testing.assert_allclose(body.residual(equation), expected, rtol=1e-11, atol=1e-11 * np.abs(expected).max())


def test_navier_in_three_dimensions():
    """(lambda + mu) grad div u + mu Laplace u + f, with constant moduli."""
    body = general(None, body_force=["z", "x*y", "-9.81"])
    u = [body.scope.resolve(f"u{c}", exact=True) for c in "xyz"]
    mu, lame = E / (2 * (1 + NU)), E * NU / ((1 + NU) * (1 - 2 * NU))
    divergence = sum(component.diff(c) for component, c in zip(u, (X, Y, Z), strict=True))
    for component, c, force in zip(u, (X, Y, Z), (Z, X * Y, -9.81), strict=True):
        laplacian = sum(component.diff(axis, 2) for axis in (X, Y, Z))
        expected = numbers((lame + mu) * divergence.diff(c) + mu * laplacian + force, body.inputs).numpy()
        found = body.residual(f"equilibrium_{c}")
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-11 * np.abs(expected).max())


def test_three_dimensions_without_displacement_along_z_are_plane_strain():
    plane, solid = Body("strain", GENERAL), Body(None, {**GENERAL, "uz": "0"})
    solid.inputs |= plane.inputs
    for name in ("stress_xx", "stress_yy", "stress_xy", "von_mises", "strain_xy"):
        np.testing.assert_allclose(solid.quantity(name), plane.quantity(name), rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(solid.quantity("stress_zz"), plane.quantity("stress_out_of_plane"), rtol=1e-13)
    for equation in plane.physics.equations:
        np.testing.assert_allclose(solid.residual(equation), plane.residual(equation), rtol=1e-12, atol=1e-11)


def test_traction_is_stress_times_normal():
    normal = {"x": 2 / 3, "y": -1 / 3, "z": 2 / 3}
    body = general(None)
    expected = body.stress_matrix() @ np.array([2 / 3, -1 / 3, 2 / 3])
    for k, c in enumerate("xyz"):
        np.testing.assert_allclose(body.traction(c, normal), expected[:, k], rtol=1e-12, atol=1e-12)


def test_other_letters_for_the_coordinates():
    plain = Body("stress", GENERAL)
    renamed = {"ur": "0.1*r**2*s - 0.2*s + sin(r*s)/9", "us": "0.3*r*s**2 + r/5 + exp(-r)*s/7"}
    other = Body("stress", renamed, "rs")
    other.inputs = {"r": plain.inputs["x"], "s": plain.inputs["y"]}
    np.testing.assert_allclose(other.quantity("stress_rs"), plain.quantity("stress_xy"), rtol=1e-13)
    np.testing.assert_allclose(other.residual("equilibrium_s"), plain.residual("equilibrium_y"), rtol=1e-12)


@pytest.mark.parametrize(
    ("coordinates", "parameters", "message"),
    [
        ("xy", {}, "'youngs_modulus' is missing"),
        ("xy", {"youngs_modulus": 1, "poissons_ratio": 0.3}, "'plane' is missing"),
        ("xy", {"youngs_modulus": 1, "poissons_ratio": 0.3, "plane": "stres"}, "did you mean 'stress'"),
        ("xyz", {"youngs_modulus": 1, "poissons_ratio": 0.3, "plane": "stress"}, "belongs to two dimensions"),
        ("xy", {"young_modulus": 1}, "did you mean 'youngs_modulus'"),
        ("x", {"youngs_modulus": 1, "poissons_ratio": 0.3}, "2 or 3 dimensions"),
        (
            "xy",
            {"youngs_modulus": 1, "poissons_ratio": 0.3, "plane": "stress", "body_force": [1]},
            "needs 2 components",
        ),
        ("xy", {"youngs_modulus": True, "poissons_ratio": 0.3, "plane": "stress"}, "must be a number or an expression"),
    ],
)
def test_wrong_parameters(coordinates, parameters, message):
    with pytest.raises(SpecError, match=message):
        build_physics(
            "linear_elasticity",
            {"plane": "stress", **parameters} if message.startswith("'youngs") else parameters,
            coordinates,
        )


def test_unknown_physics():
    with pytest.raises(SpecError, match="did you mean 'linear_elasticity'"):
        build_physics("linear_elastisity", {}, ("x", "y"))
    assert "linear_elasticity" in PHYSICS
