"""Interfaces: what holds between two subdomains, as statements.

Where the subdomains a and b touch, [q] = q in a - q in b is the jump of a quantity q, both values taken at the same
point and, where q has a normal in it, with the same normal, which points out of a. `continuous: q` states [q] = 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pinn.domain.places import Interface as Between
from pinn.equations.compiler.compile import compile_expression
from pinn.equations.conditions.quantities import Path, Vectors, components_of, read_quantity
from pinn.equations.statements import Statement
from pinn.equations.subdomains import Subdomain, Subdomains
from pinn.errors import SpecError, did_you_mean
from pinn.spec.blocks.interface import Interface
from pinn.spec.language.branches import symbols_of


@dataclass
class InterfaceReader:
    """Turns `interfaces` into statements and keeps account of what is said between which subdomains.

    stated   {two subdomains} -> quantity -> number of the entry that states it
    """

    subdomains: Subdomains
    vectors: Vectors
    stated: dict[frozenset[str], dict[str, int]] = field(default_factory=dict)
    free: set[frozenset[str]] = field(default_factory=set)

    def read(self, interfaces: Sequence[Interface]) -> list[Statement]:
        return [statement for index, entry in enumerate(interfaces) for statement in self.one(index, entry)]

    def one(self, index: int, entry: Interface) -> list[Statement]:
        path = ("interfaces", index)
        first, second = (self.subdomain(name, (*path, "between", k)) for k, name in enumerate(entry.between))
        if not self.subdomains.interface(first.name, second.name):
            raise SpecError((*path, "between"), f"'{first.name}' and '{second.name}' do not touch; remove the entry")
        pair = frozenset(entry.between)
        stated = self.stated.setdefault(pair, {})
        if entry.free:
            self.free.add(pair)
        place = Between(first.name, second.name)
        statements = []
        for name, value, at in self.jumps(first, entry, path):
            if name in stated:
                raise SpecError(at, f"{name} between these is already stated by interfaces[{stated[name]}]; remove one")
            stated[name] = index
            statements.append(self.statement(first, second, name, value, place, entry, at))
        return statements

    def subdomain(self, name: str, path: Path) -> Subdomain:
        if name not in self.subdomains.names:
            raise SpecError(path, f"unknown subdomain '{name}'{did_you_mean(name, self.subdomains.names)}")
        return self.subdomains.named(name)

    def jumps(self, first: Subdomain, entry: Interface, path: Path) -> list[tuple[str, Any, Path]]:
        """(quantity, its jump, path) for each quantity that the entry names; a vector is several."""
        found = []
        for number, name in enumerate(entry.continuous):
            at = (*path, "continuous", number) if len(entry.continuous) > 1 else (*path, "continuous")
            parts = self.vectors.get(name, (name,))
            found += [(part, 0, at) for part in parts if read_quantity(first.scope, self.vectors, part, at) is not None]
        for name, value in entry.jump.items():
            found += components_of(first.scope, self.vectors, name, value, (*path, "jump", name))
        return found

    def statement(
        self,
        first: Subdomain,
        second: Subdomain,
        name: str,
        value: Any,
        place: Between,
        entry: Interface,
        path: Path,
    ) -> Statement:
        """q in the first - q in the second - jump = 0."""
        sides = [s.over_outputs(read_quantity(s.scope, self.vectors, name, path)) for s in (first, second)]
        jump = first.scope.expression(value, path)
        if symbols_of(jump) & first.scope.jets.keys():
            raise SpecError(path, "a jump is a number or an expression of the coordinates, without fields")
        for side, subdomain in zip(sides, (first, second), strict=True):
            if not symbols_of(side) & subdomain.network.jets.keys():
                raise SpecError(path, f"{name} does not depend on a field in '{subdomain.name}'; name one that does")
        compiled = compile_expression(sides[0] - sides[1] - jump, first.network, path)
        return Statement(f"{name} on {place.label}", compiled, place, entry.weight, entry.count, path=path)


def refuse_open_interfaces(subdomains: Subdomains, equations: Sequence[Statement], reader: InterfaceReader) -> None:
    """Subdomains that touch need as many statements between them as the equations take: the order of every field.

    An equation of order 2m takes m conditions on either side of an interface, so 2m in all; of an odd order, the even
    one below counts. Raises SpecError that names the two subdomains.
    """
    if subdomains.partition is None:
        return
    space = len(subdomains[0].scope.space)
    for pair in subdomains.partition.touching:
        needed = sum(max(spatial_order(subdomains.named(s).output(name), equations, space) // 2 * 2 for s in pair)
                     for name in subdomains[0].scope.fields)  # fmt: skip
        found = reader.stated.get(frozenset(pair), {})
        if len(found) >= needed or frozenset(pair) in reader.free:
            continue
        first, second = pair
        said = f"only {', '.join(found)}" if found else "nothing"
        raise SpecError(
            ("interfaces",),
            f"{said} is stated between '{first}' and '{second}', which touch; the equations take {needed} statements "
            f"there: add {{between: [{first}, {second}], continuous: […]}}, or free: true where no more is known",
        )


def spatial_order(output: str, equations: Sequence[Statement], space: int) -> int:
    """The highest order of an output's derivatives in space."""
    found = [d.spatial_order(space) for e in equations for d in e.expression.derivatives if d.field == output]
    return max(found, default=0)
