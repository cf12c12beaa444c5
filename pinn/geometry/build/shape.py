"""Building a shape from the `domain` block of a spec, with refusals that name the exact place.

    {"difference": [{"rectangle": {"from": [0, 0], "to": ["L", "L"]}}, {"disk": {"center": [0, 0], "radius": "a"}}]}

To add a shape, add one line to SHAPES.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path as FilePath
from typing import Any

from pinn.errors import did_you_mean
from pinn.geometry.mesh.shape import open_mesh
from pinn.geometry.shapes.ball import ball
from pinn.geometry.shapes.boxes import Box, Cuboid, Interval, Rectangle
from pinn.geometry.shapes.csg import Combination, Difference, Intersection, Union
from pinn.geometry.shapes.names import NAME, RESERVED_PATCHES
from pinn.geometry.shapes.planar import Annulus, Disk, Ellipse, Sector
from pinn.geometry.shapes.polygon import Polygon
from pinn.geometry.shapes.shape import GeometryError, Shape
from pinn.geometry.shapes.solids import Cylinder
from pinn.spec.language.habits import of_key

Path = tuple[str | int, ...]
Number = Callable[[Any, Path], float]  # (a number or the text of a constant expression, its place) -> its value

_REQUIRED = object()
_DIMENSION_WORDS = {1: "one-dimensional", 2: "two-dimensional", 3: "three-dimensional"}


@dataclass(frozen=True)
class Reading:
    """What a parameter's reader may ask about: how numbers are evaluated, the coordinates, the spec's folder."""

    number: Number
    coordinates: tuple[str, ...]
    folder: FilePath = FilePath()


@dataclass(frozen=True)
class ShapeParameter:
    """One key of a shape in the spec: the constructor's argument, how its value is read, what its numbers measure."""

    argument: str
    read: Callable[[Any, Path, Reading], Any]
    default: Any = _REQUIRED
    measures: str = "length"


@dataclass(frozen=True)
class ShapeKind:
    make: Callable[..., Shape]
    dimension: int | None  # None: any
    parameters: dict[str, ShapeParameter]
    of_problem: Callable[[Reading], dict[str, Any]] | None = None  # arguments that the problem gives, not the user
    further: bool = False  # whether there are such shapes in higher dimensions, too


def build_shape(
    tree: Any,
    number: Number,
    coordinates: Sequence[str],
    folder: FilePath = FilePath(),
    path: Path = ("domain",),
) -> Shape:
    """The shape that a spec's tree describes.

    `number(value, path)` evaluates a number or a constant expression; `coordinates` are the space letters; files are
    relative to `folder`. Raises GeometryError with the full path of what is wrong.
    """
    return _shape(tree, Reading(number, tuple(coordinates), folder), path)


def _shape(tree: Any, reading: Reading, path: Path) -> Shape:
    if not isinstance(tree, Mapping) or len(tree) != 1:
        received = f"keys {', '.join(map(str, tree))}" if isinstance(tree, Mapping) and tree else repr(tree)
        raise GeometryError(path, f"must be one shape, such as disk: {{center: [0, 0], radius: 1}}, got {received}")
    ((kind, body),) = tree.items()
    if kind in COMBINATIONS:
        return _combine(kind, body, reading, path)
    if kind in SHAPES:
        return _primitive(kind, body, reading, (*path, kind))
    known = [*SHAPES, *COMBINATIONS]
    way_out = f"; here it is a {OTHER_NAMES[kind]}" if kind in OTHER_NAMES else did_you_mean(str(kind), known)
    raise GeometryError((*path, kind), f"unknown shape '{kind}'{way_out}")


def _combine(kind: str, body: Any, reading: Reading, path: Path) -> Shape:
    here = (*path, kind)
    if not isinstance(body, Sequence) or isinstance(body, str) or len(body) < 2:
        raise GeometryError(here, f"needs a list of at least two shapes, got {_described(body)}")
    for index, tree in enumerate(body):
        if isinstance(tree, Mapping) and "mesh" in tree:
            message = "a mesh cannot be combined with other shapes; make the cut in the program that makes the mesh"
            raise GeometryError((*here, index, "mesh"), message)
    shapes = [_shape(tree, reading, (*here, k)) for k, tree in enumerate(body)]
    if kind == "difference":
        for index, shape in enumerate(shapes[1:], start=1):
            if not Intersection(shapes[0], shape).pieces:
                message = "does not cut the domain: it lies outside the shape it is taken from"
                raise GeometryError((*here, index), message)
    combined = COMBINATIONS[kind](*shapes)
    if not combined.pieces:
        reason = "the shapes have no common part" if kind == "intersection" else "the subtracted shapes leave nothing"
        raise GeometryError(here, f"the domain is empty: {reason}")
    return combined


def _primitive(kind_name: str, body: Any, reading: Reading, here: Path) -> Shape:
    kind = SHAPES[kind_name]
    if not isinstance(body, Mapping):
        raise GeometryError(here, f"needs parameters {', '.join(kind.parameters)}, got {_described(body)}")
    dimension = len(reading.coordinates)
    if kind.dimension not in (None, dimension) and not (kind.further and dimension > (kind.dimension or 0)):
        letters = ", ".join(reading.coordinates)
        words = _DIMENSION_WORDS[kind.dimension]
        raise GeometryError(here, f"{kind_name} is {words}, but the coordinates are {letters}")
    for key in body:
        if key not in kind.parameters:
            hint = of_key(str(key), kind.parameters) or did_you_mean(str(key), list(kind.parameters))
            raise GeometryError((*here, key), f"unknown parameter '{key}' of {kind_name}{hint}")
    arguments: dict[str, Any] = {}
    for key, parameter in kind.parameters.items():
        if key in body:
            arguments[parameter.argument] = parameter.read(body[key], (*here, key), reading)
        elif parameter.default is _REQUIRED:
            raise GeometryError(here, f"{kind_name} needs the parameter '{key}'")
        else:
            arguments[parameter.argument] = parameter.default
    if kind.of_problem:
        arguments |= kind.of_problem(reading)
    try:
        return kind.make(**arguments)
    except GeometryError as error:
        keys: dict[str | int, str] = {parameter.argument: key for key, parameter in kind.parameters.items()}
        place = (keys.get(error.path[0], error.path[0]), *error.path[1:]) if error.path else ()
        raise GeometryError((*here, *place), error.message) from None


