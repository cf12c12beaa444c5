"""Neo-Hookean hyperelasticity: large deformation of a compressible rubber-like body, plane strain or in space."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pinn.errors import SpecError
from pinn.physics.model import ACROSS, Physics, components, refuse_unknown, required
from pinn.physics.small_strain import body_dimensions
from pinn.spec.blocks.energy import Energy

NAME = "neo_hookean"


def neo_hookean(parameters: Mapping[str, Any], coordinates: tuple[str, ...]) -> Physics:
    """Static equilibrium Div(P) + body_force = 0 in the undeformed body, whose coordinates are X.

        F = I + du/dX,   J = det F,   C = F^T F                                                               [-]
        strain_energy = mu/2 (tr C - d - 2 ln J) + lambda/2 (ln J)^2          d dimensions                    [Pa]
        P = d strain_energy/dF = mu (F - F^-T) + lambda ln J F^-T             first Piola-Kirchhoff stress    [Pa]
        stress = P F^T / J                                                    Cauchy stress                   [Pa]

    Two dimensions are plane strain, where F_zz = 1. F^-T = cof(F)/J with cof(F) the matrix of cofactors, and since
    Div cof(F) = 0, Div(P) = Div(mu F) + cof(F) grad p with p = (lambda ln J - mu)/J.
    `traction` is nominal: P N, force per undeformed area. For small du/dX all this is linear elasticity.
    Parameters: youngs_modulus [Pa], poissons_ratio [-], each a number or an expression of the coordinates; body_force
    [N per undeformed m^3], one expression per coordinate.
    Source: Bonet & Wood, Nonlinear Continuum Mechanics for Finite Element Analysis, 2nd ed., §§ 4.6, 5.4, eqs. 6.27-29.
    """
    refuse_unknown(NAME, parameters, ("youngs_modulus", "poissons_ratio", "body_force"))
    dimension = len(coordinates)
    if dimension not in (2, 3):
        raise SpecError(("physics", NAME), f"is defined in 2 or 3 dimensions, but there are {dimension} coordinates")
    gradient = {(i, j): f"deformation_gradient_{i}{j}" for i in coordinates for j in coordinates}
    cofactor = {(i, j): f"cofactor_{i}{j}" for i in coordinates for j in coordinates}
    piola = {(i, j): f"piola_stress_{i}{j}" for i in coordinates for j in coordinates}
    first = coordinates[0]
    forces = components(NAME, parameters, "body_force", coordinates)

    definitions = {
        "youngs_modulus": required(NAME, parameters, "youngs_modulus", "1e6"),
        "poissons_ratio": required(NAME, parameters, "poissons_ratio", "0.4"),
        "lame_mu": "youngs_modulus/(2*(1 + poissons_ratio))",
        "lame_lambda": "youngs_modulus*poissons_ratio/((1 + poissons_ratio)*(1 - 2*poissons_ratio))",
        **{f"body_force_{i}": force for i, force in zip(coordinates, forces, strict=True)},
    }
    for (i, j), name in gradient.items():
        definitions[name] = f"1 + u{i}_{j}" if i == j else f"u{i}_{j}"
    for i, j in cofactor:
        definitions[cofactor[i, j]] = minor(gradient, coordinates, i, j)
    squares = " + ".join(f"{name}**2" for name in gradient.values())
    definitions |= {
        "volume_ratio": " + ".join(f"{gradient[first, j]}*{cofactor[first, j]}" for j in coordinates),
        "strain_energy": f"lame_mu/2*({squares} - {dimension} - 2*log(volume_ratio))"
        " + lame_lambda/2*log(volume_ratio)**2",
        "volumetric_stress": "(lame_lambda*log(volume_ratio) - lame_mu)/volume_ratio",
    }
    for i, j in piola:
        definitions[piola[i, j]] = f"lame_mu*{gradient[i, j]} + volumetric_stress*{cofactor[i, j]}"
    pairs = [(i, j) for k, i in enumerate(coordinates) for j in coordinates[k:]]
    for i, j in pairs:
        product = " + ".join(f"{piola[i, k]}*{gradient[j, k]}" for k in coordinates)
        definitions[f"stress_{i}{j}"] = f"({product})/volume_ratio"
    if dimension == 2:
        definitions["stress_out_of_plane"] = "lame_lambda*log(volume_ratio)/volume_ratio"
    definitions["von_mises"] = von_mises(coordinates)
    for i in coordinates:
        definitions[f"traction_{i}"] = " + ".join(f"{piola[i, j]}*n{j}" for j in coordinates)

    work = " + ".join(f"body_force_{i}*u{i}" for i in coordinates)
    stress = {f"{i}{j}": f"stress_{i}{j}" for i, j in pairs}
    return Physics(
        fields=tuple(f"u{i}" for i in coordinates),
        definitions=definitions,
        equations={
            f"equilibrium_{i}": " + ".join(
                f"d(lame_mu*{gradient[i, j]}, {j}) + {cofactor[i, j]}*d(volumetric_stress, {j})" for j in coordinates
            )
            + f" + body_force_{i} = 0"
            for i in coordinates
        },
        vectors={
            "displacement": tuple(f"u{i}" for i in coordinates),
            "traction": tuple(f"traction_{i}" for i in coordinates),
        },
        tensors={"stress": stress | ({ACROSS: "stress_out_of_plane"} if dimension == 2 else {})},
        given={
            "youngs_modulus": ("youngs_modulus",),
            "poissons_ratio": ("poissons_ratio",),
            **{f"body_force_{i}": ("body_force", k) for k, i in enumerate(coordinates) if "body_force" in parameters},
        },
        limits={"youngs_modulus": (0.0, math.inf), "poissons_ratio": (-1.0, 0.5)},
        energy=Energy(density=f"strain_energy - ({work})", natural={f"traction_{i}": f"u{i}" for i in coordinates}),
        positive=("volume_ratio",),
        dimensions=body_dimensions(coordinates) | {"youngs_modulus": "pressure", "poissons_ratio": "number"},
        balances={f"equilibrium_{i}": (f"traction_{i}", f"body_force_{i}") for i in coordinates},
    )


def minor(gradient: Mapping[tuple[str, str], str], coordinates: tuple[str, ...], i: str, j: str) -> str:
    """The cofactor of F_ij: in three dimensions from the cyclic neighbours of i and j, which have the right sign."""
    rows, columns = ([a for a in coordinates if a != letter] for letter in (i, j))
    if len(coordinates) == 2:
        return f"{'' if i == j else '-'}{gradient[rows[0], columns[0]]}"
    (a, b), (c, e) = ([coordinates[(coordinates.index(letter) + step) % 3] for step in (1, 2)] for letter in (i, j))
    return f"{gradient[a, c]}*{gradient[b, e]} - {gradient[a, e]}*{gradient[b, c]}"


def von_mises(coordinates: tuple[str, ...]) -> str:
    """sqrt(3/2 s:s) of the Cauchy stress, s its deviator (Timoshenko & Goodier, Theory of Elasticity, § 77)."""
    normal = [f"stress_{i}{i}" for i in coordinates]
    normal += ["stress_out_of_plane"] if len(coordinates) == 2 else []
    differences = " + ".join(f"({a} - {b})**2" for a, b in zip(normal, normal[1:] + normal[:1], strict=True))
    shear = " + ".join(f"stress_{i}{j}**2" for k, i in enumerate(coordinates) for j in coordinates[k + 1 :])
    return f"sqrt(({differences})/2 + 3*({shear}))"
