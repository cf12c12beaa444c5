"""Loading: from a spec's text to a Problem, with every refusal at its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pinn.equations.compiler.compile import compile_expression
from pinn.equations.conditions.interfaces import InterfaceReader, refuse_open_interfaces
from pinn.equations.conditions.quantities import read_quantity
from pinn.equations.conditions.reader import ConditionReader, period_of
from pinn.equations.governing import equation_statements
from pinn.equations.hard_constraints.essential import EssentialBuilder, refers_to_exact
from pinn.equations.hard_constraints.forms import find_forms, refuse_aperiodic
from pinn.equations.meanings import read_meaning
from pinn.equations.statements import MEASURED, Place, Statement
from pinn.equations.subdomains import Subdomains
from pinn.errors import SpecError, SpecErrors, did_you_mean
from pinn.geometry.build.family import build_domain
from pinn.geometry.build.partition import build_partition
from pinn.geometry.shapes.shape import GeometryError, Shape
from pinn.problem.checks import (
    check_energy,
    check_points,
    refuse_beside_parameters,
    refuse_beside_subdomains,
    refuse_gaps,
    refuse_limits,
    refuse_load,
    refuse_moving_ends,
    refuse_outside,
    refuse_weights,
    require_quantity,
)
from pinn.problem.problem import Probe, Problem, Reference
from pinn.spec.blocks.observations import ESTIMATE, Data
from pinn.spec.language.expressions import Scope, symbol
from pinn.spec.parameters import corners, parameter_ranges, slice_of
from pinn.spec.schema import REST, Spec, load_schema
from pinn.spec.tables import column, read_columns
from pinn.spec.yaml.overrides import apply_overrides
from pinn.spec.yaml.source import Source, read_spec


def load(path: str | PathLike[str], overrides: Sequence[str] = ()) -> Problem:
    """Read, check and compile a spec. Raises SpecError, with file, line and column."""
    source = read_spec(path)
    if overrides:
        source = apply_overrides(source, list(overrides))
    return build(source, Path(path).parent)


def build(source: Source, folder: Path = Path()) -> Problem:
    """A Problem from a spec that has been read; files it names are relative to `folder`."""
    try:
        return build_problem(load_schema(source), folder)
    except SpecErrors:
        raise
    except SpecError as error:
        raise error.at(error.path, source.position(error.path)) from None
    except GeometryError as error:
        raise SpecError(error.path, error.message, source.position(error.path)) from None


def build_problem(spec: Spec, folder: Path = Path()) -> Problem:
    """Compile a validated spec. Raises SpecError without position."""
    refuse_beside_parameters(spec)
    refuse_weights(spec)
    refuse_load(spec)
    meanings = {name: read_meaning(spec, name) for name in spec.subdomains or ("",)}
    physics, scope = next(iter(meanings.values()))
    for theirs, names in meanings.values():
        refuse_limits(names, theirs)
    for values in corners(parameter_ranges(spec, Scope(()).number)) if spec.parameters else ():
        theirs, names = read_meaning(slice_of(spec, values))
        refuse_limits(names, theirs)
    time = None
    if spec.time is not None:
        time = (scope.number(spec.time.start, ("time", "from")), scope.number(spec.time.end, ("time", "to")))
        if time[0] >= time[1]:
            raise SpecError(("time", "to"), f"must be later than from = {time[0]:g}, got {time[1]:g}")
    geometry, family = build_domain(spec, scope, folder)
    refuse_moving_ends(spec, family)
    subdomains = read_subdomains(spec, {name: scope for name, (_, scope) in meanings.items()}, geometry, folder)

    equations = tuple(
        statement
        for subdomain, (theirs, _) in zip(subdomains, meanings.values(), strict=True)
        for statement in equation_statements(spec, subdomain, theirs)
    )
    statements = list(equations)

    vectors = {**physics.vectors}
    reader = ConditionReader(subdomains, geometry, spec.boundaries, vectors, time, family)
    statements += reader.read(spec.conditions)
    between = InterfaceReader(subdomains, vectors)
    statements += between.read(spec.interfaces)
    refuse_open_interfaces(subdomains, equations, between)
    periods = {}
    for index, condition in enumerate(spec.conditions):
        if condition.periodic:
            path = ("conditions", index, "periodic")
            axis, period = period_of(geometry, condition.periodic, path)
            if spec.network.periodic == "auto":
                periods[axis] = period
            else:
                statements += periodic_statements(scope, equations, condition.periodic, axis, path)
    statements += data_statements(spec, subdomains, geometry, time, folder)
    refuse_gaps(subdomains, geometry, equations, statements, reader, time)
    ansatz, essential, statements = find_forms(
        spec.network,
        statements,
        EssentialBuilder(scope, geometry, time, value_is_exact(spec), first_guesses(spec, scope)),
        vectors,
    )
    posed = tuple(statements) + tuple(one.statement for one in essential) if ansatz else ()
    if ansatz is not None:
        statements = [ansatz.restate(statement) for statement in statements]

    problem = Problem(
        spec=spec,
        folder=folder,
        subdomains=subdomains,
        geometry=geometry,
        statements=tuple(statements),
        vectors=vectors,
        tensors=physics.tensors,
        periods=periods,
        time=time,
        probes={},
        reference=read_reference(spec, scope, folder),
        warnings=(),
        ansatz=ansatz,
        posed=posed,
        declared_energy=spec.energy or physics.energy,
        positive=physics.positive,
        family=family,
    )
    if ansatz is not None:
        refuse_aperiodic(
            ansatz, periods, lambda place, count: problem.sample(place, count, 0), joined_patches(spec, geometry)
        )
    for name in spec.exact:
        read_quantity(scope, vectors, name, ("exact", name))
    problem.probes.update(read_probes(spec, problem))
    check_points(problem)
    check_energy(problem)
    _ = problem.exact, problem.unknowns
    for number, name in enumerate(spec.outputs.quantities or ()):
        require_quantity(problem, name, ("outputs", "quantities", number))
    return problem


def value_is_exact(spec: Spec) -> Callable[[Statement], bool]:
    """Whether the value that a condition gives comes from the spec's exact solution."""

    def answer(statement: Statement) -> bool:
        value: Any = spec.conditions[int(statement.path[1])].written()
        for key in statement.path[2:]:
            value = value[key]
        return refers_to_exact(value, spec.definitions)

    return answer


