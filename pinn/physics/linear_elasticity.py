"""Linear elasticity: small strain, isotropic Hooke's law, static equilibrium, in two and three dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pinn.physics.isotropic import PARAMETERS, isotropic
from pinn.physics.model import Physics, refuse_unknown
from pinn.physics.small_strain import body_at_rest, plane_assumption, require_dimensions, symmetric_pairs, work

NAME = "linear_elasticity"


def linear_elasticity(parameters: Mapping[str, Any], coordinates: tuple[str, ...], name: str = NAME) -> Physics:
    """Static equilibrium div(stress) + body_force = 0.

        stress_ij = lame_lambda * delta_ij * elastic_kk + 2 * lame_mu * elastic_ij                            [Pa]
        elastic_ij = strain_ij - thermal_expansion * (temperature - reference_temperature) * delta_ij         [-]
        strain_ij = (d u_i/d x_j + d u_j/d x_i) / 2                                                           [-]

    In plane stress, lame_lambda stands for 2 lambda mu/(lambda + 2 mu), which makes stress_zz vanish.
    Parameters: youngs_modulus [Pa], poissons_ratio [-], each a number or an expression of the coordinates;
    plane: stress or strain (two dimensions only); body_force [N/m^3], one expression per coordinate;
    thermal_expansion [1/K] with temperature [K], and reference_temperature [K], 0 where it is not given: that of the
    body free of stress. Beside heat_conduction, and as `temperature: temperature`, it is the field of that name.
    Source: Timoshenko & Goodier, Theory of Elasticity, 3rd ed., §§ 7, 15, 16; for the thermal strain ch. 13.
    """
    refuse_unknown(name, parameters, (*PARAMETERS, "plane", "body_force"))
    require_dimensions(name, coordinates)
    plane = plane_assumption(name, parameters, len(coordinates))
    material = isotropic(name, parameters, sheet=plane == "stress")
    dilatation = " + ".join(f"strain_{i}{i}" for i in coordinates)
    pairs = symmetric_pairs(coordinates)
    stress = {
        f"stress_{i}{j}": material.stress(dilatation, f"strain_{i}{i}") if i == j else f"2*lame_mu*strain_{i}{j}"
        for i, j in pairs
    }
    across = None
    if plane == "strain":
        x, y = coordinates
        across = f"poissons_ratio*(stress_{x}{x} + stress_{y}{y})"
        if material.heated:
            across += " - youngs_modulus*thermal_strain"
    stress["strain_energy"] = material.strain_energy(work(pairs), dilatation)
    return body_at_rest(
        name,
        parameters,
        coordinates,
        material.definitions,
        stress,
        across,
        given=material.given,
        limits=material.limits,
        beyond=material.beyond,
        differences=material.differences,
        dimensions=material.dimensions,
    )
