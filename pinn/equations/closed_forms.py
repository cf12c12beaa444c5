"""Closed forms: the exact solution of a spec, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence

import sympy

from pinn.errors import NoClosedForm
from pinn.spec.language.branches import symbols_of
from pinn.spec.language.expressions import Scope, symbol


def closed_forms(scope: Scope, names: Sequence[str]) -> dict[str, sympy.Expr]:
    """Those of the names that the scope's exact solution gives or determines, in the coordinates alone."""
    found = {}
    for name in names if scope.exact else ():
        try:
            expression = scope.resolve(name, exact=True)
        except NoClosedForm:
            continue
        if not symbols_of(expression) - {symbol(axis) for axis in scope.axes}:
            found[name] = expression
    return found
