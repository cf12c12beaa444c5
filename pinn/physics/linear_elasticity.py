"""Linear elasticity: small strain, isotropic Hooke's law, static equilibrium, in two and three dimensions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pinn.errors import SpecError
from pinn.physics.model import Physics, refuse_unknown, required
from pinn.physics.small_strain import body_at_rest, plane_assumption, require_dimensions, symmetric_pairs

NAME = "linear_elasticity"
THERMAL = ("thermal_expansion", "temperature")


def linear_elasticity(parameters: Mapping[str, Any], coordinates: tuple[str, ...], name: str = NAME) -> Physics:
    """Static equilibrium div(stress) + body_force = 0.

        stress_ij = lame_lambda * delta_ij * elastic_kk + 2 * lame_mu * elastic_ij                            [Pa]
        elastic_ij = strain_ij - thermal_expansion * temperature * delta_ij                                   [-]
        strain_ij = (d u_i/d x_j + d u_j/d x_i) / 2                                                           [-]

    In plane stress, lame_lambda stands for 2 lambda mu/(lambda + 2 mu), which makes stress_zz vanish.
    Parameters: youngs_modulus [Pa], poissons_ratio [-], each a number or an expression of the coordinates;
    plane: stress or strain (two dimensions only); body_force [N/m^3], one expression per coordinate;
    thermal_expansion [1/K] with temperature [K], the rise above that of the body free of stress.
    Source: Timoshenko & Goodier, Theory of Elasticity, 3rd ed., §§ 7, 15, 16; for the thermal strain ch. 13.
    """
    refuse_unknown(name, parameters, ("youngs_modulus", "poissons_ratio", "plane", "body_force", *THERMAL))
    require_dimensions(name, coordinates)
    plane = plane_assumption(name, parameters, len(coordinates))
    material = {
        "youngs_modulus": required(name, parameters, "youngs_modulus", "210e9"),
        "poissons_ratio": required(name, parameters, "poissons_ratio", "0.3"),
        "lame_mu": "youngs_modulus/(2*(1 + poissons_ratio))",
        "lame_lambda": "youngs_modulus*poissons_ratio/(1 - poissons_ratio**2)"
        if plane == "stress"
        else "youngs_modulus*poissons_ratio/((1 + poissons_ratio)*(1 - 2*poissons_ratio))",
    }
    heated = given_together(parameters, name)
    if heated:
        material["thermal_expansion"] = required(name, parameters, "thermal_expansion", "12e-6")
        material["temperature"] = required(name, parameters, "temperature", "100")
        material["thermal_strain"] = "thermal_expansion*temperature"

    dilatation = " + ".join(f"strain_{i}{i}" for i in coordinates)
    free = ""  # the strain of the unloaded body
    if heated:
        dilatation += f" - {2 if plane == 'stress' else 3}*thermal_strain"  # in plane strain also across the plane
        free = " - thermal_strain"
    stress = {
        f"stress_{i}{j}": f"lame_lambda*({dilatation}) + 2*lame_mu*(strain_{i}{j}{free})"
        if i == j
        else f"2*lame_mu*strain_{i}{j}"
        for i, j in symmetric_pairs(coordinates)
    }
    across = None
    if plane == "strain":
        x, y = coordinates
        across = f"poissons_ratio*(stress_{x}{x} + stress_{y}{y})"
        if heated:
            across += " - youngs_modulus*thermal_strain"
    pairs = symmetric_pairs(coordinates)
    work = " + ".join(f"{'' if i == j else '2*'}stress_{i}{j}*strain_{i}{j}" for i, j in pairs)
    if heated:  # stress is that of the clamped body and what strain adds: half of its work counts twice
        sides = 2 if plane == "stress" else 3
        clamped = f"({sides}*lame_lambda + 2*lame_mu)*thermal_strain"
        work += f" - {clamped}*(" + " + ".join(f"strain_{i}{i}" for i in coordinates) + ")"
    stress["strain_energy"] = f"({work})/2"
    return body_at_rest(
        name,
        parameters,
        coordinates,
        material,
        stress,
        across,
        given={one: (one,) for one in ("youngs_modulus", "poissons_ratio", *(THERMAL if heated else ()))},
        limits={
            "youngs_modulus": (0.0, math.inf),
            # in plane stress an incompressible sheet is a well-posed problem
            "poissons_ratio": (-1.0, math.nextafter(0.5, 1.0) if plane == "stress" else 0.5),
        },
        beyond={} if plane == "stress" else {"poissons_ratio": "take physics: incompressible_elasticity for 0.5"},
    )


def given_together(parameters: Mapping[str, Any], physics: str) -> bool:
    """Whether there is a thermal strain. Raises SpecError where one of its two parameters is missing."""
    present = [name for name in THERMAL if name in parameters]
    if len(present) == 1:
        (missing,) = set(THERMAL) - set(present)
        raise SpecError(("physics", physics, present[0]), f"needs '{missing}' beside it")
    return bool(present)
