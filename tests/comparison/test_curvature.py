"""The diagnostics of a run: orders, residual floor, second derivatives along a line."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from pinn.comparison.curvature import (
    diagnose,
    relative_difference,
    required_order,
    residual_figures,
    second_derivative_on_line,
    smoothness_order,
)
from pinn.files.writing import plain
from pinn.problem.problem import Problem
from pinn.solution.solution import Solution
from pinn.training.residuals.model import Model
from tests.training.cells.examples import cells_of, model_on, random_output
from tests.training.examples import COUPLED, POISSON, model_of, problem

PLATE = """
name: plate
coordinates: [x, y]
fields: [u]
domain: {difference: [{rectangle: {from: [0, 0], to: [2, 1]}}, {disk: {center: [1, 0.5], radius: 0.3}}]}
equations: {laplace: laplacian(u) = 0}
conditions: [{on: boundary, u: x*y}]
exact: {u: x**4*y}
"""


def solution_of(found: Problem, model: Model | None = None) -> Solution:
    return Solution(found, model or model_of(found), {}, [], {})


def silent(model: Model) -> Model:
    """Zero fields."""
    with torch.no_grad():
        for parameter in model.mlp.linears[-1].parameters():
            parameter.zero_()
    return model


@pytest.mark.parametrize(
    ("activation", "order"), [("gelu", math.inf), ("elu", 2), ("relu", 1), ("leaky_relu", 1), ("relu3", 3)]
)
def test_orders(activation, order):
    found = problem(POISSON, network=f"{{hidden: [4], activation: {activation}}}")
    assert smoothness_order(found) == order
    assert required_order(found) == 2


def test_zero_fields_leave_the_whole_source():
    found = problem(POISSON)
    floor, variance = residual_figures(found, silent(model_of(found)))
    assert floor == pytest.approx(1, rel=1e-12)
    x = np.linspace(0, 1, 100_001)
    source = math.pi**2 * np.sin(math.pi * x) / found.scaling.statements[0]
    assert variance == pytest.approx(source.var(), rel=0.01)


def test_equations_without_a_source_have_no_floor():
    found = problem(PLATE)
    floor, variance = residual_figures(found, model_of(found))
    assert floor is None
    assert variance is not None
    assert variance > 0


@pytest.mark.parametrize(("on_cells", "close"), [(False, 1e-4), (True, 2e-2)])  # windows are narrow
def test_jets_are_finite_differences_of_a_smooth_field(on_cells, close):
    found = problem(POISSON)
    model = random_output(model_on(found, cells_of(found, [3]))) if on_cells else model_of(found)
    line = second_derivative_on_line(solution_of(found, model))
    assert np.abs(line.computed).max() > 1e-3
    assert relative_difference(line.computed, line.differences) < close
    assert line.exact is not None
    np.testing.assert_allclose(line.exact, -(math.pi**2) * np.sin(math.pi * line.points[:, 0]), atol=1e-12)


def test_relu_is_a_comb_where_its_jets_are_zero():
    found = problem(POISSON, network="{hidden: [8, 7], activation: relu}")
    line = second_derivative_on_line(solution_of(found))
    assert np.count_nonzero(line.computed) == 0
    tall = np.abs(line.differences) > 1e-3 * np.abs(line.differences).max()
    assert 0 < tall.sum() < 0.05 * len(tall)


def test_the_line_keeps_out_of_holes():
    found = problem(PLATE)
    line = second_derivative_on_line(solution_of(found))
    assert found.geometry.contains(line.points, tolerance=1e-9).all()
    assert len(line.points) < 999
    assert line.exact is not None
    np.testing.assert_allclose(line.exact, 12 * line.points[:, 0] ** 2 * line.points[:, 1])


@pytest.mark.slow
@pytest.mark.parametrize(("activation", "mismatch"), [("relu", 1.0), ("gelu", 0.0)])
def test_the_diagnosis_of_a_run(activation, mismatch):
    found = problem(COUPLED, network=f"{{hidden: [6, 5], activation: {activation}}}")
    diagnosis = json.loads(json.dumps(plain(diagnose(solution_of(found)))))
    assert diagnosis["required_order"] == 2
    assert diagnosis["smoothness_order"] == (1 if activation == "relu" else None)
    assert diagnosis["jacobian_rows"] == 128
    assert (diagnosis["jacobian_norm_by_order"]["2"] == 0) == (activation == "relu")
    assert (diagnosis["trained"]["jacobian_norm_by_order"]["2"] == 0) == (activation == "relu")
    assert diagnosis["curvature_mismatch"] == pytest.approx(mismatch, abs=1e-3)
