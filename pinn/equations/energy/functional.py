"""Energy: the functional that a solution makes stationary, as terms to be integrated.

    E(u) = integral over the domain of density + sum over patches of an integral of boundary densities
           - sum over natural conditions  quantity = value  of an integral of  value * field,

all of them times the energy's weight, such as 2 pi r.

Its stationary points satisfy the equations (Euler-Lagrange) and the natural conditions; conditions on the fields
themselves, the essential ones, must be stated beside it.
Source: Gelfand & Fomin, Calculus of Variations, §§ 6, 36.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import sympy

from pinn.domain.places import Boundary, Interior, Points
from pinn.equations.compiler.compile import CompiledExpression
from pinn.equations.hard_constraints.ansatz import spelled_out
from pinn.equations.statements import Statement
from pinn.errors import SpecError, did_you_mean
from pinn.spec.blocks.energy import Energy
from pinn.spec.language.branches import symbols_of
from pinn.spec.language.expressions import Scope, symbol

Path = tuple[str | int, ...]
STRONG = "or solve the equations instead of the energy (formulation: strong)"


@dataclass(frozen=True, eq=False)
class EnergyTerm:
    """One integral: of `expression` over `place`; at points it is a sum."""

    name: str
    expression: CompiledExpression
    place: Interior | Boundary | Points


@dataclass(frozen=True, eq=False)
class EnergyFunctional:
    """E(u) = sum of the terms' integrals.

    essential   places, in the list of conditions, of those that the minimiser has to meet besides
    """

    terms: tuple[EnergyTerm, ...]
    essential: tuple[int, ...]

    @property
    def density(self) -> EnergyTerm:
        """The term of the domain itself."""
        return self.terms[0]


@dataclass(frozen=True)
class EnergyReader:
    """Turns a declared energy into terms; `path` is where the spec declares it.

    compile   an expression over the fields -> compiled over the network's outputs
    """

    scope: Scope
    patches: Sequence[str]
    path: Path
    compile: Callable[[sympy.Expr], CompiledExpression]

    def read(self, energy: Energy, conditions: Sequence[Statement]) -> EnergyFunctional:
        """The functional of a problem with these conditions; statements that hold inside are passed over.

        Raises SpecError where a text is wrong, or a condition is neither natural nor essential.
        """
        terms = self.declared(energy)
        order = terms[0].expression.order
        essential = []
        for index, statement in enumerate(conditions):
            place = statement.place
            if statement.is_equation:
                continue
            stated = isinstance(place, Boundary | Points)
            if stated and statement.quantity in energy.natural:
                value = self.value(statement)
                if value != 0:
                    work = -value * self.scope.resolve(energy.natural[statement.quantity]) * self.weight(energy)
                    terms.append(EnergyTerm(f"work of {statement.name}", self.compile(work), place))
            elif stated and statement.expression.order < order:
                essential.append(index)
            else:
                names = ", ".join(energy.natural) or "nothing"
                raise SpecError(
                    statement.path,
                    f"is neither natural for the energy ({names} is) nor a condition on the fields; {STRONG}",
                )
        return EnergyFunctional(tuple(terms), tuple(essential))

    def declared(self, energy: Energy) -> list[EnergyTerm]:
        """The integrals of the declared densities. Raises SpecError where a text is wrong."""
        weight = self.weight(energy)
        density = self.expression(energy.density, "density") * weight
        compiled = self.compile(density)
        if not compiled.order:
            raise SpecError((*self.path, "density"), "contains no derivative of a field")
        if missing := sorted(set(self.scope.fields) - {derivative.field for derivative in compiled.derivatives}):
            raise SpecError((*self.path, "density"), f"does not determine {missing[0]}; {STRONG}")
        if normals := sorted(compiled.inputs & {f"n{axis}" for axis in self.scope.space}):
            raise SpecError((*self.path, "density"), f"uses the normal {normals[0]}, known on the boundary only")
        if unknowns := compiled.unknowns_used:
            raise SpecError((*self.path, "density"), f"'{unknowns[0]}' cannot be identified by an energy; {STRONG}")
        terms = [EnergyTerm("energy", compiled, Interior())]
        for patch, text in energy.boundary.items():
            if patch not in self.patches:
                at = (*self.path, "boundary", patch)
                raise SpecError(at, f"unknown patch '{patch}'{did_you_mean(patch, self.patches)}")
            expression = self.compile(self.expression(text, "boundary", patch) * weight)
            terms.append(EnergyTerm(f"energy of {patch}", expression, Boundary((patch,))))
        for quantity, name in energy.natural.items():
            if name not in self.scope.fields:
                at = (*self.path, "natural", quantity)
                raise SpecError(at, f"unknown field '{name}'{did_you_mean(name, self.scope.fields)}")
        return terms

    def expression(self, text: object, *key: str) -> sympy.Expr:
        return self.scope.expression(text, (*self.path, *key) if self.path == ("energy",) else self.path)

    def weight(self, energy: Energy) -> sympy.Expr:
        """Raises SpecError where it depends on a field."""
        weight = self.expression(energy.weight, "weight")
        if symbols_of(weight) & self.scope.jets.keys():
            raise SpecError((*self.path, "weight"), "must depend on the coordinates alone, such as 2*pi*r")
        return weight

    def value(self, statement: Statement) -> sympy.Expr:
        """What a natural condition gives its quantity. Raises SpecError where it depends on the fields."""
        value = self.scope.resolve(statement.quantity) - spelled_out(statement.expression, self.scope)
        if symbols_of(value) & self.scope.jets.keys():
            value = cast(sympy.Expr, sympy.expand(value))
        if symbols_of(value) & self.scope.jets.keys():
            raise SpecError(
                statement.path,
                f"the value of {statement.quantity} depends on the fields; state its potential under energy: "
                f"{{boundary: …}}; {STRONG}",
            )
        if unknowns := [name for name in self.scope.unknowns if symbol(name) in symbols_of(value)]:
            raise SpecError(statement.path, f"'{unknowns[0]}' cannot be identified by an energy; {STRONG}")
        return value
