"""Essential conditions: a field's value on patches or at the start, met exactly by the field's form.

`field = value` on a patch and at the initial time, and `field_t = value` at the initial time beside it, are essential;
whatever else a condition states (a flux, a traction, a point) stays a statement to be trained.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import sympy

from pinn.domain.places import Boundary, Initial
from pinn.equations.hard_constraints.ansatz import FieldForm
from pinn.equations.hard_constraints.distance import NoDistance, Surface, find_surfaces, joined, numbers, scaled
from pinn.equations.hard_constraints.extension import Given, NoExtension, extend, start_from
from pinn.equations.statements import Statement
from pinn.errors import SpecError
from pinn.geometry.points.sampling import sample_boundary, sample_interior
from pinn.geometry.shapes.shape import Shape
from pinn.spec.language.bounds import exact_number
from pinn.spec.language.expressions import Scope, symbol

CHECKED = 512  # points per condition on which the form is compared with the value
EXACT = 1e-10  # of the largest value: rounding errors of g are near 1e-15, of values meeting in a corner near 1e-13
WAY_OUT = "or write network: {constraints: soft}"


@dataclass(frozen=True, eq=False)
class Essential:
    """field = value, or its time derivative where `is_velocity`, on the statement's place."""

    field: str
    value: sympy.Expr
    is_velocity: bool
    statement: Statement

    @property
    def patches(self) -> tuple[str, ...]:
        """Where the value is given; none at the start."""
        return self.statement.place.patches if isinstance(self.statement.place, Boundary) else ()


def read_essential(statement: Statement, scope: Scope) -> Essential | None:
    """The essential condition that a statement is, or None. Raises SpecError for one that cannot be built in."""
    derivatives, place = statement.expression.derivatives, statement.place
    if not isinstance(place, Boundary | Initial) or len(derivatives) != 1:
        return None
    (derivative,) = derivatives
    rate = (0,) * len(scope.space) + (1,)
    is_velocity = isinstance(place, Initial) and derivative.partial.orders == rate
    if derivative.partial.order and not is_velocity:
        return None
    coefficient = statement.expression.coefficients[derivative]
    if not coefficient.is_number:
        return None
    (jet,) = statement.expression.symbols
    value = -cast(sympy.Expr, statement.expression.expression.xreplace({jet: sympy.S.Zero})) / coefficient
    if place.where is not None:
        raise SpecError(
            statement.path, f"cannot be met exactly on a part of a patch ('where'); name a whole patch, {WAY_OUT}"
        )
    if normals := sorted(statement.expression.inputs & {f"n{axis}" for axis in scope.space}):
        raise SpecError(
            statement.path, f"cannot be met exactly: it uses the normal ({', '.join(normals)}); write it out, {WAY_OUT}"
        )
    return Essential(derivative.field, value, is_velocity, statement)


def split(statements: Sequence[Statement], scope: Scope) -> tuple[list[Essential], list[Statement]]:
    """Essential conditions, and the statements that stay. A velocity is essential only beside a value."""
    read = [(statement, read_essential(statement, scope)) for statement in statements]
    started = {one.field for _, one in read if one and not one.patches and not one.is_velocity}
    essential = [one for _, one in read if one and (not one.is_velocity or one.field in started)]
    met = {one.statement for one in essential}
    return essential, [statement for statement in statements if statement not in met]


