"""Building shapes from a spec's tree, and what is refused where."""

import numpy as np
import pytest

from pinn.geometry.build.shape import SHAPES, build_shape
from pinn.geometry.shapes.shape import GeometryError

CONSTANTS = {"L": 2.0, "a": 0.5}
PLATE = {"rectangle": {"from": [0, 0], "to": ["L", "L"]}}


def number(value, path) -> float:
    return CONSTANTS[value] if isinstance(value, str) else float(value)


def build(tree, coordinates="xy"):
    return build_shape(tree, number, list(coordinates))


def test_plate_with_a_hole():
    shape = build({"difference": [PLATE, {"disk": {"center": [0, 0], "radius": "a", "name": "hole"}}]})
    assert shape.patches == ("left", "right", "bottom", "top", "hole")
    assert shape.measure == pytest.approx(4 - np.pi / 16)


WHOLE = {
    "interval": ("x", {"from": 0, "to": "L"}, 2, ("left", "right")),
    "rectangle": ("xy", {"from": [0, 0], "to": [1, "L"]}, 2, ("left", "right", "bottom", "top")),
    "polygon": (
        "xy",
        {"vertices": [[0, 0], [1, 0], [0, "L"]], "names": ["base", "slope", "wall"]},
        1,
        ("base", "slope", "wall"),
    ),
    "disk": ("xy", {"center": [0, 0], "radius": "a"}, np.pi / 4, ("circle",)),
    "ellipse": ("xy", {"center": [0, 0], "semi_axes": ["L", "a"], "rotation": 1}, np.pi, ("ellipse",)),
    "sector": (
        "xy",
        {"center": [0, 0], "outer_radius": 1, "from_angle": 0, "to_angle": 2},
        1,
        ("outer", "start", "end"),
    ),
    "annulus": ("xy", {"center": [0, 0], "inner_radius": "a", "outer_radius": 1}, 0.75 * np.pi, ("inner", "outer")),
    "cuboid": ("xyz", {"from": [0, 0, 0], "to": [1, 1, "L"]}, 2, ("left", "right", "bottom", "top", "back", "front")),
    "sphere": ("xyz", {"center": [0, 0, 0], "radius": "a"}, np.pi / 6, ("sphere",)),
    "ball": ("vwxyz", {"center": [0] * 5, "radius": "a"}, 8 * np.pi**2 / 15 / 32, ("sphere",)),
    "cylinder": ("xyz", {"from": [0, 0, 0], "to": [0, 0, "L"], "radius": "a"}, np.pi / 2, ("side", "start", "end")),
    "box": ("xy", {"from": [0, 0], "to": ["a", "L"]}, 1, ("x_lower", "x_upper", "y_lower", "y_upper")),
}


BUILT = [kind for kind in SHAPES if kind != "mesh"]  # a mesh is read: see test_mesh_shape.py


@pytest.mark.parametrize("kind", BUILT)
def test_each_shape(kind: str):
    coordinates, body, measure, patches = WHOLE[kind]
    shape = build({kind: body}, coordinates)
    assert shape.measure == pytest.approx(measure)
    assert shape.patches == patches
    named = build({kind: {**body, "name": "part"}}, coordinates).patches
    assert named == (("part",) if len(patches) == 1 else tuple(f"part_{patch}" for patch in patches))


@pytest.mark.parametrize("kind", BUILT)
def test_each_required_parameter_is_asked_for(kind: str):
    coordinates, body, _, _ = WHOLE[kind]
    for key in body:
        if key not in ("names", "rotation"):
            with pytest.raises(GeometryError, match=f"{kind} needs the parameter '{key}'") as refusal:
                build({kind: {k: v for k, v in body.items() if k != key}}, coordinates)
            assert refusal.value.path == ("domain", kind)


def disk(x, radius):
    return {"disk": {"center": [x, 0], "radius": radius}}


