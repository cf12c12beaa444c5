"""Loads that have no closed form are refused at their place, with a way out."""

from __future__ import annotations

import pytest

import pinn
from pinn.errors import SpecError
from tests.point_loads.examples import SQUARE, body, scalar

FORCE = "{at: [0.7, 1.1], force: [0, -1]}"
SOURCE = "{at: [0.7, 1.1], source: 5}"
HALVES = "\nsubdomains: {west: {rectangle: {from: [0, 0], to: [1, 2]}}, east: rest}\n"
JOINED = "interfaces: [{between: [west, east], continuous: [u, u_n]}]\n"


@pytest.mark.parametrize(
    ("make", "path", "said"),
    [
        (lambda: scalar("{at: [3, 1], source: 5}"), ("point_loads", 0, "at"), "lies outside the domain"),
        (lambda: scalar("{at: [0.7], source: 5}"), ("point_loads", 0, "at"), "needs the coordinates x, y"),
        (lambda: scalar("{at: [0.7, 2], source: 5}"), ("point_loads", 0, "at"), "lies on 'top', where what is given"),
        (lambda: body("{at: [0.7, 0], force: [0, 1]}"), ("point_loads", 0, "at"), "lies on 'bottom'"),
        (lambda: body("{at: [0.7, 1.1], force: 5}"), ("point_loads", 0, "force"), "a number for each of ux, uy"),
        (lambda: body("{at: [0.7, 1.1], source: 5}"), ("point_loads", 0, "source"), "acts on one field"),
        (lambda: scalar("{at: [0.7, 1.1], force: [0, 5]}"), ("point_loads", 0, "force"), "must be a number"),
        (lambda: scalar("{at: [0.7, 1.1]}"), ("point_loads", 0), "needs its size"),
        (lambda: scalar("{at: [0.7, 1.1], force: 1, source: 1}"), ("point_loads", 0), "and not both"),
        (lambda: scalar("{at: [[0.7, 1.1], [1, 1]], force: 1}"), ("point_loads", 0, "at"), "must be one point"),
        (lambda: scalar(SOURCE, "'-d((1 + x)*u_x, x) - d((1 + x)*u_y, y) = 0'"), ("point_loads", 0), "constant coeff"),
        (lambda: scalar(SOURCE, "-laplacian(u) + 3*u = 0"), ("point_loads", 0), "'balance' has constant coefficients"),
        (lambda: scalar(SOURCE, "-laplacian(u) + u**2 = 0"), ("point_loads",), "known of linear equations"),
        (lambda: scalar(SOURCE, "u_xx - u_yy = 0"), ("point_loads", 0, "source"), "not elliptic"),
        (lambda: scalar(SOURCE, "u_xxxx + u_yyyy = 0"), ("point_loads", 0, "source"), "has D\\*Laplace.2 alone"),
        (
            lambda: scalar("{at: [1, 1], source: 5}", more=HALVES + JOINED),
            ("point_loads", 0, "at"),
            "lies on an interface",
        ),
    ],
)
def test_a_load_without_a_closed_form_is_refused(make, path, said):
    with pytest.raises(SpecError, match=said) as caught:
        make()
    refusals = getattr(caught.value, "refusals", [caught.value])
    assert refusals[0].path[: len(path)] == path


def test_a_body_that_is_not_isotropic_is_refused():
    material = "youngs_modulus_1: 10, youngs_modulus_2: 1, poissons_ratio_12: 0.3, shear_modulus_12: 1"
    text = f"""
name: wood
coordinates: [x, y]
physics: {{orthotropic_elasticity: {{{material}, plane: stress}}}}
domain: {SQUARE}
point_loads: [{FORCE}]
conditions: [{{on: bottom, fixed: true}}, {{on: boundary, traction: [0, 0]}}]
"""
    with pytest.raises(SpecError, match="isotropic body"):
        pinn.load(text)


def test_a_probe_at_the_load_says_that_its_quantity_is_infinite_there():
    probe = "\nprobes: {there: {quantity: stress_yy, at: [0.7, 1.1]}}\n"
    with pytest.raises(SpecError, match="infinite under the force at"):
        body(FORCE, more=probe)
