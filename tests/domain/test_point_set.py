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
    (group,) = (g for g in draw(found, 12, 8, 3, torch.device("cpu"), torch.float64) if g.points.further)
    (_, first), (_, second) = group.points.ends
    number = next(k for k, statement in enumerate(group.statements) if statement.name == "periodic u")
    with torch.no_grad():
        difference = (model.network(first) - model.network(second))[:, 0]
        found = residuals(model, group)[number] * group.magnitude(group.indices[number], {}, slice(None))
    torch.testing.assert_close(found, difference, rtol=1e-12, atol=1e-14)


def test_points_taken_and_joined_keep_normals_and_ends():
    points = PointSet(NUMBERS, NUMBERS + 10, ((-1.0, NUMBERS + 20),))
    again = joined([points.taken(slice(1)), points.taken(torch.tensor([1, 2])), points.taken(slice(3, None))])
    assert again.normals is not None
    assert torch.equal(again.points, points.points)
    assert torch.equal(again.normals, NUMBERS + 10)
    ((sign, opposite),) = again.further
    assert sign == -1.0
    assert torch.equal(opposite, NUMBERS + 20)
    assert torch.equal(points.stacked, torch.cat([NUMBERS, NUMBERS + 20]))


def test_points_are_moved_whole():
    moved = PointSet(NUMBERS, NUMBERS, ((-1.0, NUMBERS),)).to(device="cpu", dtype=torch.float32)
    assert moved.normals is not None
    assert {moved.points.dtype, moved.normals.dtype, moved.further[0][1].dtype} == {torch.float32}
