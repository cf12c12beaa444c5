"""What is continuous across a jump, read from the equation: against the physics' own words for it."""

from __future__ import annotations

from functools import partial

import pytest
import sympy

from pinn.equations.jumps.flux import FluxReader
from pinn.equations.meanings import read_meaning
from pinn.errors import SpecError
from pinn.spec.language.branches import comparisons_of
from pinn.spec.language.expressions import Scope
from pinn.spec.schema import load_schema
from pinn.spec.yaml.source import parse_spec

K = "where(x < 0.5, 1, 10)"
NAMES = {"k": K, "rho": "where(x < 0.5, 2, 3)", "smooth": "1 + x**2 + y**2"}
JUMPING = comparisons_of(Scope(["x", "y"]).expression(K, ()))


def reader(smooth: int = 1, **more) -> FluxReader:
    return FluxReader(["x", "y"], fields=["u"], definitions=NAMES, smooth={"u": smooth}, jumping=JUMPING, **more)


@pytest.mark.parametrize(
    ("equation", "smooth", "wanted"),
    [
        ("d(k*u_x, x) + d(k*u_y, y) = 0", 1, {"flux": "k*u_x*nx + k*u_y*ny"}),
        ("laplacian(u) = k", 1, {"flux": "u_x*nx + u_y*ny"}),
        ("rho*d(k*u_x, x) = u", 1, {"flux": "k*u_x*nx"}),  # a common factor is none of the flux
        ("d(x*k*u_x, x)/x + d(k*u_y, y) = 0", 1, {"flux": "k*u_x*nx + k*u_y*ny"}),  # a radius
        ("d(rho*u - smooth*u_x, x) = 0", 1, {"flux": "rho*u*nx - smooth*u_x*nx"}),
        ("u*u_x = d(k*u_x, x)", 1, {"flux": "-k*u_x*nx"}),  # u is continuous already
        ("d(u_x - k, x) = 0", 1, {"flux": "u_x*nx - k*nx"}),
        ("d(k*(1 + u**2)*u_x, x) = 0", 1, {"flux": "k*(1 + u**2)*u_x*nx"}),
        ("d(k*u, x) = 0", 0, {"flux": "k*u*nx"}),
        ("d(k*u_xx, x, x) = 1", 2, {"moment": "k*u_xx*nx**2", "flux": "k*u_xxx*nx"}),
        ("u_x + u_xxx = k", 1, {"flux": "u_xx*nx", "moment": "u_x*nx**2"}),
        ("k*u_xx + rho*u_yy = 0", 1, {"slope": "u_n"}),  # no flux, but a solution with second derivatives
    ],
)
def test_fluxes(equation, smooth, wanted):
    scope = reader(smooth)
    found = {name.removesuffix(" of e"): value for name, value in scope.fluxes("e", equation, ("equations", "e"))}
    if "slope" in wanted:
        wanted = {"u_n": wanted["slope"]}
    plain = Scope(["x", "y"], fields=["u"], definitions=NAMES)
    assert set(found) == set(wanted)
    for name, text in wanted.items():
        expected = plain.expression(text, ())
        within = plain.within({JUMPING.copy().pop(): sympy.S.One})
        assert sympy.simplify(within.settled(found[name]) - within.settled(expected)) == 0


@pytest.mark.parametrize(
    ("equation", "why"),
    [
        ("k*u_xx + d(k, x)*u_x = 0", "a factor that jumps stands before"),
        ("u_xx*u_yy - u_xy**2 = k", "multiply each other"),
        ("u_xx = d(k, x, x)", "more often than the solution bears"),
        ("u = d(k, x)", "more often than the solution bears"),
    ],
)
def test_what_is_no_flux_is_refused(equation, why):
    with pytest.raises(SpecError) as caught:
        list(reader().fluxes("e", equation, ("equations", "e")))
    assert why in caught.value.message
    assert caught.value.path == ("equations", "e")
    assert "write it as the derivative of a flux, such as d(k*u_x, x)" in caught.value.message


SPEC = """
name: plate
coordinates: [x, y]
physics: {PHYSICS}
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
conditions: []
"""


@pytest.mark.parametrize(
    "physics",
    [
        "linear_elasticity: {youngs_modulus: 'where(x < 0.5, 1, 10)', poissons_ratio: 0.3, plane: stress}",
        "linear_elasticity: {youngs_modulus: 1, poissons_ratio: 0.3, plane: strain, thermal_expansion: 1e-5, "
        "temperature: 'where(x < 0.5, 0, 100)'}",
        "incompressible_elasticity: {youngs_modulus: 'where(x < 0.5, 1, 10)', poissons_ratio: 0.5, plane: strain}",
    ],
)
def test_the_flux_of_an_elastic_body_is_the_traction(physics):
    spec = load_schema(parse_spec(SPEC.replace("PHYSICS", physics), "plate.yaml"))
    order = dict.fromkeys(("ux", "uy"), 1) | {"p": 0}
    theirs, scope = read_meaning(spec, kind=partial(FluxReader, smooth=order, jumping=JUMPING))
    for axis in "xy":
        name = f"equilibrium_{axis}"
        ((_, flux),) = scope.fluxes(name, theirs.equations[name], ())
        assert sympy.expand(flux - scope.resolve(f"traction_{axis}")) == 0
