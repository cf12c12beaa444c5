"""Periodic ends as statements: as many derivatives agree as the equations leave free."""

from __future__ import annotations

import pytest

from pinn.domain.places import Periodic
from pinn.problem.loading import build
from pinn.spec.yaml.source import parse_spec

SPEC = """
name: ring
coordinates: [x, y]
fields: [u, v]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: EQUATIONS
conditions: [{on: [top, bottom], u: 0, v: 0}, {periodic: [left, right]}]
network: {periodic: SWITCH}
"""


def ring(equations: str, switch: str = "off"):
    return build(parse_spec(SPEC.replace("EQUATIONS", equations).replace("SWITCH", switch)))


@pytest.mark.parametrize(
    ("equations", "names"),
    [
        ("[u_x = v, v_x = u]", ["periodic u", "periodic v"]),
        ("[laplacian(u) = v, laplacian(v) = u]", ["periodic u", "periodic u_x", "periodic v", "periodic v_x"]),
        (
            "['laplacian(laplacian(u)) = v', v_yyy = u]",
            [f"periodic {field}{end}" for field in "uv" for end in ("", "_x", "_xx", "_xxx")],
        ),
    ],
)
def test_derivatives_below_the_order_of_the_equations_agree(equations, names):
    joined = [s for s in ring(equations).statements if isinstance(s.place, Periodic)]
    assert [statement.name for statement in joined] == names
    assert {statement.path for statement in joined} == {("conditions", 1, "periodic")}


def test_a_network_that_is_periodic_needs_no_statement():
    problem = ring("[laplacian(u) = v, laplacian(v) = u]", "auto")
    assert problem.periods == {0: 1.0}
    assert not [s for s in problem.statements if isinstance(s.place, Periodic)]
