"""Every shape: measures against closed forms, normals, signed distance."""

import numpy as np
import pytest
from hypothesis import example as hypothesis_example
from hypothesis import given, settings
from hypothesis import strategies as st

from pinn.geometry.points.sampling import sample_boundary, sample_interior
from pinn.geometry.shapes.boxes import Rectangle
from pinn.geometry.shapes.csg import Difference, Union
from pinn.geometry.shapes.planar import Disk, Ellipse, Sector
from pinn.geometry.shapes.polygon import Polygon
from pinn.geometry.shapes.shape import GeometryError, Shape
from tests.geometry.examples import COMBINATIONS, EXAMPLES, PRIMITIVES, Example

each_example = pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES.keys())


def tolerance(shape: Shape) -> float:
    """Cut solids are measured by quasi-Monte Carlo; everything else is exact up to roundoff."""
    return 5e-4 if shape.dimension == 3 else 1e-8


@each_example
def test_measure(example: Example):
    assert example.shape.measure == pytest.approx(example.measure, rel=tolerance(example.shape))


@each_example
def test_patches_and_their_measures(example: Example):
    assert set(example.shape.patches) == set(example.patches)
    for name, measure in example.patches.items():
        assert example.shape.patch_measure(name) == pytest.approx(measure, rel=tolerance(example.shape)), name


@each_example
def test_normals_are_unit_and_point_outward(example: Example):
    shape = example.shape
    boundary = sample_boundary(shape, shape.patches, 500, seed=1)
    step = 1e-6 * boundary.normals
    np.testing.assert_allclose(np.linalg.norm(boundary.normals, axis=1), 1, rtol=1e-13)
    np.testing.assert_allclose(shape.level(boundary.points), 0, atol=1e-12 * np.max(np.abs(shape.bounds)))
    assert np.all(shape.contains(boundary.points - step))
    assert not np.any(shape.contains(boundary.points + step))


@each_example
def test_level_has_unit_slope_across_the_boundary(example: Example):
    shape = example.shape
    boundary = sample_boundary(shape, shape.patches, 200, seed=2)
    step = 1e-5
    slope = (
        shape.level(boundary.points + step * boundary.normals) - shape.level(boundary.points - step * boundary.normals)
    ) / (2 * step)
    assert np.quantile(np.abs(slope - 1), 0.97) < 1e-3  # points next to a corner may see the other side's level


@each_example
def test_boundary_lies_within_the_bounds(example: Example):
    lower, upper = example.shape.bounds
    points = sample_boundary(example.shape, example.shape.patches, 2000, seed=3).points
    slack = 1e-12 * np.max(np.abs(example.shape.bounds))
    assert np.all(points >= lower - slack)
    assert np.all(points <= upper + slack)
    if example.shape.dimension <= 2:
        assert np.max(np.abs(points.min(axis=0) - lower)) < 0.01 * example.shape.size
        assert np.max(np.abs(points.max(axis=0) - upper)) < 0.01 * example.shape.size


@pytest.mark.parametrize(
    "name", ["plate with hole", "cuboid less a corner ball", "cylinder", "wide sector", "polygon", "ellipse"]
)
def test_divergence_theorem(name: str):
    """Outflow of F = (x² + y, x y, z³ …) through the boundary equals the integral of its divergence."""
    shape = EXAMPLES[name].shape
    scale = shape.size

    def field(x):
        flow = np.zeros_like(x)
        flow[:, 0] = (x[:, 0] / scale) ** 2 + x[:, 1] / scale
        flow[:, 1] = x[:, 0] * x[:, 1] / scale**2
        if shape.dimension == 3:
            flow[:, 2] = (x[:, 2] / scale) ** 3
        return flow

    def divergence(x):
        found = 3 * x[:, 0] / scale**2
        return found + (3 * x[:, 2] ** 2 / scale**3 if shape.dimension == 3 else 0)

    boundary = sample_boundary(shape, shape.patches, 2**14, seed=4)
    outflow = np.sum(boundary.weights * np.sum(field(boundary.points) * boundary.normals, axis=1))
    source = shape.measure * np.mean(divergence(sample_interior(shape, 2**14, seed=5)))
    total = np.sum(boundary.weights * np.linalg.norm(field(boundary.points), axis=1))
    assert outflow == pytest.approx(source, abs=1e-3 * total)


