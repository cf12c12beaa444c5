"""The units of a problem's quantities, as tables, pictures and files show them; none where the spec says nothing of
units."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from pinn.equations.dimensional import LENGTH, TIME, Dimensions, Inconsistent, dimensions_of
from pinn.problem.measured_places import of_probe
from pinn.units.dimension import Dimension, base, dimension
from pinn.units.system import CHOICES, UnitSystem
from pinn.units.writing import as_parts, written

if TYPE_CHECKING:
    from pinn.problem.problem import Problem

USUAL = ("length", "mass", "time", "temperature")
NUMBER = "1"  # how the unit of a pure number is written where something must stand
TEMPERATURE = base("temperature")
BROKEN = 1000  # the denominator of a power of length, of what is singular at a corner


@dataclass(frozen=True, eq=False)
class UnitLabels:
    """`of` gives the unit of a name, '' where it is not known or the name is a pure number's."""

    problem: Problem

    @cached_property
    def known(self) -> Dimensions | None:
        return dimensions_of(self.problem.spec) if self.problem.spec.is_measured else None

    @property
    def system(self) -> UnitSystem:
        return self.problem.spec.unit_system

    def dimension(self, name: str) -> Dimension | None:
        """Of a quantity, a coordinate, a constant; of a vector or a tensor that of its components."""
        if self.known is None:
            return None
        parts = (*self.problem.vectors.get(name, ()), *self.problem.tensors.get(name, {}).values())
        return self.known.of_name(parts[0] if parts else name)

    def of(self, name: str, *, plain: bool = False) -> str:
        """MPa; plain, in letters without a bar: mW mm^-2. Of a mode, whose size is arbitrary, nothing but its place."""
        if self.known is None or (self.problem.spec.modes is not None and name not in self.problem.axes):
            return ""
        fields = self.problem.spec.fields
        own = fields[name].unit if isinstance(fields, dict) and name in fields else None
        if own is not None:
            return written(as_parts(own, Fraction(1)), plain=plain)
        return self.label(self.dimension(name), plain=plain)

    def label(self, of: Dimension | None, *, plain: bool = False) -> str:
        return "" if of is None or self.known is None else self.system.label(of, plain=plain)

    def named(self, name: str, *, plain: bool = False) -> str:
        """von_mises [MPa]; the name alone where it has no unit."""
        unit = self.of(name, plain=plain)
        return f"{name} [{unit}]" if unit else name

    def with_unit(self, text: str, name: str) -> str:
        """A value, such as a time, behind which the unit of a name stands: t = 3 s."""
        unit = self.of(name)
        return f"{text} {unit}" if unit else text

    @property
    def chosen(self) -> list[str]:
        """Units from which the others follow, of mechanics and heat always: length mm."""
        said = {key for key, _ in self.system.chosen}
        basis = sorted(self.system.basis.items(), key=lambda one: CHOICES.index(one[0]))
        return [f"{key} {unit}" for key, (unit, _) in basis if key in said or key in USUAL]

    def measure(self, space: int) -> str:
        """Of a length, an area or a volume, behind a space."""
        unit = self.label(LENGTH**space)
        return f" {unit}" if unit else ""

    @property
    def quantities(self) -> dict[str, str]:
        """Quantity -> its unit, "1" of a pure number, where it is known."""
        names = (*self.problem.axes, *self.problem.quantities)
        sized = names if self.problem.spec.modes is None else self.problem.axes
        return {name: self.of(name) or NUMBER for name in sized if self.dimension(name) is not None}

    def probe(self, name: str) -> str:
        return "" if self.known is None else self.label(of_probe(self.known, name))

    def balance(self, law: str) -> str:
        """Of what a law's fluxes are over a boundary, in time over the whole duration; of a moment a force's arm."""
        if self.known is None:
            return ""
        physics, spec, space = self.known.physics, self.known.spec, self.problem.space
        if law.startswith("moment_") and law not in (*physics.equations, *spec.equations):
            force = self.known.of_name(self.problem.vectors["traction"][0])
            parts = None if force is None else self.system.parts(self.whole(force * LENGTH ** (space - 1)))
            return "" if parts is None else written((*parts, *self.system.parts(LENGTH)))
        declared = physics.balances.get(law)
        if declared is not None:
            flux = self.known.of_name(declared[0])
            return "" if flux is None else self.label(self.whole(flux * LENGTH ** (space - 1)))
        try:
            text = {**physics.equations, **spec.equations}.get(law, "")
            of = self.known.sides(text, trusted=law in physics.equations)
        except Inconsistent:
            return ""
        return "" if of is None else self.of_flow(self.whole(of * LENGTH**space))

    def of_flow(self, of: Dimension) -> str:
        """Of what flows through a boundary: heat for each unit of an area is mJ/mm², not N/mm."""
        for power in (1, 2) if any(self.dimension(name) == TEMPERATURE for name in self.problem.fields) else ():
            if of == dimension(f"energy/length^{power}"):
                energy, length = self.system.parts(dimension("energy")), self.system.parts(LENGTH)
                return written((*energy, *((name, -power * own) for name, own in length)))
        return self.label(of)

    def whole(self, rate: Dimension) -> Dimension:
        """Over the duration of a problem in time."""
        return rate if self.problem.time is None else rate * TIME

    def intensity(self, exponent: float) -> str:
        """Of a stress intensity factor: stress times a length to the power 1 - exponent."""
        if self.dimension("traction") is None:
            return ""
        return self.label(dimension("pressure") * LENGTH ** Fraction(1 - exponent).limit_denominator(BROKEN))

    @property
    def frequency(self) -> str:
        """Hz, where the time is in seconds."""
        return self.system.frequency if self.known is not None else "Hz"

    @property
    def eigenvalue(self) -> str:
        """Of the square of a circular frequency."""
        eigen = self.problem.eigen
        return self.label(TIME**-2) if eigen is not None and eigen.inertia else ""
