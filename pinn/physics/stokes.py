"""Stokes: creeping flow, in which inertia is nothing beside viscosity, in two and three dimensions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pinn.physics.model import Physics, components, refuse_unknown, required
from pinn.physics.small_strain import require_dimensions, symmetric_pairs

NAME = "stokes"


def stokes(parameters: Mapping[str, Any], coordinates: tuple[str, ...]) -> Physics:
    """Equilibrium div(stress) + body_force = 0 with div(v) = 0.

        stress_ij = -p delta_ij + viscosity * (d v_i/dx_j + d v_j/dx_i)                                       [Pa]
        traction_i = stress_ij n_j, on the boundary                                                           [Pa]
        vorticity = d v_y/dx - d v_x/dy, in two dimensions                                                  [1/s]

    Fields: vx, vy (, vz) by the coordinates' letters, and the pressure p, which is known up to a constant where the
    velocity is given on the whole boundary: fix it at a point, {at: [0, 0], p: 0}.
    Parameters: viscosity [Pa s], a number or an expression of the coordinates; body_force [N/m^3], one expression per
    coordinate.
    Source: Batchelor, An Introduction to Fluid Dynamics, §§ 3.3, 4.8; Elman, Silvester & Wathen, Finite Elements and
    Fast Iterative Solvers, 2nd ed., ch. 3.
    """
    refuse_unknown(NAME, parameters, ("viscosity", "body_force"))
    require_dimensions(NAME, coordinates)
    forces = components(NAME, parameters, "body_force", coordinates)
    definitions = {
        "viscosity": required(NAME, parameters, "viscosity", "1e-3"),
        **{f"body_force_{i}": force for i, force in zip(coordinates, forces, strict=True)},
    }
    pairs = symmetric_pairs(coordinates)
    stress = {}
    for i, j in pairs:
        stress[i, j] = stress[j, i] = f"stress_{i}{j}"
        definitions[f"stress_{i}{j}"] = f"2*viscosity*v{i}_{i} - p" if i == j else f"viscosity*(v{i}_{j} + v{j}_{i})"
    for i in coordinates:
        definitions[f"traction_{i}"] = " + ".join(f"{stress[i, j]}*n{j}" for j in coordinates)
    if len(coordinates) == 2:
        x, y = coordinates
        definitions["vorticity"] = f"v{y}_{x} - v{x}_{y}"
    velocity = tuple(f"v{i}" for i in coordinates)
    given: dict[str, tuple[str | int, ...]] = {"viscosity": ("viscosity",)}
    if "body_force" in parameters:
        given |= {f"body_force_{i}": ("body_force", k) for k, i in enumerate(coordinates)}
    return Physics(
        fields=(*velocity, "p"),
        definitions=definitions,
        equations={
            f"equilibrium_{i}": " + ".join(f"d({stress[i, j]}, {j})" for j in coordinates) + f" + body_force_{i} = 0"
            for i in coordinates
        }
        | {"continuity": " + ".join(f"v{i}_{i}" for i in coordinates) + " = 0"},
        vectors={"velocity": velocity, "traction": tuple(f"traction_{i}" for i in coordinates)},
        tensors={"stress": {f"{i}{j}": stress[i, j] for i, j in pairs}},
        given=given,
        dimensions=flow_dimensions(coordinates),
        limits={"viscosity": (0.0, math.inf)},
    )


def flow_dimensions(coordinates: tuple[str, ...]) -> dict[str, str]:
    """Of what every viscous flow has."""
    return (
        {f"v{i}": "velocity" for i in coordinates}
        | {"p": "pressure", "viscosity": "pressure time"}
        | {f"body_force_{i}": "body_force" for i in coordinates}
    )
