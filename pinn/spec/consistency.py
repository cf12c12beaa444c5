"""What the blocks of a spec must agree on: names, time, and the dimension of points."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from pinn.errors import did_you_mean
from pinn.spec.blocks.block import Refusal
from pinn.spec.cases import case_refusals
from pinn.spec.language.names import name_refusal, spelling_refusal
from pinn.spec.parameters import parameter_refusal
from pinn.spec.yaml.subset import Path, shown

if TYPE_CHECKING:
    from pinn.spec.blocks.condition import Condition
    from pinn.spec.blocks.observations import ProbeBlock
    from pinn.spec.schema import Spec

SPECIAL_PATCHES = ("boundary", "initial", "rest")
SYMBOLS = ("parameters", "constants", "tables", "unknowns", "fields", "definitions")  # what expressions may refer to
LABELS = ("equations", "probes", "boundaries", "subdomains", "cases", "combinations")
KEPT_BETWEEN_DRAWS = ("lbfgs", "quasi_newton")  # line searches need a loss that stays the same


def inconsistencies(spec: Spec) -> list[Refusal]:
    """Everything wrong between the blocks of a spec whose blocks are each in order."""
    return [refusal for check in CHECKS for refusal in check(spec)]


def what_is_solved(spec: Spec) -> Iterator[Refusal]:
    if not spec.fields and not spec.physics:
        yield Refusal((), "needs 'fields' or 'physics': name the unknown functions, such as fields: [u]")
    if spec.fields and not spec.equations and not spec.data and not spec.energy:
        yield Refusal(("fields",), "has no equations and no data to determine it; add 'equations', 'energy' or 'data'")
    if spec.equations and not spec.fields and not spec.physics:
        yield Refusal(("equations",), "has no fields to solve for; name them, such as fields: [u]", at_key=True)


def names(spec: Spec) -> Iterator[Refusal]:
    first: dict[str, str] = {}
    for block in SYMBOLS:
        for path, name, at_key in declared(spec, block):
            if message := name_refusal(name, spec.coordinates):
                yield Refusal(path, message, at_key)
            elif name in first:
                yield Refusal(
                    path, f"{shown(name)} is already declared in '{first[name]}'; choose another name", at_key
                )
            elif block == "parameters" and (message := parameter_refusal(name)):
                yield Refusal(path, message, at_key)
            else:
                first[name] = block
    if spec.modes and (called := spec.modes.eigenvalue):
        message = name_refusal(called, spec.coordinates)
        if called in first:
            message = f"{shown(called)} is already declared in '{first[called]}'; it is what is sought, remove it there"
        if message:
            yield Refusal(("modes", "eigenvalue"), message)
    for block in LABELS:
        for path, name, at_key in declared(spec, block):
            if message := name_refusal(name, spec.coordinates):
                yield Refusal(path, message, at_key)
            elif block == "boundaries" and name in SPECIAL_PATCHES:
                yield Refusal(
                    path, f"{shown(name)} has a meaning of its own in conditions; choose another name", at_key
                )
    for name in spec.exact:
        if message := spelling_refusal(name):
            yield Refusal(("exact", name), message, at_key=True)


def declared(spec: Spec, block: str) -> Iterator[tuple[Path, str, bool]]:
    """(path, name, whether the name is a key) for each name that a block declares."""
    entries = getattr(spec, block)
    if isinstance(entries, dict):
        yield from (((block, name), name, True) for name in entries)
    else:
        yield from (((block, index), name, False) for index, name in enumerate(entries))


def space(spec: Spec) -> Iterator[Refusal]:
    """Coordinates and a domain in them; an ordinary equation has time instead of both."""
    if spec.coordinates and not spec.domain:
        yield Refusal(
            ("domain",), "is missing; write for example domain: {rectangle: {from: [0, 0], to: [1, 1]}}", at_key=True
        )
    elif not spec.coordinates and (spec.domain or not spec.time):
        yield Refusal(
            ("coordinates",),
            "needs a letter for each axis, such as [x, y]; ordinary equations have a time, and neither coordinates nor "
            "a domain",
        )


def ranges(spec: Spec) -> Iterator[Refusal]:
    if spec.time and not below(spec.time.start, spec.time.end):
        yield Refusal(("time", "to"), f"must be greater than 'from', which is {spec.time.start}; got {spec.time.end}")
    for name, unknown in spec.unknowns.items():
        if not below(unknown.min, unknown.max):
            yield Refusal(
                ("unknowns", name, "max"), f"must be greater than 'min', which is {unknown.min}; got {unknown.max}"
            )
        elif not (at_most(unknown.min, unknown.initial) and at_most(unknown.initial, unknown.max)):
            bounds = f"{'' if unknown.min is None else unknown.min}..{'' if unknown.max is None else unknown.max}"
            yield Refusal(("unknowns", name, "initial"), f"must be within min..max, {bounds}; got {unknown.initial}")


def below(low: Any, high: Any) -> bool:
    """Whether low < high; True where either is absent or an expression, which is evaluated later."""
    return isinstance(low, str | None) or isinstance(high, str | None) or low < high


def at_most(low: Any, high: Any) -> bool:
    """Whether low <= high, as `below` does."""
    return low == high or below(low, high)


def initial_conditions(spec: Spec) -> Iterator[Refusal]:
    if spec.time:
        return
    for index, condition in enumerate(spec.conditions):
        if condition.kind == "initial":
            yield Refusal(("conditions", index, "on"), "'initial' needs a time; add the block time: {from: 0, to: 1}")


def dimensions(spec: Spec) -> Iterator[Refusal]:
    further = [*spec.parameters, *(["t"] if spec.time else [])]
    allowed = [len(spec.coordinates), len(spec.coordinates) + len(further)]
    axes = ", ".join(spec.coordinates) + (f" and optionally {', '.join(further)}" if further else "")
    places: list[tuple[Path, Condition | ProbeBlock]]
    places = [(("conditions", index, "at"), condition) for index, condition in enumerate(spec.conditions)]
    places += [(("probes", name, "at"), probe) for name, probe in spec.probes.items()]
    for path, holder in places:
        for index, point in enumerate(holder.points):
            if len(point) not in allowed:
                place = (*path, index) if len(holder.points) > 1 else path
                yield Refusal(place, f"a point here has {axes}; got {len(point)} numbers (write points as [[…], […]])")
    for name, probe in spec.probes.items():
        if probe.extent is None and isinstance(probe.expected, tuple) and len(probe.expected) != len(probe.points):
            message = f"must have one value per point, {len(probe.points)} in all; got {len(probe.expected)}"
            yield Refusal(("probes", name, "expected"), message)


def by_subdomain(spec: Spec) -> Iterator[Refusal]:
    """What is given per subdomain is given for each of them, and for nothing else."""
    if spec.interfaces and not spec.subdomains:
        yield Refusal(("interfaces",), "needs 'subdomains' to lie between; add the block", at_key=True)
    for block in ("definitions", "exact"):
        for name, value in getattr(spec, block).items():
            if isinstance(value, dict):
                for path, message in subdomain_refusals(value, spec.subdomains):
                    yield Refusal((block, name, *path), message)


def subdomain_refusals(value: dict[str, Any], subdomains: Collection[str]) -> Iterator[tuple[Path, str]]:
    """(path within, message) for each key that is no subdomain and each subdomain without a key."""
    if not subdomains:
        yield (), "is given per subdomain, but the spec has no block 'subdomains'"
        return
    for key in value:
        if key not in subdomains:
            yield (key,), f"unknown subdomain '{key}'{did_you_mean(str(key), tuple(subdomains))}"
    for missing in [name for name in subdomains if name not in value]:
        yield (), f"says nothing for the subdomain '{missing}'"


def measurements(spec: Spec) -> Iterator[Refusal]:
    axes = (*spec.coordinates, *spec.parameters, *(["t"] if spec.time else []))
    for index, data in enumerate(spec.data):
        for name in data.coordinates:
            if name not in axes:
                message = f"{shown(name)} is not a coordinate; this problem has {', '.join(axes)}"
                yield Refusal(("data", index, "coordinates", name), message, at_key=True)
        for name in data.quantities:
            if message := spelling_refusal(name):
                yield Refusal(("data", index, "quantities", name), message, at_key=True)


def learning_rates(spec: Spec) -> Iterator[Refusal]:
    """A learning rate of the hardness is of use to the stages that have learning rates."""
    stages = [stage.name for stage in spec.solver.stages]
    if spec.network.activation.learning_rate is not None and not {"adam", "soap"} & set(stages):
        path = ("network", "activation", "lambda_gelu", "learning_rate")
        yield Refusal(
            path,
            f"is for adam and soap, but the method is {', '.join(stages)}, which choose their own steps; remove it",
            at_key=True,
        )


def causal_weights(spec: Spec) -> Iterator[Refusal]:
    """Causal weights are looked at again where points are drawn, which stages with a line search do when told to."""
    for index, stage in enumerate(spec.solver.stages):
        weights = stage.parameters.get("weights")
        if weights is None or weights.causal is None or stage.parameters["resample"]:
            continue
        if spec.time and stage.name in KEPT_BETWEEN_DRAWS:
            yield Refusal(
                ("solver", "method", *([index] if len(spec.solver.stages) > 1 else []), stage.name, "weights"),
                f"{stage.name} looks at causal weights where it draws points; write for example resample: 200",
            )


def load_steps(spec: Spec) -> Iterator[Refusal]:
    """Load steps need a constant that can grow; it may not be zero."""
    steps, load = spec.solver.load_steps, spec.solver.load
    if steps is not None and load is None:
        yield Refusal(("solver", "load_steps"), "needs the constant that grows; write for example load: P")
    elif steps is None and load is not None:
        yield Refusal(("solver", "load"), "needs the number of steps; write for example load_steps: 10")
    elif load is not None and load not in spec.constants:
        hint = did_you_mean(load, tuple(spec.constants))
        yield Refusal(("solver", "load"), f"must be one of the constants, got '{load}'{hint}")


CHECKS = (
    what_is_solved,
    space,
    names,
    ranges,
    initial_conditions,
    dimensions,
    measurements,
    learning_rates,
    causal_weights,
    load_steps,
    by_subdomain,
    case_refusals,
)
