"""Orthotropic elasticity, of a thin sheet such as a layer of fibres in plane stress, and of a solid: small strain."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pinn.errors import SpecError
from pinn.physics.model import Physics, refuse_unknown, required, text
from pinn.physics.orthotropic_solid import orthotropic_solid
from pinn.physics.small_strain import body_at_rest, require_dimensions

NAME = "orthotropic_elasticity"
MODULI = ("youngs_modulus_1", "youngs_modulus_2", "shear_modulus_12", "poissons_ratio_12")


def orthotropic_elasticity(parameters: Mapping[str, Any], coordinates: tuple[str, ...]) -> Physics:
    """Static equilibrium div(stress) + body_force = 0 with the material's axes 1 and 2 turned, of a sheet by `angle`.

        stress_11 = (E1 strain_11 + poissons_ratio_12 E2 strain_22)/(1 - poissons_ratio_12^2 E2/E1)           [Pa]
        stress_22 = (E2 strain_22 + poissons_ratio_12 E2 strain_11)/(1 - poissons_ratio_12^2 E2/E1)
        stress_12 = 2 G12 strain_12

    In space stress_aa = sum_b stiffness_ab strain_bb over the axes 1, 2, 3, the stiffness the inverse of the compliance
    1/E_a, -poissons_ratio_ab/E_a, and stress_ab = 2 G_ab strain_ab.
    Strains are turned into the material's axes, stresses back. poissons_ratio_12 is the contraction along 2 under
    tension along 1. Parameters, each a number or an expression of the coordinates: youngs_modulus_1,
    youngs_modulus_2, shear_modulus_12 [Pa], poissons_ratio_12 [-]; body_force [N/m^3].
    In two dimensions, plane stress: angle [rad] from the first coordinate to axis 1, anticlockwise.
    In three: poissons_ratio_23; axes, the directions of the axes 1 and 2 as unit vectors at right angles,
    [[1, 0, 0], [0, 1, 0]]; youngs_modulus_3, shear_modulus_13, shear_modulus_23, poissons_ratio_13, without which the
    material is transversely isotropic, the same in all directions across axis 1.
    Source: Jones, Mechanics of Composite Materials, 2nd ed., eqs. (2.61), (2.66), (2.70), (2.76); in space §§ 2.2-2.4.
    """
    if len(coordinates) == 3:
        return orthotropic_solid(NAME, parameters, coordinates)
    refuse_unknown(NAME, parameters, (*MODULI, "angle", "plane", "body_force"))
    require_dimensions(NAME, coordinates, (2,))
    if parameters.get("plane") != "stress":
        raise SpecError(("physics", NAME, "plane"), "must be stress (a thin sheet); write plane: stress")
    examples = dict(zip(MODULI, ("140e9", "10e9", "5e9", "0.3"), strict=True))
    material = {name: required(NAME, parameters, name, example) for name, example in examples.items()}
    material["angle"] = text(NAME, parameters.get("angle", 0), "angle")
    material["stiffness_divisor"] = "1 - poissons_ratio_12**2*youngs_modulus_2/youngs_modulus_1"
    x, y = coordinates
    xx, yy, xy = f"strain_{x}{x}", f"strain_{y}{y}", f"strain_{x}{y}"
    stress = {
        "strain_11": f"cos(angle)**2*{xx} + sin(angle)**2*{yy} + 2*sin(angle)*cos(angle)*{xy}",
        "strain_22": f"sin(angle)**2*{xx} + cos(angle)**2*{yy} - 2*sin(angle)*cos(angle)*{xy}",
        "strain_12": f"sin(angle)*cos(angle)*({yy} - {xx}) + (cos(angle)**2 - sin(angle)**2)*{xy}",
        "stress_11": "(youngs_modulus_1*strain_11 + poissons_ratio_12*youngs_modulus_2*strain_22)/stiffness_divisor",
        "stress_22": "youngs_modulus_2*(strain_22 + poissons_ratio_12*strain_11)/stiffness_divisor",
        "stress_12": "2*shear_modulus_12*strain_12",
        f"stress_{x}{x}": "cos(angle)**2*stress_11 + sin(angle)**2*stress_22 - 2*sin(angle)*cos(angle)*stress_12",
        f"stress_{y}{y}": "sin(angle)**2*stress_11 + cos(angle)**2*stress_22 + 2*sin(angle)*cos(angle)*stress_12",
        f"stress_{x}{y}": "sin(angle)*cos(angle)*(stress_11 - stress_22) + (cos(angle)**2 - sin(angle)**2)*stress_12",
    }
    positive = (0.0, math.inf)
    return body_at_rest(
        NAME,
        parameters,
        coordinates,
        material,
        stress,
        given={name: (name,) for name in (*MODULI, *(("angle",) if "angle" in parameters else ()))}
        | {"stiffness_divisor": ("poissons_ratio_12",)},
        dimensions=dict.fromkeys(MODULI[:3], "pressure") | {"poissons_ratio_12": "number", "angle": "number"},
        # a positive strain energy asks for the last: |poissons_ratio_12| < sqrt(E1/E2)
        limits={**dict.fromkeys(MODULI[:3], positive), "stiffness_divisor": positive},
    )
