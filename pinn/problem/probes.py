"""Probes of a spec: quantities at points, and integrals, means and extremes over places."""

from __future__ import annotations

import numpy as np

from pinn.domain.places import Interior
from pinn.equations.conditions.integrals import places_of
from pinn.equations.conditions.reader import ConditionReader
from pinn.errors import SpecError, did_you_mean
from pinn.problem.checks import require_quantity
from pinn.problem.probe import Extent, Probe
from pinn.problem.problem import Problem
from pinn.spec.blocks.observations import ProbeBlock

Path = tuple[str | int, ...]


def read_probes(problem: Problem) -> dict[str, Probe | Extent]:
    """The probes of the problem's spec by their names. Raises SpecError."""
    reader = ConditionReader(problem.subdomains, problem.domain, problem.spec.boundaries, {})
    return {
        name: (at_points if probe.extent is None else over_place)(problem, reader, probe, ("probes", name))
        for name, probe in problem.spec.probes.items()
    }


def at_points(problem: Problem, reader: ConditionReader, probe: ProbeBlock, path: Path) -> Probe:
    assert probe.quantity is not None
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
    return Probe(probe.quantity, points, expected, probe.subdomain)


def over_place(problem: Problem, reader: ConditionReader, probe: ProbeBlock, path: Path) -> Extent:
    kind = probe.extent
    assert kind is not None
    if problem.parameters:
        raise SpecError((*path, kind), "is not available with parameters; state points instead")
    at = (*path, kind)
    text = getattr(probe, kind)
    places = places_of(reader, probe.on, (*path, "on"))
    compiled = {}
    for subdomain in problem.subdomains:
        one = problem.over_outputs(subdomain.scope.expression(text, at), subdomain)
        if not one.derivatives:
            raise SpecError(at, "says nothing about a field; write a field, a derivative or a definition of fields")
        if one.inputs & {f"n{axis}" for axis in problem.coordinates} and any(isinstance(p, Interior) for p in places):
            raise SpecError(at, "uses the normal, which is known on patches and lines only; say where with 'on'")
        compiled[subdomain.name] = one
    time = None
    if problem.time:
        time = problem.time[1] if probe.time is None else problem.scope.number(probe.time, (*path, "time"))
        if not problem.time[0] <= time <= problem.time[1]:
            raise SpecError((*path, "time"), f"must lie in [{problem.time[0]:g}, {problem.time[1]:g}], got {time:g}")
    elif probe.time is not None:
        raise SpecError((*path, "time"), "this problem has no time; remove it")
    expected = None
    if probe.expected is not None:
        assert not isinstance(probe.expected, tuple)
        expected = (problem.scope.number(probe.expected, (*path, "expected")),)
    return Extent(kind, str(text), compiled, tuple(places), time, expected)
