"""An isotropic elastic material and its thermal strain, as text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pinn.errors import SpecError
from pinn.physics.model import required, text

ELASTIC = ("youngs_modulus", "poissons_ratio")
THERMAL = ("thermal_expansion", "temperature")
REFERENCE = "reference_temperature"
FIELD = "temperature"  # as the parameter `temperature`: the field of that name
PARAMETERS = (*ELASTIC, *THERMAL, REFERENCE)
RISE = f"without {REFERENCE} it is the rise above the temperature at which the body is free of stress"
DIMENSIONS = {
    "youngs_modulus": "pressure",
    "poissons_ratio": "number",
    "thermal_expansion": "1/temperature",
    "temperature": "temperature",
    REFERENCE: "temperature",
}


@dataclass(frozen=True)
class Isotropic:
    """A material's definitions, and what `Physics` is to know of its parameters.

    heated   whether there is the definition `thermal_strain`
    sides    directions in which it can not expand freely, of which stress is computed: 2 of a sheet, else 3
    """

    definitions: dict[str, str]
    heated: bool
    sides: int
    given: dict[str, tuple[str | int, ...]]
    limits: dict[str, tuple[float, float]]
    beyond: dict[str, str]
    dimensions: dict[str, str] = field(default_factory=lambda: dict(DIMENSIONS))
    differences: dict[str, str] = field(default_factory=dict)

    def stress(self, dilatation: str, strain: str) -> str:
        """A normal stress from the sum of all normal strains and its own."""
        if not self.heated:
            return f"lame_lambda*({dilatation}) + 2*lame_mu*{strain}"
        return f"lame_lambda*({dilatation} - {self.sides}*thermal_strain) + 2*lame_mu*({strain} - thermal_strain)"

    def strain_energy(self, work: str, dilatation: str) -> str:
        """Half of stress : strain; of a heated body, what is done on it from where it is held without strain."""
        if self.heated:  # stress is that of the clamped body and what strain adds: half of its work counts twice
            work += f" - ({self.sides}*lame_lambda + 2*lame_mu)*thermal_strain*({dilatation})"
        return f"({work})/2"


def isotropic(physics: str, parameters: Mapping[str, Any], sheet: bool = False) -> Isotropic:
    """Hooke's law of an isotropic material by Lamé's constants, with a thermal strain where there is one.

        lame_mu = youngs_modulus/(2 (1 + poissons_ratio))                                                     [Pa]
        lame_lambda = youngs_modulus poissons_ratio/((1 + poissons_ratio) (1 - 2 poissons_ratio))
        thermal_strain = thermal_expansion (temperature - reference_temperature)                               [-]

    sheet   plane stress, where lame_lambda stands for 2 lambda mu/(lambda + 2 mu)
    Parameters: youngs_modulus [Pa], poissons_ratio [-]; thermal_expansion [1/K] with temperature [K] and
    reference_temperature [K], that of the body free of stress, 0 where it is not given.
    Source: Timoshenko & Goodier, Theory of Elasticity, 3rd ed., §§ 7, 16 and ch. 13. Raises SpecError.
    """
    definitions = {
        "youngs_modulus": required(physics, parameters, "youngs_modulus", "210e9"),
        "poissons_ratio": required(physics, parameters, "poissons_ratio", "0.3"),
        "lame_mu": "youngs_modulus/(2*(1 + poissons_ratio))",
        "lame_lambda": "youngs_modulus*poissons_ratio/(1 - poissons_ratio**2)"
        if sheet
        else "youngs_modulus*poissons_ratio/((1 + poissons_ratio)*(1 - 2*poissons_ratio))",
    }
    given: dict[str, tuple[str | int, ...]] = {name: (name,) for name in ELASTIC}
    heated = given_together(parameters, physics)
    if heated:
        definitions["thermal_expansion"] = required(physics, parameters, "thermal_expansion", "12e-6")
        given["thermal_expansion"] = ("thermal_expansion",)
        temperature = required(physics, parameters, "temperature", "100")
        if temperature != FIELD:
            definitions["temperature"] = temperature
            given["temperature"] = ("temperature",)
        rise = "temperature"
        if REFERENCE in parameters:
            definitions[REFERENCE] = text(physics, parameters[REFERENCE], REFERENCE)
            given[REFERENCE] = (REFERENCE,)
            rise = f"(temperature - {REFERENCE})"
        definitions["thermal_strain"] = f"thermal_expansion*{rise}"
    return Isotropic(
        definitions,
        heated,
        2 if sheet else 3,
        given,
        limits={
            "youngs_modulus": (0.0, math.inf),
            # in plane stress an incompressible sheet is a well-posed problem
            "poissons_ratio": (-1.0, math.nextafter(0.5, 1.0) if sheet else 0.5),
        },
        differences={"temperature": RISE} if heated and REFERENCE not in parameters else {},
        beyond={} if sheet else {"poissons_ratio": "take physics: incompressible_elasticity for 0.5"},
    )


def given_together(parameters: Mapping[str, Any], physics: str) -> bool:
    """Whether there is a thermal strain. Raises SpecError where one of its two parameters is missing."""
    present = [name for name in THERMAL if name in parameters]
    if len(present) == 1:
        (missing,) = set(THERMAL) - set(present)
        beside = ", or heat_conduction beside this physics" if missing == "temperature" else ""
        raise SpecError(("physics", physics, present[0]), f"needs '{missing}' beside it{beside}")
    if not present and REFERENCE in parameters:
        raise SpecError(("physics", physics, REFERENCE), "needs 'thermal_expansion' and 'temperature' beside it")
    return bool(present)
