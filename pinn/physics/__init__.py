"""Named physics: each a page of text in the spec's own language. To add one, add a file and a line to PHYSICS.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: linear_elasticity.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pinn.errors import SpecError, did_you_mean
from pinn.physics.axisymmetric_elasticity import axisymmetric_elasticity
from pinn.physics.axisymmetric_heat import axisymmetric_heat
from pinn.physics.elastodynamics import elastodynamics
from pinn.physics.heat_conduction import heat_conduction
from pinn.physics.incompressible_elasticity import incompressible_elasticity
from pinn.physics.linear_elasticity import linear_elasticity
from pinn.physics.mindlin_plate import mindlin_plate
from pinn.physics.model import Physics
from pinn.physics.navier_stokes import navier_stokes
from pinn.physics.neo_hookean import neo_hookean
from pinn.physics.orthotropic_elasticity import orthotropic_elasticity
from pinn.physics.stokes import stokes
from pinn.physics.together import EXPANDS, together, with_temperature

PHYSICS: dict[str, Callable[..., Physics]] = {
    "linear_elasticity": linear_elasticity,
    "incompressible_elasticity": incompressible_elasticity,
    "orthotropic_elasticity": orthotropic_elasticity,
    "neo_hookean": neo_hookean,
    "elastodynamics": elastodynamics,
    "axisymmetric_elasticity": axisymmetric_elasticity,
    "heat_conduction": heat_conduction,
    "axisymmetric_heat": axisymmetric_heat,
    "mindlin_plate": mindlin_plate,
    "stokes": stokes,
    "navier_stokes": navier_stokes,
}

NOT_HERE = {  # what is not available, with the way out
    "contact": "where bodies touch must be known: a roller or a pressure on what touches, subdomains if glued",
    "plasticity": "a body stays elastic: von_mises shows where it would yield, and neo_hookean has large strain",
    "submodel": "state the displacement of the coarse model on the cut, as conditions with tables of its values",
}
ELSEWHERE = {  # what others call it
    "heat": "heat_conduction",
    "elasticity": "linear_elasticity",
    "thermoelasticity": "heat_conduction and linear_elasticity, both in one list",
    "transversely_isotropic_elasticity": "orthotropic_elasticity, without youngs_modulus_3",
    "reissner_mindlin_plate": "mindlin_plate",
    **dict.fromkeys(("elastoplasticity", "plastic"), "plasticity"),
}


def unknown(name: str) -> str:
    """Why a name is no physics, with the way out."""
    meant = ELSEWHERE.get(name, name)
    if meant in NOT_HERE:
        return f"{meant} is not available; {NOT_HERE[meant]}"
    hint = f"; here it is {meant}" if meant != name else did_you_mean(name, list(PHYSICS))
    return f"unknown physics '{name}'{hint}"


def build_physics(name: str, parameters: Mapping[str, Any], coordinates: Sequence[str]) -> Physics:
    """The named physics in these coordinates. Raises SpecError for an unknown name or parameter."""
    if name not in PHYSICS:
        raise SpecError(("physics", name), unknown(name))
    return PHYSICS[name](parameters, tuple(coordinates))


def build_together(parameters: Mapping[str, Mapping[str, Any]], coordinates: Sequence[str]) -> Physics:
    """Name -> parameters: the named physics, several as one. Raises SpecError."""
    if len(parameters) == 1:
        ((name, own),) = parameters.items()
        return build_physics(name, own, coordinates)
    heated = {name for name, own in parameters.items() if EXPANDS in own}
    found = {name: build_physics(name, own, coordinates) for name, own in parameters.items() if name not in heated}
    for name in heated:
        found[name] = build_physics(name, with_temperature(parameters[name], list(found.values())), coordinates)
    return together({name: found[name] for name in parameters}, parameters)
