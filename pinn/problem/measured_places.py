"""Places of a spec where it is known what a number measures, or where several must measure the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pinn.equations.dimensional import LENGTH, TIME, Dimensions, Inconsistent
from pinn.geometry.build.shape import COMBINATIONS, SHAPES
from pinn.spec.blocks.place import Line
from pinn.spec.schema import REST
from pinn.units.dimension import Dimension, dimension

Path = tuple[str | int, ...]
WHOLE_DOMAIN = "domain"


class Place(NamedTuple):
    """A value of a spec, and the dimension that it must have; None where any will do."""

    path: Path
    value: Any
    wanted: Dimension | None


def places(known: Dimensions) -> Iterator[Place]:
    """Every value of the spec whose dimension is known or must agree with something."""
    for of_block in (of_physics, of_space, of_names, of_conditions, of_texts, of_probes):
        yield from of_block(known)


def of_physics(known: Dimensions) -> Iterator[Place]:
    spec, physics = known.spec, known.physics
    for name, given in physics.given.items():
        if name in physics.dimensions:
            path = (*spec.physics_path, *given)
            for inner, value in entries(at(spec.physics, path[1:])):
                if inner in ((), (known.subdomain,)):
                    yield Place((*path, *inner), value, dimension(physics.dimensions[name]))


def of_space(known: Dimensions) -> Iterator[Place]:
    spec = known.spec
    yield from of_shape(spec.domain, ("domain",))
    for name, tree in spec.subdomains.items():
        if tree != REST:
            yield from of_shape(tree, ("subdomains", name))
    if spec.time is not None:
        for key, value in (("from", spec.time.start), ("to", spec.time.end)):
            yield Place(("time", key), value, TIME)
    for name, part in spec.boundaries.items():
        if part.where is not None:
            yield Place(("boundaries", name, "where"), part.where, None)
    if isinstance(spec.outputs.times, tuple):
        for index, value in enumerate(spec.outputs.times):
            yield Place(("outputs", "times", index), value, TIME)


def of_shape(tree: Any, path: Path) -> Iterator[Place]:
    """The numbers of a shape; what is malformed is refused elsewhere."""
    for kind, body in tree.items() if isinstance(tree, Mapping) else ():
        if kind in COMBINATIONS and isinstance(body, Sequence):
            for index, one in enumerate(body):
                yield from of_shape(one, (*path, kind, index))
        for key, value in body.items() if kind in SHAPES and isinstance(body, Mapping) else ():
            parameter = SHAPES[kind].parameters.get(key)
            if parameter is not None and key not in ("name", "names", "file"):
                for inner, number in entries(value):
                    yield Place((*path, kind, key, *inner), number, dimension(parameter.measures))


def of_names(known: Dimensions) -> Iterator[Place]:
    """What is said several times of one name must be of one kind."""
    spec = known.spec
    for name, parameter in spec.parameters.items():
        for key, value in (("from", parameter.start), ("to", parameter.end)):
            yield Place(("parameters", name, key), value, known.of_name(name))
    for name, value in spec.constants.items():
        yield Place(("constants", name), value, None)
    for name, unknown in spec.unknowns.items():
        for key in ("initial", "min", "max", "expected"):
            yield Place(("unknowns", name, key), getattr(unknown, key), known.of_name(name))
    for name, one in spec.fields.items() if isinstance(spec.fields, dict) else ():
        yield Place(("fields", name, "initial"), one.initial, known.of_name(name))
    if spec.modes is not None:
        eigenvalue = TIME**-2 if spec.modes.mass is not None else None
        yield Place(("modes", "shift"), spec.modes.shift, eigenvalue)
        for inner, value in entries(spec.modes.expected):
            yield Place(("modes", "expected", *inner), value, eigenvalue)


def of_conditions(known: Dimensions) -> Iterator[Place]:
    spec, physics = known.spec, known.physics
    for index, condition in enumerate(spec.conditions):
        path: Path = ("conditions", index)
        if condition.where is not None:
            yield Place((*path, "where"), condition.where, None)
        yield from of_points(known, condition.at, condition.points, (*path, "at"))
        for name, value in condition.values.items():
            yield from of_quantity(known, name, value, (*path, name))
        for inner, value in entries(condition.equations if len(condition.equations) > 1 else condition.equations[:1]):
            yield Place((*path, "equation", *(inner if len(condition.equations) > 1 else ())), value, None)
        if condition.integral is not None:
            quantity = str(condition.integral).strip()
            of = physics.vectors.get(quantity, (quantity,))[0]
            yield from of_values(condition.equals, (*path, "equals"), over(known, of, condition.on))
        if condition.rigid and "traction" in physics.vectors:
            force = over(known, physics.vectors["traction"][0], condition.on)
            yield from of_values(condition.force, (*path, "force"), force)
            yield from of_values(condition.moment, (*path, "moment"), force and force * LENGTH)
    for index, load in enumerate(spec.point_loads):
        yield from of_points(known, load.at, [load.at], ("point_loads", index, "at"))
        yield from of_values(getattr(load, load.word), ("point_loads", index, load.word), of_point_load(known))
    for index, entry in enumerate(spec.interfaces):
        for name, value in entry.jump.items():
            yield from of_quantity(known, name, value, ("interfaces", index, "jump", name))


def of_texts(known: Dimensions) -> Iterator[Place]:
    """Equations, definitions and exact values."""
    spec = known.spec
    for name, text in spec.equations.items():
        yield Place(("equations", name), text, None)
    for name, value in spec.definitions.items():
        for inner, text in entries(value):
            if inner in ((), (known.subdomain,)):
                yield Place(("definitions", name, *inner), text, None)
    for name, value in spec.exact.items():
        for inner, text in entries(value):
            if inner in ((), (known.subdomain,)):
                yield Place(("exact", name, *inner), text, known.of_name(name))
    for index, data in enumerate(spec.data):
        of_each = data.noise if isinstance(data.noise, Mapping) else dict.fromkeys(data.quantities, data.noise)
        for name, value in of_each.items():
            inner = (name,) if isinstance(data.noise, Mapping) else ()
            yield Place(("data", index, "noise", *inner), value, known.of_name(name))


def of_probes(known: Dimensions) -> Iterator[Place]:
    for name, probe in known.spec.probes.items():
        path: Path = ("probes", name)
        yield from of_points(known, probe.at, probe.points, (*path, "at"))
        yield Place((*path, "time"), probe.time, TIME)
        if probe.extent is not None:
            yield Place((*path, probe.extent), getattr(probe, probe.extent), None)
        yield from of_values(probe.expected, (*path, "expected"), of_probe(known, name))


def of_points(known: Dimensions, at: Any, points: Sequence[Sequence[Any]], path: Path) -> Iterator[Place]:
    several = at is not None and isinstance(at[0], tuple)
    for number, point in enumerate(points):
        for axis, value in enumerate(point):
            letter = known.scope.axes[axis] if axis < len(known.scope.axes) else ""
            place = (*path, *((number,) if several else ()), *((axis,) if len(point) > 1 or several else ()))
            yield Place(place, value, known.of_name(letter))


def of_quantity(known: Dimensions, name: str, value: Any, path: Path) -> Iterator[Place]:
    """A value that a condition gives to a quantity; `pressure` is a load where it is no quantity."""
    vectors, scope = known.physics.vectors, known.scope
    own = name in scope.fields or name in scope.definitions
    of = vectors["traction"][0] if name == "pressure" and not own and "traction" in vectors else name
    yield from of_values(value, path, known.of_name(vectors[of][0] if of in vectors else of))


def of_values(value: Any, path: Path, wanted: Dimension | None) -> Iterator[Place]:
    for inner, one in entries(value):
        yield Place((*path, *inner), one, wanted)


def of_point_load(known: Dimensions) -> Dimension | None:
    """What the only equation, or the equilibrium of a body, is when it is integrated."""
    physics, own, space = known.physics, known.spec.equations, len(known.scope.space)
    if "traction" in physics.vectors:
        return over(known, physics.vectors["traction"][0], ("boundary",))
    equations = {**physics.equations, **own}
    if len(equations) != 1:
        return None
    try:
        ((name, text),) = equations.items()
        of = known.sides(text, trusted=name not in own)
    except Inconsistent:
        return None
    return of and of * LENGTH**space


def of_probe(known: Dimensions, name: str) -> Dimension | None:
    """What the value of a probe measures."""
    probe = known.spec.probes[name]
    if probe.extent is None:
        return known.of_name(str(probe.quantity))
    text = str(getattr(probe, probe.extent))
    if probe.extent == "integral":
        return over(known, text, probe.on)
    return known.of_first(text)


def over(known: Dimensions, text: str, on: tuple[str, ...] | Line | None) -> Dimension | None:
    """Of the integral of an expression over the domain, subdomains, patches or a line."""
    of = known.of_first(text)
    inside = on is None or (
        isinstance(on, tuple) and all(name in (WHOLE_DOMAIN, *known.spec.subdomains) for name in on)
    )
    return None if of is None else of * LENGTH ** (len(known.scope.space) - (0 if inside else 1))


def entries(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """(path, number or text) of all that lists and mappings hold."""
    inner = (
        value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list | tuple) else None
    )
    if inner is None:
        if value is not None and not isinstance(value, bool):
            yield path, value
        return
    for key, one in inner:
        yield from entries(one, (*path, key))


def at(value: Any, path: Sequence[Any]) -> Any:
    """What lies in lists and mappings at a path; None where it ends before."""
    for key in path:
        inside = isinstance(value, Mapping) and key in value
        listed = isinstance(value, list | tuple) and isinstance(key, int) and key < len(value)
        value = value[key] if inside or listed else None
    return value
