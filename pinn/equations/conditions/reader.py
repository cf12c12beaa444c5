"""Boundary, initial, point and periodic conditions of a spec, as statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import sympy
import torch

from pinn.domain.domain import Domain
from pinn.domain.places import Boundary, Initial, Place, Points
from pinn.equations.compiler.compile import CompiledExpression, evaluate
from pinn.equations.conditions.corners import refuse_corner_conflicts
from pinn.equations.conditions.integrals import both, integral_statements
from pinn.equations.conditions.quantities import components_of, read_quantity
from pinn.equations.conditions.rigid import rigid_statements
from pinn.equations.conditions.supports import PRESSURE, common_axis, is_load, pressed, supports
from pinn.equations.statements import Statement
from pinn.equations.subdomains import Subdomains
from pinn.errors import SpecError, did_you_mean
from pinn.geometry.points.sampling import sample_interior
from pinn.geometry.shapes.pieces import sobol_parameters, total_measure
from pinn.geometry.shapes.shape import Shape
from pinn.spec.language.expressions import Scope, symbol
from pinn.spec.language.habits import PLACES
from pinn.spec.schema import REST, BoundaryPart, Condition

OVERLAP_SAMPLES_LOG2 = 6  # points per piece on which two 'where' of one quantity are compared
CLOSED = ("periodic", "free")  # what leaves nothing else to be said on a patch; a shared place counts as a quantity
SLANTED = ("displacement across", "traction along")  # what a support with a normal states of all components at once


@dataclass
class ConditionReader:
    """Turns `conditions` into statements and keeps account of which patch has been given what.

    stated     (patch, quantity) -> [(index of the condition, where)]
    conjugate  quantity -> what `boundary` takes to be in its place where that is stated: of second-order equations u
               for u_n, of a body a displacement for the traction along it
    motions    names of the unknown motions of rigid patches
    """

    subdomains: Subdomains
    domain: Domain
    boundaries: Mapping[str, BoundaryPart]
    vectors: Mapping[str, tuple[str, ...]]
    conjugate: Mapping[str, str] = field(default_factory=dict)
    stated: dict[tuple[str, str], list[tuple[int, sympy.Expr | None]]] = field(default_factory=dict)
    covered: set[str] = field(default_factory=set)
    everywhere: set[int] = field(default_factory=set)  # conditions on `boundary`
    motions: list[str] = field(default_factory=list)

    @property
    def scope(self) -> Scope:
        return self.subdomains[0].scope

    @property
    def geometry(self) -> Shape:
        return self.domain.shape

    def read(self, conditions: Sequence[Condition]) -> list[Statement]:
        def rank(entry: tuple[int, Condition]) -> int:
            _, condition = entry
            if condition.kind == "boundary" and condition.names == ("boundary",):
                return 3  # "boundary" means what no other condition names for the same quantity
            if condition.kind == "boundary" and condition.names == (REST,):
                return 2  # "rest" means what no condition names at all
            return 0 if condition.free or condition.kind == "periodic" else 1

        self.check_boundaries()
        self.everywhere |= {index for index, condition in enumerate(conditions) if condition.names == ("boundary",)}
        statements: list[Statement] = []
        for index, condition in sorted(enumerate(conditions), key=rank):
            statements += self.one(index, condition)
        refuse_corner_conflicts(statements, self.subdomains)
        return statements

    def one(self, index: int, condition: Condition) -> list[Statement]:
        path = ("conditions", index)
        if condition.kind == "periodic":
            assert condition.periodic is not None
            for number, name in enumerate(condition.periodic):
                self.require_patch(name, (*path, "periodic", number))
                self.account(name, "periodic", index, None, (*path, "periodic", number))
            return []  # the Problem states that both ends agree
        if condition.kind == "integral":
            return integral_statements(condition, path, self)
        if condition.rigid:
            return rigid_statements(condition, index, path, self)
        statements = []
        meanings = [self.expressions(condition, path, subdomain.scope) for subdomain in self.subdomains]
        for number, (name, _, at) in enumerate(meanings[0]):
            for place in self.places(condition, name, index, path, at):
                for part in place.parts(self.domain):
                    meaning = meanings[self.subdomains.names.index(part.subdomain)][number]
                    compiled = self.subdomains.named(part.subdomain).compile(meaning[1], at)
                    self.check(compiled, part, at)
                    statements.append(
                        Statement(
                            f"{name} on {place.label}",
                            compiled,
                            part,
                            condition.weight,
                            condition.count,
                            path=at,
                            quantity=name,
                        )
                    )
        if condition.free:
            self.places(condition, "free", index, path, (*path, "free"))
        return statements

    def expressions(self, condition: Condition, path, scope: Scope) -> list[tuple[str, sympy.Expr, tuple]]:
        """(quantity, quantity - value, path) for each quantity; a vector is several, null is left out."""
        found = supports(condition, self.vectors, scope, self.axis_of(condition, path), path)
        for name, value in condition.values.items():
            if name == PRESSURE and is_load(name, self.vectors, scope):
                found += pressed(self.vectors, scope, scope.expression(value, (*path, name)), (*path, name))
                continue
            for component, given, at in components_of(scope, self.vectors, name, value, (*path, name)):
                quantity = read_quantity(scope, self.vectors, component, at)
                found.append((component, quantity - scope.expression(given, at), at))
        for number, text in enumerate(condition.equations):
            several = len(condition.equations) > 1
            at = (*path, "equation", number) if several else (*path, "equation")
            name = f"equation {number + 1}" if several else "equation"
            found.append((name, scope.equation(text, at), at))
        return found

    def axis_of(self, condition: Condition, path) -> int | None:
        """The coordinate that the normals of the condition's patches point along, all of them; None for others."""
        if not condition.supports or condition.kind != "boundary":
            return None
        names = [name for name in condition.names if name not in ("boundary", REST)]
        patches = [patch for name in names for patch in self.patches(name, (*path, "on"))[0]]
        return common_axis(
            [piece for name in patches for piece in self.geometry.pieces_of([name])], len(self.scope.space)
        )

    def check(self, compiled: CompiledExpression, place: Place, path) -> None:
        if not compiled.derivatives:
            raise SpecError(path, "states nothing about a field; state a field, a derivative or a definition of fields")
        normals = sorted(name for name in compiled.inputs if name in [f"n{axis}" for axis in self.scope.space])
        if normals and not isinstance(place, Boundary):
            raise SpecError(path, f"uses the normal ({', '.join(normals)}), which is known on the boundary only")

    # ---- places --------------------------------------------------------------------------------------------------

    def places(self, condition: Condition, quantity: str, index: int, path, said) -> list[Place]:
        """Where a condition holds; `path` is the condition's, `said` that of the quantity in it."""
        if condition.kind == "point":
            return [Points(self.points(condition.points, (*path, "at")))]
        own = None
        if condition.where is not None:
            own = self.where(condition.where, (*path, "where"))
        if condition.kind == "initial":
            self.account("initial", quantity, index, own, said)
            return [Initial(own)]
        names = condition.names
        if names == ("boundary",):
            return self.remaining(quantity, index, own, path)
        if names == (REST,) and REST not in self.geometry.patches:
            return self.unnamed(quantity, index, own, path)
        grouped: dict[sympy.Expr | None, list[str]] = {}
        for number, name in enumerate(names):
            at = (*path, "on") if len(names) == 1 else (*path, "on", number)
            patches, where = self.patches(name, at)
            for patch in patches:
                self.account(patch, quantity, index, both(own, where), said)
                grouped.setdefault(both(own, where), []).append(patch)
        return [Boundary(tuple(dict.fromkeys(patches)), where) for where, patches in grouped.items()]

    def where(self, text: str, path) -> sympy.Expr:
        indicator = self.scope.condition(text, path).indicator
        if further := [
            name for name in self.scope.axes if name not in self.scope.space and symbol(name) in indicator.free_symbols
        ]:
            words = "time" if further == ["t"] else ", ".join(further)
            hint = f"let the value depend on {words} instead, such as where({further[0]} > 1, a, b)"
            raise SpecError(path, f"may depend on space only, not on {', '.join(further)}; {hint}")
        return indicator

    def check_boundaries(self) -> None:
        """Boundaries are checked whether or not a condition uses them."""
        for name in self.boundaries:
            if name in (*self.geometry.patches, *self.geometry.patch_groups, *self.geometry.vanished_patches):
                raise SpecError(("boundaries", name), f"'{name}' is a patch of the domain; choose another name")
            self.patches(name, ("boundaries", name))

    def patches(self, name: str, path) -> tuple[tuple[str, ...], sympy.Expr | None]:
        """The patches that a name of a patch or of a boundary stands for, and which part of them."""
        if name == REST and name not in self.geometry.patches:
            raise SpecError(path, "'rest' is every patch that no condition names, and stands alone: write on: rest")
        if name in self.boundaries:
            part = self.boundaries[name]
            where = None
            if part.where is not None:
                where = self.where(part.where, ("boundaries", name, "where"))
            if part.on is None:
                return self.geometry.patches, where
            found: list[str] = []
            for number, patch in enumerate(part.on):
                at = ("boundaries", name, "on")
                found += self.of_geometry(patch, (*at, number) if len(part.on) > 1 else at)
            return tuple(dict.fromkeys(found)), where
        return self.of_geometry(name, path), None

    def of_geometry(self, name: str, path) -> tuple[str, ...]:
        """The patches that a name of the domain's own stands for."""
        if name in self.geometry.patch_groups:
            return self.geometry.patch_groups[name]
        self.require_patch(name, path)
        return (name,)

    def require_patch(self, name: str, path) -> None:
        known = [*self.geometry.patches, *self.geometry.patch_groups, *self.boundaries, "boundary", REST, "initial"]
        if name in self.geometry.vanished_patches:
            listed = ", ".join(self.geometry.patches)
            raise SpecError(
                path, f"nothing of patch '{name}' is left on the boundary of the domain, which has {listed}"
            )
        if name not in self.geometry.patches:
            meant = f"; did you mean '{PLACES[name]}'?" if name in PLACES else did_you_mean(name, known)
            raise SpecError(path, f"unknown patch '{name}'{meant}")

    def account(self, patch: str, quantity: str, index: int, where: sympy.Expr | None, path) -> None:
        """Note what a condition states, and on which part of a patch. Raises SpecError where that is done twice."""
        for closed in CLOSED:
            for other, other_where in self.stated.get((patch, closed), []):
                if quantity != closed and self.overlap(patch, where, other_where):
                    raise SpecError(path, f"'{patch}' is {closed} by conditions[{other}], so nothing else holds there")
        earlier = self.stated.setdefault((patch, quantity), [])
        for other, other_where in earlier:
            if not quantity.startswith("equation") and quantity != "free" and self.overlap(patch, where, other_where):
                part = f"part of '{patch}'" if where != other_where else f"'{patch}'"
                raise SpecError(path, f"{quantity} on {part} is already stated by conditions[{other}]; remove one")
        earlier.append((index, where))
        self.covered.add(patch)

    def overlap(self, patch: str, first: sympy.Expr | None, second: sympy.Expr | None) -> bool:
        """Whether two parts of a patch, or of the domain for 'initial', have points in common, by sampling."""
        shared = both(first, second)
        if shared is None or first == second:
            return True
        if patch == "initial":
            points = sample_interior(self.geometry, 2**OVERLAP_SAMPLES_LOG2, seed=0)
        else:
            along = self.geometry.dimension - 1
            parameters = sobol_parameters(max(along, 1), OVERLAP_SAMPLES_LOG2)[:, :along]
            pieces = self.geometry.pieces_of([patch])
            points = np.vstack([piece.points(parameters[piece.kept(parameters)]) for piece in pieces])
        tensor = torch.as_tensor(points)
        inputs = {axis: tensor[:, i] for i, axis in enumerate(self.scope.space)}
        return bool((evaluate(shared, inputs, len(points), tensor) > 0.5).any())

    def remaining(self, quantity: str, index: int, own: sympy.Expr | None, path) -> list[Place]:
        """Every part of the boundary that no other condition names for this quantity, or for what holds in its place.

        A clamped patch is none that `boundary` leaves free of traction; what one condition states of the whole boundary
        does not keep another from it.
        """

        def elsewhere(patch: str) -> list[sympy.Expr | None]:
            found = [where for name in (quantity, *CLOSED) for _, where in self.stated.get((patch, name), [])]
            return found + [where for name in self.instead(quantity) for where in self.named(patch, name)]

        return self.what_is_left(elsewhere, quantity, index, own, path, self.nothing_left(quantity))

    def nothing_left(self, quantity: str) -> str:
        if quantity not in self.conjugate:
            return f"every patch has its own '{quantity}'"
        return (
            f"every patch has its own '{quantity}', or '{self.conjugate[quantity]}' in its place; where both are "
            "known, name the patch instead of 'boundary'"
        )

    def instead(self, quantity: str) -> list[str]:
        """Quantities that hold in the place of this one where they are stated."""
        if quantity not in self.conjugate:
            return []
        slanted = [name for _, name in self.stated if name.startswith(SLANTED)]
        return [self.conjugate[quantity], *(slanted if quantity in self.vectors.get("traction", ()) else ())]

    def named(self, patch: str, quantity: str) -> list[sympy.Expr | None]:
        """Where conditions state this of the patch by its name."""
        entries = self.stated.get((patch, quantity), [])
        return list(dict.fromkeys(where for index, where in entries if index not in self.everywhere))

    def unnamed(self, quantity: str, index: int, own: sympy.Expr | None, path) -> list[Place]:
        """Every part of the boundary that no other condition names for anything, but as `boundary`."""

        def elsewhere(patch: str) -> list[sympy.Expr | None]:
            entries = [entry for (named, _), several in self.stated.items() if named == patch for entry in several]
            return list(dict.fromkeys(where for number, where in entries if number != index))

        return self.what_is_left(
            elsewhere,
            quantity,
            index,
            own,
            path,
            "every patch has conditions of its own; boundary is every one that has none of this quantity",
        )

    def what_is_left(
        self,
        elsewhere: Callable[[str], list[sympy.Expr | None]],
        quantity: str,
        index: int,
        own: sympy.Expr | None,
        path,
        nothing: str,
    ) -> list[Place]:
        """The boundary without the parts `elsewhere` of each patch, None for all of it; it is this condition's now."""
        grouped: dict[sympy.Expr | None, list[str]] = {}
        for patch in self.geometry.patches:
            others = elsewhere(patch)
            if None in others:
                continue
            where = own
            for taken in others:
                assert taken is not None
                where = both(where, 1 - taken)
            grouped.setdefault(where, []).append(patch)
            self.stated.setdefault((patch, quantity), []).append((index, where))
            self.covered.add(patch)
        if not grouped:
            raise SpecError((*path, "on"), f"nothing of the boundary is left: {nothing}")
        return [Boundary(tuple(patches), where) for where, patches in grouped.items()]

    def points(self, given: Sequence[Sequence[Any]], path) -> tuple[tuple[float, ...], ...]:
        allowed = {len(self.scope.space), len(self.scope.axes)}
        points = []
        for number, point in enumerate(given):
            at = (*path, number) if len(given) > 1 else path
            if len(point) not in allowed:
                wanted = " or ".join(", ".join(axes) for axes in dict.fromkeys((self.scope.space, self.scope.axes)))
                raise SpecError(at, f"a point needs the coordinates {wanted}, got {len(point)} numbers")
            numbers = tuple(self.scope.number(value, (*at, k)) for k, value in enumerate(point))
            if not self.domain.contains(numbers):
                listed = ", ".join(f"{value:g}" for value in numbers)
                raise SpecError(at, f"the point ({listed}) lies outside the domain")
            time = self.domain.time
            if time and len(numbers) > len(self.scope.space) and not time[0] <= numbers[-1] <= time[1]:
                raise SpecError(at, f"t = {numbers[-1]:g} lies outside the time, which is {time[0]:g} to {time[1]:g}")
            points.append(numbers)
        return tuple(points)


