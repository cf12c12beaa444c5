"""Cut: a domain cut where the coefficients and sources of its equations jump, or the refusal that says why not.

Under a derivative a jump means continuity of the field and of its flux, which only a cut states: there one that cannot
be cut is refused. Elsewhere a cut lets features and points follow the jump; without it the meaning is the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import sympy

from pinn.equations.jumps.continuity import Continuity, find_continuity
from pinn.equations.jumps.crossing import Samples, brackets, jumps_across
from pinn.equations.jumps.levels import Level, levels_of
from pinn.equations.jumps.parts import Branches, Part, aligned, constant_branches, cut, find_parts
from pinn.equations.jumps.reading import JumpReader, Path, Written
from pinn.equations.jumps.words import border, place, smooth_step
from pinn.equations.meanings import read_meaning
from pinn.equations.statements import Statement
from pinn.equations.subdomains import Subdomains
from pinn.errors import SpecError
from pinn.geometry.mesh.shape import MeshShape
from pinn.geometry.shapes.shape import GeometryError, Shape
from pinn.spec.language.branches import comparisons_of, selections_of, symbols_of
from pinn.spec.language.expressions import Scope, symbol
from pinn.spec.parameters import middle, parameter_ranges
from pinn.spec.schema import Spec

BRANCHES = re.compile(r"\b(where|sign|heaviside|abs|min|max)\b")  # functions that make comparisons


class Uncuttable(Exception):
    """Why no cut follows a jump, and the way out; `path` is the place of what is in the way, if it is not the jump."""

    def __init__(self, why: str, way: str, path: Path | None = None):
        super().__init__(why)
        self.why, self.way, self.path = why, way, path


@dataclass(frozen=True)
class Jump:
    """A comparison where an expression of an equation jumps; `differentiated` is where it stands under a derivative."""

    comparison: sympy.Expr
    path: Path
    differentiated: Path | None

    def __str__(self) -> str:
        return f"{place(self.path)} jumps where {border(self.comparison)}"


@dataclass(frozen=True, eq=False)
class Found:
    """What the equations of a subdomain hold.

    everywhere   comparisons that have one value in all of it
    mentioned    comparisons of coordinates in definitions and in the exact solution
    """

    samples: Samples
    expressions: tuple[sympy.Expr, ...]
    jumps: tuple[Jump, ...]
    everywhere: Branches
    mentioned: tuple[sympy.Expr, ...]

    def switches(self, jumps: Sequence[Jump]) -> list[sympy.Expr]:
        """The comparisons that jump, and conditions made of them and of other comparisons of the coordinates."""
        comparisons = {jump.comparison for jump in jumps}
        conditions = {cast(sympy.Expr, choice.args[0]) for e in self.expressions for choice in selections_of(e)}
        mixed = {c for c in conditions if comparisons_of(c) & comparisons and not self.samples.others(c)}
        return sorted(comparisons | mixed, key=str)


@dataclass(frozen=True, eq=False)
class Cut:
    """The subdomains that are solved on, with what is told about jumps and what holds at the cuts."""

    subdomains: Subdomains
    jumps: tuple[Jump, ...] = ()
    parts: tuple[Part, ...] = ()
    continuity: Continuity | None = None
    warnings: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """For `pinn validate`."""
        if not self.parts:
            return ()
        told = [f"cut          {text}: the domain is cut there" for text in dict.fromkeys(map(str, self.jumps))]
        return (*told, *(f"  {part.name} is where {part.where}" for part in self.parts))

    @property
    def statements(self) -> list[Statement]:
        """What is continuous from part to part."""
        return self.continuity.statements(self.subdomains) if self.continuity else []


def cut_at_jumps(
    spec: Spec, subdomains: Subdomains, domain: Shape, extent: tuple[float, float] | None, obstacle: SpecError | None
) -> Cut:
    """The subdomains, cut where the equations jump if the spec names none itself. Raises SpecError.

    obstacle   what the spec asks for that is not available with subdomains
    """
    warnings: list[str] = []
    scopes: dict[str, Scope] = {}
    for subdomain in subdomains:
        scopes[subdomain.name] = subdomain.scope
        found = find_jumps(spec, subdomain.name, subdomain.shape, extent)
        if found is None:
            continue
        scopes[subdomain.name] = subdomain.scope.within(found.everywhere)
        followed = []
        for jump in found.jumps:
            try:
                refuse_moving(jump, found.samples)
                refuse_obstacles(jump, spec, subdomain.name, domain, obstacle)
                followed.append((jump, levels(jump, found.samples)))
            except Uncuttable as error:
                refuse_derivative(jump, error)
                warnings.append(f"{jump}, {error.why}: expect fewer digits near it")
        if followed:
            try:
                return parted(spec, found, followed, scopes[""], domain, tuple(warnings))
            except Uncuttable as error:
                for jump, _ in followed:
                    refuse_derivative(jump, error)
                warnings += [f"{jump}, {error.why}: expect fewer digits near it" for jump, _ in followed]
    return Cut(Subdomains(scopes, domain, subdomains.partition), warnings=tuple(dict.fromkeys(warnings)))


def find_jumps(spec: Spec, subdomain: str, shape: Shape, extent: tuple[float, float] | None) -> Found | None:
    """The jumps of the equations in a subdomain; None where they have no comparison at all."""
    if not spec.tables and not BRANCHES.search(str([spec.equations, spec.definitions, spec.physics, spec.exact])):
        return None
    physics, reader = read_meaning(spec, subdomain, JumpReader)
    written: list[Written] = []
    for name, text in {**physics.equations, **spec.equations}.items():
        path = ("equations", name) if name in spec.equations else spec.physics_path
        written += [one for one in reader.written(text, path) if comparisons_of(one.expression)]
    if not written:
        return None
    given = {name: reader.number(one.initial, ("unknowns", name, "initial")) for name, one in spec.unknowns.items()}
    given |= middle(parameter_ranges(spec, reader.number)) if spec.parameters else {}
    axes = tuple(axis for axis in reader.axes if axis not in spec.parameters)
    samples = Samples(shape, extent, axes, given)
    coordinates = {symbol(axis) for axis in axes}
    jumps, everywhere = [], []
    for comparison in sorted(set().union(*(comparisons_of(one.expression) for one in written)), key=str):
        within = [one for one in written if comparison in comparisons_of(one.expression)]
        found = brackets(comparison, samples)
        if found is None:
            everywhere += [comparison] if symbols_of(comparison) <= coordinates and is_flat(comparison) else []
            continue
        samples = samples if samples.others(comparison) else samples.beside(found)
        flags = jumps_across(comparison, found, [one.expression for one in within], samples)
        where = [one for one, jumping in zip(within, flags, strict=True) if jumping]
        concentrated = [one.path for one in where if one.letter and crosses(comparison, one.letter, samples)]
        if where:
            jumps.append(Jump(comparison, reader.places[comparison], next(iter(concentrated), None)))
    expressions = tuple(dict.fromkeys(one.expression for one in written))
    texts = [*map(reader.resolve, reader.definitions), *(reader.resolve(name, exact=True) for name in reader.exact)]
    mentioned = {c for text in texts for c in comparisons_of(text) if symbols_of(c) <= coordinates}
    everywhere = constant_branches(everywhere, samples)
    return Found(samples, expressions, tuple(jumps), everywhere, tuple(sorted(mentioned, key=str)))


def is_flat(comparison: sympy.Expr) -> bool:
    """Whether both sides are linear in the coordinates: then samples that lie on one side say that all do."""
    left, right = cast(tuple[sympy.Expr, sympy.Expr], comparison.args)
    gap, letters = left - right, sorted(symbols_of(comparison), key=str)
    return bool(gap.is_polynomial(*letters)) and sympy.Poly(gap, *letters).total_degree() <= 1


def crosses(comparison: sympy.Expr, letter: str, samples: Samples) -> bool:
    """Whether one comes across the border by going along a coordinate."""
    return symbol(letter) in symbols_of(comparison) or bool(samples.others(comparison))


def refuse_moving(jump: Jump, samples: Samples) -> None:
    """Raises Uncuttable for a border that does not lie where the coordinates say."""
    if samples.others(jump.comparison):
        way = f"write {smooth_step(jump.comparison)}"
        raise Uncuttable("which depends on the solution, so that no cut can follow it", way)
    names = {s.name for s in symbols_of(jump.comparison)} - {*samples.axes[: samples.shape.dimension]}
    if names:
        why = f"which depends on {', '.join(sorted(names))}, so that no cut can follow it"
        raise Uncuttable(why, f"write {smooth_step(jump.comparison)}")


def refuse_obstacles(jump: Jump, spec: Spec, subdomain: str, domain: Shape, obstacle: SpecError | None) -> None:
    """Raises Uncuttable where the domain may not be cut at all."""
    if spec.parameters:
        why = "and the domain of a problem with parameters is not cut"
        raise Uncuttable(why, f"write {smooth_step(jump.comparison)}")
    if subdomain:
        why = f"inside the subdomain '{subdomain}', which is cut no further"
        raise Uncuttable(why, "make that the border of two subdomains")
    if isinstance(domain, MeshShape):
        why = "but a mesh is cut by its groups of cells only"
        raise Uncuttable(why, "name them under 'subdomains', with a value for each")
    if obstacle is not None:
        raise Uncuttable(f"where {place(obstacle.path)} does not let it be cut", obstacle.message, obstacle.path)


def levels(jump: Jump, samples: Samples) -> list[Level]:
    """Raises Uncuttable."""
    try:
        return levels_of(jump.comparison, samples)
    except GeometryError as error:
        raise Uncuttable(f"which {error.message}", way_out(jump)) from None


def way_out(jump: Jump) -> str:
    return f"cut the domain with 'subdomains', or write {smooth_step(jump.comparison)}"


def refuse_derivative(jump: Jump, error: Uncuttable) -> None:
    """Raises SpecError where the jump stands under a derivative, so that its meaning hangs on the cut."""
    if jump.differentiated is None:
        return
    under = "" if jump.differentiated == jump.path else f" of {place(jump.differentiated)}"
    if error.path is not None:
        raise SpecError(error.path, f"{error.way}; the domain is cut because {jump} under a derivative{under}")
    raise SpecError(
        jump.path, f"jumps under a derivative{under} where {border(jump.comparison)}, {error.why}; {error.way}"
    )


def parted(
    spec: Spec,
    found: Found,
    followed: Sequence[tuple[Jump, list[Level]]],
    scope: Scope,
    domain: Shape,
    warnings: tuple[str, ...],
) -> Cut:
    """The domain cut into parts. Raises Uncuttable; SpecError where the equations do not say what is continuous."""
    jumps = tuple(jump for jump, _ in followed)
    try:
        continuity = find_continuity(spec, scope, {jump.comparison for jump in jumps}, jumps[0].path)
    except SpecError as error:
        if any(jump.differentiated for jump in jumps):
            raise
        raise Uncuttable(f"where {error.message.partition(';')[0]}", way_out(jumps[0])) from None
    borders = [level for _, several in followed for level in several]
    try:
        parts = find_parts(borders, found.switches(jumps), found.expressions, found.samples)
        parts = aligned(parts, borders, found.mentioned, found.samples)
        partition = cut(parts, borders, found.samples)
    except GeometryError as error:
        raise Uncuttable(f"which {error.message}", way_out(jumps[0])) from None
    scopes = {part.name: scope.within(part.branches) for part in parts}
    return Cut(Subdomains(scopes, domain, partition), jumps, tuple(parts), continuity, warnings)
