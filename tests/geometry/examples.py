"""Shapes that many tests share, each with its measure and its patches' measures worked out by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.integrate import quad

from pinn.geometry.shapes.ball import Ball
from pinn.geometry.shapes.boxes import Box, Cuboid, Interval, Rectangle
from pinn.geometry.shapes.csg import Difference, Intersection, Union
from pinn.geometry.shapes.planar import Annulus, Disk, Ellipse, Sector
from pinn.geometry.shapes.polygon import Polygon
from pinn.geometry.shapes.shape import Shape
from pinn.geometry.shapes.solids import Cylinder, Sphere

PI = np.pi
LENS_HALF_ANGLE = np.arccos(0.6)  # two unit circles 1.2 apart meet at this angle from the line of centres
LENS_AREA = 2 * (LENS_HALF_ANGLE - 0.6 * 0.8)
ELLIPSE_LENGTH = quad(
    lambda angle: np.hypot(2 * np.sin(angle), 0.5 * np.cos(angle)), 0, 2 * PI, epsabs=1e-13, limit=200
)[0]


@dataclass(frozen=True)
class Example:
    shape: Shape
    measure: float
    patches: dict[str, float]


PRIMITIVES = {
    "interval": Example(Interval(-1, 2), 3, {"left": 1, "right": 1}),
    "rectangle": Example(Rectangle([0, -1], [2, 2]), 6, {"left": 3, "right": 3, "bottom": 2, "top": 2}),
    "polygon": Example(
        Polygon([[0, 0], [48, 44], [48, 60], [0, 44]], names=["lower", "right", "upper", "left"]),
        1440,
        {"lower": np.hypot(48, 44), "right": 16, "upper": np.hypot(48, 16), "left": 44},
    ),
    "clockwise polygon": Example(
        Polygon([[0, 0], [0, 2], [1, 0.5], [3, 0]]),
        1.75,
        {"edge_1": 2, "edge_2": np.sqrt(3.25), "edge_3": np.sqrt(4.25), "edge_4": 3},
    ),
    "disk": Example(Disk([1, 2], 0.5), PI / 4, {"circle": PI}),
    "ellipse": Example(Ellipse([1, 2], [2, 0.5], rotation=0.7), PI, {"ellipse": ELLIPSE_LENGTH}),
    "annulus": Example(Annulus([0, 1], 1, 2, name="pipe"), 3 * PI, {"pipe_inner": 2 * PI, "pipe_outer": 4 * PI}),
    "sector": Example(Sector([1, 0], 1, 2, 0, PI / 2), 0.75 * PI, {"inner": PI / 2, "outer": PI, "start": 1, "end": 1}),
    "wide sector": Example(Sector([0, 0], 0, 1, 0.3, 5.3), 2.5, {"outer": 5, "start": 1, "end": 1}),
    "cuboid": Example(
        Cuboid([0, 0, 0], [1, 2, 3]), 6, {"left": 6, "right": 6, "bottom": 3, "top": 3, "back": 2, "front": 2}
    ),
    "sphere": Example(Sphere([1, 2, 3], 0.5), PI / 6, {"sphere": PI}),
    "cylinder": Example(
        Cylinder([0, 0, 0], [1, 2, 2], 0.5), 0.75 * PI, {"side": 3 * PI, "start": PI / 4, "end": PI / 4}
    ),
    "four-dimensional ball": Example(Ball([0, 1, 0, 2], 0.5), PI**2 / 32, {"sphere": PI**2 / 4}),
    "four-dimensional box": Example(
        Box([0, 0, 0, 0], [1, 1, 1, 2], coordinates="wxyz"),
        2,
        {f"{c}_{end}": (1 if c == "z" else 2) for c in "wxyz" for end in ("lower", "upper")},
    ),
}

COMBINATIONS = {
    "plate with hole": Example(
        Difference(Rectangle([0, 0], [2, 2]), Disk([0, 0], 0.5, name="hole")),
        4 - PI / 16,
        {"left": 1.5, "right": 2, "bottom": 1.5, "top": 2, "hole": PI / 4},
    ),
    "drilled plate": Example(
        Difference(Rectangle([-1, -1], [1, 1]), Disk([0.5, 0], 0.2, "east"), Disk([-0.5, 0], 0.2, "west")),
        4 - 0.08 * PI,
        {"left": 2, "right": 2, "bottom": 2, "top": 2, "east": 0.4 * PI, "west": 0.4 * PI},
    ),
    "L of a difference": Example(
        Difference(Rectangle([-1, -1], [1, 1]), Rectangle([0, 0], [1, 1], name="notch")),
        3,
        {"left": 2, "right": 1, "bottom": 2, "top": 1, "notch_left": 1, "notch_bottom": 1},
    ),
    "L of a union sharing an edge": Example(
        Union(Rectangle([0, 0], [1, 2], name="a"), Rectangle([1, 0], [2, 1], name="b")),
        3,
        {"a_left": 2, "a_right": 1, "a_bottom": 1, "a_top": 1, "b_right": 1, "b_bottom": 1, "b_top": 1},
    ),
    "overlapping rectangles with aligned edges": Example(
        Union(Rectangle([0, 0], [2, 1], name="a"), Rectangle([1, 0], [3, 1], name="b")),
        3,
        {"a_left": 1, "a_bottom": 2, "a_top": 2, "b_right": 1, "b_bottom": 1, "b_top": 1},
    ),
    "stadium end tangent to its rectangle": Example(
        Union(Disk([0, 0], 1, name="cap"), Rectangle([0, -1], [2, 1])),
        4 + PI / 2,
        {"cap": PI, "right": 2, "bottom": 2, "top": 2},
    ),
    "lens": Example(
        Intersection(Disk([0, 0], 1, "one"), Disk([1.2, 0], 1, "two")),
        LENS_AREA,
        {"one": 2 * LENS_HALF_ANGLE, "two": 2 * LENS_HALF_ANGLE},
    ),
    "two disks of one patch": Example(
        Union(Disk([0, 0], 1), Disk([1.2, 0], 1)), 2 * PI - LENS_AREA, {"circle": 4 * (PI - LENS_HALF_ANGLE)}
    ),
    "elliptical crack in a disk": Example(
        Difference(Disk([0, 0], 3), Ellipse([0.3, 0], [2, 0.5], rotation=0.4, name="crack")),
        8 * PI,
        {"circle": 6 * PI, "crack": ELLIPSE_LENGTH},
    ),
    "difference of a union": Example(
        Difference(Union(Rectangle([0, 0], [2, 1]), Rectangle([0, 1], [1, 2])), Disk([1, 1], 0.5, "fillet")),
        3 - 0.75 * PI / 4,
        {"left": 2, "right": 1.5 - 0.5 + 0.5, "bottom": 2, "top": 1.5, "fillet": 0.75 * PI},
    ),
    "cuboid less a corner ball": Example(
        Difference(Cuboid([0, 0, 0], [1, 1, 1]), Sphere([0, 0, 0], 0.5)),
        1 - PI / 48,
        {
            "left": 1 - PI / 16,
            "right": 1,
            "bottom": 1 - PI / 16,
            "top": 1,
            "back": 1 - PI / 16,
            "front": 1,
            "sphere": PI / 8,
        },
    ),
    "cuboids sharing a face": Example(
        Union(Cuboid([0, 0, 0], [1, 1, 1], name="a"), Cuboid([1, 0, 0], [2, 0.5, 1], name="b")),
        1.5,
        {
            "a_left": 1,
            "a_right": 0.5,
            "a_bottom": 1,
            "a_top": 1,
            "a_back": 1,
            "a_front": 1,
            "b_right": 0.5,
            "b_bottom": 1,
            "b_top": 1,
            "b_back": 0.5,
            "b_front": 0.5,
        },
    ),
    "joined intervals": Example(Union(Interval(0, 1), Interval(1, 3)), 3, {"left": 1, "right": 1}),
    "interval with a gap": Example(
        Difference(Interval(0, 3), Interval(1, 2, name="gap")),
        2,
        {"left": 1, "right": 1, "gap_left": 1, "gap_right": 1},
    ),
}

EXAMPLES = PRIMITIVES | COMBINATIONS
