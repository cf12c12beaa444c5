"""A second solution on the same cells shows the error of the first."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import pinn
from pinn.training.cells.second import boxes_of, second_cells
from tests.training.cells.examples import cells_of, model_on
from tests.training.examples import HEAT, POISSON, problem

# Ten waves: more than a companion's few hundred features can follow in eight decimals.
RIPPLE = """
name: ripple
coordinates: [x]
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {balance: -u_xx + u**3 = (100*pi)**2*sin(100*pi*x) + sin(100*pi*x)**3}
conditions: [{on: boundary, u: 0}]
exact: {u: sin(100*pi*x)}
solver: {method: {cells: {features: 12, passes: 3}}, threads: 1, time_limit: 3600}
"""


@pytest.fixture(scope="module")
def ripple() -> pinn.Solution:
    return pinn.solve(problem(RIPPLE))


@pytest.mark.slow
def test_the_difference_is_the_error(ripple):
    second = second_cells(ripple.problem, ripple.model, 3600)
    assert second is not None
    points = torch.as_tensor(ripple.problem.heldout_points(500, 3))
    with torch.no_grad():
        first, other = (model.network(points)[:, 0].numpy() for model in (ripple.model, second))
    true = np.sin(100 * np.pi * points[:, 0].numpy())
    error, estimated = np.linalg.norm(first - true), np.linalg.norm(first - other)
    assert 1e-9 < error / np.linalg.norm(true) < 0.1
    assert 0.3 < estimated / error < 30
    assert ripple.metrics["error_estimate"]["u"] == pytest.approx(ripple.metrics["relative_l2"]["u"], rel=0.9)


def test_without_time_there_is_no_second_solution(ripple):
    assert second_cells(ripple.problem, ripple.model, 0.0) is None


@pytest.mark.slow
def test_boxes_of_slabs_end_where_the_next_begins():
    found = problem(HEAT, solver="{method: {cells: {features: 20, passes: 1, slabs: 2}}, threads: 1, time_limit: 3600}")
    cells, (low, high) = boxes_of(pinn.solve(found).model.cell_network)
    late = torch.tensor([cell.lower[1] > 0.1 for cell in cells])
    assert max(cell.upper[1] for cell in cells if cell.lower[1] < 0.1) == pytest.approx(0.105)
    assert min(cell.lower[1] for cell in cells if cell.lower[1] > 0.1) == pytest.approx(0.105)  # from 0.1 to 0.11
    assert float(low[late, 1].min()) == pytest.approx(0.1)
    assert float(high[~late, 1].max()) == pytest.approx(0.11)


def test_boxes_of_a_steady_partition_are_its_cells():
    found = problem(POISSON)
    cells = cells_of(found, [3])
    network = model_on(found, cells).cell_network
    boxes, (low, high) = boxes_of(network)
    assert [(box.lower, box.upper) for box in boxes] == [(cell.lower, cell.upper) for cell in cells]
    assert (low[1:] < network.lower[1:, 0]).all()
    assert (high[:-1] > network.upper[:-1, 0]).all()
