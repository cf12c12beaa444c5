"""Slabs of time: their edges, what they pass on, and the network that blends them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pinn.derivatives.jets import Partial, plan_jets
from pinn.domain.places import Initial
from pinn.network.cells import Cell
from pinn.training.cells.points import draw_in_cells
from pinn.training.cells.refinement import MERGE_BELOW
from pinn.training.cells.slabs import BLEND, Slab, blended, continued, first_slabs
from tests.network.examples import window_sums
from tests.training.cells.examples import network_of, random_output, stage_of
from tests.training.examples import POISSON, problem

WAVE = """
name: wave
coordinates: [x]
time: {from: 1, to: 3}
fields: [u]
domain: {interval: {from: 0, to: 2}}
equations: {wave: u_tt = u_xx}
conditions: [{on: initial, u: x*t, u_t: 3*x}, {on: boundary, u: 0}]
"""
RING = """
name: ring
coordinates: [x]
time: {from: 0, to: 1}
fields: [u]
domain: {interval: {from: -1, to: 1}}
equations: {advection: u_t + u_x = 0}
conditions: [{on: initial, u: sin(pi*x)}, {periodic: [left, right]}]
"""
LIKE = torch.zeros(0, dtype=torch.float64)


def slabs_of(text: str = WAVE, count: int = 3, features: int = 7) -> tuple[list[Slab], list]:
    """Slabs with networks at random."""
    found = problem(text)
    stage = stage_of(found, features)
    slabs = first_slabs(found, count)
    for slab in slabs:
        slab.model = random_output(stage.sampled(slab))
    return slabs, [slab.model for slab in slabs]


def halve_in_time(slab: Slab, times: int) -> None:
    """The first and the last moment of a slab in ever shorter cells."""
    for _ in range(times):
        low, high = min(c.lower[-1] for c in slab.cells), max(c.upper[-1] for c in slab.cells)
        ends = [cell for cell in slab.cells if low == cell.lower[-1] or cell.upper[-1] == high]
        slab.cells = [cell for cell in slab.cells if cell not in ends] + [h for c in ends for h in c.halved(1)]


def test_edges():
    found = problem(WAVE)
    slabs = first_slabs(found, 4)
    assert [(slab.first, slab.last) for slab in slabs] == [(1.0, 1.5), (1.5, 2.0), (2.0, 2.5), (2.5, 3.0)]
    for slab, end in zip(slabs, (1.55, 2.05, 2.55, 3.0), strict=True):
        assert slab.domain.time == (slab.first, pytest.approx(end))
        assert {cell.lower[1] for cell in slab.cells} == {slab.first}
        assert {cell.upper[1] for cell in slab.cells} == {slab.domain.time[1]}
        assert len(slab.cells) == 4
    (steady,) = first_slabs(problem(POISSON), 4)
    assert steady.first is None
    assert len(steady.cells) == 4


@pytest.mark.parametrize(
    "more",
    [
        {"unknowns": "{k: {initial: 1}}"},
        {"conditions": "[{on: initial, u: 0}, {on: boundary, u: 0}, {at: [1, 2.5], u: 1}]"},
    ],
)
def test_what_concerns_all_times_has_one_slab(more):
    equation = "{heat: k*u_t = u_xx}" if "unknowns" in more else "{heat: u_t = u_xx}"
    conditions = {"conditions": "[{on: initial, u: 0}, {on: boundary, u: 0}]"}
    (slab,) = first_slabs(problem(WAVE, equations=equation, **(conditions | more)), 5)
    assert (slab.first, slab.last) == (1.0, 3.0)


def test_points_for_all_times_leave_the_slabs():
    conditions = "[{on: initial, u: 0}, {on: boundary, u: 0}, {at: [1], u: 1}]"
    assert len(first_slabs(problem(WAVE, equations="{heat: u_t = u_xx}", conditions=conditions), 5)) == 5


@pytest.mark.slow
@pytest.mark.parametrize("text", [WAVE, RING])
@pytest.mark.parametrize("halvings", [0, 1, 6])
def test_blended_windows_sum_to_one(text, halvings):
    """However short the cells at a slab's ends are."""
    found = problem(text)
    stage = stage_of(found, 3)
    slabs = first_slabs(found, 3)
    for slab in slabs:
        halve_in_time(slab, halvings)
        slab.model = stage.sampled(slab)
    network = network_of(blended(found, slabs))
    lower, upper = found.bounds
    generator = np.random.default_rng(0)
    points = lower + (upper - lower) * generator.random((4000, 2))
    zone = points.copy()
    last = slabs[0].last
    assert last is not None
    zone[:, 1] = last + (slabs[0].domain.time[1] - last) * generator.random(4000)
    both = torch.as_tensor(np.concatenate([points, zone]))
    sums = window_sums(network, both)
    torch.testing.assert_close(sums, torch.ones_like(sums), rtol=0, atol=1e-14)


