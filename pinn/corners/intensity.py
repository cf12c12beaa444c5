"""Stress intensity factors: what the coefficients of corner functions mean.

Ahead of the corner, at theta = theta_0,

    stress_theta_theta + i stress_r_theta = (K_I + i K_II) (2 pi r)^(a - 1)

with a = 1/2 for a crack (Williams, J. Appl. Mech. 24 (1957) 109). For a notch each of the first two functions has its
own a and is one of the two modes (Gross & Mendelson, Int. J. Fract. Mech. 8 (1972) 267). For a crack between two
materials a = 1/2 + i epsilon, and the factor of r^(i epsilon) is taken at r = 1 in the user's unit of length (Rice,
J. Appl. Mech. 55 (1988) 98). theta_0 halves the angle, or is an edge that is an axis of symmetry of the whole body.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from pinn.corners.principal import Terms
from pinn.corners.table import CornerTable
from pinn.corners.wedge import Wedge
from pinn.derivatives.jets import Partial, plan_jets

VANISHES = 1e-8  # of the largest stress, or displacement, of a function on the unit circle

Stress = Mapping[str, Terms]  # "xx", "yy", "xy" -> terms of its principal part, over the outputs of a sector


@dataclass(frozen=True, eq=False)
class Intensities:
    """Factors of each function: K_I = coefficients @ opening, K_II = coefficients @ shearing, unit Pa m^(1 - Re a).

    direction   theta_0
    singular    [n] whether stresses of the function are unbounded; factors of the others are zero
    """

    opening: NDArray
    shearing: NDArray
    direction: float
    singular: NDArray[np.bool_]


def intensities(
    table: CornerTable, wedge: Wedge, outputs: Sequence[str], displacement: Sequence[str], stresses: Sequence[Stress]
) -> Intensities:
    """Factors of functions in their natural size at r = 1, about the origin.

    outputs        the names of the table's
    displacement   of each sector two outputs, all in a row
    stresses       of each sector
    """
    ahead = Ahead(table, tuple(outputs), wedge, displacement, stresses)
    direction = ahead.direction()
    sector = next(n for n, s in enumerate(wedge.sectors) if direction <= s.end + VANISHES)
    _, _, across, shear = ahead.on_ray(direction, sector)
    growth = table.growth[:, 0]
    singular = (growth > 0) & (growth < 1)
    factor = np.where(singular, (2 * math.pi) ** (1 - growth), 0.0)
    return Intensities(across * factor, shear * factor, direction, singular)


@dataclass(frozen=True, eq=False)
class Ahead:
    """Where stresses of corner functions are looked at."""

    table: CornerTable
    outputs: tuple[str, ...]
    wedge: Wedge
    displacement: Sequence[str]
    stresses: Sequence[Stress]

    def on_ray(self, angle: float, sector: int) -> tuple[NDArray, NDArray, NDArray, NDArray]:
        """u_r, u_theta, stress_theta_theta and stress_r_theta [n] of the functions at r = 1, as seen in a sector."""
        c, s = math.cos(angle), math.sin(angle)
        plan = plan_jets([Partial((1, 0)), Partial((0, 1))], 2)
        jets = self.table.jets(torch.tensor([[c, s]], dtype=torch.float64), plan)

        def component(terms: Terms) -> NDArray:
            return sum(
                value * jets[plan.index(Partial(orders))][0, self.outputs.index(name)].numpy()
                for (name, orders), value in terms.items()
            )  # pyright: ignore[reportReturnType]  # sum may be 0

        names = self.displacement[2 * sector : 2 * sector + 2]
        ux, uy = (jets[0][0, self.outputs.index(name)].numpy() for name in names)
        xx, yy, xy = (component(self.stresses[sector][name]) for name in ("xx", "yy", "xy"))
        across = s * s * xx - 2 * s * c * xy + c * c * yy
        shear = s * c * (yy - xx) + (c * c - s * s) * xy
        return c * ux + s * uy, c * uy - s * ux, across, shear

    def direction(self) -> float:
        """theta_0: an edge with u_theta and shear zero (symmetry), or u_r and opening (antisymmetry), or the middle."""
        sectors = self.wedge.sectors
        for sector, angle in ((0, sectors[0].start), (len(sectors) - 1, sectors[-1].end)):
            along, away, across, shear = (np.abs(v).max() for v in self.on_ray(angle, sector))
            moves, pulls = VANISHES * max(along, away), VANISHES * max(across, shear)
            if (away < moves and shear < pulls) or (along < moves and across < pulls):
                return angle
        return (sectors[0].start + sectors[-1].end) / 2
