from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import pinn
from pinn.certificates.bisection import bisect
from pinn.certificates.certify import Certificate, Options, certify
from pinn.certificates.document import document
from pinn.certificates.regions import box_of, off, regions_of, variables, within
from pinn.certificates.summary import summary
from pinn.certificates.taylor import algebra
from pinn.certificates.theorem import Range, barriers, proved
from pinn.domain.places import Boundary, Interior
from pinn.errors import SpecError
from pinn.geometry.shapes.boxes import Rectangle
from pinn.geometry.shapes.csg import Difference, Intersection, Union
from pinn.geometry.shapes.planar import Disk
from pinn.geometry.shapes.polygon import Polygon
from pinn.problem.loading import build
from pinn.spec.yaml.source import parse_spec
from tests.certificates.examples import DRIFT, HELD, RING, STRING

pytestmark = pytest.mark.slow


@cache
def solved(text: str) -> pinn.Solution:
    return pinn.solve(build(parse_spec(text), Path()), progress=False)


@cache
def certified(text: str) -> Certificate:
    return certify(solved(text), Options(gap=0.05, boxes=60))


def inside(solution: pinn.Solution, count: int = 3000) -> np.ndarray:
    lower, upper = solution.problem.bounds
    points = lower + (upper - lower) * np.random.default_rng(0).random((count, len(lower)))
    return points[solution.problem.geometry.contains(points)]


@pytest.mark.parametrize("text", [STRING, HELD, DRIFT, RING], ids=["string", "held", "drift", "ring"])
def test_no_sampled_value_lies_outside_what_is_certified(text):
    solution, certificate = solved(text), certified(text)
    points = inside(solution)
    names = [s.name for p in certificate.parts for s in p.subjects if s.kind == "range" and "laplacian" not in s.name]
    for name, values in solution(points, list(dict.fromkeys(names))).items():
        bound = certificate.bound_of(name)
        slack = 1e-13 * np.abs(values).max()
        assert bound.lower - slack <= values.min()
        assert values.max() <= bound.upper + slack
        assert bound.gap < 0.5
    scale = dict(zip([s.name for s in solution.problem.statements], solution.problem.scaling.statements, strict=True))
    for name, values in solution.residual(points).items():
        bound = certificate.bound_of(name)
        off_scale = np.abs(values).max() * scale[name]
        assert off_scale <= bound.largest * (1 + 1e-6)
        # a residual of 1e-11 is rounded to a tenth of itself where it is evaluated
        assert np.sqrt(np.mean((values * scale[name]) ** 2)) <= certificate.l2_of(name) * 1.05 + 2e-12
        # boxes that a round hole cuts reach into it, where the network was never trained
        assert bound.largest < (6 if text == RING else 3) * off_scale


def test_slopes_are_at_least_those_between_points():
    solution, certificate = solved(STRING), certified(STRING)
    points = np.sort(inside(solution), axis=0)
    values = solution(points)["u"]
    steepest = np.abs(np.diff(values) / np.diff(points[:, 0])).max()
    assert steepest <= (certificate.lipschitz("u") or 0) <= 1.05 * steepest


def test_the_error_is_below_what_is_proved():
    for text in (STRING, HELD):
        solution, theorem = solved(text), proved(certified(text))
        points = np.linspace(0, 1, 2001)[:, None]
        error = np.abs(solution(points)["u"] - np.sin(np.pi * points[:, 0])).max()
        assert theorem.maximum is not None
        assert error <= theorem.maximum < 1e4 * error + 1e-9
    theorem = proved(certified(HELD))
    slope = solved(HELD)(points, ["u_x"])["u_x"] - np.pi * np.cos(np.pi * points[:, 0])
    assert theorem.energy is not None
    assert np.sqrt(np.mean(slope**2)) <= theorem.energy
    assert proved(certified(STRING)).energy is None
    assert "construction" in proved(certified(STRING)).energy_refused


def test_every_barrier_is_one():
    """L v <= -1 for the functions behind the constants, and their largest values."""
    x = np.linspace(0, 2, 4001)
    for option in barriers([Range(0.7, 3.0)], [Range(-1.5, 0.4)], [2.0]):
        k, drift = option["rate"], 1.5 / 0.7
        v = (np.exp(2 * k) - np.exp(k * x)) / (k * 0.7 * (k - drift))
        assert v.max() <= option["size"] * (1 + 1e-9)
        assert v.min() >= -1e-9 * option["size"]
        slope, bend = -np.exp(k * x) / (0.7 * (k - drift)), -k * np.exp(k * x) / (0.7 * (k - drift))
        for a, b in ((0.7, -1.5), (3.0, -1.5), (0.7, 0.4)):
            assert (a * bend + b * slope).max() <= -1 + 1e-9
    still = [*barriers([Range(0.7, 3.0), Range(1.0, 1.0)], [Range(0.0, 0.0)] * 2, [2.0, 1.0])]
    assert {option["kind"]: option["size"] for option in still if option.get("axis") != 1} == pytest.approx(
        {"slab": 4 / 5.6, "ball": 1.25 / 3.4}
    )


