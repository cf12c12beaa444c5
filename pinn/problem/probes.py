"""Probes: quantities at points of the user's choice, with what is expected there."""

from __future__ import annotations

import numpy as np

from pinn.equations.conditions.reader import ConditionReader
from pinn.errors import SpecError, did_you_mean
from pinn.problem.checks import require_quantity
from pinn.problem.problem import Probe, Problem


def read_probes(problem: Problem) -> dict[str, Probe]:
    """The probes of the problem's spec by their names. Raises SpecError."""
    probes = {}
    reader = ConditionReader(problem.subdomains, problem.domain, {}, {})
    for name, probe in problem.spec.probes.items():
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