def test_the_blend_is_each_slab_away_from_the_transitions():
    slabs, models = slabs_of()
    whole = blended(problem(WAVE), slabs)
    network = network_of(whole)
    generator = torch.Generator().manual_seed(0)
    x = 2 * torch.rand(50, generator=generator, dtype=torch.float64)
    plan = plan_jets([Partial((2, 0)), Partial((0, 2)), Partial((1, 1))], 2)
    for number, slab in enumerate(slabs):
        assert slab.first is not None
        assert slab.last is not None
        start = slab.first if number == 0 else slab.first + 2 * BLEND * (2 / 3)
        for t in np.linspace(start, slab.last, 5):
            points = torch.stack([x, torch.full_like(x, float(t))], dim=1)
            for mine, ours in zip(
                network_of(models[number]).jets(points, plan), network.jets(points, plan), strict=True
            ):
                torch.testing.assert_close(ours, mine, rtol=1e-10, atol=1e-9)


def test_the_blend_is_smooth_and_between_its_slabs():
    """Along t through a transition: values between those of the two slabs, first and second differences of order h."""
    slabs, models = slabs_of(count=2)
    network = network_of(blended(problem(WAVE), slabs))
    last, half = slabs[0].last, BLEND * 1.0
    assert last is not None
    t = torch.linspace(last - half, last + 3 * half, 4001, dtype=torch.float64)
    points = torch.stack([torch.full_like(t, 0.7), t], dim=1)
    with torch.no_grad():
        values = network(points)[:, 0]
        first, second = (network_of(model)(points)[:, 0] for model in models)
        jets = network.jets(points, plan_jets([Partial((0, 2))], 2))
    step = float(t[1] - t[0])
    torch.testing.assert_close(
        (values[2:] - values[:-2]) / (2 * step), jets[1][1:-1, 0], rtol=1e-3, atol=1e-3 * float(jets[1].abs().max())
    )
    curvature = (values[2:] - 2 * values[1:-1] + values[:-2]) / step**2
    torch.testing.assert_close(curvature, jets[2][1:-1, 0], rtol=1e-2, atol=1e-3 * float(jets[2].abs().max()))
    low, high = torch.minimum(first, second), torch.maximum(first, second)
    assert ((values >= low - 1e-12) & (values <= high + 1e-12)).all()
    middle = int((t - (last + half)).abs().argmin())
    assert float(values[middle]) == pytest.approx(float(first[middle] + second[middle]) / 2, abs=1e-6)


def test_a_slab_begins_with_the_values_of_the_one_before():
    """u and u_t of the slab before, as offsets of x t and 3 x, which hold at the first moment only."""
    slabs, models = slabs_of()
    found, slab = problem(WAVE), slabs[1]
    groups = draw_in_cells(found, slab.domain, slab.cells, 20, 9, 1, 30.0, LIKE)
    for group in groups:
        after = continued(group, models[0])
        if not isinstance(group.statements[0].place, Initial):
            assert after is group
            continue
        points = group.points.points
        assert (points[:, 1] == slab.first).all()
        plan = plan_jets([Partial((0, 1))], 2)
        with torch.no_grad():
            value, slope = (jet[:, 0] for jet in network_of(models[0]).jets(points, plan))
        x, t = points.T
        expected = {"u on initial": value - x * t, "u_t on initial": slope - 3 * x}
        assert len(group.indices) == 2
        for index, statement in zip(group.indices, group.statements, strict=True):
            torch.testing.assert_close(after.offsets[index], expected[statement.name], rtol=1e-11, atol=1e-11)


def time_cell(cell: Cell, first: float, last: float) -> bool:
    return (cell.lower[1], cell.upper[1]) == (first, last)


@pytest.mark.parametrize("text", [WAVE, RING])
def test_a_slab_inherits_the_cells_at_the_end(text):
    """Those that touch the end, stretched over the new slab; pairs with small residuals are merged."""
    found = problem(text)
    before, after, _ = first_slabs(found, 3)
    assert after.domain.time is not None
    refined_cells = []
    for index, cell in enumerate(before.cells):
        early, late = cell.halved(1)
        refined_cells += [early, *(late.halved(0) if index != 1 else (late,))]
    before.cells = refined_cells
    end = max(cell.upper[1] for cell in before.cells)
    at_end = [cell for cell in before.cells if cell.upper[1] == end]

    before.residuals = np.full(len(before.cells), 1.0)
    after.inherit(before, 1.0)
    assert len(after.cells) == len(at_end)
    assert sorted(c.lower[0] for c in after.cells) == sorted(c.lower[0] for c in at_end)
    assert all(time_cell(cell, *after.domain.time) for cell in after.cells)
    assert all(cell.cuts[1] == (None, None) for cell in after.cells)

    small, tolerance = {at_end[0], at_end[1], at_end[3]}, 1e-3
    before.residuals = np.array([0.9 * MERGE_BELOW * tolerance if c in small else tolerance for c in before.cells])
    after.inherit(before, tolerance)
    assert len(after.cells) == len(at_end) - 1
    assert any(c.lower[0] == at_end[0].lower[0] and c.upper[0] == at_end[1].upper[0] for c in after.cells)

    stage = stage_of(found, 3)
    before.model, after.model = stage.sampled(before), stage.sampled(after)
    network = network_of(blended(found, [before, after]))
    lower, upper = found.bounds
    points = torch.as_tensor(lower + (upper - lower) * np.random.default_rng(0).random((3000, 2)))
    sums = window_sums(network, points)
    torch.testing.assert_close(sums, torch.ones_like(sums), rtol=0, atol=1e-14)
