"""The equations of an energy alone: where it is stationary, its Euler-Lagrange equations hold."""

from __future__ import annotations

from pinn.domain.places import Interior
from pinn.equations.energy.variational import euler_lagrange
from pinn.equations.statements import Statement
from pinn.equations.subdomains import Subdomain
from pinn.errors import SpecError
from pinn.spec.blocks.energy import Energy
from pinn.spec.language.branches import comparisons_of

PATH = ("energy", "density")


def stationarity(energy: Energy, subdomain: Subdomain) -> list[Statement]:
    """One equation for each field, `stationary in FIELD`, of a spec that states an energy and no equations.

    What an energy on a patch adds to the conditions there is left to the conditions of the spec. Raises SpecError for
    a density that does not determine a field, or is not smooth: between its branches more would hold than equations.
    """
    scope = subdomain.scope
    density = scope.expression(energy.density, PATH) * scope.expression(energy.weight, ("energy", "weight"))
    if comparisons_of(density):
        message = "an energy without equations must be smooth, and this one has a comparison (where, abs, min, max, …)"
        raise SpecError(PATH, f"{message}; state the equations beside it")
    found = []
    for field in scope.fields:
        try:
            compiled = subdomain.compile(euler_lagrange(density, field, scope), PATH)
        except SpecError as error:
            raise error.at(PATH) from None
        if not compiled.derivatives:
            raise SpecError(
                PATH, f"does not determine {field}: state an equation for it, or let the density depend on it"
            )
        found.append(Statement(f"stationary in {field}", compiled, Interior(subdomain.name), path=PATH))
    return found
