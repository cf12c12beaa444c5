"""Exponents against closed characteristic equations, to 1e-8."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import root

from pinn.corners.functions import corner_functions
from tests.corners.wedges import biharmonic, elastic, isotropic, kolosov, lame, laplace, residuals, stokes

CLOSE = 1e-8
START = 0.2  # radians: no axis of the coordinates is an edge


def radians(*degrees: float) -> list[float]:
    return [START + math.radians(angle) for angle in degrees]


def solution(equation, near: complex) -> complex:
    """The root of an analytic equation next to a value that is a little off."""

    def parts(a):
        value = equation(complex(a[0], a[1]))
        return [value.real, value.imag]

    found = root(parts, [near.real + 1e-4, near.imag + 1e-4], tol=1e-14)
    return complex(*found.x)


def assert_are_roots(exponents, equation):
    assert len(exponents)
    for exponent in exponents:
        assert abs(solution(equation, exponent) - exponent) < CLOSE, exponent


def not_integer(exponents):
    return [a for a in exponents if abs(a - round(a.real)) > 1e-6]


@pytest.mark.parametrize("angle", [30, 90, 137, 270, 300, 360])
@pytest.mark.parametrize(("kinds", "first"), [("DD", 1), ("NN", 1), ("DN", 0.5), ("ND", 0.5)])
def test_laplace(angle, kinds, first):
    """(first + k) pi/angle, and nothing else."""
    found = corner_functions(laplace(radians(0, angle), [1.0], kinds), 3.0)
    expected = [a for k in range(8) if (a := (first + k) * 180 / angle) < 3 - 1e-9]
    np.testing.assert_allclose(found.exponents, expected, atol=CLOSE)
    assert residuals(found.wedge, found) < 1e-10


@pytest.mark.parametrize(("angle", "expected"), [(270, [0.54448374, 0.90852919]), (360, [0.5, 0.5])])
def test_notch_free_of_traction(angle, expected):
    found = corner_functions(elastic(radians(0, angle), [isotropic(210e3, 0.3)], "FF"), 1.0)
    np.testing.assert_allclose(found.exponents, expected, atol=CLOSE)


@pytest.mark.parametrize("angle", [100, 200, 270, 330])
def test_free_and_free(angle):
    """sin(a angle) = +- a sin(angle): Williams 1952."""
    w = math.radians(angle)
    found = corner_functions(elastic(radians(0, angle), [isotropic(1.0, 0.3)], "FF"), 2.5)
    assert_are_roots(not_integer(found.exponents), lambda a: np.sin(a * w) ** 2 - a**2 * math.sin(w) ** 2)
    assert residuals(found.wedge, found) < 1e-10


@pytest.mark.parametrize("nu", [0.0, 0.3, 0.45])
@pytest.mark.parametrize("angle", [90, 220])
def test_clamped_and_clamped(angle, nu):
    """kappa^2 sin^2(a angle) = a^2 sin^2(angle)."""
    w, kappa = math.radians(angle), kolosov(nu)
    found = corner_functions(elastic(radians(0, angle), [isotropic(1.0, nu)], "CC"), 2.5)
    assert_are_roots(found.exponents, lambda a: kappa**2 * np.sin(a * w) ** 2 - a**2 * math.sin(w) ** 2)


@pytest.mark.parametrize("angle", [47.5, 90, 180, 300])
def test_clamped_and_free(angle):
    """4 kappa sin^2(a angle) = (kappa + 1)^2 - 4 a^2 sin^2(angle)."""
    w, kappa = math.radians(angle), kolosov(0.3)
    found = corner_functions(elastic(radians(0, angle), [isotropic(1.0, 0.3)], "CF"), 2.5)
    assert_are_roots(
        found.exponents, lambda a: 4 * kappa * np.sin(a * w) ** 2 - (kappa + 1) ** 2 + 4 * a**2 * math.sin(w) ** 2
    )


def test_clamped_and_free_at_a_right_angle():
    found = corner_functions(elastic(radians(0, 90), [isotropic(1.0, 0.3)], "CF"), 2.0)
    np.testing.assert_allclose(found.exponents, [0.71117293, 1.71509323 + 0.54053604j], atol=CLOSE)


def test_crack_between_two_materials():
    """1/2 + i epsilon with epsilon = log((1 - beta)/(1 + beta))/(2 pi), beta of Dundurs."""
    (E1, nu1), (E2, nu2) = (1.0, 0.3), (10.0, 0.3)
    (_, mu1), (_, mu2), kappa1, kappa2 = lame(E1, nu1), lame(E2, nu2), kolosov(nu1), kolosov(nu2)
    beta = (mu2 * (kappa1 - 1) - mu1 * (kappa2 - 1)) / (mu2 * (kappa1 + 1) + mu1 * (kappa2 + 1))
    epsilon = abs(math.log((1 - beta) / (1 + beta)) / (2 * math.pi))
    found = corner_functions(elastic(radians(-180, 0, 180), [isotropic(E1, nu1), isotropic(E2, nu2)], "FF"), 1.6)
    np.testing.assert_allclose(found.exponents, [0.5 + 1j * epsilon, 1, 1, 1.5 + 1j * epsilon], atol=CLOSE)
    assert abs(epsilon - 0.075812) < 1e-6
    assert len(found.functions) == 4  # real and imaginary parts; rotation and uniform stress are polynomials
    assert residuals(found.wedge, found) < 1e-10


def williams_determinant(a: complex, parts) -> complex:
    """Of Airy functions r^(a+1) F, F = A sin(a+1)t + B cos(a+1)t + C sin(a-1)t + D cos(a-1)t, in two bonded sectors.

    parts   (from, to, mu, kappa) of each; outer edges free
    """

    def rows(t, mu, kappa):
        p, m = a + 1, a - 1
        f = np.array([np.sin(p * t), np.cos(p * t), np.sin(m * t), np.cos(m * t)])
        df = np.array([p * np.cos(p * t), -p * np.sin(p * t), m * np.cos(m * t), -m * np.sin(m * t)])
        own = np.array([0, 0, np.sin(m * t), np.cos(m * t)])
        turned = np.array([0, 0, np.cos(m * t), -np.sin(m * t)])
        along = (-p * f + (kappa + 1) * own) / (2 * mu)
        across = (-df - (kappa + 1) * turned) / (2 * mu)
        return f, df, along, across

    (t0, t1, mu1, kappa1), (_, t2, mu2, kappa2) = parts
    zero = np.zeros(4)
    lower, upper = rows(t0, mu1, kappa1), rows(t2, mu2, kappa2)
    below, above = rows(t1, mu1, kappa1), rows(t1, mu2, kappa2)
    matrix = [
        *(np.concatenate([row, zero]) for row in lower[:2]),
        *(np.concatenate([zero, row]) for row in upper[:2]),
        *(np.concatenate([first, -second]) for first, second in zip(below, above, strict=True)),
    ]
    return complex(np.linalg.det(np.array(matrix)))


@pytest.mark.parametrize("angles", [(-90, 0, 90), (-180, 0, 90), (-100, 20, 130)])
def test_notch_between_two_materials(angles):
    """The determinant of Bogy (J. Appl. Mech. 38 (1971) 377) for two bonded wedges."""
    (E1, nu1), (E2, nu2) = (1.0, 0.35), (8.0, 0.2)
    found = corner_functions(elastic(radians(*angles), [isotropic(E1, nu1), isotropic(E2, nu2)], "FF"), 2.0)
    t = np.radians(angles)
    parts = [
        (t[0], t[1], lame(E1, nu1)[1], kolosov(nu1)),
        (t[1], t[2], lame(E2, nu2)[1], kolosov(nu2)),
    ]
    assert_are_roots(not_integer(found.exponents), lambda a: williams_determinant(a, parts))
    assert residuals(found.wedge, found) < 1e-10


@pytest.mark.parametrize("kinds", ["NN", "DD"])
def test_two_conductors(kinds):
    """k1 tan(a w1) + k2 tan(a w2) = 0 for insulated edges, with cotangents for held ones."""
    (w1, w2), (k1, k2) = np.radians([90, 150]), (1.0, 7.0)
    found = corner_functions(laplace(radians(0, 90, 240), [k1, k2], kinds), 2.5)
    if kinds == "NN":
        expected = lambda a: k1 * np.sin(a * w1) * np.cos(a * w2) + k2 * np.sin(a * w2) * np.cos(a * w1)  # noqa: E731
    else:
        expected = lambda a: k1 * np.cos(a * w1) * np.sin(a * w2) + k2 * np.cos(a * w2) * np.sin(a * w1)  # noqa: E731
    assert_are_roots(found.exponents, expected)


def test_corner_of_an_inclusion():
    """Sectors all the way round: k1 tan(a w/2) = -k2 tan(a (pi - w/2)), or with cotangents."""
    w, k1, k2 = math.radians(90), 1.0, 7.0
    found = corner_functions(laplace(radians(0, 90, 360), [k1, k2], "O"), 2.0)
    assert len(found.functions) == 2
    assert_are_roots(
        [function.exponent for function in found.functions],
        lambda a: (
            (
                k1 * np.sin(a * w / 2) * np.cos(a * (np.pi - w / 2))
                + k2 * np.cos(a * w / 2) * np.sin(a * (np.pi - w / 2))
            )
            * (
                k1 * np.cos(a * w / 2) * np.sin(a * (np.pi - w / 2))
                + k2 * np.sin(a * w / 2) * np.cos(a * (np.pi - w / 2))
            )
        ),
    )
    assert residuals(found.wedge, found) < 1e-10


def orthotropic(E1: float, E2: float, G: float, nu: float) -> np.ndarray:
    """Plane stress, axis 1 along x (Jones, eq. 2.61)."""
    D = 1 - nu**2 * E2 / E1
    return np.array([[E1 / D, nu * E2 / D, 0], [nu * E2 / D, E2 / D, 0], [0, 0, G]])


@pytest.mark.slow
@pytest.mark.parametrize("moduli", [(2.0, 1.0, 0.5, 0.3), (14.0, 1.0, 0.5, 0.3)])
def test_orthotropic_notch(moduli):
    """Lekhnitskii's complex potentials: the derivatives of sum_k C_k (x + p_k y)^(a+1) + c.c. vanish on both edges."""
    E1, E2, G, nu = moduli
    low, high = START, START + math.radians(270)
    found = corner_functions(elastic([low, high], [orthotropic(*moduli)], "FF"), 1.4)
    p = np.roots([1, 0, E1 / G - 2 * nu, 0, E1 / E2])  # p^4/E1 + (1/G - 2 nu/E1) p^2 + 1/E2 = 0, times E1
    angles = np.linspace(low, high, 4001)

    def determinant(a: complex) -> complex:
        rows = []
        z = np.cos(angles)[:, None] + p * np.sin(angles)[:, None]
        power = np.exp(a * (np.log(np.abs(z)) + 1j * np.unwrap(np.angle(z), axis=0)))
        for end in (0, -1):
            rows += [power[end], p * power[end]]
        return complex(np.linalg.det(np.array(rows)))

    singular = not_integer(found.exponents)
    assert len(singular) == 2
    assert_are_roots(singular, determinant)
    assert residuals(found.wedge, found) < 1e-10