@dataclass(frozen=True)
class EssentialBuilder:
    """Builds forms that meet essential conditions.

    from_exact   whether a condition's value is the spec's exact solution
    unknowns     first guesses of the unknown parameters
    """

    scope: Scope
    geometry: Shape
    time: tuple[float, float] | None
    from_exact: Callable[[Statement], bool]
    unknowns: Mapping[str, float]

    def form(self, essential: Sequence[Essential], enrichment: Mapping[str, sympy.Expr]) -> FieldForm:
        """The form of one field with these conditions. Raises SpecError where it cannot be built."""
        by_patch = {patch: one for one in essential for patch in one.patches}
        path = essential[0].statement.path
        space = self.scope.space
        try:
            surfaces = find_surfaces(self.geometry, space, {patch: one.value for patch, one in by_patch.items()})
            given = [
                Given(surface, one.value, not self.from_exact(one.statement))
                for surface in surfaces
                for one in [by_patch[surface.patches[0]]]
            ]
            extension = extend(given, space, self.geometry)
        except NoDistance as error:
            raise SpecError(path, f"cannot be met exactly: {error}; write network: {{constraints: soft}}") from None
        except NoExtension as error:
            one = by_patch[error.given.surface.patches[0]]
            raise SpecError(
                one.statement.path, f"cannot be met exactly: the value {error}; write it without 'exact', {WAY_OUT}"
            ) from None
        starts = {one.is_velocity: one.value for one in essential if not one.patches}
        factor = joined(surfaces)
        if starts:
            assert self.time is not None  # checked with the conditions
            begin, elapsed = exact_number(self.time[0]), (symbol("t") - exact_number(self.time[0]))
            extension = start_from(extension, starts.get(False), starts.get(True), begin)
            factor *= (elapsed / exact_number(self.time[1] - self.time[0])) ** len(starts)
        for one in essential:
            self.verify(one, extension, essential)
        self.verify_factor(factor, path)
        vanishing = {c: s * self.cut_off(s, surfaces, len(starts)) for c, s in enrichment.items()}
        return FieldForm(extension, factor, vanishing)

    def verify(self, one: Essential, extension: sympy.Expr, essential: Sequence[Essential]) -> None:
        """Raises SpecError unless the extension takes the value; it cannot where two values disagree in a corner."""
        axes = self.scope.axes
        form = extension.diff(symbol("t")) if one.is_velocity else extension
        points = self.points(one)
        error = np.abs(numbers(form, points, axes, **self.unknowns) - numbers(one.value, points, axes, **self.unknowns))
        size = max(
            float(np.abs(numbers(other.value, self.points(other), axes, **self.unknowns)).max())
            for other in essential
            if other.is_velocity == one.is_velocity
        )
        worst = int(np.argmax(np.where(np.isfinite(error), error, np.inf)))
        if np.isfinite(error[worst]) and error[worst] <= EXACT * size:
            return
        place = ", ".join(f"{a} = {c:.4g}" for a, c in zip(axes, points[worst], strict=True))
        if not np.isfinite(error[worst]):
            raise SpecError(
                one.statement.path, f"cannot be met exactly: its extension is not finite at {place}; {WAY_OUT[3:]}"
            )
        others = [other.statement.path[1] for other in essential if other is not one] or [one.statement.path[1]]
        named = " and ".join(f"conditions[{index}]" for index in dict.fromkeys(others))
        raise SpecError(
            one.statement.path,
            f"cannot be met exactly together with {named}: at {place} they leave a difference of {error[worst]:.2g}; "
            f"make the values agree where they meet, {WAY_OUT}",
        )

    def points(self, one: Essential) -> np.ndarray:
        """Points [N, D] of the condition's place, time included; for an initial one with the edge of the domain."""
        if one.patches:
            return sample_boundary(self.geometry, one.patches, CHECKED, 0, None, self.time).points
        assert self.time is not None
        inside = sample_interior(self.geometry, CHECKED, seed=0)
        edge = sample_boundary(self.geometry, self.geometry.patches, CHECKED, 0).points
        inside = np.vstack([inside, edge])
        return np.hstack([inside, np.full((len(inside), 1), self.time[0])])

    def verify_factor(self, factor: sympy.Expr, path) -> None:
        inside = sample_interior(self.geometry, CHECKED, 1, self.time)
        if not (numbers(factor, inside, self.scope.axes) > 0).all():
            raise SpecError(
                path, f"cannot be met exactly on this domain: no distance function was found; {WAY_OUT[3:]}"
            )

    def cut_off(self, function: sympy.Expr, surfaces: Sequence[Surface], starts: int) -> sympy.Expr:
        """What makes a singular function vanish where the field's value is given and the function is not zero."""
        space, axes = self.scope.space, self.scope.axes
        inside = sample_interior(self.geometry, CHECKED, 1, self.time)
        size = float(np.abs(numbers(function, inside, axes)).max())

        def vanishes(of: sympy.Expr, points: np.ndarray, time: np.ndarray | None) -> bool:
            at = points if time is None else np.hstack([points, time])
            return bool((np.abs(numbers(of, at, axes)) <= EXACT * size).all())

        rest = []
        for surface in surfaces:
            times = None if self.time is None else np.linspace(*self.time, len(surface.points))[:, None]
            if not vanishes(function, surface.points, times):
                rest.append(surface)
        factor = scaled(rest)
        if starts:
            assert self.time is not None
            begin = np.full((len(inside), 1), self.time[0])
            known = [function, function.diff(symbol("t"))][:starts]
            if not all(vanishes(of, inside[:, : len(space)], begin) for of in known):
                duration = exact_number(self.time[1] - self.time[0])
                factor *= ((symbol("t") - exact_number(self.time[0])) / duration) ** starts
        return factor


def refers_to_exact(text: object, definitions: Mapping[str, object]) -> bool:
    """Whether an expression uses exact.NAME, itself or through definitions."""
    waiting, seen = [str(text)], set()
    while waiting:
        current = waiting.pop()
        if re.search(r"\bexact\s*\.", current):
            return True
        for name in re.findall(r"[A-Za-z]\w*", current):
            if name in definitions and name not in seen:
                seen.add(name)
                waiting.append(str(definitions[name]))
    return False