def _number(value: Any, path: Path, reading: Reading) -> float:
    if value is None or isinstance(value, bool | Mapping | list | tuple):
        raise GeometryError(path, f"must be a number or an expression of constants, got {_described(value)}")
    result = float(reading.number(value, path))
    if not math.isfinite(result):
        raise GeometryError(path, f"must be finite, got {result:g}")
    return result


def _numbers(value: Any, path: Path, reading: Reading, needed: int, purpose: str = "") -> list[float]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise GeometryError(path, f"needs {needed} numbers{purpose}, got {_described(value)}")
    if len(value) != needed:
        raise GeometryError(path, f"needs {needed} number{'s' * (needed != 1)}{purpose}, got {len(value)}")
    return [_number(component, (*path, index), reading) for index, component in enumerate(value)]


def _point(value: Any, path: Path, reading: Reading) -> list[float]:
    letters = reading.coordinates
    plural = "s" if len(letters) != 1 else ""
    return _numbers(value, path, reading, len(letters), f" for coordinate{plural} {', '.join(letters)}")


def _pair(value: Any, path: Path, reading: Reading) -> list[float]:
    return _numbers(value, path, reading, 2)


def _points(value: Any, path: Path, reading: Reading) -> list[list[float]]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise GeometryError(path, f"needs a list of points, got {_described(value)}")
    return [_point(point, (*path, index), reading) for index, point in enumerate(value)]


def _name(value: Any, path: Path, _: Reading) -> str:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise GeometryError(path, f"must be a name (a letter, then letters, digits, _ or -), got {_described(value)}")
    if value in RESERVED_PATCHES:
        raise GeometryError(path, f"must not be '{value}', which names a place in every problem")
    return value


def _file(value: Any, path: Path, _: Reading) -> str:
    if not isinstance(value, str) or not value.strip():
        raise GeometryError(path, f"must be the name of a mesh file, got {_described(value)}")
    return value


def _names(value: Any, path: Path, reading: Reading) -> list[str]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise GeometryError(path, f"needs a list of names, got {_described(value)}")
    return [_name(name, (*path, index), reading) for index, name in enumerate(value)]


def _described(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"a list of {len(value)}"
    return repr(value)


def _kind(make: Callable[..., Shape], dimension: int | None, **parameters: ShapeParameter) -> ShapeKind:
    """`from_` stands for the spec's key `from`, a word that Python keeps for itself."""
    by_key = {key.rstrip("_"): parameter for key, parameter in parameters.items()}
    return ShapeKind(make, dimension, {**by_key, "name": ShapeParameter("name", _name, None)})


def _letters(reading: Reading) -> dict[str, Any]:
    return {"coordinates": reading.coordinates}


def _folder(reading: Reading) -> dict[str, Any]:
    return {"folder": reading.folder, "dimension": len(reading.coordinates)}


_number_of = partial(ShapeParameter, read=_number)
_point_of = partial(ShapeParameter, read=_point)
_center = _point_of("center")
_corners = {"from_": _point_of("lower"), "to": _point_of("upper")}
_outer, _inner, _radius = _number_of("outer_radius"), _number_of("inner_radius"), _number_of("radius")
_sector_inner = _number_of("inner_radius", default=0.0)
_opening = {key: _number_of(key, measures="number") for key in ("from_angle", "to_angle")}
_axes = ShapeParameter("semi_axes", _pair)
_rotation = _number_of("rotation", default=0.0, measures="number")
_edge_names = ShapeParameter("names", _names, None)

SHAPES: dict[str, ShapeKind] = {
    "interval": _kind(Interval, 1, from_=_number_of("start"), to=_number_of("end")),
    "rectangle": _kind(Rectangle, 2, **_corners),
    "polygon": _kind(Polygon, 2, vertices=ShapeParameter("vertices", _points), names=_edge_names),
    "disk": _kind(Disk, 2, center=_center, radius=_radius),
    "ellipse": _kind(Ellipse, 2, center=_center, semi_axes=_axes, rotation=_rotation),
    "sector": _kind(Sector, 2, center=_center, inner_radius=_sector_inner, outer_radius=_outer, **_opening),
    "annulus": _kind(Annulus, 2, center=_center, inner_radius=_inner, outer_radius=_outer),
    "cuboid": _kind(Cuboid, 3, **_corners),
    "sphere": replace(_kind(ball, 3, center=_center, radius=_radius), further=True),
    "cylinder": _kind(Cylinder, 3, from_=_point_of("start"), to=_point_of("end"), radius=_radius),
    "ball": _kind(ball, None, center=_center, radius=_radius),
    "box": replace(_kind(Box, None, **_corners), of_problem=_letters),
    "mesh": replace(_kind(open_mesh, None, file=ShapeParameter("file", _file)), of_problem=_folder),
}

OTHER_NAMES = {
    "circle": "disk", "square": "rectangle", "rect": "rectangle", "cube": "cuboid",
    "line": "interval", "segment": "interval", "ring": "annulus", "wedge": "sector", "hypercube": "box",
}  # fmt: skip

COMBINATIONS: dict[str, type[Combination]] = {"union": Union, "difference": Difference, "intersection": Intersection}
