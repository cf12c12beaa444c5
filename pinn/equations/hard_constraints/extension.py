"""Extension of boundary values into the domain: a closed form that takes the given value on every surface.

Surfaces are treated one after another; each corrects what the earlier ones left,

    g <- g + w_i (value_i - g)(foot_i(x)),      w_i = R_i/(F_i + R_i),    R_i = m_i prod_j F_j/m_j,

with foot_i(x) the nearest point on surface i, and j the surfaces that do not meet surface i: w_i is 1 on surface i, 0
on those. Where surfaces meet, values that agree there make the correction vanish on the earlier ones. On a box this is
transfinite (Coons) interpolation by polynomial weights; nothing is 0/0 at a corner, unlike inverse-distance weights.
At the initial time the foot is t = t_0 and the weight 1; a second initial condition adds (t - t_0)(v_0 - g_t(t_0)).
Source: Gordon & Hall, Numer. Math. 21 (1973) 109, § 2 (Boolean sums of projectors).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import sympy

from pinn.equations.hard_constraints.distance import Surface, foot, meet, scaled
from pinn.geometry.shapes.shape import Shape
from pinn.spec.language.bounds import exact_number
from pinn.spec.language.branches import symbols_of
from pinn.spec.language.expressions import symbol


@dataclass(frozen=True, eq=False)
class Given:
    """A value on a surface. `continuable`: whether its expression may stand for its own extension."""

    surface: Surface
    value: sympy.Expr
    continuable: bool


class NoExtension(ValueError):
    """A value cannot be extended; the message says why."""

    def __init__(self, given: Given, message: str):
        super().__init__(message)
        self.given = given


def extend(given: Sequence[Given], space: Sequence[str], geometry: Shape) -> sympy.Expr:
    """g for values on surfaces, 0 without any. Raises NoExtension."""
    constants = Counter(one.value for one in given if not symbols_of(one.value))
    extension: sympy.Expr = constants.most_common(1)[0][0] if constants else sympy.S.Zero

    def rank(one: Given) -> tuple[bool, bool]:
        # The foot on a round surface keeps the planes through its centre, not the other way round.
        return not one.surface.carrier.is_flat, one.value != extension

    for one in sorted(given, key=rank):
        correction = one.value - extension
        if symbols_of(correction) & {symbol(axis) for axis in space}:
            where = foot(one.surface, space, geometry)
            if where is not None:
                correction = cast(sympy.Expr, correction.xreplace(where))
            elif not one.continuable:
                raise NoExtension(
                    one, "comes from the exact solution, and inside a round patch only the solution itself continues it"
                )
        if correction == 0:
            continue
        others = [other.surface for other in given if other is not one]
        extension += weight(one.surface, others, space, geometry.size) * correction
    return extension


def weight(own: Surface, others: Sequence[Surface], space: Sequence[str], size: float) -> sympy.Expr:
    """1 on `own`, 0 on those of the others that do not meet it."""
    apart = [other for other in others if not meet(own, other, size, space)]
    if not apart:
        return sympy.S.One
    rest = exact_number(own.largest) * scaled(apart)
    return rest / (own.distance + rest)


def start_from(
    extension: sympy.Expr, initial: sympy.Expr | None, velocity: sympy.Expr | None, begin: sympy.Expr
) -> sympy.Expr:
    """The extension corrected so that it is `initial`, and moves with `velocity`, at t = `begin`."""
    t = symbol("t")

    def at_start(expression: sympy.Expr) -> sympy.Expr:
        return cast(sympy.Expr, expression.xreplace({t: begin}))

    if initial is not None:
        extension += at_start(initial) - at_start(extension)
    if velocity is not None:
        extension += (t - begin) * (at_start(velocity) - at_start(extension.diff(t)))
    return extension