def first_guesses(spec: Spec, scope: Scope) -> dict[str, float]:
    """Unknown parameter -> its first guess."""
    return {
        name: scope.number(unknown.initial, ("unknowns", name, "initial")) for name, unknown in spec.unknowns.items()
    }


def joined_patches(spec: Spec, geometry: Shape) -> list[tuple[int, Place, tuple[str | int, ...]]]:
    """(axis, place, path) of every periodic condition."""
    return [
        (period_of(geometry, condition.periodic, path)[0], Place("periodic", tuple(condition.periodic)), path)
        for index, condition in enumerate(spec.conditions)
        if condition.periodic
        for path in [("conditions", index, "periodic")]
    ]


def read_subdomains(spec: Spec, scopes: dict[str, Scope], geometry: Shape, folder: Path) -> Subdomains:
    """The whole domain, or the parts that the spec names."""
    if not spec.subdomains:
        return Subdomains(scopes, geometry)
    refuse_beside_subdomains(spec)
    number = next(iter(scopes.values())).number
    trees = {name: None if tree == REST else tree for name, tree in spec.subdomains.items()}
    return Subdomains(scopes, geometry, build_partition(trees, geometry, number, spec.coordinates, folder))


def periodic_statements(scope: Scope, equations, patches, axis: int, path) -> list[Statement]:
    """u and its derivatives along the axis, up to one below the equations' order, agree on both faces."""
    order = max(
        (d.partial.orders[axis] + 2 * d.partial.laplacians for e in equations for d in e.expression.derivatives),
        default=1,
    )
    statements = []
    for name in scope.fields:
        for n in range(order):
            orders = tuple(n if i == axis else 0 for i in range(len(scope.axes)))
            compiled = compile_expression(scope.jet(name, orders), scope, path)
            label = f"periodic {name}" + (f"_{scope.axes[axis] * n}" if n else "")
            statements.append(Statement(label, compiled, Place("periodic", tuple(patches)), path=path))
    return statements