def test_ellipse_is_parametrised_by_arc_length():
    (curve,) = Ellipse([0, 0], [2, 0.5], rotation=0.3).pieces
    points = curve.points(np.linspace(0, 1, 4001)[:, None])
    chords = np.linalg.norm(np.diff(points, axis=0), axis=1)
    np.testing.assert_allclose(
        chords, curve.measure / 4000, rtol=2e-5
    )  # a chord is short of its arc by 1.2e-5 at the tips


def test_cut_curves_end_exactly_on_the_corners():
    plate = COMBINATIONS["plate with hole"].shape
    ends = np.vstack([piece.points(np.array([[0.0], [1.0]])) for piece in plate.pieces])
    for corner in ([0.5, 0], [0, 0.5], [2, 0], [2, 2], [0, 2]):
        assert np.sum(np.linalg.norm(ends - corner, axis=1) < 1e-14) == 2


@pytest.mark.slow
@settings(max_examples=40)
@given(
    angles=st.lists(st.floats(0.15, 1.0), min_size=3, max_size=9),
    radii=st.lists(st.floats(0.3, 2.0), min_size=9, max_size=9),
    reverse=st.booleans(),
)
def test_random_star_polygons(angles, radii, reverse):
    turns = np.cumsum(angles) / (np.sum(angles) + 0.15) * 2 * np.pi
    vertices = np.column_stack([np.cos(turns), np.sin(turns)]) * np.array(radii[: len(angles)])[:, None]
    if np.max(np.diff(np.append(turns, turns[0] + 2 * np.pi))) > 0.95 * np.pi:
        return  # the star's centre might lie outside
    polygon = Polygon(vertices[::-1] if reverse else vertices)
    assert_closed_with_outward_normals(polygon)
    following = np.roll(vertices, -1, axis=0)
    area = 0.5 * np.sum(vertices[:, 0] * following[:, 1] - vertices[:, 1] * following[:, 0])
    assert polygon.measure == pytest.approx(area, rel=1e-12)


coordinate = st.floats(-1.5, 1.5).map(lambda value: round(value, 3))
planar = st.one_of(
    st.builds(lambda x, y, r: Disk([x, y], r), coordinate, coordinate, st.floats(0.2, 1.2)),
    st.builds(
        lambda x, y, w, h: Rectangle([x, y], [x + w, y + h]),
        coordinate,
        coordinate,
        st.floats(0.2, 2),
        st.floats(0.2, 2),
    ),
    st.builds(
        lambda x, y, a, b, r: Ellipse([x, y], [a, b], r),
        coordinate,
        coordinate,
        st.floats(0.2, 1.2),
        st.floats(0.2, 1.2),
        st.floats(0, 3),
    ),
    st.builds(
        lambda x, y, r, t: Sector([x, y], 0, r, t, t + 2), coordinate, coordinate, st.floats(0.3, 1.2), st.floats(0, 6)
    ),
)


@pytest.mark.slow
@settings(max_examples=80)
@given(
    first=planar,
    second=planar,
    third=planar,
    operations=st.tuples(st.sampled_from([Union, Difference]), st.sampled_from([Union, Difference])),
)
@hypothesis_example(  # circle and edge meet twice within one step of the first scan, beside a touching corner
    Disk([0, 0], 1), Disk([0, 0], 1.078125), Rectangle([0, 1.078], [1, 2.078]), (Union, Union)
)
@hypothesis_example(  # a seam left by a difference lies on an edge that is added back
    Rectangle([0, 0], [1, 1]), Rectangle([0, 0], [1, 0.5]), Rectangle([1, 0], [2, 1]), (Difference, Union)
)
@hypothesis_example(  # corners on the circle, tangent there, then the same circle again
    Disk([0, 0], 1), Rectangle([0, 0], [1, 1]), Disk([0, 0], 1), (Union, Difference)
)
def test_random_combinations(first, second, third, operations):
    shape = operations[1](operations[0](first, second), third)
    if shape.pieces and shape.measure > 1e-3:
        assert_closed_with_outward_normals(shape)


