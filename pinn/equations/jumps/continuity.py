"""Continuity: what holds between the parts of a domain that was cut where something jumps, as statements.

Of a field of order 2m the value and the normal derivatives below m are continuous, and what the equations say of the
others: their fluxes (flux.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import sympy

from pinn.domain.places import Interface
from pinn.equations.compiler.compile import compile_expression
from pinn.equations.jumps.flux import FluxReader
from pinn.equations.jumps.reading import Path
from pinn.equations.meanings import read_meaning
from pinn.equations.statements import Statement
from pinn.equations.subdomains import Subdomain, Subdomains
from pinn.errors import SpecError
from pinn.spec.language.branches import symbols_of
from pinn.spec.language.expressions import Scope
from pinn.spec.schema import Spec


@dataclass(frozen=True, eq=False)
class Continuity:
    """Quantities that are continuous across a cut: name -> expression over the jets of `reader`.

    path   where the spec writes the jump
    """

    quantities: Mapping[str, sympy.Expr]
    reader: FluxReader
    path: Path

    def statements(self, subdomains: Subdomains) -> list[Statement]:
        """For each two parts that touch. Raises SpecError."""
        assert subdomains.partition is not None
        return [
            self._between(subdomains.named(first), subdomains.named(second), name)
            for first, second in subdomains.partition.touching
            for name in self.quantities
        ]

    def _between(self, first: Subdomain, second: Subdomain, name: str) -> Statement:
        """quantity in the first - quantity in the second = 0, with the normal out of the first."""
        one, other = (self._within(part, self.quantities[name]) for part in (first, second))
        place = Interface(first.name, second.name)
        compiled = compile_expression(one - other, first.network, self.path)
        return Statement(f"{name} on {place.label}", compiled, place, path=self.path)

    def _within(self, part: Subdomain, quantity: sympy.Expr) -> sympy.Expr:
        """The quantity over the outputs of a part."""
        found = part.scope.settled(quantity)
        for jet in symbols_of(found) & self.reader.jets.keys():
            part.scope.jet(*self.reader.jets[jet])
        return part.over_outputs(found)


def find_continuity(spec: Spec, scope: Scope, jumping: set[sympy.Expr], path: Path) -> Continuity:
    """Raises SpecError where the equations do not say what is continuous."""
    orders = spatial_orders(spec, scope)
    smooth = {name: order // 2 for name, order in orders.items()}
    physics, reader = read_meaning(spec, kind=partial(FluxReader, smooth=smooth, jumping=jumping))
    names = [f"{name}_n" if m else name for name, most in smooth.items() for m in range(most)]
    quantities = {name: reader.resolve(name) for name in names}
    for name, text in {**physics.equations, **spec.equations}.items():
        at = ("equations", name) if name in spec.equations else spec.physics_path
        for label, quantity in reader.fluxes(name, text, at):
            if not symbols_of(quantity) & reader.jets.keys():
                words = f"jumps, and the {label} with it: a source on the surface itself, which nothing balances"
                raise SpecError(path, words)
            quantities[label] = quantity
    if len(quantities) < sum(order // 2 * 2 for order in orders.values()):
        said = ", ".join(quantities) or "nothing"
        raise SpecError(
            path,
            f"jumps, and the equations say too little about what is continuous there ({said}); cut the domain with "
            "'subdomains' and state 'interfaces'",
        )
    return Continuity(quantities, reader, path)


def spatial_orders(spec: Spec, scope: Scope) -> dict[str, int]:
    """Field -> the highest order of its derivatives in space, in any equation."""
    physics, _ = read_meaning(spec)
    found = dict.fromkeys(scope.fields, 0)
    for name, text in {**physics.equations, **spec.equations}.items():
        for jet in symbols_of(scope.equation(text, ("equations", name))) & scope.jets.keys():
            field, orders = scope.jets[jet]
            found[field] = max(found[field], sum(orders[: len(scope.space)]))
    return found
