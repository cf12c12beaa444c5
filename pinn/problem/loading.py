"""Loading: from a spec's text to a Problem, with every refusal at its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from pinn.domain.domain import Domain
from pinn.equations.eigenproblem import read_eigenproblem
from pinn.equations.hard_constraints.essential import EssentialBuilder, refers_to_exact
from pinn.equations.hard_constraints.forms import find_forms, refuse_aperiodic
from pinn.equations.jumps.cut import cut_at_jumps
from pinn.equations.meanings import read_meaning
from pinn.equations.statements import Statement
from pinn.equations.subdomains import Subdomains
from pinn.errors import SpecError, SpecErrors
from pinn.files.shipped import find_spec
from pinn.geometry.build.family import build_domain
from pinn.geometry.build.partition import build_partition
from pinn.geometry.shapes.shape import GeometryError, Shape
from pinn.physics.model import Physics
from pinn.point_loads.reading import read_point_loads
from pinn.problem.axis import with_axis
from pinn.problem.cases import with_cases
from pinn.problem.checks import check_energy, check_names, check_points, refuse_limits
from pinn.problem.compatibility import obstacle, refuse_incompatible
from pinn.problem.features import SUBDOMAINS, Asked
from pinn.problem.measured import refuse_misfits, refuse_other_cases
from pinn.problem.probes import read_probes
from pinn.problem.problem import Problem
from pinn.problem.reference import read_reference
from pinn.problem.statements import read_statements
from pinn.problem.table_ranges import refuse_ends
from pinn.spec.language.expressions import Scope
from pinn.spec.parameters import corners, parameter_ranges, slice_of
from pinn.spec.schema import REST, Spec, load_schema
from pinn.spec.stating import stated
from pinn.spec.table_functions import with_open_tables
from pinn.spec.yaml.overrides import apply_overrides
from pinn.spec.yaml.pieces import KEYWORD, MAPPING, changed, spec_of
from pinn.spec.yaml.source import Source, parse_spec, read_spec


def load(spec: str | PathLike[str] | Mapping[str, Any], overrides: Sequence[str] = (), **changes: Any) -> Problem:
    """Read, check and compile a spec. Raises SpecError, with file, line and column.

    spec        a file; the name of a problem of `pinn list`; YAML text, of more than one line; or a mapping of blocks
    overrides   as on the command line: ["solver.time_limit=30", "constants.a=0.3"]
    changes     blocks to change: solver={"time_limit": 30}, constants={"a": 0.3}; of a mapping the keys that it names
    """
    source, folder = read(spec)
    if overrides:
        source = apply_overrides(source, list(overrides))
    if changes:
        source = changed(source, stated(changes, KEYWORD))
    return build(source, folder)


def read(spec: str | PathLike[str] | Mapping[str, Any]) -> tuple[Source, Path]:
    """The spec, and the folder that files it names are relative to. Raises SpecError."""
    if isinstance(spec, Mapping):
        return spec_of(stated(spec, MAPPING)), Path()
    if isinstance(spec, str) and "\n" in spec:
        return parse_spec(spec), Path()
    file = find_spec(fspath(spec))
    return read_spec(file), file.parent


def restored(text: str, folder: str) -> Problem:
    """A problem from what a pickled one keeps of itself."""
    return build(parse_spec(text), Path(folder))


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
    refuse_incompatible(Asked(spec))
    if spec.cases:
        refuse_other_cases(spec)
        return with_cases(spec, lambda one: build_problem(one, folder))
    spec = with_open_tables(spec, folder)
    meanings = read_meanings(spec)
    physics, scope = next(iter(meanings.values()))
    time = read_time(spec, scope)
    geometry, family = build_domain(spec, scope, folder)
    spec = with_axis(spec, physics, geometry)
    subdomains = read_subdomains(spec, {name: scope for name, (_, scope) in meanings.items()}, geometry, folder)
    cut = cut_at_jumps(spec, subdomains, geometry, time, obstacle(SUBDOMAINS, Asked(spec)))
    of_each = [meanings.get(part.name, (physics, scope))[0] for part in cut.subdomains]
    for part, theirs in zip(cut.subdomains, of_each, strict=True):
        refuse_limits(part.scope, theirs)
    ranges = parameter_ranges(spec, scope.number)
    domain = Domain(spec.coordinates, geometry, time, ranges, family, cut.subdomains.partition)
    found = read_statements(spec, of_each, cut, domain, folder)

    builder = EssentialBuilder(scope, geometry, time, value_is_exact(spec), first_guesses(spec, scope))
    ansatz, essential, statements = find_forms(spec.network, found.stated, builder, physics.vectors)
    posed: tuple[Statement, ...] = ()
    if ansatz is not None:
        posed = (*statements, *(one.statement for one in essential))
        statements = [ansatz.restate(statement) for statement in statements]
    problem = Problem(
        spec=spec,
        folder=folder,
        domain=domain,
        subdomains=cut.subdomains,
        statements=tuple(statements),
        vectors=dict(physics.vectors),
        tensors=physics.tensors,
        periods=found.periods,
        probes={},
        reference=read_reference(spec, scope, folder, domain),
        cuts=cut.lines,
        uncut=cut.warnings,
        ansatz=ansatz,
        posed=posed,
        declared_energy=spec.energy or physics.energy,
        positive=physics.positive,
        motions=found.motions,
        eigen=None if spec.modes is None else read_eigenproblem(spec.modes, scope, statements, found.inertia, domain),
    )
    refuse_incompatible(Asked(spec, problem))
    if spec.point_loads:
        problem = with_point_loads(problem)
    if ansatz is not None:
        refuse_aperiodic(ansatz, lambda place, count: domain.sample(place, count, 0), found.joined)
    problem.probes.update(read_probes(problem))
    check_names(problem)
    refuse_ends(problem)
    check_points(problem)
    check_energy(problem)
    return problem


def with_point_loads(problem: Problem) -> Problem:
    """The problem whose network is what the known part of its point loads leaves of the fields."""
    stated = problem.statements
    known = read_point_loads(problem.spec, problem.subdomains, problem.domain, stated, problem.vectors)
    return replace(problem, ansatz=known.ansatz, statements=known.statements, posed=stated, loads=known.loads)


def read_meanings(spec: Spec) -> dict[str, tuple[Physics, Scope]]:
    """Subdomain -> its physics and names, with the parameters of the physics within their limits."""
    meanings = {name: read_meaning(spec, name) for name in spec.subdomains or ("",)}
    refuse_misfits(spec, meanings)
    ends = corners(parameter_ranges(spec, Scope((), units=spec.unit_system).number)) if spec.parameters else []
    for physics, scope in (*meanings.values(), *(read_meaning(slice_of(spec, values)) for values in ends)):
        refuse_limits(scope, physics)
    return meanings


def read_time(spec: Spec, scope: Scope) -> tuple[float, float] | None:
    """When the problem begins and ends, where it has time."""
    if spec.time is None:
        return None
    start, end = scope.number(spec.time.start, ("time", "from")), scope.number(spec.time.end, ("time", "to"))
    if start >= end:
        raise SpecError(("time", "to"), f"must be later than from = {start:g}, got {end:g}")
    return start, end


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


def read_subdomains(spec: Spec, scopes: dict[str, Scope], geometry: Shape, folder: Path) -> Subdomains:
    """The whole domain, or the parts that the spec names."""
    if not spec.subdomains:
        return Subdomains(scopes, geometry)
    number = next(iter(scopes.values())).number
    trees = {name: None if tree == REST else tree for name, tree in spec.subdomains.items()}
    return Subdomains(scopes, geometry, build_partition(trees, geometry, number, spec.coordinates, folder))
