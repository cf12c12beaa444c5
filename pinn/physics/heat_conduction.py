"""Heat conduction: Fourier's law, in any number of dimensions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pinn.physics.model import Physics, refuse_unknown, required, text

NAME = "heat_conduction"


def heat_conduction(parameters: Mapping[str, Any], coordinates: tuple[str, ...], name: str = NAME) -> Physics:
    """Conduction capacity * d temperature/dt + div(heat_flux) = source.

        heat_flux_i = -conductivity * d temperature/dx_i                                                  [W/m^2]
        outward_heat_flux = heat_flux_i n_i, on the boundary                                              [W/m^2]

    A surface that loses heat to a fluid: {on: wall, equation: outward_heat_flux = 25*(temperature - 293)}.
    Parameters: conductivity [W/(m K)]; capacity, density times specific heat [J/(m^3 K)], without which the problem is
    steady; source [W/m^3]; each a number or an expression of the coordinates.
    Source: Carslaw & Jaeger, Conduction of Heat in Solids, 2nd ed., §§ 1.2, 1.6, 1.9.
    """
    refuse_unknown(name, parameters, ("conductivity", "capacity", "source"))
    definitions = {
        "conductivity": required(name, parameters, "conductivity", "45"),
        "heat_source": text(name, parameters.get("source", 0), "source"),
    }
    stored = ""
    if "capacity" in parameters:
        definitions["capacity"] = text(name, parameters["capacity"], "capacity")
        stored = "capacity*temperature_t + "
    definitions |= {f"heat_flux_{i}": f"-conductivity*temperature_{i}" for i in coordinates}
    definitions["outward_heat_flux"] = " + ".join(f"heat_flux_{i}*n{i}" for i in coordinates)
    flow = " + ".join(f"d(heat_flux_{i}, {i})" for i in coordinates)
    given: dict[str, tuple[str | int, ...]] = {"conductivity": ("conductivity",)}
    given |= {"capacity": ("capacity",)} if stored else {}
    given |= {"heat_source": ("source",)} if "source" in parameters else {}
    return Physics(
        fields=("temperature",),
        definitions=definitions,
        equations={"heat": f"{stored}{flow} = heat_source"},
        vectors={"heat_flux": tuple(f"heat_flux_{i}" for i in coordinates)},
        given=given,
        limits={"conductivity": (0.0, math.inf)} | ({"capacity": (0.0, math.inf)} if stored else {}),
        dimensions={
            "temperature": "temperature",
            "conductivity": "power/length/temperature",
            "capacity": "energy/length^3/temperature",
            "heat_source": "power/length^3",
        },
        steady="leave out its capacity",
    )
