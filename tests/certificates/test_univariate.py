import mpmath
import numpy as np
import pytest

from pinn.certificates.univariate import UNIVARIATE

FUNCTIONS = {
    "gelu": lambda z: z * mpmath.ncdf(z),
    "silu": lambda z: z / (1 + mpmath.exp(-z)),
    "softplus": lambda z: mpmath.log(1 + mpmath.exp(z)),
    "tanh": mpmath.tanh,
    "sin": mpmath.sin,
}
POINTS = np.array([0.0, 0.3, -0.7, 1.414, -2.9, 4.1, -7.5, 15.0, -20.0])
HIGHEST = 12


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives_are_right_to_the_error_that_they_state(name):
    with mpmath.workdps(60):
        values, errors = UNIVARIATE[name].at(POINTS, HIGHEST)
        for i, z in enumerate(POINTS):
            series = mpmath.taylor(FUNCTIONS[name], mpmath.mpf(float(z)), HIGHEST)
            for k in range(HIGHEST + 1):
                off = abs(series[k] * mpmath.factorial(k) - mpmath.mpf(float(values[k][i])))
                assert off <= errors[k][i] + 1e-36 * mpmath.mpf(10) ** k
                assert errors[k][i] <= 1e-14 * max(1.0, abs(z)) * max(1.0, 30.0**k)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("order", [2, 3, 4, 7, 12])
def test_no_value_lies_beyond_a_bound_and_bounds_are_tight(name, order):
    distance = np.linspace(0, 12, 481)
    beyond = np.linspace(0, 30, 6001)
    values = np.abs(UNIVARIATE[name].at(beyond, order)[0][order])
    largest = np.maximum.accumulate(values[::-1])[::-1][np.searchsorted(beyond, distance)]
    found = UNIVARIATE[name].bound(order, distance)
    assert (found >= largest * (1 - 1e-9)).all()
    near = distance < 3
    steep = 1.02 + 0.01 * order  # the next derivative is larger than this one, by more and more
    assert (found[near] <= steep * largest[near]).all()


def test_the_largest_of_gelu_are_those_in_closed_form():
    for order, largest in ((2, 0.7978845608), (3, 0.7787626919), (4, 1.5957691216)):
        assert largest <= UNIVARIATE["gelu"].bound(order, np.zeros(1))[0] < 1.001 * largest


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_bound_everywhere_is_one(name):
    z = np.linspace(-12, 12, 2401)
    for order in range(2, 20):
        values, errors = UNIVARIATE[name].at(z, order)
        assert UNIVARIATE[name].anywhere(order) >= (np.abs(values[order]) - errors[order]).max()
