"""Building the domain of a spec with parameters: a shape for every value of those that its numbers depend on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pinn.geometry.build.shape import Number, build_shape
from pinn.geometry.shapes.family import Family, ShapeSlices
from pinn.geometry.shapes.no_space import NoSpace
from pinn.geometry.shapes.shape import GeometryError, Shape
from pinn.spec.language.branches import symbols_of
from pinn.spec.language.expressions import Scope
from pinn.spec.parameters import constants_at, middle, parameter_ranges
from pinn.spec.schema import Spec


def build_domain(spec: Spec, scope: Scope, folder: Path) -> tuple[Shape, Family | None]:
    """The shape, in the middle of the parameters' ranges where there are some, and then the family of all shapes.

    Without coordinates there is no space.

    Raises GeometryError and SpecError, also where a shape is impossible at the end of a range.
    """
    if not spec.coordinates:
        return NoSpace(), None
    if not spec.parameters:
        return build_shape(spec.domain, scope.number, spec.coordinates, folder), None
    ranges = parameter_ranges(spec, Scope((), units=spec.unit_system).number)
    moving: set[str] = set()

    def noting(value: Any, path: tuple[str | int, ...]) -> float:
        moving.update({s.name for s in symbols_of(scope.expression(value, path))} & {*ranges})
        return number_at(spec, middle(ranges))(value, path)

    shape = build_shape(spec.domain, noting, spec.coordinates, folder)
    if moving and mentions(spec.domain, "mesh"):
        raise GeometryError(("domain",), f"a mesh cannot be cut by shapes that depend on {', '.join(sorted(moving))}")
    names = [name for name in ranges if name in moving]

    def at(values: tuple[float, ...]) -> Shape:
        settled = middle(ranges) | dict(zip(names, values, strict=True))
        try:
            return build_shape(spec.domain, number_at(spec, settled), spec.coordinates, folder)
        except GeometryError as error:
            where = ", ".join(f"{name} = {settled[name]:g}" for name in names)
            raise GeometryError(error.path, f"{error.message} (at {where})") from None

    lower, upper = np.array([*ranges.values()]).T
    family = Family(ShapeSlices(at), lower, upper, [[*ranges].index(name) for name in names])
    try:
        _ = family.pieces
    except GeometryError as error:
        raise GeometryError(error.path or ("domain",), error.message) from None
    return shape, family


def number_at(spec: Spec, values: Mapping[str, float]) -> Number:
    """How numbers are read in a slice."""
    return Scope(spec.coordinates, constants=constants_at(spec, values), units=spec.unit_system).number


def mentions(tree: Any, kind: str) -> bool:
    """Whether a shape of that kind occurs in the domain's tree."""
    if isinstance(tree, Mapping):
        return kind in tree or any(mentions(part, kind) for part in tree.values())
    return isinstance(tree, list | tuple) and any(mentions(part, kind) for part in tree)