def test_where_nothing_is_proved_it_says_why():
    theorem = proved(certified(RING))
    assert theorem.refused == "the field has no value given on all of hole"
    assert "nothing is proved of the error" in summary(certified(RING), theorem)
    wave = STRING.replace("-u_xx =", "-u_xx - 30*u =")
    assert "eigenvalues" in proved(certified(wave)).refused


def test_a_network_that_is_no_perceptron_is_refused():
    text = STRING.replace("method: least_squares", "method: [{cells: {}}]")
    with pytest.raises(SpecError, match="cells"):
        certify(solved(text))


def test_boxes_that_are_left_out_lie_outside():
    rng = np.random.default_rng(3)
    (region,) = regions_of(Interior(), solved(RING).problem.domain)
    ground = region.ground
    assert ground is not None
    lower = rng.uniform(-0.2, 2.1, (400, 2))
    upper = lower + rng.uniform(0, 0.3, (400, 2))
    gone, whole = off(ground, lower, upper), within(ground, lower, upper)
    points = lower[:, None] + (upper - lower)[:, None] * rng.random((400, 300, 2))
    points = np.concatenate([points, lower[:, None], upper[:, None]], axis=1)
    contained = solved(RING).problem.geometry.contains(points.reshape(-1, 2)).reshape(400, -1)
    assert not contained[gone].any()
    assert contained[whole].all()
    assert gone.sum() > 10
    assert whole.sum() > 10
    assert ((~contained).all(axis=1) == gone).mean() > 0.9


def test_the_box_of_a_shape_holds_it():
    """Also where the bounds of the shape are those of samples on its boundary."""
    for shape in (
        Intersection(Disk([0.1, 0.2], 1.0), Disk([0.9, 0.3], 1.0)),
        Union(Disk([0, 0], 1.0), Rectangle([0.5, -0.1], [2, 0.3])),
        Difference(Disk([0, 0], 1.0), Rectangle([0.3, -2], [2, 2])),
        Polygon([[0, 0], [2, 0.3], [0.4, 1]]),
    ):
        lower, upper = box_of(shape)
        points = np.vstack([piece.points(np.linspace(0, 1, 5003)[:, None]) for piece in shape.pieces])
        assert (points >= lower).all()
        assert (points <= upper).all()
        assert (lower <= shape.bounds[0]).all()
        assert (shape.bounds[1] <= upper).all()


def test_an_arc_and_its_normals_are_followed():
    problem = solved(RING).problem
    (region,) = regions_of(Boundary(("hole",)), problem.domain)
    centre = np.linspace(region.lower, region.upper, 7)
    radius = np.full((7, 1), 0.05)
    places, normals = region.places(centre, radius, algebra(1, 6)), region.normals(centre, radius, algebra(1, 6))
    angle = centre + 0.05 * np.linspace(-1, 1, 9)
    for axis, true in enumerate((np.cos(angle), np.sin(angle))):
        low, high = places[:, axis].range()
        assert (low[:, None] <= 0.5 * true + 1e-15).all()
        assert (high[:, None] >= 0.5 * true - 1e-15).all()
        low, high = normals[axis].range()
        assert (low[:, None] <= -true + 1e-15).all()
        assert (high[:, None] >= -true - 1e-15).all()


def test_a_bisection_covers_its_box_and_is_narrow():
    found = bisect(
        lambda centre, radius: {"f": (x := variables(centre, radius, algebra(2, 2)))[:, 0] * x[:, 1]},
        np.array([-1.0, 0.0]), np.array([1.0, 3.0]), 0.01, 4000,
    )  # fmt: skip
    bound = found.bounds["f"]
    assert -3.06 < bound.lower <= -3
    assert 3 <= bound.upper < 3.06
    assert bound.gap <= 0.01
    assert found.volume == 6.0
    assert found.tree.count(".") == found.boxes
    assert bound.square == pytest.approx(6.0, rel=1e-6)  # of x^2 y^2


def test_a_certificate_is_plain_data(tmp_path):
    certificate = certified(STRING)
    certificate.solution.save_weights(tmp_path / "model.safetensors")
    data = json.loads(json.dumps(document(certificate, proved(certificate), tmp_path), allow_nan=False))
    assert data["error"]["proved"]
    assert {part["region"]["name"] for part in data["parts"]} == {"inside", "left", "right"}
