"""The `units` block: what plain numbers of a spec are measured in."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from pinn.spec.blocks.block import Block, refuse
from pinn.spec.blocks.values import Text
from pinn.units.system import CHOICES, ChoiceError, UnitSystem, system_of


class Units(Block):
    """`{length: mm, force: N}`: a few units, from which those of all other quantities follow."""

    example: ClassVar[str] = "{length: mm, force: N}"

    length: Text | None = None
    mass: Text | None = None
    time: Text | None = None
    temperature: Text | None = None
    current: Text | None = None
    amount: Text | None = None
    force: Text | None = None
    pressure: Text | None = None
    energy: Text | None = None
    power: Text | None = None
    velocity: Text | None = None
    density: Text | None = None

    @model_validator(mode="after")
    def coherent(self) -> Self:
        if not any(getattr(self, key) for key in CHOICES):
            raise refuse("needs a unit, such as {length: mm, force: N}; those of the SI are {length: m, mass: kg}")
        try:
            _ = self.system.basis
        except ChoiceError as error:
            raise refuse(str(error), error.key) from None
        return self

    @property
    def system(self) -> UnitSystem:
        return system_of({key: unit for key in CHOICES if (unit := getattr(self, key)) is not None})
