"""Incompressible and nearly incompressible elasticity: displacement and pressure, up to Poisson's ratio 1/2."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pinn.errors import SpecError
from pinn.physics.model import Physics, refuse_unknown, required
from pinn.physics.small_strain import body_at_rest, plane_assumption, require_dimensions, symmetric_pairs

NAME = "incompressible_elasticity"


def incompressible_elasticity(parameters: Mapping[str, Any], coordinates: tuple[str, ...]) -> Physics:
    """Static equilibrium div(stress) + body_force = 0 with the pressure p = -stress_kk/3 as a field of its own.

        stress_ij = 2 * shear_modulus * (strain_ij - delta_ij * strain_kk/3) - delta_ij * p                   [Pa]
        strain_kk + compressibility * p = 0,    compressibility = 3 (1 - 2 poissons_ratio)/youngs_modulus      [-]

    Nothing in it grows without bound as poissons_ratio goes to 1/2, where it becomes div u = 0; at any ratio it is
    the same Hooke's law as in `linear_elasticity`. In two dimensions it is plane strain.
    Parameters: youngs_modulus [Pa], poissons_ratio [-], plane, body_force [N/m^3].
    Source: Hughes, The Finite Element Method (2000), § 4.3; with the deviator in Zienkiewicz & Taylor, The Finite
    Element Method, vol. 1, 5th ed., § 12.2.
    """
    refuse_unknown(NAME, parameters, ("youngs_modulus", "poissons_ratio", "plane", "body_force"))
    require_dimensions(NAME, coordinates)
    plane = plane_assumption(NAME, parameters, len(coordinates))
    if plane == "stress":
        message = "must be strain: a sheet free to become thinner does not lock; for it write linear_elasticity"
        raise SpecError(("physics", NAME, "plane"), message)
    material = {
        "youngs_modulus": required(NAME, parameters, "youngs_modulus", "10e6"),
        "poissons_ratio": required(NAME, parameters, "poissons_ratio", "0.4999"),
        "shear_modulus": "youngs_modulus/(2*(1 + poissons_ratio))",
        "compressibility": "3*(1 - 2*poissons_ratio)/youngs_modulus",
    }
    dilatation = " + ".join(f"strain_{i}{i}" for i in coordinates)
    stress = {
        f"stress_{i}{j}": f"2*shear_modulus*(strain_{i}{j} - ({dilatation})/3) - p"
        if i == j
        else f"2*shear_modulus*strain_{i}{j}"
        for i, j in symmetric_pairs(coordinates)
    }
    return body_at_rest(
        NAME,
        parameters,
        coordinates,
        material,
        stress,
        f"-2*shear_modulus*({dilatation})/3 - p" if plane else None,
        fields=("p",),
        equations={"volume": f"{dilatation} + compressibility*p = 0"},
        given={name: (name,) for name in ("youngs_modulus", "poissons_ratio")},
        dimensions={"youngs_modulus": "pressure", "poissons_ratio": "number", "p": "pressure"},
        limits={"youngs_modulus": (0.0, math.inf), "poissons_ratio": (-1.0, math.nextafter(0.5, 1.0))},
    )
