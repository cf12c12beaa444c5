"""Mindlin's plate: bending with shear deformation, of plates that are thick or of which the shear force is asked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pinn.physics.model import Physics, refuse_unknown, required, text
from pinn.physics.small_strain import require_dimensions
from pinn.spec.blocks.energy import Energy

NAME = "mindlin_plate"
PARAMETERS = ("youngs_modulus", "poissons_ratio", "thickness", "load", "shear_correction")


def mindlin_plate(parameters: Mapping[str, Any], coordinates: tuple[str, ...]) -> Physics:
    """Equilibrium of moments and shear forces of a plate under a load across it, fields w, rotation_x, rotation_y.

        d moment_xx/dx + d moment_xy/dy = shear_x,   d moment_xy/dx + d moment_yy/dy = shear_y               [N]
        d shear_x/dx + d shear_y/dy + load = 0                                                              [N/m^2]
        moment_ij = D ((1 - poissons_ratio) curvature_ij + poissons_ratio curvature_kk delta_ij)       [N m per m]
        shear_i = shear_correction G thickness (d w/dx_i + rotation_i)                                      [N/m]
        curvature_ij = (d rotation_i/dx_j + d rotation_j/dx_i)/2,  D = E thickness^3/(12 (1 - poissons_ratio^2))

    A point at the height z above the middle moves by z rotation_i in the plane. On an edge moment_n, moment_s (the
    twisting one) and shear_n belong to its normal and its tangent, rotation_n and rotation_s too:
    clamped w = rotation_n = rotation_s = 0; simply supported w = rotation_s = moment_n = 0 (hard) or
    w = moment_s = moment_n = 0 (soft); free moment_n = moment_s = shear_n = 0.
    Parameters: youngs_modulus [Pa], poissons_ratio [-], thickness [m], load [N/m^2], each a number or an expression of
    the coordinates; shear_correction [-], 5/6 where it is not given.
    Source: Mindlin, J. Appl. Mech. 18 (1951) 31; Reddy, Theory and Analysis of Elastic Plates and Shells, 2nd ed.,
    ch. 10 (first-order theory).
    """
    refuse_unknown(NAME, parameters, PARAMETERS)
    require_dimensions(NAME, coordinates, (2,))
    x, y = coordinates
    rotation = (f"rotation_{x}", f"rotation_{y}")
    xx, yy, xy = f"{x}{x}", f"{y}{y}", f"{x}{y}"
    nx, ny = f"n{x}", f"n{y}"
    definitions = {
        "youngs_modulus": required(NAME, parameters, "youngs_modulus", "210e9"),
        "poissons_ratio": required(NAME, parameters, "poissons_ratio", "0.3"),
        "thickness": required(NAME, parameters, "thickness", "0.01"),
        "load": required(NAME, parameters, "load", "1e3"),
        "shear_correction": text(NAME, parameters.get("shear_correction", "5/6"), "shear_correction"),
        "bending_stiffness": "youngs_modulus*thickness**3/(12*(1 - poissons_ratio**2))",
        "shear_stiffness": "shear_correction*youngs_modulus*thickness/(2*(1 + poissons_ratio))",
        f"curvature_{xx}": f"{rotation[0]}_{x}",
        f"curvature_{yy}": f"{rotation[1]}_{y}",
        f"curvature_{xy}": f"({rotation[0]}_{y} + {rotation[1]}_{x})/2",
        f"moment_{xx}": f"bending_stiffness*(curvature_{xx} + poissons_ratio*curvature_{yy})",
        f"moment_{yy}": f"bending_stiffness*(curvature_{yy} + poissons_ratio*curvature_{xx})",
        f"moment_{xy}": f"bending_stiffness*(1 - poissons_ratio)*curvature_{xy}",
        **{f"shear_{i}": f"shear_stiffness*(w_{i} + rotation_{i})" for i in coordinates},
        f"edge_moment_{x}": f"moment_{xx}*{nx} + moment_{xy}*{ny}",
        f"edge_moment_{y}": f"moment_{xy}*{nx} + moment_{yy}*{ny}",
        "moment_n": f"moment_{xx}*{nx}**2 + 2*moment_{xy}*{nx}*{ny} + moment_{yy}*{ny}**2",
        "moment_s": f"(moment_{yy} - moment_{xx})*{nx}*{ny} + moment_{xy}*({nx}**2 - {ny}**2)",
        "shear_n": f"shear_{x}*{nx} + shear_{y}*{ny}",
        "rotation_n": f"{rotation[0]}*{nx} + {rotation[1]}*{ny}",
        "rotation_s": f"{rotation[1]}*{nx} - {rotation[0]}*{ny}",
    }
    bent = f"moment_{xx}*curvature_{xx} + moment_{yy}*curvature_{yy} + 2*moment_{xy}*curvature_{xy}"
    sheared = " + ".join(f"shear_{i}*(w_{i} + rotation_{i})" for i in coordinates)
    definitions["strain_energy"] = f"({bent} + {sheared})/2"
    return Physics(
        fields=("w", *rotation),
        definitions=definitions,
        equations={
            f"moments_{x}": f"d(moment_{xx}, {x}) + d(moment_{xy}, {y}) - shear_{x} = 0",
            f"moments_{y}": f"d(moment_{xy}, {x}) + d(moment_{yy}, {y}) - shear_{y} = 0",
            "equilibrium": f"d(shear_{x}, {x}) + d(shear_{y}, {y}) + load = 0",
        },
        vectors={"rotation": rotation, "edge_moment": (f"edge_moment_{x}", f"edge_moment_{y}")},
        tensors={"moment": {pair: f"moment_{pair}" for pair in (xx, xy, yy)}},
        dimensions={
            "w": "length",
            **dict.fromkeys(rotation, "number"),
            "youngs_modulus": "pressure",
            "poissons_ratio": "number",
            "thickness": "length",
            "load": "pressure",
            "shear_correction": "number",
        },
        given={name: (name,) for name in PARAMETERS if name in parameters},
        limits={
            **dict.fromkeys(("youngs_modulus", "thickness", "shear_correction"), (0.0, math.inf)),
            "poissons_ratio": (-1.0, math.nextafter(0.5, 1.0)),
        },
        energy=Energy(
            density="strain_energy - load*w",
            natural={f"edge_moment_{i}": f"rotation_{i}" for i in coordinates} | {"shear_n": "w"},
        ),
    )
