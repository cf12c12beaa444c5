"""All statements of a spec: equations, conditions, interfaces, periodic ends, data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pinn.equations.conditions.interfaces import InterfaceReader, refuse_open_interfaces
from pinn.equations.conditions.measurements import data_statements
from pinn.equations.conditions.periodic import periodic_statements
from pinn.equations.conditions.reader import ConditionReader, period_of
from pinn.equations.governing import equation_statements
from pinn.equations.hard_constraints.forms import Joined
from pinn.equations.statements import Place, Statement
from pinn.equations.subdomains import Subdomains
from pinn.geometry.shapes.family import Family
from pinn.geometry.shapes.shape import Shape
from pinn.physics.model import Physics
from pinn.problem.checks import refuse_gaps
from pinn.spec.schema import Spec


@dataclass
class Statements:
    """What a spec states.

    stated    all of it, as statements over the fields
    periods   axis -> period, where the network is periodic by construction and nothing is stated instead
    joined    (axis, place, path) of the ends of the domain where that is so
    """

    stated: list[Statement] = field(default_factory=list)
    periods: dict[int, float] = field(default_factory=dict)
    joined: list[Joined] = field(default_factory=list)


def read_statements(
    spec: Spec,
    physics: Sequence[Physics],
    subdomains: Subdomains,
    geometry: Shape,
    family: Family | None,
    time: tuple[float, float] | None,
    folder: Path,
) -> Statements:
    """Everything that the spec states, and that its physics does in each of the subdomains.

    Raises SpecError for what is wrong, and for what nothing is said about.
    """
    found = Statements()
    vectors = physics[0].vectors
    equations = [
        statement
        for subdomain, theirs in zip(subdomains, physics, strict=True)
        for statement in equation_statements(spec, subdomain, theirs)
    ]
    conditions = ConditionReader(subdomains, geometry, spec.boundaries, vectors, time, family)
    between = InterfaceReader(subdomains, vectors)
    found.stated = [*equations, *conditions.read(spec.conditions), *between.read(spec.interfaces)]
    refuse_open_interfaces(subdomains, tuple(equations), between)
    for index, condition in enumerate(spec.conditions):
        if condition.periodic:
            path = ("conditions", index, "periodic")
            axis, period = period_of(geometry, condition.periodic, path)
            ends = Place("periodic", tuple(condition.periodic))
            if spec.network.periodic == "auto":
                found.periods[axis] = period
                found.joined.append((axis, ends, path))
            else:
                found.stated += periodic_statements(subdomains[0].scope, equations, ends, axis, path)
    for index, data in enumerate(spec.data):
        found.stated += data_statements(data, subdomains[0].scope, geometry, time, folder, ("data", index))
    refuse_gaps(subdomains, geometry, equations, found.stated, conditions, time)
    return found
