"""A problem from Python's own pieces is the one that its YAML states."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import sympy

import pinn
from pinn.geometry.build.shape import SHAPES

X, Y = sympy.symbols("x y")
U = sympy.Function("u")(X, Y)
K = sympy.Function("k")


def poisson(**further) -> pinn.Problem:
    return pinn.problem(
        "poisson",
        coordinates=[X, Y],
        fields=[U],
        domain=pinn.shapes.rectangle((0, 0), to=(1, 2)),
        equations={"poisson": sympy.Eq(-U.diff(X, 2) - U.diff(Y, 2), sympy.exp(X) * 1.5)},
        conditions=[{"on": "boundary", U: 0}],
        **further,
    )


def test_it_is_the_problem_that_a_page_of_yaml_states(tmp_path):
    file = tmp_path / "poisson.yaml"
    stated = poisson(solver={"tolerance": 1e-3}, file=file)
    text = """
name: poisson
coordinates: [x, y]
fields: [u]
domain: {rectangle: {from: [0, 0], to: [1, 2]}}
equations: {poisson: "-u_xx - u_yy = 1.5*exp(x)"}
conditions: [{on: boundary, u: 0}]
solver: {tolerance: 1e-3}
"""
    assert stated.spec == pinn.load(text).spec == pinn.load(file).spec
    assert "constants" not in file.read_text(encoding="utf-8")  # what was stated, and no more


def test_shapes_are_cut_and_joined():
    shapes = pinn.shapes
    plate, hole, other = (
        shapes.rectangle((0, 0), (4, 2)),
        shapes.disk((1, 1), 0.5, name="hole"),
        shapes.disk((3, 1), 0.5),
    )
    disk = {"center": (1, 1), "radius": 0.5}
    cut = plate - hole - other
    assert [*cut] == ["difference"]
    assert [*map(dict, cut["difference"])] == [dict(plate), {"disk": {**disk, "name": "hole"}}, dict(other)]
    assert dict(hole | other)["union"] == [hole, other]
    assert dict(plate & hole)["intersection"] == [plate, hole]
    assert dict(shapes.interval(from_=0, to=1)) == {"interval": {"from": 0, "to": 1}}
    assert dir(shapes) == sorted(SHAPES)
    with pytest.raises(AttributeError, match="no shape 'rectangel'; did you mean 'rectangle'"):
        _ = shapes.rectangel
    with pytest.raises(TypeError, match="disk takes center, radius, name; got 4 values"):
        shapes.disk(1, 2, 3, 4)
    with pytest.raises(TypeError):
        _ = plate - 3


@pytest.mark.slow
def test_arrays_and_functions_are_coefficients(tmp_path):
    """(k u')' = 0 with k = 1 + u and u from 0 to 1: u + u^2/2 is linear."""
    x = sympy.Symbol("x")
    u = sympy.Function("u")(x)
    problem = pinn.problem(
        "material",
        coordinates=[x],
        fields=[u],
        domain=pinn.shapes.interval(0, 1),
        tables={"k": pinn.table(lambda T: 1 + T, T=(-1, 3))},
        equations=[sympy.Eq(sympy.Derivative(K(u) * u.diff(x), x), 0)],
        conditions=[{"on": "left", u: 0}, {"on": "right", u: 1}],
        file=tmp_path / "material.yaml",
    )
    for one in (problem, pinn.load(tmp_path / "material.yaml"), pickle.loads(pickle.dumps(problem))):
        solution = pinn.solve(one)
        at = np.linspace(0, 1, 11)[:, None]
        np.testing.assert_allclose(solution(at, ["u"])["u"], np.sqrt(1 + 3 * at[:, 0]) - 1, atol=1e-7)


def test_a_room_and_a_function_share_a_name():
    import pinn.problem.loading  # gives the name to the room

    assert callable(pinn.problem)
    with pytest.raises(pinn.SpecError, match="<mapping>:1:1: coordinates: needs a letter for each axis"):
        pinn.problem("nothing")
