"""Densities of energies: known ones are found, what has none is refused, a wrong one is noticed."""

from __future__ import annotations

import pytest
import torch

from pinn.equations.energy.variational import RandomJets, belongs, even_splits, find_density
from pinn.spec.language.expressions import Scope

SPACE = Scope(["x", "y"], fields=["u", "v"], constants={"mu": 3, "k": 2})
PLANE = Scope(["x", "y"], fields=["u"], constants={"k": 2})


def jets(scope: Scope) -> RandomJets:
    generator = torch.Generator().manual_seed(1)
    return RandomJets({axis: torch.rand(9, generator=generator, dtype=torch.float64) for axis in scope.axes})


@pytest.mark.parametrize(
    ("equation", "density"),
    [
        ("-laplacian(u) - sin(pi*x)", "(u_x**2 + u_y**2)/2 - sin(pi*x)*u"),
        ("-laplacian(u) + u**3 - k**2*u", "(u_x**2 + u_y**2)/2 + u**4/4 - k**2*u**2/2"),
        ("d(exp(x*y)*u_x, x) + d(2*u_y, y) + y", "-exp(x*y)*u_x**2/2 - u_y**2 + y*u"),
        ("d((1 + x)*u_xx, x, x) + d(u_x, x) - 1", "(1 + x)*u_xx**2/2 - u_x**2/2 - u"),
        ("u_xx + u_xy + u_yy", "-(u_x**2 + u_x*u_y + u_y**2)/2"),
    ],
)
def test_the_energy_of_an_equation(equation, density):
    """Found and expected have the same Euler-Lagrange equation, though they may differ by a divergence."""
    stated = PLANE.expression(equation, ())
    found = find_density([stated], PLANE, jets(PLANE))
    assert found is not None
    assert belongs(found, [stated], PLANE, jets(PLANE))
    assert belongs(PLANE.expression(density, ()), [stated], PLANE, jets(PLANE))


@pytest.mark.parametrize(
    "equation",
    ["laplacian(u) + u_x", "u*u_x - u_yy", "d((1 + u)*u_x, x)", "u_xxx", "exp(x)*u_xx", "u_xx + exp(u)"],
)
def test_equations_without_a_known_energy(equation):
    assert find_density([PLANE.expression(equation, ())], PLANE, jets(PLANE)) is None


def test_coupled_equations_need_the_same_coupling_in_both():
    coupled = ["d(mu*u_x + v_y, x) + u_yy + v", "v_xx + d(mu*v_y + u_x, y) + u"]
    assert find_density([SPACE.expression(text, ()) for text in coupled], SPACE, jets(SPACE)) is not None
    uneven = [coupled[0], coupled[1].replace("u_x,", "2*u_x,")]
    assert find_density([SPACE.expression(text, ()) for text in uneven], SPACE, jets(SPACE)) is None
    assert find_density([SPACE.expression(coupled[0], ())], SPACE, jets(SPACE)) is None


@pytest.mark.parametrize("wrong", ["u_x**2 + u_y**2/2 - x*u", "(u_x**2 + u_y**2)/2 - 2*x*u", "-(u_x**2 + u_y**2)/2"])
def test_a_wrong_density_is_noticed(wrong):
    equation = PLANE.expression("-laplacian(u) - x", ())
    assert belongs(PLANE.expression("(u_x**2 + u_y**2)/2 - x*u", ()), [equation], PLANE, jets(PLANE))
    assert not belongs(PLANE.expression(wrong, ()), [equation], PLANE, jets(PLANE))
    stored = PLANE.expression("u_x**2 + u_y**2/2", ())
    assert find_density([equation], PLANE, jets(PLANE), stored) is None


def test_shares_of_even_splits_add_up():
    for orders in ((2, 0), (1, 1), (2, 2), (4, 0), (3, 1)):
        assert sum(share for share, _, _ in even_splits(orders)) == 1
