"""Estimates of a body whose loads are out of balance are no smaller than that."""

from __future__ import annotations

import pytest

from pinn.solution.balance import Balance
from pinn.solution.estimating import Estimates, no_smaller_than
from pinn.solution.metrics import balanced
from pinn.solution.solution import Solution
from tests.training.examples import model_of, problem

BODY = """
name: body
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: 1, poissons_ratio: 0.3, plane: stress}}
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
conditions:
  - {on: left, fixed: true}
  - {on: right, traction: [1, 0]}
  - {on: rest, traction: [0, 0]}
solver: {tolerance: 1e-5}
"""
SMALL = Estimates(quantities={"ux": 1e-4, "stress": 0.3}, probes={"tip": (2e-3, 1e-4), "zero": (0.0, 0.0)})


def missing(share: float) -> dict[str, Balance]:
    return {"equilibrium_x": Balance(applied={"right": 1.0}, reactions={"left": share - 1.0}, size=1.0)}


def test_none_is_below_it_and_a_larger_one_stays():
    found = no_smaller_than(SMALL, 1e-2)
    assert found.quantities == {"ux": 1e-2, "stress": 0.3}
    assert found.probes["tip"] == pytest.approx((0.2, 1e-2))
    assert found.probes["zero"] == (0.0, 0.0)


@pytest.mark.parametrize(("share", "expected"), [(1e-2, 1e-2), (1e-3, 1e-3), (5e-5, 1e-4)])
def test_a_body_out_of_balance_by_more_than_its_tolerance(share, expected):
    body = problem(BODY)
    solution = Solution(body, model_of(body), {}, [], {})
    assert balanced(body, solution, SMALL, missing(share)).quantities["ux"] == pytest.approx(expected)


def test_reactions_of_a_least_energy_say_less_than_its_fields():
    body = problem(BODY)
    solution = Solution(body, model_of(body), {}, [{"energy_error": 0.1}], {})
    assert balanced(body, solution, SMALL, missing(1e-2)) is SMALL