@pytest.mark.parametrize(("angle", "expected"), [(90, 2.73959336 + 1.11902453j), (360, 0.5)])
def test_flow_between_two_walls(angle, expected):
    """sin^2(a angle) = a^2 sin^2(angle): Moffatt, J. Fluid Mech. 18 (1964) 1; at 90 degrees his eddies."""
    w = math.radians(angle)
    found = corner_functions(stokes(radians(0, angle), "CC", viscosity=1e-3), 3.0)
    assert abs(found.exponents[0] - expected) < CLOSE
    if angle < 360:
        assert_are_roots(found.exponents, lambda a: np.sin(a * w) ** 2 - a**2 * math.sin(w) ** 2)
    assert residuals(found.wedge, found) < 1e-10


def test_flow_between_a_wall_and_no_stress():
    """The incompressible limit of clamped and free, kappa = 1, with the pressure as a field."""
    found = corner_functions(stokes(radians(0, 90), "CF", viscosity=2e5), 2.5)
    assert_are_roots(found.exponents, lambda a: 4 * np.sin(a * np.pi / 2) ** 2 - 4 + 4 * a**2)
    assert residuals(found.wedge, found) < 1e-10


@pytest.mark.parametrize("angle", [90, 270])
def test_clamped_plate(angle):
    """Equations of fourth order: w = r^a with sin^2((a - 1) angle) = (a - 1)^2 sin^2(angle)."""
    w = math.radians(angle)
    found = corner_functions(biharmonic(radians(0, angle)), 4.0)
    assert_are_roots(not_integer(found.exponents), lambda a: np.sin((a - 1) * w) ** 2 - (a - 1) ** 2 * math.sin(w) ** 2)
    assert min(a.real for a in found.exponents) > 1  # less would have an infinite energy
    assert residuals(found.wedge, found) < 1e-9  # of four derivatives


def test_units_do_not_matter():
    soft, hard = (
        corner_functions(elastic(radians(0, 200), [isotropic(E, 0.3)], "CF"), 2.0).exponents for E in (1e-6, 1e12)
    )
    np.testing.assert_allclose(soft, hard, atol=1e-11)
