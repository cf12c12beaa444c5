"""All statements of a spec: equations, conditions, interfaces, periodic ends, data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pinn.domain.domain import Domain
from pinn.domain.places import Periodic
from pinn.equations.conditions.interfaces import InterfaceReader, refuse_open_interfaces
from pinn.equations.conditions.measurements import data_statements
from pinn.equations.conditions.periodic import periodic_statements
from pinn.equations.conditions.reader import ConditionReader, period_of
from pinn.equations.dimensional import dimensions_of
from pinn.equations.eigenproblem import Inertia, densities, eigenvalue_name, with_inertia
from pinn.equations.energy.stationarity import stationarity
from pinn.equations.governing import equation_statements
from pinn.equations.hard_constraints.forms import Joined
from pinn.equations.jumps.cut import Cut
from pinn.equations.statements import Statement
from pinn.physics.model import Physics
from pinn.problem.checks import refuse_gaps
from pinn.spec.schema import Spec


@dataclass
class Statements:
    """What a spec states.

    stated    all of it, as statements over the fields
    periods   axis -> period, where the network is periodic by construction and nothing is stated instead
    joined    (place, path) of the ends of the domain where that is so
    inertia   of the fields, where modes are sought
    motions   names of unknown numbers, the motions of rigid patches
    """

    stated: list[Statement] = field(default_factory=list)
    periods: dict[int, float] = field(default_factory=dict)
    joined: list[Joined] = field(default_factory=list)
    inertia: list[Inertia] = field(default_factory=list)
    motions: tuple[str, ...] = ()


def read_statements(
    spec: Spec,
    physics: Sequence[Physics],
    cut: Cut,
    domain: Domain,
    folder: Path,
) -> Statements:
    """Everything that the spec states, and that its physics does in each of the subdomains.

    Raises SpecError for what is wrong, and for what nothing is said about.
    """
    found = Statements()
    vectors, subdomains = physics[0].vectors, cut.subdomains
    equations = [
        statement
        for subdomain, theirs in zip(subdomains, physics, strict=True)
        for statement in equation_statements(spec, subdomain, theirs)
    ]
    if not equations and spec.energy is not None:
        equations = [one for subdomain in subdomains for one in stationarity(spec.energy, subdomain)]
    if spec.modes is not None and spec.modes.mass is not None:
        equations, found.inertia = moving(spec, equations, cut, vectors, domain)
    instead = conjugates(equations, subdomains[0].scope.fields, vectors)
    conditions = ConditionReader(subdomains, domain, spec.boundaries, vectors, instead)
    between = InterfaceReader(subdomains, vectors)
    found.stated = [*equations, *conditions.read(spec.conditions), *between.read(spec.interfaces)]
    found.motions = tuple(conditions.motions)
    if cut.parts:
        found.stated += cut.statements
    else:
        refuse_open_interfaces(subdomains, tuple(equations), between)
    for index, condition in enumerate(spec.conditions):
        if condition.periodic:
            path = ("conditions", index, "periodic")
            first, second = condition.periodic
            ends = Periodic((first, second), *period_of(domain.shape, (first, second), path))
            if spec.network.periodic == "auto":
                found.periods[ends.axis] = ends.period
                found.joined.append((ends, path))
            else:
                found.stated += periodic_statements(subdomains[0].scope, equations, ends, path)
    known = dimensions_of(spec) if spec.is_measured else None
    for index, data in enumerate(spec.data):
        found.stated += data_statements(data, subdomains[0].scope, domain, folder, ("data", index), known)
    refuse_gaps(subdomains, domain.shape, equations, found.stated, conditions, domain.time)
    return found


def conjugates(
    equations: Sequence[Statement], fields: Sequence[str], vectors: Mapping[str, tuple[str, ...]]
) -> dict[str, str]:
    """Quantity -> what is known in its place on a boundary: u for u_n, a displacement for the traction along it.

    Of equations of second order; where the order is higher both are stated on one patch.
    """
    orders = [d.partial.order for statement in equations for d in statement.expression.derivatives]
    if max(orders, default=0) != 2:
        return {}
    forces = zip(vectors.get("traction", ()), vectors.get("displacement", ()), strict=False)
    return {f"{name}_n": name for name in fields} | dict(forces)


def moving(
    spec: Spec, equations: Sequence[Statement], cut: Cut, vectors: dict[str, tuple[str, ...]], domain: Domain
) -> tuple[list[Statement], list[Inertia]]:
    """The equations with the inertia that `modes` states, and where it stands among them."""
    assert spec.modes is not None
    found: list[Statement] = []
    inertia: list[Inertia] = []
    for subdomain in cut.subdomains:
        ours = [one for one in equations if one.place.subdomain == subdomain.name]
        given = densities(spec.modes, subdomain.scope.fields, vectors)
        for statement, output, density in with_inertia(ours, subdomain, given, domain, eigenvalue_name(spec.modes)):
            if density is not None:
                inertia.append(Inertia(output, len(found), density))
            found.append(statement)
    return found, inertia
