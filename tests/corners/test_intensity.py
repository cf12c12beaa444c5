"""Stress intensity factors against the opening of cracks, which is another way to define them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from pinn.corners.basis import CornerBasis
from pinn.corners.functions import corner_functions
from pinn.corners.intensity import intensities
from pinn.derivatives.jets import plan_jets
from tests.corners.wedges import elastic, isotropic, kolosov, lame


def stresses(stiffness: np.ndarray, sector: int) -> dict:
    """xx, yy, xy over ux, uy of a sector."""
    ux, uy = f"ux{sector}", f"uy{sector}"
    strain = [{(ux, (1, 0)): 1.0}, {(uy, (0, 1)): 1.0}, {(ux, (0, 1)): 1.0, (uy, (1, 0)): 1.0}]
    return {
        name: {key: row[k] * value for k, part in enumerate(strain) for key, value in part.items()}
        for name, row in zip(("xx", "yy", "xy"), stiffness, strict=True)
    }


def displacement(found, names, angle: float, r: float, turn: float) -> np.ndarray:
    """[2, n] on a ray, seen from `turn` anticlockwise (+1) or clockwise (-1) of it."""
    basis = CornerBasis([0.0, 0.0], found, names)
    c, s = math.cos(angle), math.sin(angle)
    inward = torch.tensor([[-turn * s, turn * c]], dtype=torch.float64)
    point = torch.tensor([[r * c, r * s]], dtype=torch.float64)
    return basis.jets(point, plan_jets([], 2), inward)[0][0].numpy()


def factors_of(found, displacement, of_sectors):
    names = list(dict.fromkeys(name for sector in found.wedge.sectors for name in sector.outputs))
    return intensities(CornerBasis([0.0, 0.0], found, names), found.wedge, names, displacement, of_sectors)


@pytest.mark.parametrize("tilt", [0.0, 0.7])
def test_a_crack(tilt):
    """[u_theta] = 8 K_I sqrt(r/(2 pi))/E', [u_r] = 8 K_II sqrt(r/(2 pi))/E', E' = E/(1 - nu^2)."""
    E, nu, r = 3.0, 0.3, 0.01
    stiffness = isotropic(E, nu)
    found = corner_functions(elastic([tilt - math.pi, tilt + math.pi], [stiffness], "FF"), 1.2)
    factors = factors_of(found, ["ux0", "uy0"], [stresses(stiffness, 0)])
    assert abs(factors.direction - tilt) < 1e-12
    upper = displacement(found, ["ux0", "uy0"], tilt + math.pi, r, -1)
    lower = displacement(found, ["ux0", "uy0"], tilt - math.pi, r, 1)
    c, s = math.cos(tilt), math.sin(tilt)
    along, across = np.array([[c, s], [-s, c]]) @ (upper - lower)
    unit = 8 * math.sqrt(r / (2 * math.pi)) * (1 - nu**2) / E
    np.testing.assert_allclose(across, factors.opening * unit, atol=1e-10)
    np.testing.assert_allclose(along, factors.shearing * unit, atol=1e-10)
    assert np.linalg.matrix_rank(np.array([factors.opening, factors.shearing])) == 2


def test_half_a_crack_under_symmetry():
    """The edge of symmetry is the direction ahead: theta = 0 here."""
    E, nu, r = 3.0, 0.3, 0.01
    stiffness = isotropic(E, nu)
    found = corner_functions(elastic([0.0, math.pi], [stiffness], "SF"), 1.0)
    factors = factors_of(found, ["ux0", "uy0"], [stresses(stiffness, 0)])
    assert factors.direction == 0
    (opening,), shearing = factors.opening, factors.shearing
    above = displacement(found, ["ux0", "uy0"], math.pi, r, -1)[1, 0]
    np.testing.assert_allclose(2 * above, opening * 8 * math.sqrt(r / (2 * math.pi)) * (1 - nu**2) / E, rtol=1e-9)
    np.testing.assert_allclose(shearing, 0, atol=1e-10)


def test_a_crack_between_two_materials():
    """[u_y] + i [u_x] = 8 K r^(1/2 + i eps)/((1 + 2 i eps) cosh(pi eps) E* sqrt(2 pi)): Rice 1988, eq. (18)."""
    lower, upper, r = (1.0, 0.3), (10.0, 0.2), 0.01
    stiffnesses = [isotropic(*lower), isotropic(*upper)]
    found = corner_functions(elastic([-math.pi, 0.0, math.pi], stiffnesses, "FF"), 0.9)
    names = ["ux0", "uy0", "ux1", "uy1"]
    factors = factors_of(found, names, [stresses(stiffness, n) for n, stiffness in enumerate(stiffnesses)])
    (mu1, mu2), (k1, k2) = (lame(*upper)[1], lame(*lower)[1]), (kolosov(upper[1]), kolosov(lower[1]))
    epsilon = math.log((k1 / mu1 + 1 / mu2) / (k2 / mu2 + 1 / mu1)) / (2 * math.pi)  # 1 is above
    modulus = 2 / sum((1 - nu**2) / E for E, nu in (lower, upper))
    K = factors.opening + 1j * factors.shearing
    power = np.exp((0.5 + 1j * epsilon) * math.log(r))
    expected = 8 * K * power / ((1 + 2j * epsilon) * math.cosh(math.pi * epsilon) * modulus * math.sqrt(2 * math.pi))
    above = displacement(found, names, math.pi, r, -1)[2:]
    below = displacement(found, names, -math.pi, r, 1)[:2]
    jump = above - below
    np.testing.assert_allclose(jump[1] + 1j * jump[0], expected, atol=1e-9)


def test_a_notch_has_one_function_for_each_mode():
    stiffness = isotropic(1.0, 0.3)
    found = corner_functions(elastic([-0.75 * math.pi, 0.75 * math.pi], [stiffness], "FF"), 1.7)
    factors = factors_of(found, ["ux0", "uy0"], [stresses(stiffness, 0)])
    assert factors.singular.tolist() == [True, True, False, False]
    assert abs(factors.shearing[0]) < 1e-9 < abs(factors.opening[0])
    assert abs(factors.opening[1]) < 1e-9 < abs(factors.shearing[1])
    assert not factors.opening[2:].any()
