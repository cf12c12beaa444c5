"""Periodic statements: both ends of the domain agree, where the network is not periodic by construction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pinn.domain.places import Periodic
from pinn.equations.compiler.compile import compile_expression
from pinn.equations.statements import Statement
from pinn.spec.language.expressions import Scope


def periodic_statements(
    scope: Scope, equations: Sequence[Statement], ends: Periodic, path: tuple[str | int, ...]
) -> Iterator[Statement]:
    """u and its derivatives along the axis, up to one below the equations' order, agree on both ends."""
    axis = ends.axis
    order = max(
        (d.partial.orders[axis] + 2 * d.partial.laplacians for e in equations for d in e.expression.derivatives),
        default=1,
    )
    for name in scope.fields:
        for n in range(order):
            orders = tuple(n if i == axis else 0 for i in range(len(scope.axes)))
            compiled = compile_expression(scope.jet(name, orders), scope, path)
            label = f"periodic {name}" + (f"_{scope.axes[axis] * n}" if n else "")
            yield Statement(label, compiled, ends, path=path)
