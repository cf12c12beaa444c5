"""Points drawn cell by cell."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pinn.domain.places import Boundary, Initial, Interior, Periodic, Place, Points
from pinn.network.cells import Cell, grid, owners
from pinn.training.cells.points import draw_in_cells, inside, lengths_at, near_cells
from tests.training.examples import problem

PLATE = """
name: plate
coordinates: [x, y]
fields: [u]
domain: {difference: [{rectangle: {from: [0, 0], to: [2, 1]}}, {disk: {center: [0, 0], radius: 0.5, name: hole}}]}
equations: {poisson: laplacian(u) = 1}
conditions: [{on: boundary, u: 0}]
"""
HEAT = """
name: heat
coordinates: [x]
time: {from: 1, to: 3}
fields: [u]
domain: {interval: {from: 0, to: 2}}
equations: {heat: u_t = u_xx}
conditions: [{on: initial, u: x*(2 - x)}, {on: left, u: 0}, {on: right, u_x: 0}, {at: [1.5], u: 2}]
"""
LIKE = torch.zeros(0, dtype=torch.float64)


def cells_of(found, counts) -> list[Cell]:
    return grid(*found.bounds, counts, ())


def draw(found, cells, domain=None, interior=20, boundary=6, seed=3):
    groups = draw_in_cells(found, domain or found.domain, cells, interior, boundary, seed, 30.0, LIKE)
    return {group.statements[0].place: group for group in groups}


def test_cells_of_time_alone_have_points():
    """Without space there is no boundary to keep away from."""
    text = "name: cup\ntime: {from: 0, to: 6}\nfields: [T]\nequations: {law: T_t = -T}\n"
    found = problem(text + "conditions: [{on: initial, T: 1}]\n")
    points, owner = inside(found.domain, cells_of(found, [3]), 20, 7)
    assert np.bincount(owner).tolist() == [20, 20, 20]
    assert (np.floor(points[:, 0] / 2) == owner).all()


def test_interior_points_lie_in_their_cell_and_in_the_domain():
    found = problem(PLATE)
    cells = cells_of(found, [4, 2])
    cells[:1] = [part for half in cells[0].halved(0) for part in half.halved(1)]
    points, owner = inside(found.domain, cells, 50, 7)
    assert len(np.unique(points, axis=0)) == len(points)
    assert (np.hypot(points[:, 0], points[:, 1]) > 0.5).all()
    for index, cell in enumerate(cells):
        mine = points[owner == index]
        assert ((mine > cell.lower) & (mine < cell.upper)).all()
        corners = np.array([[x, y] for x in (cell.lower[0], cell.upper[0]) for y in (cell.lower[1], cell.upper[1])])
        distances = np.hypot(*corners.T)
        if distances.max() < 0.5:
            assert not len(mine)
            continue
        assert len(mine) == 50  # as many where the cell lies across the hole
        if distances.min() >= 0.5:
            for axis in range(2):  # spread over the cell, not over a part of it
                share = (mine[:, axis] - cell.lower[axis]) / cell.length(axis)
                assert np.histogram(share, 5, (0, 1))[0].min() >= 4
    relative = [(points[owner == k] - cells[k].lower) / np.subtract(cells[k].upper, cells[k].lower) for k in (5, 6)]
    assert not np.allclose(relative[0], relative[1], atol=1e-3)  # a shift of its own for each cell
    np.testing.assert_array_equal(points, inside(found.domain, cells, 50, 7)[0])
    assert not np.isin(points[:, 0], inside(found.domain, cells, 50, 8)[0][:, 0]).any()


def test_every_cell_at_the_boundary_gets_its_points():
    found = problem(PLATE)
    cells = cells_of(found, [2, 2])
    for _ in range(9):  # a corner cell 1/1024 of the side, which the first pool gives too few
        corner = max(range(len(cells)), key=lambda k: cells[k].upper[0] + cells[k].upper[1] + 1e-3 / cells[k].length(0))
        cells[corner : corner + 1] = [part for half in cells[corner].halved(0) for part in half.halved(1)]
    for place in {statement.place for statement in found.statements if isinstance(statement.place, Boundary)}:
        points = near_cells(found.domain, place, cells, 9, 1)
        assert points.normals is not None
        assert len(np.unique(points.points.numpy(), axis=0)) == len(points)
        assert float(found.geometry.level(points.points.numpy()).max()) == pytest.approx(0, abs=1e-12)
        torch.testing.assert_close(points.normals.norm(dim=1), torch.ones(len(points), dtype=torch.float64))
        counts = np.bincount(owners(cells, points.points.numpy()), minlength=len(cells))
        for cell, count in zip(cells, counts, strict=True):
            outer = ["left", "bottom", "right", "top"]
            ends = (cell.lower[0] == 0, cell.lower[1] == 0, cell.upper[0] == 2, cell.upper[1] == 1)
            touches = any(end for name, end in zip(outer, ends, strict=True) if name in place.patches)
            inner = np.hypot(*cell.lower) < 0.5 < np.hypot(*cell.upper)
            if "hole" not in place.patches or not inner:
                corner_in_hole = np.hypot(*cell.upper) < 0.5
                assert count == (9 if touches and not corner_in_hole else 0), (cell, place)
            else:
                assert count == 9


def test_groups_of_a_slab():
    """Times within the slab, starts at its first moment, pinned points on its own times, weights and lengths."""
    found = problem(HEAT)
    slab = found.domain.within(1.5, 2.0)
    assert found.time == (1.0, 3.0)
    cells = grid([0, 1.5], [2, 2.0], [2, 2], ())
    groups = draw(found, cells, slab)
    assert {type(place) for place in groups} == {Interior, Initial, Boundary, Points}
    assert sorted(index for group in groups.values() for index in group.indices) == list(range(len(found.statements)))
    for place, group in groups.items():
        points = group.points.points
        assert group.condition_weight == 30.0
        assert group.lengths is not None
        assert group.lengths.shape == points.shape
        assert ((points[:, 1] >= 1.5) & (points[:, 1] <= 2.0)).all()
        assert points.dtype == LIKE.dtype
        match place:
            case Initial():
                assert (points[:, 1] == 1.5).all()
                assert len(points) == 2 * 6
            case Interior():
                assert len(points) == 4 * 20
            case Boundary():
                assert len(points) == 2 * 6  # each end touches two cells
                assert points[:, 0].unique().tolist() in ([0.0], [2.0])
            case _:
                assert (points[:, 0] == 1.5).all()
                assert points[:, 1].aminmax() == (1.5, 2.0)


def test_draws_repeat_with_their_seed():
    found = problem(PLATE)
    cells = cells_of(found, [2, 2])
    first, again, other = (draw(found, cells, seed=seed) for seed in (3, 3, 4))
    for place, group in first.items():
        assert torch.equal(group.points.points, again[place].points.points)
        assert not torch.isin(group.points.points, other[place].points.points).all()


def test_lengths_are_those_of_the_smallest_cell_that_reaches_a_point():
    first, second = grid([0, 0], [1, 1], [2, 1], ())
    small, large = second.halved(0, 0.2)  # [0.5, 0.6] and [0.6, 1]; half widths 0.04
    points = torch.tensor([[0.2, 0.5], [0.47, 0.5], [0.55, 0.5], [0.63, 0.5], [0.9, 0.5]], dtype=torch.float64)
    found = lengths_at([first, small, large], points)
    assert found[:, 0].tolist() == pytest.approx([0.25, 0.05, 0.05, 0.05, 0.2])
    assert found[:, 1].tolist() == [0.5] * 5


def test_periodic_places_keep_both_ends():
    found = problem(
        """
name: ring
coordinates: [x]
time: {from: 0, to: 1}
fields: [u]
domain: {interval: {from: -1, to: 1}}
equations: {advection: u_t + u_x = 0}
conditions: [{on: initial, u: sin(pi*x)}, {periodic: [left, right]}]
network: {periodic: off}
"""
    )
    groups = draw(found, cells_of(found, [3, 2]))
    (group,) = (group for place, group in groups.items() if isinstance(place, Periodic))
    points, opposite = group.points.points.chunk(2)
    assert group.points.weights is not None
    assert group.points.weights.tolist() == [1.0, -1.0]
    assert len(points) == 2 * 6
    assert (points[:, 0] == -opposite[:, 0]).all()
    assert torch.equal(points[:, 1], opposite[:, 1])


def test_places_of_one_kind_do_not_share_points():
    found = problem(HEAT)
    groups = draw(found, cells_of(found, [2, 1]))
    left, right = (group.points.points for place, group in groups.items() if isinstance(place, Boundary))
    assert isinstance(next(iter(groups)), Place)
    assert not torch.isin(left[:, 1], right[:, 1]).any()
