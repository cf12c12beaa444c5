"""Warnings of what is allowed but probably not meant."""

from pathlib import Path

import pytest

import pinn
from pinn.problem.loading import build
from pinn.problem.warnings import warnings
from pinn.spec.yaml.source import parse_spec

ROOT = Path(__file__).resolve().parents[2]
POISSON = """
name: poisson
coordinates: [x, y]
fields: [u]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: {poisson: -laplacian(u) = 1}
conditions: CONDITIONS
network: {activation: ACTIVATION}
"""


def problem(conditions: str = "[{on: boundary, u: 0}]", activation: str = "gelu"):
    return build(parse_spec(POISSON.replace("CONDITIONS", conditions).replace("ACTIVATION", activation)))


@pytest.mark.parametrize(
    ("activation", "said"),
    [
        ("gelu", None),
        ("relu3", None),
        ("relu", "relu has zero derivatives of order 2 almost everywhere; equation poisson needs order 2"),
        ("elu", None),
    ],
)
def test_activation_that_cannot_carry_the_equation_is_named(activation, said):
    assert warnings(problem(activation=activation)) == ([said] if said else [])


def test_more_conditions_than_the_equation_takes_are_named():
    found = warnings(problem("[{on: top, u_n: 1}, {on: boundary, u: 0}]"))
    assert len(found) == 1
    assert "patch 'top' has 2 conditions (u_n, u) where the equations take 1" in found[0]


@pytest.mark.slow
def test_problems_of_pinnacle_warn_of_nothing():
    """Nor do the others, each of which is solved in `tests/problems/test_run.py`."""
    files = list(ROOT.glob("problems/pinnacle/*.yaml"))
    assert files
    for file in files:
        assert warnings(pinn.load(file)) == [], file
