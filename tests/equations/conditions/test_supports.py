"""Words for how a body is held and loaded state what the same conditions state with numbers."""

from __future__ import annotations

import pytest
import torch

import pinn
from pinn.errors import SpecError
from pinn.problem.contradictions import exact_jets, exact_outputs

BODY = """
name: body
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: 3, poissons_ratio: 0.3, plane: strain}}
domain: {%s}
conditions:
"""
SQUARE = "rectangle: {from: [0, 0], to: [1, 1]}"
RING = "difference: [{disk: {center: [0, 0], radius: 2, name: outer}}, {disk: {center: [0, 0], radius: 1, name: hole}}]"
BOX = """
name: box
coordinates: [x, y, z]
physics: {linear_elasticity: {youngs_modulus: 3, poissons_ratio: 0.3}}
domain: {cylinder: {from: [0, 0, 0], to: [0, 0, 2], radius: 1}}
conditions:
"""
FIELDS = {"ux": "x**2 + 2*x*y - y", "uy": "3*x*y - x**2 + y**2"}


def residuals(head: str, conditions: str) -> dict[str, torch.Tensor]:
    """Statement -> its values on a polynomial field at points of its place."""
    text = f"{head}{conditions}exact: {{ux: {FIELDS['ux']}, uy: {FIELDS['uy']}}}\n"
    problem = pinn.load(text)
    found = {}
    for statement in problem.statements:
        if statement.is_equation:
            continue
        points = problem.domain.sample(statement.place, 50, 3)
        jets = exact_jets(problem, exact_outputs(problem), statement.expression.derivatives, points)
        value = torch.as_tensor(statement.expression.value(points.inputs(problem.axes), jets))
        found[statement.quantity, statement.place.label] = value.expand(len(points))
    return found


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("{on: left, fixed: true}", "{on: left, displacement: [0, 0]}"),
        ("{on: left, symmetry: true}", "{on: left, ux: 0, traction_y: 0}"),
        ("{on: [bottom, top], symmetry: true}", "{on: [bottom, top], uy: 0, traction_x: 0}"),
        ("{on: [bottom, top], roller: true}", "{on: [bottom, top], uy: 0, traction_x: 0}"),
        ("{on: top, pressure: 2*x}", "{on: top, traction: [0, -2*x]}"),
        ("{on: left, pressure: 2}", "{on: left, traction: [2, 0]}"),
    ],
)
def test_words_state_what_numbers_state(words, numbers):
    rest = "- {on: boundary, traction: [0, 0]}"
    found, wanted = (residuals(BODY % SQUARE, f"- {line}\n{rest}\n") for line in (words, numbers))
    assert found.keys() == wanted.keys()
    for key, value in wanted.items():
        torch.testing.assert_close(found[key], value)


def test_on_a_curve_they_are_written_with_its_normal():
    found = residuals(BODY % RING, "- {on: hole, symmetry: true}\n- {on: outer, pressure: 5}\n")
    wanted = residuals(
        BODY % RING,
        "- on: hole\n  equation: [ux*nx + uy*ny = 0, traction_y*nx - traction_x*ny = 0]\n"
        "- {on: outer, traction: [-5*nx, -5*ny]}\n",
    )
    assert len(found) == len(wanted) == 4
    for value, other in zip(found.values(), wanted.values(), strict=True):
        torch.testing.assert_close(value, other)


def test_in_space_a_curved_guide_has_no_traction_along_it():
    problem = pinn.load(BOX + "- {on: side, symmetry: true}\n- {on: boundary, fixed: true}\n")
    assert sum(statement.place.label == "side" for statement in problem.statements) == 4


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{on: left, fixed: true, ux: 0}", "ux"),
        ("{on: left, fixed: 1}", "must be true or false"),
        ("{on: left, symmetry: false}", "states nothing"),
    ],
)
def test_what_contradicts_or_means_nothing_is_refused(line, said):
    with pytest.raises(SpecError) as refused:
        pinn.load(BODY % SQUARE + f"- {line}\n- {{on: boundary, traction: [0, 0]}}\n")
    assert said in str(refused.value)
