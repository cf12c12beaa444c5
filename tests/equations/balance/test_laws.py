"""Conservation laws among the equations: their fluxes and sources, as they are on paper."""

from __future__ import annotations

import pytest
import sympy

from pinn.equations.balance.laws import conservation_laws, flux_reader, have_moments, plain
from tests.training.examples import problem

TEXT = """
name: rod
coordinates: [x]
time: {from: 0, to: 1}
constants: {c: 3}
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {heat: "EQUATION"}
conditions: [{on: initial, u: 0}, {on: boundary, u: 0}]
"""
BODY = """
name: body
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: "1 + x", poissons_ratio: 0.3, plane: stress, body_force: [0, -2]}}
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
conditions: [{on: boundary, displacement: [0, 0]}]
"""


def laws_of(text: str):
    found = problem(text)
    return [conservation_laws(found.spec, subdomain) for subdomain in found.subdomains]


@pytest.mark.parametrize(
    ("equation", "flux", "source"),
    [
        ("c*u_t - d((1 + x)*u_x, x) = x", "-(1 + x)*u_x*nx", "3*u_t - x"),
        ("c*u_t = d((1 + u)*u_x, x) + 5", "-(1 + u)*u_x*nx", "3*u_t - 5"),
        ("u_t + u*u_x = 2*u_xx", "-2*u_x*nx", "u_t + u*u_x"),
        ("u_t + d(u**2/2, x) = 0", "nx*u**2/2", "u_t"),
        ("u_tt + 7*u_xxxx = 0", "7*u_xxx*nx", "u_tt"),
    ],
)
def test_flux_and_source(equation, flux, source):
    text = TEXT.replace("EQUATION", equation)
    text = text.replace("{on: initial, u: 0}", "{on: initial, u: 0, u_t: 0}") if "u_tt" in equation else text
    ((law,),) = laws_of(text)
    scope = problem(text).scope
    assert sympy.expand(law.flux - scope.expression(flux, ())) == 0
    assert sympy.expand(law.source - scope.expression(source, ())) == 0


@pytest.mark.parametrize("equation", ["u_t = (1 + x)*u_xx", "u_t + u**2 = 0*u_x", "u_t = u_x**2"])
def test_what_conserves_nothing(equation):
    """A coefficient before the divergence is a source that hangs on the highest derivatives."""
    assert laws_of(TEXT.replace("EQUATION", equation)) == [[]]


def test_what_conserves_along_one_coordinate_alone():
    text = BODY[: BODY.index("physics")] + BODY[BODY.index("domain") :].replace("displacement: [0, 0]", "u: 0")
    assert laws_of(text + "fields: [u]\nequations: {skew: u_xx + (1 + x)*u_yy = 1}\n") == [[]]


def test_each_part_of_a_cut_domain_has_its_own_flux():
    found = laws_of(TEXT.replace("EQUATION", "u_t = d(where(x < 0.5, 1, 10)*u_x, x)"))
    assert sorted(str(law.flux) for (law,) in found) == ["-10*nx*u_x", "-nx*u_x"]


def test_forces_have_moments_where_the_stress_is_symmetric():
    body = problem(BODY)
    laws = conservation_laws(body.spec, body.subdomains[0])
    _, reader = flux_reader(body.spec, body.subdomains[0])
    tractions = [plain(reader.resolve(name), reader) for name in ("traction_x", "traction_y")]
    assert [law.name for law in laws] == ["equilibrium_x", "equilibrium_y"]
    assert [law.source for law in laws] == [0, -2]
    assert have_moments(laws, tractions, "xy")
    assert not have_moments(laws[::-1], tractions, "xy")
    skew = tractions[1] + sympy.Symbol("nx", real=True)
    assert not have_moments([laws[0], type(laws[1])("skew", skew, laws[1].source)], [tractions[0], skew], "xy")
