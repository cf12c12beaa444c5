"""Measured values: what of a spec's numbers with units does not fit its place, and what of its expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pinn.equations.dimensional import Dimensions, Inconsistent
from pinn.errors import SpecError, dotted
from pinn.physics.model import Physics
from pinn.problem.measured_places import places
from pinn.spec.language.expressions import Scope
from pinn.spec.schema import Spec
from pinn.units.dimension import Dimension
from pinn.units.literals import name_in, only_literal
from pinn.units.measure import UnitError, is_unit, unit_of
from pinn.units.system import called


def refuse_misfits(spec: Spec, meanings: Mapping[str, tuple[Physics, Scope]]) -> None:
    """Raises SpecError for a value whose unit does not measure what its place asks for."""
    if not spec.is_measured:
        return
    refuse_other_units(spec)
    for name, (physics, scope) in meanings.items():
        known = Dimensions(spec, physics, scope, name)
        for path, value, wanted in places(known):
            literal = only_literal(value)
            if literal is None:
                continue
            if wanted is None or name_in(literal[1], scope.declares, scope.letters):
                continue
            try:
                found = unit_of(literal[1]).dimension
            except UnitError:  # refused where it is read
                continue
            if found != wanted:
                raise SpecError(path, f"must be {in_words(known, wanted)}; '{value}' is {in_words(known, found)}")
        refuse_scales(spec, physics)


def refuse_other_cases(spec: Spec) -> None:
    """A constant measures the same in every load case."""
    for case, values in spec.cases.items():
        for name, value in values.items():
            own, other = (only_literal(text) for text in (spec.constants.get(name), value))
            if own is None or other is None or not (is_unit(own[1]) and is_unit(other[1])):
                continue
            if unit_of(own[1]).dimension != unit_of(other[1]).dimension:
                raise SpecError(("cases", case, name), f"must have a unit such as {own[1]}, as under 'constants'")


def refuse_other_units(spec: Spec) -> None:
    """The unit of a field is the spec's own: its numbers are not converted."""
    for name, one in spec.fields.items() if isinstance(spec.fields, dict) else ():
        path = ("fields", name, "unit")
        if one.unit is None:
            continue
        try:
            unit = unit_of(one.unit)
        except UnitError as error:
            raise SpecError(path, str(error)) from None
        own = spec.unit_system.label(unit.dimension)
        if unit.zero or unit.factor != spec.unit_system.factor(unit.dimension):
            raise SpecError(path, f"must be {own or 1}, in which the units of the spec have it, got '{one.unit}'")


def refuse_scales(spec: Spec, physics: Physics) -> None:
    """A temperature of a scale with a zero of its own, as 20 degC, is none where a difference is meant."""
    scales = [unit for unit in sorted(spec.own_units) if physics.differences and has_zero(unit)]
    for name, why in physics.differences.items() if scales else ():
        path = (*spec.physics_path, *physics.given.get(name, ()))
        raise SpecError(
            path,
            f"{why}: with values in {scales[0]} write reference_temperature: 20 {scales[0]}, or a rise as 80 K",
        )


def has_zero(unit: str) -> bool:
    """Whether it is of a scale with a zero of its own; what is no unit is refused where it is read."""
    try:
        return bool(unit_of(unit).zero)
    except UnitError:
        return False


def misfit_warnings(known: Dimensions) -> Iterator[str]:
    """What does not fit of values that are no single numbers, and of equations of one's own."""
    for path, value, wanted in places(known):
        if only_literal(value) is not None:
            continue
        try:
            found = known.sides(value) if is_equation(value) else known.of(value)
        except Inconsistent as error:
            yield f"{dotted(path)}: the dimensions differ: {error}"
            continue
        if wanted is not None and found is not None and found != wanted:
            yield f"{dotted(path)}: must be {in_words(known, wanted)}; '{value}' is {in_words(known, found)}"


def is_equation(value: Any) -> bool:
    return isinstance(value, str) and value.replace("==", "").replace("<=", "").replace(">=", "").count("=") == 1


def in_words(known: Dimensions, wanted: Dimension) -> str:
    """a pressure (MPa), or in mW/(mm K)."""
    if wanted.is_pure:
        return "a pure number"
    label = known.scope.units.label(wanted)
    return f"{kind} ({label})" if (kind := called(wanted)) else f"in {label}"
