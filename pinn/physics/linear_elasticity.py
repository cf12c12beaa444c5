"""Linear elasticity: small strain, isotropic Hooke's law, static equilibrium, in two and three dimensions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pinn.errors import SpecError, did_you_mean
from pinn.physics.model import Physics, components, refuse_unknown, required
from pinn.spec.energy import Energy

NAME = "linear_elasticity"


def linear_elasticity(parameters: Mapping[str, Any], coordinates: tuple[str, ...]) -> Physics:
    """Static equilibrium div(stress) + body_force = 0.

        stress_ij = lame_lambda * delta_ij * strain_kk + 2 * lame_mu * strain_ij                              [Pa]
        strain_ij = (d u_i/d x_j + d u_j/d x_i) / 2                                                           [-]

    In plane stress, lame_lambda stands for 2 lambda mu/(lambda + 2 mu), which makes stress_zz vanish.
    Parameters: youngs_modulus [Pa], poissons_ratio [-], each a number or an expression of the coordinates;
    plane: stress or strain (two dimensions only); body_force [N/m^3], one expression per coordinate.
    Source: Timoshenko & Goodier, Theory of Elasticity, 3rd ed., §§ 7, 15, 16.
    """
    refuse_unknown(NAME, parameters, ("youngs_modulus", "poissons_ratio", "plane", "body_force"))
    dimension = len(coordinates)
    if dimension not in (2, 3):
        raise SpecError(("physics", NAME), f"is defined in 2 or 3 dimensions, but there are {dimension} coordinates")
    plane = plane_assumption(parameters, dimension)
    forces = components(NAME, parameters, "body_force", coordinates)

    definitions = {
        "youngs_modulus": required(NAME, parameters, "youngs_modulus", "210e9"),
        "poissons_ratio": required(NAME, parameters, "poissons_ratio", "0.3"),
        "lame_mu": "youngs_modulus/(2*(1 + poissons_ratio))",
        "lame_lambda": "youngs_modulus*poissons_ratio/(1 - poissons_ratio**2)"
        if plane == "stress"
        else "youngs_modulus*poissons_ratio/((1 + poissons_ratio)*(1 - 2*poissons_ratio))",
    }
    definitions |= {f"body_force_{i}": force for i, force in zip(coordinates, forces, strict=True)}

    pairs = [(i, j) for k, i in enumerate(coordinates) for j in coordinates[k:]]
    dilatation = " + ".join(f"strain_{i}{i}" for i in coordinates)
    for i, j in pairs:
        definitions[f"strain_{i}{j}"] = f"u{i}_{i}" if i == j else f"(u{i}_{j} + u{j}_{i})/2"
    for i, j in pairs:
        definitions[f"stress_{i}{j}"] = (
            f"lame_lambda*({dilatation}) + " if i == j else ""
        ) + f"2*lame_mu*strain_{i}{j}"
    if plane == "strain":
        x, y = coordinates
        definitions["stress_out_of_plane"] = f"poissons_ratio*(stress_{x}{x} + stress_{y}{y})"

    stress = {(i, j): f"stress_{min(i, j, key=coordinates.index)}{max(i, j, key=coordinates.index)}"
              for i in coordinates for j in coordinates}  # fmt: skip
    for i in coordinates:
        definitions[f"traction_{i}"] = " + ".join(f"{stress[i, j]}*n{j}" for j in coordinates)
    definitions |= invariants(coordinates, stress, plane)
    definitions["strain_energy"] = (
        "("
        + " + ".join(f"stress_{i}{j}*strain_{i}{j}" if i == j else f"2*stress_{i}{j}*strain_{i}{j}" for i, j in pairs)
        + ")/2"
    )
    work = " + ".join(f"body_force_{i}*u{i}" for i in coordinates)

    equations = {
        f"equilibrium_{i}": " + ".join(f"d({stress[i, j]}, {j})" for j in coordinates) + f" + body_force_{i} = 0"
        for i in coordinates
    }
    tensors = {
        "stress": {f"{i}{j}": stress[i, j] for i, j in pairs},
        "strain": {f"{i}{j}": f"strain_{i}{j}" for i, j in pairs},
    }
    if plane == "strain":
        tensors["stress"]["zz"] = "stress_out_of_plane"
    return Physics(
        fields=tuple(f"u{i}" for i in coordinates),
        definitions=definitions,
        equations=equations,
        vectors={
            "displacement": tuple(f"u{i}" for i in coordinates),
            "traction": tuple(f"traction_{i}" for i in coordinates),
        },
        tensors=tensors,
        given={
            "youngs_modulus": ("youngs_modulus",),
            "poissons_ratio": ("poissons_ratio",),
            **{f"body_force_{i}": ("body_force", k) for k, i in enumerate(coordinates) if "body_force" in parameters},
        },
        limits={
            "youngs_modulus": (0.0, math.inf),
            # in plane stress an incompressible sheet is a well-posed problem
            "poissons_ratio": (-1.0, math.nextafter(0.5, 1.0) if plane == "stress" else 0.5),
        },
        energy=Energy(density=f"strain_energy - ({work})", natural={f"traction_{i}": f"u{i}" for i in coordinates}),
    )


def plane_assumption(parameters: Mapping[str, Any], dimension: int) -> str | None:
    """stress or strain in two dimensions; None in three."""
    plane = parameters.get("plane")
    if dimension == 3:
        if plane is not None:
            raise SpecError(("physics", NAME, "plane"), "belongs to two dimensions; remove it")
        return None
    if plane is None:
        raise SpecError(("physics", NAME), "'plane' is missing; write plane: stress (a thin sheet) or plane: strain")
    if plane not in ("stress", "strain"):
        hint = did_you_mean(str(plane), ("stress", "strain"))
        raise SpecError(("physics", NAME, "plane"), f"must be stress or strain, got {plane!r}{hint}")
    return plane


def invariants(
    coordinates: tuple[str, ...], stress: Mapping[tuple[str, str], str], plane: str | None
) -> dict[str, str]:
    """Von Mises and principal stresses (Timoshenko & Goodier, §§ 9, 77); in three dimensions by the angle of Lode."""
    named = list(zip("xyz"[: len(coordinates)], coordinates, strict=True))
    s = {f"{a}{b}": stress[i, j] for a, i in named for b, j in named}
    if len(coordinates) == 2:
        out = "stress_out_of_plane" if plane == "strain" else "0"
        centre, radius = f"({s['xx']} + {s['yy']})/2", f"sqrt(({s['xx']} - {s['yy']})**2/4 + {s['xy']}**2)"
        return {
            "von_mises": f"sqrt((({s['xx']} - {s['yy']})**2 + ({s['yy']} - {out})**2 + ({out} - {s['xx']})**2)/2"
            f" + 3*{s['xy']}**2)",
            "principal_stress_1": f"{centre} + {radius}",
            "principal_stress_2": f"{centre} - {radius}",
        }
    shear = f"{s['xy']}**2 + {s['yz']}**2 + {s['xz']}**2"
    normal = f"(({s['xx']} - {s['yy']})**2 + ({s['yy']} - {s['zz']})**2 + ({s['zz']} - {s['xx']})**2)"
    a, b, c = (f"({s[k]} - mean_stress)" for k in ("xx", "yy", "zz"))
    third = f"{a}*{b}*{c} + 2*{s['xy']}*{s['yz']}*{s['xz']} - {a}*{s['yz']}**2 - {b}*{s['xz']}**2 - {c}*{s['xy']}**2"
    lode = "acos(max(-1, min(1, 13.5*stress_deviator_3/max(von_mises**3, 1e-300))))/3"
    return {
        "mean_stress": f"({s['xx']} + {s['yy']} + {s['zz']})/3",
        "von_mises": f"sqrt({normal}/2 + 3*({shear}))",
        "stress_deviator_3": third,
        "principal_stress_1": f"mean_stress + 2*von_mises/3*cos({lode})",
        "principal_stress_2": f"mean_stress + 2*von_mises/3*cos({lode} - 2*pi/3)",
        "principal_stress_3": f"mean_stress + 2*von_mises/3*cos({lode} + 2*pi/3)",
    }