REFUSALS = [
    ("xy", {"difference": [PLATE, disk(0, -0.5)]}, ("difference", 1, "disk", "radius"), "must be positive, got -0.5"),
    ("xy", {"difference": [PLATE, disk(0, 5)]}, ("difference",), "the domain is empty"),
    ("xy", {"difference": [PLATE, disk(3, 1)]}, ("difference", 1), "does not cut the domain"),
    ("xy", {"difference": [PLATE, disk(3, 0.2)]}, ("difference", 1), "does not cut the domain"),
    ("xy", {"intersection": [PLATE, disk(4, 1)]}, ("intersection",), "the domain is empty"),
    (
        "xy",
        {"difference": [PLATE, {"difference": [disk(0, 1), disk(5, 1)]}]},
        ("difference", 1, "difference", 1),
        "not cut",
    ),
    ("xy", {"union": [PLATE]}, ("union",), "at least two shapes"),
    ("xy", {"union": PLATE}, ("union",), "at least two shapes, got a mapping"),
    ("xy", {"rectngle": {}}, ("rectngle",), "unknown shape 'rectngle'; did you mean 'rectangle'"),
    ("xy", {"unoin": []}, ("unoin",), "did you mean 'union'"),
    (
        "xy",
        {"rectangle": {"from": [0, 0, 0], "to": [1, 1]}},
        ("rectangle", "from"),
        "needs 2 numbers for coordinates x, y, got 3",
    ),
    (
        "xy",
        {"rectangle": {"from": 0, "to": [1, 1]}},
        ("rectangle", "from"),
        "needs 2 numbers for coordinates x, y, got 0",
    ),
    ("xy", {"rectangle": {"from": [0, 0], "to": [1, 0]}}, ("rectangle", "to", 1), "must be greater than 0"),
    ("xy", {"rectangle": {"from": [0, 0], "to": [1, None]}}, ("rectangle", "to", 1), "must be a number"),
    ("xy", {"rectangle": {"from": [0, 0], "to": [1, 1], "size": 1}}, ("rectangle", "size"), "unknown parameter 'size'"),
    ("xy", {"disk": {"center": [0, 0], "raduis": 1}}, ("disk", "raduis"), "did you mean 'radius'"),
    ("xy", {"disk": {"center": [0, 0], "radius": float("inf")}}, ("disk", "radius"), "must be finite"),
    ("xyz", {"disk": {"center": [0, 0], "radius": 1}}, ("disk",), "two-dimensional, but the coordinates are x, y, z"),
    ("xy", {"disk": {"center": [0, 0], "radius": 1, "name": "boundary"}}, ("disk", "name"), "must not be 'boundary'"),
    ("xy", {"disk": {"center": [0, 0], "radius": 1, "name": 3}}, ("disk", "name"), "must be a name"),
    ("xy", {"disk": 1}, ("disk",), "needs parameters center, radius"),
    (
        "xy",
        {"ellipse": {"center": [0, 0], "semi_axes": [1, -1]}},
        ("ellipse", "semi_axes", 1),
        "must be positive, got -1",
    ),
    (
        "xy",
        {"annulus": {"center": [0, 0], "inner_radius": 2, "outer_radius": 1}},
        ("annulus", "outer_radius"),
        "greater than",
    ),
    ("xy", {"polygon": {"vertices": [[0, 0], [1, 1]]}}, ("polygon", "vertices"), "at least 3"),
    ("xy", {"polygon": {"vertices": [[0, 0], [1, 1], [1, 0], [0, 1]]}}, ("polygon", "vertices"), "must not cross"),
    ("xy", {"polygon": {"vertices": [[0, 0], [1, 1], 1]}}, ("polygon", "vertices", 2), "needs 2 numbers"),
    ("xy", {"polygon": {"vertices": [[0, 0], [1, 0], [0, 1]], "names": ["a"]}}, ("polygon", "names"), "3 edges, got 1"),
    ("x", {"interval": {"from": 1, "to": 0}}, ("interval", "to"), "must be greater than 1"),
    ("x", {"box": {"from": [0], "to": [1, 2]}}, ("box", "to"), "needs 1 number for coordinate x, got 2"),
    ("xyz", {"cylinder": {"from": [0, 0, 1], "to": [0, 0, 1], "radius": 1}}, ("cylinder", "to"), "must differ"),
    ("xy", {**PLATE, **disk(0, 1)}, (), "must be one shape"),
    ("xy", None, (), "must be one shape"),
]


@pytest.mark.parametrize(("coordinates", "tree", "place", "message"), REFUSALS, ids=[case[3] for case in REFUSALS])
def test_refusals_name_the_place(coordinates, tree, place, message):
    with pytest.raises(GeometryError, match=message) as refusal:
        build(tree, coordinates)
    assert refusal.value.path == ("domain", *place)


def test_a_tiny_bore_in_a_solid_still_cuts_it():
    bore = {"cylinder": {"from": [0.5, 0.5, 0], "to": [0.5, 0.5, 1], "radius": 0.01, "name": "bore"}}
    shape = build({"difference": [{"cuboid": {"from": [0, 0, 0], "to": [1, 1, 1]}}, bore]}, "xyz")
    assert shape.patch_measure("bore_side") == pytest.approx(0.02 * np.pi)