def data_statements(spec: Spec, subdomains: Subdomains, geometry: Shape, time, folder: Path) -> list[Statement]:
    """quantity = measured value, at the points of each file."""
    scope = subdomains[0].scope
    statements = []
    for index, data in enumerate(spec.data):
        path = ("data", index)
        file = folder / data.file
        columns = read_columns(file, scope.axes, (*path, "file"))
        for axis in data.coordinates:
            if axis not in scope.axes:
                raise SpecError(
                    (*path, "coordinates", axis), f"unknown coordinate '{axis}'{did_you_mean(axis, scope.axes)}"
                )
        points = np.stack(
            [column(columns, data.coordinates.get(axis, axis), file, (*path, "file")) for axis in scope.axes], axis=1
        )
        refuse_outside(points, geometry, time, file, (*path, "file"))
        place = Place("data", points=tuple(map(tuple, points.tolist())))
        for name, header in data.quantities.items():
            at = (*path, "quantities", name)
            values = column(columns, header, file, at)
            try:
                quantity = scope.resolve(name)
            except SpecError as error:
                known = [*scope.fields, *scope.definitions]
                raise SpecError(at, f"{error.message.split(';')[0]}{did_you_mean(name, known)}") from None
            compiled = compile_expression(quantity - symbol(MEASURED), scope, at)
            if not compiled.derivatives:
                raise SpecError(at, f"'{name}' does not depend on a field, so there is nothing to fit")
            statements.append(
                Statement(
                    f"data {name}",
                    compiled,
                    place,
                    data.weight,
                    values=torch.as_tensor(values),
                    path=at,
                    noise=noise_of(data, name, scope, (*path, "noise")),
                )
            )
    return statements


def noise_of(data: Data, name: str, scope: Scope, path) -> float | str | None:
    """Standard deviation of a measured quantity. Raises SpecError."""
    noise = data.noise
    if isinstance(noise, dict):
        if strange := [key for key in noise if key not in data.quantities]:
            known = list(data.quantities)
            raise SpecError(
                (*path, strange[0]), f"'{strange[0]}' is not measured here{did_you_mean(strange[0], known)}"
            )
        noise, path = noise.get(name), (*path, name)
    if noise is None or noise == ESTIMATE:
        return noise
    value = scope.number(noise, path)
    if not value > 0:
        raise SpecError(
            path, f"must be a positive standard deviation or 'estimate', got {value:g}; leave it out for exact data"
        )
    return value


def read_reference(spec: Spec, scope: Scope, folder: Path) -> Reference | None:
    if spec.reference is None:
        return None
    path = ("reference", "file")
    file = folder / spec.reference.file
    columns = read_columns(file, scope.axes, path)
    points = np.stack([column(columns, axis, file, path) for axis in scope.axes], axis=1)
    names = [*scope.fields, *scope.definitions]
    quantities = {name: values for name, values in columns.items() if name in names}
    if not quantities:
        raise SpecError(path, f"{file} holds none of the problem's quantities: {', '.join(names)}")
    return Reference(points, quantities)


def read_probes(spec: Spec, problem: Problem) -> dict[str, Probe]:
    probes = {}
    reader = ConditionReader(problem.subdomains, problem.geometry, {}, {}, problem.time, problem.family)
    for name, probe in spec.probes.items():
        path = ("probes", name)
        require_quantity(problem, probe.quantity, (*path, "quantity"))
        listed = reader.points(probe.points, (*path, "at"))
        if any(len(point) != len(problem.axes) for point in listed):
            raise SpecError((*path, "at"), f"a probe needs the coordinates {', '.join(problem.axes)}")
        points = np.array(listed)
        expected = None
        if probe.expected is not None:
            given = probe.expected if isinstance(probe.expected, tuple) else (probe.expected,)
            expected = tuple(problem.scope.number(value, (*path, "expected")) for value in given)
            if len(expected) not in (1, len(points)):
                raise SpecError((*path, "expected"), f"{len(expected)} values for {len(points)} points")
            expected = expected if len(expected) == len(points) else expected * len(points)
        if probe.subdomain is not None and probe.subdomain not in problem.subdomains.names:
            known = problem.subdomains.names
            raise SpecError(
                (*path, "subdomain"), f"unknown subdomain '{probe.subdomain}'{did_you_mean(probe.subdomain, known)}"
            )
        probes[name] = Probe(probe.quantity, points, expected, probe.subdomain)
    return probes
