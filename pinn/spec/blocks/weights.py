"""The `weights` of a stage: how its loss balances statements, and times, while it trains."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, Strict, WithJsonSchema

from pinn.spec.blocks.block import Block, Refusal, choice_refusal, refuse_all
from pinn.spec.blocks.values import WHOLE, Number, Positive, text_list


class GradientNormOptions(Block):
    """Weights that give the statements' gradients equal norms, as a moving average."""

    example: ClassVar[str] = "{every: 100}"

    every: Annotated[int, Strict(), Field(ge=1, le=1_000_000), WHOLE] = 100
    memory: Annotated[Number, Field(ge=0, lt=1)] = 0.9


class CausalOptions(Block):
    """Weights of the equations that hold later times back until earlier ones are solved."""

    example: ClassVar[str] = "{bins: 32, strength: 1}"

    bins: Annotated[int, Strict(), Field(ge=2, le=10_000), WHOLE] = 32
    strength: Positive = 1.0


class Weights(Block):
    """What balances the loss; both may be given, neither is the default."""

    example: ClassVar[str] = "{gradient_norm: {every: 100}, causal: {bins: 32}}"

    gradient_norm: GradientNormOptions | None = None
    causal: CausalOptions | None = None

    def written(self) -> Any:
        return super().written() or "none"


KINDS = tuple(Weights.model_fields)


def read_weights(value: Any) -> Any:
    """`causal`, `[gradient_norm, causal]`, or `{causal: {bins: 16}}`; `none` stands for no weights."""
    if value is None or value == "none":
        return {}
    if isinstance(value, str | list | tuple):
        names = text_list(value)
        wrong = [
            Refusal((index,) if isinstance(value, list | tuple) else (), choice_refusal("weights", name, KINDS))
            for index, name in enumerate(names)
            if name not in KINDS
        ]
        if wrong:
            raise refuse_all(wrong)
        return {name: {} for name in names}
    if isinstance(value, dict):
        return {name: {} if options is None and name in KINDS else options for name, options in value.items()}
    return value


def schema() -> dict[str, Any]:
    kinds = {"enum": list(KINDS)}
    options = {"gradient_norm": GradientNormOptions, "causal": CausalOptions}
    return {
        "oneOf": [
            {"enum": ["none", *KINDS]},
            {"type": "array", "items": kinds, "minItems": 1},
            {
                "type": "object",
                "properties": {name: model.model_json_schema() for name, model in options.items()},
                "additionalProperties": False,
            },
        ]
    }


WeightsField = Annotated[Weights, BeforeValidator(read_weights), WithJsonSchema(schema())]
