"""Elastodynamics: small strain, isotropic Hooke's law, inertia, in two and three dimensions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pinn.physics.linear_elasticity import linear_elasticity
from pinn.physics.model import Physics, required, text

NAME = "elastodynamics"
OWN = ("density", "damping")


def elastodynamics(parameters: Mapping[str, Any], coordinates: tuple[str, ...]) -> Physics:
    """Motion density * (d^2 u/dt^2 + damping * du/dt) = div(stress) + body_force.

        stress and strain as in linear_elasticity                                                            [Pa]
        velocity_i = d u_i/dt                                                                               [m/s]
        absorbing_i = traction_i + density*(p_speed*(velocity . n) n_i + s_speed*(velocity_i - (velocity . n) n_i))
        p_speed = sqrt((lame_lambda + 2 lame_mu)/density),  s_speed = sqrt(lame_mu/density)                  [m/s]

    On an edge where absorbing is zero, waves that arrive at right angles leave without an echo.
    Parameters: those of linear_elasticity; density [kg/m^3]; damping [1/s], in proportion to the mass.
    Source: Achenbach, Wave Propagation in Elastic Solids, § 2.3; Lysmer & Kuhlemeyer, J. Eng. Mech. Div. ASCE 95
    (1969) 859 (the absorbing edge).
    """
    at_rest = linear_elasticity(
        {name: value for name, value in parameters.items() if name not in OWN}, coordinates, NAME
    )
    density = required(NAME, parameters, "density", "7850")
    damping = text(NAME, parameters.get("damping", 0), "damping")
    normal = " + ".join(f"velocity_{i}*n{i}" for i in coordinates)
    own = {
        "density": density,
        "damping": damping,
        "p_speed": "sqrt((lame_lambda + 2*lame_mu)/density)",
        "s_speed": "sqrt(lame_mu/density)",
        **{f"velocity_{i}": f"u{i}_t" for i in coordinates},
        **{
            f"absorbing_{i}": f"traction_{i} + density*((p_speed - s_speed)*({normal})*n{i} + s_speed*velocity_{i})"
            for i in coordinates
        },
    }
    equations = {
        name.replace("equilibrium", "motion"): equation.removesuffix(" = 0") + f" = density*(u{i}_tt + damping*u{i}_t)"
        for i, (name, equation) in zip(coordinates, at_rest.equations.items(), strict=True)
    }
    vectors = {kind: tuple(f"{kind}_{i}" for i in coordinates) for kind in ("velocity", "absorbing")}
    return replace(
        at_rest,
        definitions=at_rest.definitions | own,
        equations=equations,
        vectors=at_rest.vectors | vectors,
        given=at_rest.given | {name: (name,) for name in OWN if name in parameters},
        limits=at_rest.limits | {"density": (0.0, math.inf)},
        energy=None,
        dimensions=at_rest.dimensions | {"density": "density", "damping": "1/time"},
    )
