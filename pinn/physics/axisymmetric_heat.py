"""Axisymmetric heat conduction: bodies of revolution whose temperature depends on the radius and the height alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pinn.physics.heat_conduction import heat_conduction
from pinn.physics.model import Physics, radius_of

NAME = "axisymmetric_heat"


def axisymmetric_heat(parameters: Mapping[str, Any], coordinates: tuple[str, ...]) -> Physics:
    """Conduction in a body of revolution, in its half section: r >= 0 across, z along its axis.

        capacity * d temperature/dt + d heat_flux_r/dr + heat_flux_r/r + d heat_flux_z/dz = source
        heat_flux_i = -conductivity * d temperature/dx_i                                                  [W/m^2]
        outward_heat_flux = heat_flux_i n_i, on the boundary                                              [W/m^2]

    The first coordinate is the radius, whatever its letter. On the axis a boundary has outward_heat_flux = 0 by itself.
    What balances is the heat of the whole turn, 2 pi r.
    Parameters: those of heat_conduction.
    Source: Carslaw & Jaeger, Conduction of Heat in Solids, 2nd ed., § 7.1, without the angle.
    """
    r, z = radius_of(NAME, coordinates)
    plane = heat_conduction(parameters, coordinates, NAME)
    stored = "capacity*temperature_t" if "capacity" in parameters else ""
    turn = {
        "heat_loss": f"2*pi*{r}*outward_heat_flux",
        "heat_gain": f"2*pi*{r}*({stored + ' - ' if stored else '-'}heat_source)",
    }
    flow = f"d(heat_flux_{r}, {r}) + heat_flux_{r}/{r} + d(heat_flux_{z}, {z})"
    return replace(
        plane,
        definitions=plane.definitions | turn,
        equations={"heat": f"{stored + ' + ' if stored else ''}{flow} = heat_source"},
        balances={"heat": ("heat_loss", "heat_gain")},
        axis={"outward_heat_flux": 0},
    )
