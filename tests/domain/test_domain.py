"""A domain on a slab of time, one member of a family, one drawing of its slices."""

from __future__ import annotations

import numpy as np
import pytest

from pinn.domain.domain import Domain
from pinn.domain.places import Boundary, Counts, Data, Initial, Interior, Periodic, Points
from pinn.geometry.shapes.boxes import Interval, Rectangle
from pinn.geometry.shapes.family import Family, ShapeSlices
from pinn.geometry.shapes.planar import Disk
from pinn.spec.language.expressions import Scope

SQUARE = Domain(("x", "y"), Rectangle([0.0, 0.0], [2.0, 1.0]), (1.0, 4.0))
TOP, LEFT = Boundary(("top",)), Boundary(("left",))


def disks() -> Domain:
    """Disks of every radius, with a load beside it that moves nothing."""
    ranges = {"radius": (1.0, 2.0), "load": (5.0, 7.0)}
    family = Family(ShapeSlices(lambda values: Disk([0, 0], values[0])), [1.0, 5.0], [2.0, 7.0], [0])
    return Domain(("x", "y"), Disk([0, 0], 1.5), parameters=ranges, family=family)


def test_a_slab_has_the_points_of_its_time():
    slab = SQUARE.within(2.0, 2.5)
    for place, count in ((Interior(), 64), (LEFT, 32), (Points(((1.0, 0.5),)), 9)):
        times = slab.sample(place, count, 3).points[:, 2]
        assert len(times) == count
        assert 2.0 <= times.min() < 2.1
        assert 2.4 < times.max() <= 2.5
    assert (slab.sample(Initial(), 8, 3).points[:, 2] == 2.0).all()
    assert slab.measure == pytest.approx(2 * 0.5)
    assert slab.bounds[1].tolist() == [2.0, 1.0, 2.5]
    assert SQUARE.time == (1.0, 4.0)


@pytest.mark.parametrize("place", [Interior(), Boundary(("disk",)), Points(((0.5, 0.5),))])
def test_a_member_has_points_at_its_own_parameters_in_the_familys_box(place):
    whole = disks()
    name = whole.shape.patches[0]
    place = Boundary((name,)) if isinstance(place, Boundary) else place
    member = whole.at([1.25, 6.0])
    points = member.sample(place, 40, 1).points.numpy()
    assert points.shape == (40, 4)
    assert (points[:, 2:] == [1.25, 6.0]).all()
    assert (np.hypot(*points[:, :2].T) <= 1.25 + 1e-12).all()
    assert member.measure == pytest.approx(np.pi * 1.25**2)
    np.testing.assert_array_equal(member.bounds, whole.bounds)
    assert member.contains([1.2, 0.0])
    assert not member.contains([1.3, 0.0])


def test_places_of_one_drawing_share_their_slices_and_other_drawings_have_others():
    whole = disks()
    edge = Boundary(whole.shape.patches)
    drawings = [whole.redrawn(seed) for seed in (1, 2)]
    radii = [
        [set(drawn.sample(place, 400, number).points[:, 2].tolist()) for number, place in enumerate((Interior(), edge))]
        for drawn in drawings
    ]
    assert len(radii[0][0]) == 32
    assert radii[0][0] == radii[0][1]
    assert not radii[0][0] & radii[1][0]


def test_a_point_is_in_the_domain_at_its_parameters_or_at_all():
    whole = disks()
    assert whole.contains([1.5, 0.0, 1.6, 6.0])
    assert not whole.contains([1.5, 0.0, 1.4, 6.0])
    assert not whole.contains([0.0, 0.0, 1.4, 8.0])
    assert whole.contains([0.9, 0.0])
    assert not whole.contains([1.5, 0.0])


def test_points_per_place():
    half = Boundary(("top",), where=Scope(["x", "y"]).condition("x < 1", ()).indicator)
    wanted = Counts(interior=500, boundary=600, initial=70, covered=(2 + 1) * 3.0)
    assert Interior().count(SQUARE, wanted) == 500
    assert Initial().count(SQUARE, wanted) == 70
    assert TOP.count(SQUARE, wanted) == 400
    assert half.count(SQUARE, wanted) == pytest.approx(200, abs=3)
    assert Points(((1.0, 0.5),)).count(SQUARE, wanted) == 16
    assert Data(((1.0, 0.5, 2.0), (1.0, 0.5, 3.0))).count(SQUARE, wanted) == 2
    assert LEFT.count(SQUARE, Counts(500, 3, 70, 100.0)) == 16  # however short


def test_periodic_points_lie_a_period_apart():
    rod = Domain(("x",), Interval(0.0, 3.0), (0.0, 1.0))
    points = rod.sample(Periodic(("left", "right"), 0, 3.0), 10, 0)
    assert points.weights is not None
    assert points.weights.tolist() == [1.0, -1.0]
    first, second = points.points.chunk(2)
    assert (first[:, 0] == 0.0).all()
    assert (second[:, 0] == 3.0).all()
    assert (first[:, 1] == second[:, 1]).all()


def test_moments_are_points_with_all_coordinates():
    assert not Points(((1.0, 0.5),)).has_moments(SQUARE)
    assert Points(((1.0, 0.5, 2.0),)).has_moments(SQUARE)
    assert Data(((1.0, 0.5, 2.0),)).has_moments(SQUARE)
    assert not Interior().has_moments(SQUARE)
