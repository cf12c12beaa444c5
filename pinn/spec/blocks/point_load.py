"""An entry of `point_loads`: what acts at a point, without an extent of its own."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import model_validator

from pinn.spec.blocks.block import Block, refuse
from pinn.spec.blocks.values import Components, Expression, Point


class PointLoad(Block):
    """A force on a body, a membrane, a beam or a plate, or a source of heat, at a point.

    force    a number, or one for each component of the displacement
    source   what comes out of the point in a unit of time; of a plane problem per unit of thickness, as forces are
    """

    example: ClassVar[str] = "{at: [0, 0.5], force: [0, -1000]}"

    at: Point
    force: Components = None
    source: Expression | None = None

    @model_validator(mode="after")
    def one_load(self) -> Self:
        if any(isinstance(coordinate, tuple) for coordinate in self.at):
            raise refuse("must be one point such as [0, 0.5]; write an entry for each", "at")
        if (self.force is None) == (self.source is None):
            what = "needs its size" if self.force is None else "is a force or a source, and not both"
            raise refuse(f"{what}: write force: [0, -1000] on a body, force: 5 on a plate, or source: 5 of heat")
        if isinstance(self.force, tuple) and None in self.force:
            raise refuse("needs a number for each component; write 0 where there is none", "force")
        return self

    @property
    def word(self) -> str:
        return "force" if self.source is None else "source"

    @property
    def amounts(self) -> tuple[Any, ...]:
        """Its components as they are written: of a number one."""
        given = self.force if self.source is None else self.source
        return given if isinstance(given, tuple) else (given,)
