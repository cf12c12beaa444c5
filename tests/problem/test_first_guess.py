"""First guess: what a spec says, or what conditions give a field that means nothing at zero."""

from __future__ import annotations

import pytest
import torch

import pinn
from pinn.derivatives.jets import Partial
from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import Derivative
from pinn.errors import Divergence, SpecError
from pinn.problem.first_guess import guessed_jets
from tests.training.examples import problem

TEXT = """
name: guess
coordinates: [x]
fields: FIELDS
domain: {interval: {from: 0, to: 1}}
equations: {balance: "EQUATION"}
conditions: [{on: left, u: 1}, {on: right, u: 3}]
"""
FEW = "{method: {least_squares: {features: 60, scale: 2}}, threads: 1, time_limit: 3600}"


def guessed(equation: str, fields: str = "[u]"):
    return problem(TEXT.replace("EQUATION", equation).replace("FIELDS", fields), solver=FEW)


@pytest.mark.parametrize(
    ("equation", "level"),
    [
        ("u_xx = 1/u", 2.0),
        ("d(log(u)*u_x, x) = 0", 2.0),
        ("-u_xx = 3e3*exp(-9/u)", 2.0),
        ("u*u_xx = 1 + u_x**2", 2.0),
        ("u_xx = u**3", None),
        ("u_xx = 1/(1 + x)", None),
    ],
)
def test_where_zero_means_nothing_given_values_are_the_start(equation, level):
    found = guessed(equation).first_guess
    assert {name: float(value) for name, value in found.items()} == ({} if level is None else {"u": level})


def test_a_stated_guess_has_derivatives_of_its_own():
    found = guessed("u_xx = 1/u", "{u: {initial: 1 + 2*x**3}}")
    x = torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64)
    wanted = tuple(Derivative("u", Partial((order,))) for order in range(3))
    jets = guessed_jets(found, PointSet(x[:, None]), wanted)
    expected = (1 + 2 * x**3, 6 * x**2, 12 * x)
    for derivative, values in zip(wanted, expected, strict=True):
        torch.testing.assert_close(jets[derivative], values)


def test_a_problem_that_is_infinite_at_zero_is_solved():
    """u^(3/2) is linear in x."""
    solution = pinn.solve(guessed("d(sqrt(u)*u_x, x) = 0"))
    assert float(solution([[0.5]])["u"][0]) ** 1.5 == pytest.approx((1 + 3**1.5) / 2, abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(("initial", "root"), [(0.5, 1.0), (-3, -2.0)])
def test_a_stated_guess_chooses_among_solutions(initial, root):
    text = TEXT.replace("FIELDS", f"{{u: {{initial: {initial}}}}}").replace("EQUATION", "u_xx = (u - 1)*(u + 2)")
    text = text.replace("[{on: left, u: 1}, {on: right, u: 3}]", "[{on: boundary, u_n: 0}]")
    assert float(pinn.solve(problem(text, solver=FEW))([[0.3]])["u"][0]) == pytest.approx(root, abs=1e-6)


def test_without_a_start_the_message_names_the_cure():
    """Newton's line ends below zero, where there is no root."""
    text = TEXT.replace("FIELDS", "[u]").replace("EQUATION", "u_x = -sqrt(u)").replace("to: 1}", "to: 1.5}")
    text = text.replace("{on: right, u: 3}", "{on: right, free: true}")
    with pytest.raises(Divergence, match=r"state where to start from, such as fields: \{u: \{initial: 1\}\}"):
        pinn.solve(problem(text, solver=FEW))


def test_a_stated_guess_is_where_a_problem_is_tried_out():
    with pytest.raises(SpecError, match="is not a finite number"):
        guessed("u_xx = log(u - 5)")
    assert guessed("u_xx = log(u - 5)", "{u: {initial: 6 + x}}").first_guess


def test_what_a_spec_keeps_and_refuses():
    kept = guessed("u_xx = 1/u", "{u: {initial: 2}}").spec.resolved()
    assert kept["fields"] == {"u": {"initial": 2}}
    assert guessed("u_xx = 1/u", "[u]").spec.resolved()["fields"] == ["u"]
    with pytest.raises(SpecError, match="depends on u; a first guess is of coordinates and constants"):
        guessed("u_xx = 1/u", "{u: {initial: u + 1}}")
    with pytest.raises(SpecError, match="unknown key 'initail'; did you mean 'initial'"):
        guessed("u_xx = 1/u", "{u: {initail: 2}}")
