"""Quadrature: integrals that are known in closed form."""

import math

import numpy as np
import pytest
import scipy.special

from pinn.geometry.mesh.shape import MeshShape, open_mesh
from pinn.geometry.points.quadrature import boundary_quadrature, interior_quadrature, reference_rule
from pinn.geometry.shapes.boxes import Box, Rectangle
from pinn.geometry.shapes.csg import Difference
from pinn.geometry.shapes.planar import Disk
from pinn.geometry.shapes.shape import GeometryError
from tests.geometry.meshes import block, ring, write

# integral over the reference cell of x_1^a x_2^b x_3^c, the highest degree that is exact
MONOMIALS = {
    "line": ((5,), 1 / 6),
    "triangle": ((3, 2), math.factorial(3) * math.factorial(2) / math.factorial(7)),
    "tetra": ((2, 1, 2), 4 / math.factorial(8)),
    "hexahedron": ((5, 4, 3), 1 / 120),
    "wedge": ((2, 3, 5), 12 / math.factorial(7) / 6),
}


@pytest.mark.parametrize("kind", MONOMIALS)
def test_polynomials_of_degree_five_are_exact(kind):
    powers, true = MONOMIALS[kind]
    points, weights = reference_rule(kind)
    assert weights @ np.prod(points**powers, axis=1) == pytest.approx(true, rel=1e-13)


def test_box_in_one_two_and_three_dimensions():
    for dimension in (1, 2, 3):
        upper = np.array([2.0, 1.0, 0.5])[:dimension]
        rule = interior_quadrature(Box([0.0] * dimension, upper.tolist()), 400)
        found = rule.weights @ np.prod(rule.points**2, axis=1)
        assert found == pytest.approx(float(np.prod(upper**3 / 3)), rel=1e-12)
        assert 200 <= len(rule.points) < 1600


@pytest.mark.parametrize("of_cells", [False, True])
def test_points_follow_a_density(of_cells, tmp_path):
    """A bump of width 0.02 in a corner is resolved by the points asked for there, and by these alone."""
    points, cells = block("triangle6", 3)
    shape = MeshShape(write(tmp_path / "m.vtu", points, [("triangle6", cells)]), 2) if of_cells else Box([0, 0], [1, 1])
    bump = lambda at: np.exp(-np.sum((at / 0.02) ** 2, axis=1))  # noqa: E731
    near = lambda at: np.where(np.max(at, axis=1) < 0.34, 20_000.0, 0.0)  # noqa: E731
    true = 0.25 * math.pi * 0.02**2
    errors = []
    for density in (None, near):
        rule = interior_quadrature(shape, 200, density)
        assert rule.weights.sum() == pytest.approx(1, rel=1e-12)
        errors.append(abs(rule.weights @ bump(rule.points) / true - 1))
    assert errors[0] > 0.1
    assert errors[1] < 1e-6
    far = np.max(rule.points, axis=1) > 0.67
    assert np.sum(far) < 200
    assert 20_000 / 9 < np.sum(~far) < 20_000


def test_disk():
    """Its triangles are as curved as it is: no slivers are left between chords and circle."""
    disk = Disk([0.5, 0.0], 2.0)
    for count in (2000, 8000):
        rule = interior_quadrature(disk, count)
        assert rule.weights.sum() == pytest.approx(4 * math.pi, rel=1e-14)
        assert rule.weights @ rule.points[:, 1] ** 2 == pytest.approx(4 * math.pi, rel=1e-9)
        assert rule.weights @ np.exp(rule.points[:, 0]) == pytest.approx(
            math.exp(0.5) * 2 * math.pi * 2 * scipy.special.iv(1, 2), rel=1e-9
        )
        assert np.all(rule.weights > 0)
        assert np.all(disk.level(rule.points) < 0)


def test_a_body_with_a_hole_and_arcs_between_corners():
    """A lens cut by a hole: arcs that end in corners, bodies that bend inwards; moments against closed forms."""
    shape = Difference(Rectangle([0, 0], [1, 1]), Disk([0.5, 0.5], 0.2), Disk([0.0, 0.0], 0.3))
    rule = interior_quadrature(shape, 2000)
    x, y = rule.points.T
    area = 1 - math.pi * 0.04 - math.pi * 0.09 / 4
    assert rule.weights.sum() == pytest.approx(area, rel=1e-10)
    moment = 0.5 - 0.5 * math.pi * 0.04 - 0.3**3 / 3
    assert rule.weights @ x == pytest.approx(moment, rel=1e-9)
    assert rule.weights @ (x * y) == pytest.approx(0.25 - 0.25 * math.pi * 0.04 - 0.3**4 / 8, rel=1e-9)
    assert np.all(rule.weights > 0)


def test_circle_and_its_normals():
    rule = boundary_quadrature(Disk([0.5, 0.0], 2.0), ["circle"], 60)
    assert rule.normals is not None
    assert rule.weights @ (rule.points[:, 0] ** 2) == pytest.approx(2 * 2 * math.pi * 0.25 + 8 * math.pi, rel=1e-12)
    flux = rule.weights @ np.einsum("qd,qd->q", rule.points, rule.normals)
    assert flux == pytest.approx(2 * 4 * math.pi, rel=1e-12)  # the divergence of x is 2


def test_part_of_a_patch_and_end_points():
    square = Box([0.0, 0.0], [1.0, 1.0])
    rule = boundary_quadrature(square, ["y_upper"], 100, lambda points: points[:, 0] < 0.3)
    assert rule.weights.sum() == pytest.approx(0.3, abs=2e-3)
    ends = boundary_quadrature(Box([0.0], [1.0]), ["x_upper"], 100)
    assert ends.points.tolist() == [[1.0]]
    assert ends.weights.tolist() == [1.0]


def test_more_than_three_dimensions_are_refused():
    with pytest.raises(GeometryError, match="no quadrature in 4 dimensions"):
        interior_quadrature(Box([0.0] * 4, [1.0] * 4), 100)


@pytest.mark.parametrize("kind", ["triangle6", "quad9", "tetra10", "hexahedron27"])
def test_cells_of_a_mesh_are_integrated_as_they_are_curved(kind, tmp_path):
    """A quarter of an annulus between 1 and 2 (times a height of 1): the integral of x y is 15/8."""
    points, cells = block(kind, 4, ring)
    shape = open_mesh(str(write(tmp_path / "ring.vtu", points, [(kind, cells)])), tmp_path, points.shape[1])
    rule = interior_quadrature(shape, 2000)
    assert len(rule.points) >= 2000
    assert rule.weights.sum() == pytest.approx(shape.measure, rel=1e-12)
    assert rule.weights @ (rule.points[:, 0] * rule.points[:, 1]) == pytest.approx(15 / 8, rel=2e-4)


def test_what_is_singular_at_the_ends_of_a_piece():
    """The integral of y^(-1/2) along the left side of the unit square is 2, of a constant its length."""
    square = Rectangle([0, 0], [1, 1])
    plain, graded = (boundary_quadrature(square, ["left"], 200, graded=one) for one in (False, True))
    error = [abs(float(rule.weights @ rule.points[:, 1] ** -0.5) - 2) for rule in (plain, graded)]
    assert error[0] > 1e-2
    assert error[1] < 2e-6
    assert abs(float(graded.weights.sum()) - 1) < 1e-12
