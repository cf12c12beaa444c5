"""An entry of `interfaces`: two subdomains that touch, and what holds between them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import PlainValidator, WithJsonSchema, model_validator

from pinn.spec.blocks.block import Block, refuse
from pinn.spec.blocks.values import Components, Count, Flag, Names, Positive, text_list
from pinn.spec.yaml.subset import shown


def two_subdomains(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise refuse(f"must name two subdomains such as [fibre, matrix], got {shown(value)}")
    return text_list(value)


class Interface(Block):
    """Quantities that are continuous from one subdomain to the other, or jump by a given value.

    jump   quantity -> its value in the first subdomain minus that in the second
    """

    example: ClassVar[str] = "{between: [fibre, matrix], continuous: [displacement, traction]}"

    between: Annotated[
        tuple[str, str],
        PlainValidator(two_subdomains),
        WithJsonSchema({"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}),
    ]
    continuous: Names = ()
    jump: dict[str, Components] = {}
    weight: Positive = 1.0
    free: Flag = False
    count: Count | None = None

    @model_validator(mode="after")
    def states_something(self) -> Self:
        if not self.continuous and not self.jump and not self.free:
            raise refuse("states nothing; add continuous: [displacement, traction], jump: {ux: 0.1}, or free: true")
        return self

    def written(self) -> dict[str, Any]:
        return {key: value for key, value in super().written().items() if value not in ([], {})}