def assert_closed_with_outward_normals(shape: Shape):
    """The normals of a closed boundary integrate to nothing, and x·n integrates to twice the area."""
    total = sum(piece.measure for piece in shape.pieces)
    for piece in shape.pieces:
        parameters = (np.arange(64)[:, None] + 0.5) / 64
        points, normals = piece.points(parameters), piece.normals(parameters)
        off = min(1e-6, piece.measure / 1000)
        assert np.mean(shape.contains(points - off * normals)) > 0.95
        assert np.mean(shape.contains(points + off * normals)) < 0.05
    outflow = sum(_integral(piece, piece.normals) for piece in shape.pieces)
    assert np.linalg.norm(outflow) < 1e-7 * total
    lower, upper = shape.bounds
    grid = np.stack(
        np.meshgrid(*(np.linspace(low, high, 301) for low, high in zip(lower, upper, strict=True))), axis=-1
    )
    counted = np.prod(upper - lower) * np.mean(shape.contains(grid.reshape(-1, 2)))
    assert shape.measure == pytest.approx(counted, abs=0.02 * total * shape.size)


def _integral(piece, function):
    nodes, weights = np.polynomial.legendre.leggauss(8)
    panels = 256
    parameters = ((np.arange(panels)[:, None] + (nodes + 1) / 2) / panels).reshape(-1, 1)
    return piece.measure * np.tile(weights / 2 / panels, panels) @ function(parameters)


def test_primitives_refuse_impossible_parameters():
    with pytest.raises(GeometryError, match="must be positive, got -1"):
        Disk([0, 0], -1)
    with pytest.raises(GeometryError, match="needs 2 numbers, got 3"):
        Disk([0, 0, 0], 1)
    with pytest.raises(GeometryError, match="must be finite"):
        Disk([0, float("nan")], 1)
    with pytest.raises(GeometryError, match="full turn"):
        Sector([0, 0], 0, 1, 0, 7)


@pytest.mark.parametrize(
    ("vertices", "message"),
    [
        ([[0, 0], [1, 1], [1, 0], [0, 1]], "edge 1 meets edge 3"),
        ([[0, 0], [1, 0]], "at least 3"),
        ([[0, 0], [1, 0], [2, 0]], "cross or touch"),
        ([[0, 0], [1, 0], [1, 0], [0, 1]], "same point"),
        ([[0, 0], [2, 0], [2, 2], [1, 0], [0, 2]], "cross or touch"),
    ],
)
def test_polygon_refusals(vertices, message):
    with pytest.raises(GeometryError, match=message):
        Polygon(vertices)


def test_every_primitive_is_named_in_the_examples():
    assert {type(example.shape).__name__ for example in PRIMITIVES.values()} >= {"Disk", "Cylinder", "Box", "Interval"}


def test_a_notch_between_the_points_of_the_first_scan_is_found():
    notched = Difference(Rectangle([0, 0], [1, 1]), Disk([0.3337, 0], 2e-4, name="notch"))
    assert notched.patch_measure("bottom") == pytest.approx(1 - 4e-4, abs=1e-12)
    assert notched.patch_measure("notch") == pytest.approx(2e-4 * np.pi, rel=1e-9)


def test_shared_edges_end_exactly_where_contact_ends():
    joined = Union(Rectangle([0, 0], [1, 1], name="a"), Rectangle([1, 0.2], [2, 0.7], name="b"))
    ends = np.sort(
        np.concatenate([piece.points(np.array([[0.0], [1.0]]))[:, 1] for piece in joined.pieces_of(["a_right"])])
    )
    np.testing.assert_allclose(ends, [0, 0.2, 0.7, 1], rtol=0, atol=3e-15)


def test_the_ends_of_a_cylinder_are_sampled_evenly():
    """Second moment of a disk about its centre: pi R^4 / 2."""
    shape = PRIMITIVES["cylinder"].shape
    end = sample_boundary(shape, ["end"], 1024, seed=0)
    moment = np.sum(end.weights * np.sum((end.points - [1, 2, 2]) ** 2, axis=1))
    assert moment == pytest.approx(np.pi / 2 * 0.5**4, rel=1e-3)