def period_of(geometry: Shape, patches: tuple[str, ...], path) -> tuple[int, float]:
    """(axis, period) of two opposite faces of a box-like domain. Raises SpecError where they are not opposite."""
    ends = []
    for patch in patches:
        pieces = geometry.pieces_of([patch])
        normals, points = [], []
        for piece in pieces:
            parameters = np.full((1, max(geometry.dimension - 1, 0)), 0.5)
            normals.append(piece.normals(parameters)[0])
            points.append(piece.points(parameters)[0])
        ends.append((np.array(normals), np.array(points)))
    (first_normals, first_points), (second_normals, second_points) = ends
    axis = int(np.argmax(np.abs(first_normals[0])))
    unit = np.eye(geometry.dimension)[axis]
    straight = all(np.allclose(np.abs(n @ unit), 1) for n in (first_normals, second_normals))
    if not straight or not np.allclose(first_normals[0], -second_normals[0]):
        raise SpecError(path, f"'{patches[0]}' and '{patches[1]}' are not opposite faces along one coordinate")
    lower, upper = geometry.bounds
    period = abs(float(first_points[0, axis] - second_points[0, axis]))
    if not np.isclose(period, upper[axis] - lower[axis]):
        raise SpecError(path, f"'{patches[0]}' and '{patches[1]}' are not the two ends of the domain")
    corners = np.array(list(product((0.0, 1.0), repeat=geometry.dimension - 1)))
    extents = []
    for pieces in (geometry.pieces_of([patch]) for patch in patches):
        across = np.delete(np.vstack([piece.points(corners) for piece in pieces]), axis, axis=1)
        extents.append([total_measure(pieces), *across.min(axis=0), *across.max(axis=0)])
    if not np.allclose(*extents, rtol=1e-9, atol=1e-9 * geometry.size):
        raise SpecError(path, f"'{patches[0]}' and '{patches[1]}' do not face each other point by point")
    return axis, period
