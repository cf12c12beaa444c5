"""Activation functions and their derivatives, against mpmath with 50 digits."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import torch
from mpmath import mp
from scipy.integrate import quad

from pinn.network.activations import ACTIVATIONS, INFINITE, MAX_ORDER, gelu_derivatives

DIGITS = 50
NEAR_ZERO = [s * z for z in (1e-12, 1e-8, 1e-4, 0.01, 0.1) for s in (1, -1)]
ELSEWHERE = [s * z for z in (0.33, 0.7518, 1, math.sqrt(2), 1.9, 2.5, 3.3, 4.7, 6, 8, 11, 16, 20) for s in (1, -1)]
POINTS = [*NEAR_ZERO, *ELSEWHERE]  # 0 itself is a kink of some functions and has a test of its own


def normal_distribution(z):
    return mp.erfc(-z / mp.sqrt(2)) / 2


def positive(z):
    return z if z > 0 else mpmath.mpf(0)


FUNCTIONS = {
    "gelu": lambda z: z * normal_distribution(z),
    "gelu_tanh": lambda z: z / 2 * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (z + mpmath.mpf("0.044715") * z**3))),
    "lambda_gelu": lambda z: z * normal_distribution(z),
    "tanh": mp.tanh,
    "silu": lambda z: z / (1 + mp.exp(-z)),
    "sin": mp.sin,
    "softplus": lambda z: mp.log(1 + mp.exp(z)),
    "elu": lambda z: z if z > 0 else mp.expm1(z),
    "relu": positive,
    "leaky_relu": lambda z: z if z > 0 else mpmath.mpf(0.01) * z,
    "relu3": lambda z: positive(z) ** 3,
}
# Of a derivative's largest value. The fourth derivative of gelu_tanh multiplies 1 - tanh(v)^2, which has lost its last
# digits, by v'(z)^4, which reaches some hundreds.
ACCURACY = dict.fromkeys(FUNCTIONS, 1e-14) | {"gelu_tanh": 2e-12}
SMOOTH = [name for name, activation in ACTIVATIONS.items() if activation.smoothness == INFINITE]


def true_derivative(name: str, z: float, n: int) -> float:
    with mp.workdps(DIGITS):
        point = mpmath.mpf(z)
        # Between the kinks the functions are analytic: a step far below |z| stays on one side.
        return float(
            mp.diff(FUNCTIONS[name], point, n, h=abs(point) * mpmath.mpf(10) ** -12 if name not in SMOOTH else None)
        )


def closed_forms(name: str, points, n: int = MAX_ORDER) -> np.ndarray:
    """[n + 1, points]"""
    z = torch.tensor(points, dtype=torch.float64)
    return torch.stack(ACTIVATIONS[name].derivatives(z, n)).numpy()


def test_every_activation_has_a_reference():
    assert set(FUNCTIONS) == set(ACTIVATIONS)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_derivatives_against_mpmath(name):
    computed = closed_forms(name, POINTS)
    for n in range(MAX_ORDER + 1):
        true = np.array([true_derivative(name, z, n) for z in POINTS])
        largest = max(np.abs(true).max(), np.abs(closed_forms(name, np.linspace(-20, 20, 4001))[n]).max())
        error = np.abs(computed[n] - true)
        assert error.max() <= ACCURACY[name] * largest, f"order {n} at z = {POINTS[int(error.argmax())]}"


@pytest.mark.parametrize("name", SMOOTH)
def test_derivatives_at_zero(name):
    with mp.workdps(DIGITS):
        true = [float(c * mp.factorial(n)) for n, c in enumerate(mp.taylor(FUNCTIONS[name], 0, MAX_ORDER))]
    np.testing.assert_allclose(closed_forms(name, [0.0])[:, 0], true, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_function_is_the_derivative_of_order_zero(name):
    z = torch.tensor([*POINTS, 0.0, 50.0, -50.0, 1e3, -1e3], dtype=torch.float64)
    expected = ACTIVATIONS[name].function(z)
    torch.testing.assert_close(ACTIVATIONS[name].derivatives(z, 0)[0], expected, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("n", range(MAX_ORDER + 1))
def test_as_many_derivatives_as_asked_for(name, n):
    np.testing.assert_array_equal(closed_forms(name, POINTS, n), closed_forms(name, POINTS)[: n + 1])


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_derivatives_far_out_are_finite_and_keep_the_dtype(name, dtype):
    z = torch.tensor([1e3, -1e3, 50, -50, 38.7, -38.7, 0], dtype=dtype)
    for derivative in ACTIVATIONS[name].derivatives(z, MAX_ORDER):
        assert derivative.dtype == dtype
        assert torch.isfinite(derivative).all()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_order_is_the_highest_derivative_that_is_not_zero(name):
    computed = closed_forms(name, POINTS)
    order = ACTIVATIONS[name].order
    for n in range(1, MAX_ORDER + 1):
        largest = np.abs(computed[n]).max()
        assert largest == 0 if n > order else largest > 1e-3, n


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_smoothness_is_the_highest_derivative_without_a_jump(name):
    below, above = closed_forms(name, [-1e-9]), closed_forms(name, [1e-9])
    jumps = np.abs(above - below)[:, 0]
    smoothness = ACTIVATIONS[name].smoothness
    for n in range(MAX_ORDER + 1):
        if n <= smoothness:
            assert jumps[n] < 1e-7, n
        elif n == smoothness + 1:
            assert jumps[n] > 0.5, n


def test_second_derivative_of_relu_is_exactly_zero():
    for name in ("relu", "leaky_relu"):
        assert not closed_forms(name, np.linspace(-5, 5, 1001))[2:].any()


def test_first_derivative_of_relu_is_the_step():
    np.testing.assert_array_equal(closed_forms("relu", [-3.0, -1e-9, 1e-9, 3.0])[1], [0, 0, 1, 1])
    np.testing.assert_array_equal(closed_forms("leaky_relu", [-3.0, -1e-9, 1e-9, 3.0])[1], [0.01, 0.01, 1, 1])


# ---- lambda-GELU: the constants of METHODS § 3 ---------------------------------------------------


def lambda_gelu(x, hardness: float, n: int = 0) -> np.ndarray:
    """n-th derivative of x Phi(hardness x) from that of GELU."""
    z = torch.as_tensor(np.asarray(x, dtype=float)) * hardness
    return gelu_derivatives(z, n)[n].numpy() * hardness ** (n - 1)


@pytest.mark.parametrize("hardness", [1.0, 2.0, 7.5])
def test_gauge_identity(hardness):
    """x Phi(hardness x) = GELU(hardness x)/hardness, both sides with all derivatives."""
    with mp.workdps(DIGITS):
        for x in (-1.3, -0.4, 0.2, 1.7):
            for n in range(MAX_ORDER + 1):
                true = float(mp.diff(lambda v: v * normal_distribution(hardness * v), x, n))
                assert lambda_gelu(x, hardness, n) == pytest.approx(true, rel=1e-12, abs=1e-14 * hardness**n)


@pytest.mark.parametrize("hardness", [1.0, 4.0])
def test_extremes_of_the_derivatives(hardness):
    x = np.linspace(-6, 6, 240_001) / hardness
    first, second, third, fourth = (lambda_gelu(x, hardness, n) / hardness ** (n - 1) for n in (1, 2, 3, 4))
    assert first.max() == pytest.approx(1.128904, abs=1e-6)
    assert x[first.argmax()] * hardness == pytest.approx(math.sqrt(2), abs=1e-3)
    assert second.max() == pytest.approx(0.797885, abs=1e-6)
    assert second.min() == pytest.approx(-0.107982, abs=1e-6)
    assert abs(x[second.argmin()]) * hardness == pytest.approx(2, abs=1e-3)
    assert np.abs(third).max() == pytest.approx(0.77877, abs=1e-5)
    assert fourth[np.abs(fourth).argmax()] == pytest.approx(-1.595769, abs=1e-6)


@pytest.mark.parametrize("hardness", [1.0, 3.0])
def test_second_derivative_vanishes_at_root_two(hardness):
    roots = np.array([math.sqrt(2), -math.sqrt(2)]) / hardness
    assert np.abs(lambda_gelu(roots, hardness, 2)).max() < 1e-15 * hardness
    inside, outside = lambda_gelu(roots * 0.99, hardness, 2), lambda_gelu(roots * 1.01, hardness, 2)
    assert (inside > 0).all()
    assert (outside < 0).all()


@pytest.mark.parametrize("hardness", [1.0, 5.0])
def test_distance_from_relu(hardness):
    x = np.linspace(0, 8, 400_001) / hardness
    gap = np.abs(lambda_gelu(x, hardness) - x)
    assert gap.max() == pytest.approx(0.169971 / hardness, rel=1e-5)
    assert x[gap.argmax()] * hardness == pytest.approx(0.751792, abs=1e-4)
    whole, _ = quad(lambda v: abs(float(lambda_gelu(v, hardness)) - max(v, 0)), 0, 10 / hardness, epsabs=1e-13)
    assert 2 * whole == pytest.approx(1 / (2 * hardness**2), rel=1e-9)


@pytest.mark.parametrize("hardness", [1.0, 5.0])
def test_integrals_of_the_curvature(hardness):
    edge = 12 / hardness
    whole, _ = quad(lambda v: float(lambda_gelu(v, hardness, 2)), -edge, edge, epsabs=1e-13)
    square, _ = quad(lambda v: float(lambda_gelu(v, hardness, 2)) ** 2, -edge, edge, epsabs=1e-13)
    assert whole == pytest.approx(1, abs=1e-11)
    assert square == pytest.approx(0.7758 * hardness, rel=1e-4)


def test_odd_part_is_half_the_identity():
    x = np.linspace(-9, 9, 101)
    np.testing.assert_allclose(lambda_gelu(x, 2.0) - lambda_gelu(-x, 2.0), x, rtol=1e-15, atol=1e-15)
