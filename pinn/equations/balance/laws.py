"""Laws: which equations conserve something, and what flows out of the domain or is made inside.

An equation E = 0 that can be written as div F + s = 0, where s has no derivatives as high as those of div F, says for
every body with the outward normal n

    integral of F.n over its boundary + integral of s over its inside = 0                       (divergence theorem)

For div(stress) + body_force = 0 these are tractions and body forces, for c*u_t - div(k grad u) = q the heat that flows
out, is stored and is made. F.n is read from the equation's text as its part that is concentrated where all fields jump
(equations/jumps/flux.py), or said by the physics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import sympy

from pinn.equations.jumps.flux import FluxReader
from pinn.equations.meanings import read_meaning
from pinn.equations.subdomains import Subdomain
from pinn.errors import SpecError
from pinn.physics.model import Physics
from pinn.spec.language.branches import symbols_of
from pinn.spec.language.expressions import Scope, symbol
from pinn.spec.schema import Spec

MOST_EXPANDED = 2000  # operations of a source that is expanded to see what cancels


@dataclass(frozen=True)
class Law:
    """integral of `flux` over the boundary + integral of `source` inside = 0, over the fields of a subdomain.

    flux   with the components of the normal in it
    """

    name: str
    flux: sympy.Expr
    source: sympy.Expr


def conservation_laws(spec: Spec, subdomain: Subdomain) -> list[Law]:
    """The equations of a subdomain that are conservation laws; each of their jets is one of the subdomain's scope."""
    physics, reader = flux_reader(spec, subdomain)
    found = []
    for name, text in {**physics.equations, **spec.equations}.items():
        law = declared_law(physics, reader, name) if name in physics.balances else read_law(reader, name, text)
        if law is None:
            continue
        for jet in symbols_of(law.flux + law.source) & reader.jets.keys():
            subdomain.scope.jet(*reader.jets[jet])
        found.append(law)
    return found


def declared_law(physics: Physics, reader: FluxReader, name: str) -> Law | None:
    """What a physics says of its equation: a stress whose divergence is taken apart, as of a large deformation."""
    declared = physics.balances[name]
    if declared is None:
        return None
    flux, source = (reader.settled(plain(reader.resolve(one), reader)) for one in declared)
    return Law(name, flux, source)


def flux_reader(spec: Spec, subdomain: Subdomain) -> tuple[Physics, FluxReader]:
    """The physics and the names of a subdomain, for surfaces across which nothing is continuous."""
    smooth = dict.fromkeys(subdomain.scope.fields, 0)
    name = subdomain.name if subdomain.name in spec.subdomains else ""  # a part that was cut has no values of its own
    physics, reader = read_meaning(spec, name, partial(FluxReader, smooth=smooth, jumping=set()))
    return physics, cast(FluxReader, reader.within(subdomain.scope.branches))


def read_law(reader: FluxReader, name: str, text: str) -> Law | None:
    """None where the equation is none, or its derivatives are too large to be read twice."""
    try:
        equation = reader.equation(text, ("equations", name))
        traces = symbols_of(equation) & reader.traces.keys()
        flux, divergence = sympy.S.Zero, sympy.S.Zero
        for one in sorted(traces, key=str):
            trace, coefficient = reader.traces[one], cast(sympy.Expr, equation.diff(one))
            if trace.order or not is_constant(coefficient, reader):
                continue
            letter = str(trace.normals).removeprefix("n")
            density = reader.settled(plain(trace.expression, reader))
            flux += coefficient * trace.normals * density
            divergence += coefficient * Scope.differentiate(reader, density, letter)
    except SpecError:
        return None
    source = plain(equation, reader) - divergence
    if source.count_ops() < MOST_EXPANDED:
        source = cast(sympy.Expr, sympy.expand(source))
    if not symbols_of(flux) & reader.jets.keys() or order_of(source, reader) >= order_of(equation, reader):
        return None
    return Law(name, cast(sympy.Expr, flux), cast(sympy.Expr, source))


def is_constant(coefficient: sympy.Expr, reader: FluxReader) -> bool:
    """Whether it is a number, or an unknown one."""
    return symbols_of(coefficient) <= {symbol(name) for name in reader.unknowns}


def plain(expression: sympy.Expr, reader: FluxReader) -> sympy.Expr:
    """Without its concentrated parts."""
    carried = symbols_of(expression) & reader.traces.keys()
    return cast(sympy.Expr, expression.xreplace(dict.fromkeys(carried, sympy.S.Zero)))


def order_of(expression: sympy.Expr, reader: FluxReader) -> int:
    """The highest order of its derivatives in space."""
    jets = symbols_of(expression) & reader.jets.keys()
    return max((sum(reader.jets[jet][1][: len(reader.space)]) for jet in jets), default=0)


def have_moments(laws: Sequence[Law], tractions: Sequence[sympy.Expr], space: Sequence[str]) -> bool:
    """Whether the laws are those of forces whose moments are in balance as well: the stress is symmetric.

    tractions   components of the traction, one for each law
    """
    if len(laws) != len(space) or any(law.flux != t for law, t in zip(laws, tractions, strict=True)):
        return False
    normals = [symbol(f"n{letter}") for letter in space]
    stress = [[traction.diff(normal) for normal in normals] for traction in tractions]
    return all(stress[i][j] == stress[j][i] for i in range(len(space)) for j in range(i))
