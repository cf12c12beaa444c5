"""Points and their ends."""

from __future__ import annotations

import pytest
import torch

from pinn.domain.point_set import PointSet, joined
from pinn.training.residuals.assembly import residuals
from pinn.training.residuals.points import draw
from tests.training.examples import PERIODIC, model_of, problem

NUMBERS = torch.arange(8, dtype=torch.float64).reshape(4, 2)


@pytest.mark.slow
def test_a_periodic_residual_is_the_difference_between_both_ends():
    found = problem(PERIODIC % "off")
    model = model_of(found)
    (group,) = (g for g in draw(found, 12, 8, 3, torch.device("cpu"), torch.float64) if g.points.ends > 1)
    first, second = group.points.points.chunk(2)
    number = next(k for k, statement in enumerate(group.statements) if statement.name == "periodic u")
    with torch.no_grad():
        difference = (model.network(first) - model.network(second))[:, 0]
        found = residuals(model, group)[number] * group.magnitude(group.indices[number], {}, slice(None))
    torch.testing.assert_close(found, difference, rtol=1e-12, atol=1e-14)


def test_points_taken_and_joined_keep_normals_and_ends():
    ends = torch.cat([NUMBERS, NUMBERS + 20])
    points = PointSet(ends, ends + 10, torch.tensor([1.0, -1.0]))
    again = joined([points.taken(slice(1)), points.taken(torch.tensor([1, 2])), points.taken(slice(3, None))])
    assert (again.ends, len(again)) == (2, 4)
    assert again.normals is not None
    assert torch.equal(again.points, ends)
    assert torch.equal(again.normals, ends + 10)
    assert torch.equal(points.taken(slice(1, 2)).points, ends[[1, 5]])
    assert (points.single.ends, len(points.single)) == (1, 8)


def test_a_sum_has_the_weights_of_its_ends():
    points = PointSet(torch.cat([NUMBERS, NUMBERS, NUMBERS]), None, torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64))
    values = torch.arange(24, dtype=torch.float64).reshape(12, 2)
    torch.testing.assert_close(points.summed(values), values[:4] - 2 * values[4:8] + values[8:] / 2)


def test_points_are_moved_whole():
    moved = PointSet(NUMBERS, NUMBERS, torch.ones(2, dtype=torch.float64)).to(device="cpu", dtype=torch.float32)
    assert moved.normals is not None
    assert moved.weights is not None
    assert {moved.points.dtype, moved.normals.dtype, moved.weights.dtype} == {torch.float32}
