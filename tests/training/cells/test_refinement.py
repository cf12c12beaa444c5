"""Which cells are halved and merged, across which axis, and what their residuals are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pinn.derivatives.jets import Partial, plan_jets
from pinn.network.cells import grid
from pinn.training.cells.refinement import PROBES, cell_residuals, merged, refined, roughest_axis
from tests.training.cells.examples import cells_of, model_on, network_of, random_output
from tests.training.examples import POISSON, problem

WAVES = """
name: waves
coordinates: [x, y]
fields: [u, v]
domain: {rectangle: {from: [0, 0], to: [3, 1]}}
equations: {one: laplacian(u) = 1, two: v_x = 0}
conditions: [{on: boundary, u: 0, v: 0}]
"""


@pytest.mark.parametrize(("direction", "axis"), [((1.0, 0.0), 0), ((0.0, 1.0), 1), ((0.2, 2.0), 1)])
def test_a_cell_is_cut_across_the_axis_it_varies_along(direction, axis):
    """One unit, tanh(4 d . (x - centre)); the wide axis is not preferred."""
    found = problem(WAVES, network="{activation: tanh}")
    (cell,) = cells_of(found, [1, 1], hanging=False)
    model = model_on(found, [cell], 5)
    network = network_of(model)
    with torch.no_grad():
        network.weight[0, 1] = 4 * torch.tensor(direction, dtype=torch.float64)
        network.bias[0, 1] = -network.weight[0, 1] @ torch.tensor([1.5, 0.5], dtype=torch.float64)
        network.output[0, 1, 1] = 1.0
    assert roughest_axis(model, found.domain, cell, 0) == axis
    first, second = refined(model, found.domain, [cell], np.array([True]), 0)
    assert first.length(axis) == second.length(axis) == cell.length(axis) / 2
    assert first.length(1 - axis) == cell.length(1 - axis)
    assert refined(model, found.domain, [cell], np.array([False]), 0) == [cell]


def test_only_marked_cells_are_halved():
    found = problem(POISSON)
    cells = cells_of(found, [4])
    model = random_output(model_on(found, cells, 5))
    marked = np.array([False, True, False, False, True])
    after = refined(model, found.domain, cells, marked, 3)
    assert len(after) == 7
    assert [cell for cell in cells if cell in after] == [cells[0], cells[2], cells[3]]
    assert sum(cell.length(0) for cell in after) == pytest.approx(1)


def test_residuals_of_cells_by_quadrature():
    """Against the closed form on a fine grid in each cell, on its scale; one smaller than the mean counts for less."""
    found = problem(POISSON)
    cells = cells_of(found, [3])
    model = random_output(model_on(found, cells, 5))
    measured = cell_residuals(model, found, found.domain, cells, 3)
    plan = plan_jets([Partial((2,))], 1)
    for cell, residual in zip(cells, measured, strict=True):
        x = torch.linspace(cell.lower[0], cell.upper[0], 4001, dtype=torch.float64)[1:-1, None]
        with torch.no_grad():
            u_xx = network_of(model).jets(x, plan)[plan.index(Partial((2,)))][:, 0]
        raw = u_xx + np.pi**2 * torch.sin(np.pi * x[:, 0])
        smallest = torch.full_like(raw, np.inf)
        for other in cells:  # cuts are 0.4 of the smaller neighbour wide
            near = min(c.length(0) for c in cells if abs(c.lower[0] - other.upper[0]) < 1e-9 or c is other)
            before = min(c.length(0) for c in cells if abs(c.upper[0] - other.lower[0]) < 1e-9 or c is other)
            reached = (x[:, 0] > other.lower[0] - 0.4 * before) & (x[:, 0] < other.upper[0] + 0.4 * near)
            smallest = torch.where(reached, smallest.clamp(max=other.length(0) / 2), smallest)
        scale = torch.clamp(found.scaling.fields["u"] / smallest**2, min=found.scaling.statements[0])
        share = min(1.0, cell.length(0) * len(cells))  # of the domain [0, 1]
        true = float((share * (raw / scale).square().mean()).sqrt())
        assert residual == pytest.approx(true, rel=0.05)
    assert measured.max() > 1.5 * measured.min()
    assert PROBES >= 100


def test_merging_gives_back_what_was_halved():
    (cell,) = grid([0, 0], [2, 1], [1, 1], ())
    cells = [part for half in cell.halved(0) for part in half.halved(1)]
    # the first cut has four users, each second one two
    for _ in range(2):
        cells = merged(cells, np.ones(len(cells), dtype=bool))
    (again,) = cells
    assert (again.lower, again.upper, again.cuts) == (cell.lower, cell.upper, cell.cuts)


def test_both_cells_of_a_pair_must_be_mergeable():
    cells = grid([0], [1], [2], ())
    assert merged(cells, np.array([True, False])) == cells
    assert len(merged(cells, np.array([True, True]))) == 1


def test_cells_at_a_hanging_node_stay():
    """The cut between a whole cell and two halves has three users."""
    first, second = grid([0, 0], [2, 1], [2, 1], ())
    below, above = second.halved(1)
    after = merged([first, below, above], np.array([True, True, True]))
    assert {(c.lower, c.upper) for c in after} == {((0, 0), (1, 1)), ((1, 0), (2, 1))}
    assert merged([first, below, above], np.array([True, True, False])) == [first, below, above]


def test_a_periodic_axis_keeps_two_cells():
    cells = grid([0], [3], [3], (0,))
    for _ in range(4):
        cells = merged(cells, np.ones(len(cells), dtype=bool))
    assert len(cells) == 2
    assert sum(cell.length(0) for cell in cells) == 3
    assert all(cell.upper[0] > cell.lower[0] for cell in cells)
