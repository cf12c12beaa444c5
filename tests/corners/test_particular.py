"""Data that do not vanish in a corner, and logarithms where they resonate."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pinn.corners.functions import corner_functions
from tests.corners.wedges import elastic, isotropic, laplace, residuals, stokes

RIGHT = math.pi / 2


def only_particular(wedge, below):
    found = corner_functions(wedge, below)
    particular = [function for function in found.functions if function.particular]
    assert len(particular) == 1
    assert residuals(wedge, found) < 1e-10
    return particular[0]


def test_a_constant_source_in_a_right_angle():
    """Laplace u = f, u = 0 on both edges: u = f (x y log r + ...)/pi and polynomials cannot."""
    function = only_particular(laplace([0, RIGHT], [1.0], "DD", source=3.0), 2.5)
    assert function.exponent == 2
    assert function.logarithms == 1


def test_fluxes_that_jump_on_a_straight_edge():
    function = only_particular(laplace([0, math.pi], [1.0], "NN", data=[[1.0], [0.0]]), 1.5)
    assert (function.exponent, function.logarithms) == (1, 1)


def test_a_flux_that_grows_from_a_right_angle():
    function = only_particular(laplace([0, RIGHT], [1.0], "NN", data=[[0.0, 1.0], [0.0]]), 2.5)
    assert (function.exponent, function.logarithms) == (2, 1)


def test_values_that_jump():
    """u = theta, of infinite energy: what data of a jump ask for."""
    function = only_particular(laplace([0, RIGHT], [1.0], "DD", data=[[1.0], [0.0]]), 1.5)
    assert (function.exponent, function.logarithms) == (0, 0)


def test_velocities_that_jump():
    """The lid of a cavity: velocities of r^0, a pressure of 1/r."""
    function = only_particular(stokes([0, RIGHT], "CC", 0.01, [(0.0, 0.0), (0.0, 1.0)]), 1.5)
    assert function.exponent == 0


@pytest.mark.parametrize("angle", [RIGHT, 1.2])
def test_a_shear_traction_beside_a_free_edge(angle):
    """Symmetric stresses cannot have it: r log r."""
    s, c = math.sin(angle), math.cos(angle)
    wedge = elastic([0, angle], [isotropic(1, 0.3)], "FF", data=[[[0.0], [0.0]], [[c], [s]]])
    function = only_particular(wedge, 1.5)
    assert (function.exponent, function.logarithms) == (1, 1)


def test_a_pressure_beside_a_free_edge_at_another_angle():
    """Uniform stress has it: (nothing on y = 0) leaves sigma_xx, which suits one traction on the other edge only."""
    angle = 2.0
    normal = (-math.sin(angle), math.cos(angle))
    wedge = elastic([0, angle], [isotropic(1, 0.3)], "FF", data=[[[0.0], [0.0]], [[normal[0]], [normal[1]]]])
    function = only_particular(wedge, 1.3)
    assert function.exponent == 1


@pytest.mark.parametrize(
    "wedge",
    [
        laplace([0, RIGHT], [1.0], "NN", data=[[1.0], [2.0]]),  # u = -y - 2 x
        laplace([0, 1.9], [1.0], "DD", data=[[1.0, 2.0], [1.0, -1.0]]),  # 1 and a linear function
        elastic([0, RIGHT], [isotropic(1, 0.3)], "FF", data=[[[0.0], [-1.0]], [[0.0], [0.0]]]),  # uniform pressure
        laplace([0, math.pi], [1.0], "NN", source=1.0),
        laplace([0, 1.9], [1.0], "DD", source=3.0),  # r^2 (1 - cos(2 theta - w)/cos w)
    ],
)
def test_what_polynomials_do_is_left_to_them(wedge):
    assert not any(function.particular for function in corner_functions(wedge, 2.5).functions)


def test_how_much_of_it_there_is():
    """Twice the source, twice the multiple."""
    one, two = (only_particular(laplace([0, RIGHT], [1.0], "DD", source=f), 2.5).multiple for f in (1.0, 2.0))
    assert one is not None
    assert two is not None
    np.testing.assert_allclose(two, 2 * one)


def test_a_double_exponent_with_one_eigenfunction_takes_a_logarithm():
    """Free and free at tan(w) = w: rotation and the bending of a tip have the exponent one together."""
    w = 4.493409457909064
    found = corner_functions(elastic([0.3, 0.3 + w], [isotropic(1, 0.3)], "FF"), 1.5)
    double = [function for function in found.functions if abs(function.exponent - 1) < 1e-6]
    assert [function.logarithms for function in double] == [1]
    assert residuals(found.wedge, found) < 1e-10
