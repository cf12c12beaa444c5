"""Navier-Stokes: incompressible flow of a Newtonian fluid, in two and three dimensions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pinn.errors import SpecError
from pinn.physics.model import Physics, components, refuse_unknown, required
from pinn.physics.small_strain import require_dimensions
from pinn.physics.stokes import flow_dimensions
from pinn.spec.yaml.subset import shown

NAME = "navier_stokes"


def navier_stokes(parameters: Mapping[str, Any], coordinates: tuple[str, ...]) -> Physics:
    """Momentum density*(dv/dt + (v . grad) v) = -grad(p) + viscosity * laplacian(v) + body_force, with div(v) = 0.

        traction_i = -p n_i + viscosity * (d v_i/dx_j + d v_j/dx_i) n_j, on the boundary                     [Pa]
        outflow_i = -p n_i + viscosity * d v_i/dn, which vanishes where a fluid leaves freely                [Pa]
        vorticity = d v_y/dx - d v_x/dy, in two dimensions                                                  [1/s]

    Fields: vx, vy (, vz) by the coordinates' letters, and the pressure p, which is known up to a constant where the
    velocity is given on the whole boundary: fix it at a point, {at: [0, 0], p: 0}.
    Parameters: density [kg/m^3] and viscosity [Pa s]; body_force [N/m^3], one expression per coordinate; steady: true
    leaves out d/dt.
    Source: Batchelor, An Introduction to Fluid Dynamics, § 3.3; Heywood, Rannacher & Turek, Int. J. Numer. Methods
    Fluids 22 (1996) 325 (the condition of free outflow).
    """
    refuse_unknown(NAME, parameters, ("density", "viscosity", "body_force", "steady"))
    require_dimensions(NAME, coordinates)
    steady = parameters.get("steady", False)
    if not isinstance(steady, bool):
        raise SpecError(("physics", NAME, "steady"), f"must be true or false, got {shown(steady)}")
    forces = components(NAME, parameters, "body_force", coordinates)
    definitions = {
        "density": required(NAME, parameters, "density", "1"),
        "viscosity": required(NAME, parameters, "viscosity", "0.01"),
        **{f"body_force_{i}": force for i, force in zip(coordinates, forces, strict=True)},
        **{
            f"traction_{i}": f"-p*n{i} + viscosity*("
            + " + ".join(f"(v{i}_{j} + v{j}_{i})*n{j}" for j in coordinates)
            + ")"
            for i in coordinates
        },
        **{
            f"outflow_{i}": f"-p*n{i} + viscosity*(" + " + ".join(f"v{i}_{j}*n{j}" for j in coordinates) + ")"
            for i in coordinates
        },
    }
    if len(coordinates) == 2:
        x, y = coordinates
        definitions["vorticity"] = f"v{y}_{x} - v{x}_{y}"
    equations = {}
    for i in coordinates:
        inertia = " + ".join([*([] if steady else [f"v{i}_t"]), *(f"v{j}*v{i}_{j}" for j in coordinates)])
        equations[f"momentum_{i}"] = f"density*({inertia}) = -p_{i} + viscosity*laplacian(v{i}) + body_force_{i}"
    equations["continuity"] = " + ".join(f"v{i}_{i}" for i in coordinates) + " = 0"
    velocity = tuple(f"v{i}" for i in coordinates)
    given: dict[str, tuple[str | int, ...]] = {name: (name,) for name in ("density", "viscosity")}
    if "body_force" in parameters:
        given |= {f"body_force_{i}": ("body_force", k) for k, i in enumerate(coordinates)}
    return Physics(
        fields=(*velocity, "p"),
        definitions=definitions,
        equations=equations,
        vectors={
            "velocity": velocity,
            **{kind: tuple(f"{kind}_{i}" for i in coordinates) for kind in ("traction", "outflow")},
        },
        given=given,
        dimensions=flow_dimensions(coordinates) | {"density": "density"},
        limits={"density": (0.0, math.inf), "viscosity": (0.0, math.inf)},
        steady="give the physics steady: true",
    )
