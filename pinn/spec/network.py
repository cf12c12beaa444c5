"""The `network` and `sampling` blocks."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, PlainValidator, Strict, WithJsonSchema

from pinn.spec.block import Block, Refusal, choice_refusal, refuse, refuse_all, validated
from pinn.spec.values import EXPRESSION_SCHEMA, WHOLE, Count, Flag, Number, one_or_many, point_or_points

PLAIN_ACTIVATIONS = ("gelu", "gelu_tanh", "tanh", "silu", "sin", "softplus", "elu", "relu", "leaky_relu", "relu3")
ACTIVATIONS = (*PLAIN_ACTIVATIONS, "lambda_gelu")


class LambdaGELUOptions(Block):
    """The parameters of lambda_gelu(z) = z*Phi(hardness*z), Phi the normal distribution function."""

    example: ClassVar[str] = "{hardness: 2, trainable: true}"

    hardness: Annotated[Number, Field(ge=1)] = 1.0
    trainable: Flag = False


class Activation(LambdaGELUOptions):
    """An activation function; hardness and trainable matter to lambda_gelu alone."""

    name: str = "gelu"

    def written(self) -> str | dict[str, Any]:
        options = {"hardness": self.hardness, "trainable": self.trainable}
        return {self.name: options} if self.name == "lambda_gelu" else self.name


def read_activation(value: Any) -> Activation:
    """`gelu`, or `{lambda_gelu: {hardness: 2, trainable: true}}`."""
    if isinstance(value, Activation):
        return value
    if isinstance(value, dict):
        if len(value) != 1:
            raise refuse(f"must be one activation such as {{lambda_gelu: {{hardness: 2}}}}, got {len(value)} keys")
        (name, parameters), prefix = next(iter(value.items())), tuple(value)
    else:
        name, parameters, prefix = value, None, ()
    if not isinstance(name, str) or name not in ACTIVATIONS:
        raise refuse_all([Refusal(prefix, choice_refusal("activation", name, ACTIVATIONS), at_key=bool(prefix))])
    parameters = {} if parameters is None else parameters
    if name == "lambda_gelu":
        options = validated(LambdaGELUOptions, parameters, *prefix)
        return Activation(name=name, hardness=options.hardness, trainable=options.trainable)
    if parameters:
        raise refuse(f"{name} has no parameters; write activation: {name}", *prefix)
    return Activation(name=name)


ACTIVATION_SCHEMA = {
    "oneOf": [
        {"enum": list(ACTIVATIONS)},
        {
            "type": "object",
            "properties": {
                "lambda_gelu": {
                    "type": ["object", "null"],
                    "properties": {"hardness": {"type": "number", "minimum": 1}, "trainable": {"type": "boolean"}},
                    "additionalProperties": False,
                },
                **{name: {"type": ["object", "null"], "maxProperties": 0} for name in PLAIN_ACTIVATIONS},
            },
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
        },
    ]
}

Width = Annotated[int, Strict(), Field(ge=1, le=100_000), WHOLE]
WIDTH_SCHEMA = {"type": "integer", "minimum": 1, "maximum": 100_000}


FUNCTIONS = {"oneOf": [EXPRESSION_SCHEMA, {"type": "array", "items": EXPRESSION_SCHEMA, "minItems": 1}]}
Enrichment = Annotated[
    tuple[Any, ...],
    PlainValidator(point_or_points),
    WithJsonSchema({"oneOf": [FUNCTIONS, {"type": "array", "items": FUNCTIONS, "minItems": 1}]}),
]


class Network(Block):
    """The trained function: a multilayer perceptron, with optional random Fourier features in front.

    constraints   hard: a field's values on patches and at the start are met exactly, by construction
    enrichment    field -> functions of the coordinates that are added to it, each with a coefficient to be solved for;
                  vector -> the same with a list of components for each function, which share its coefficient
    """

    example: ClassVar[str] = "{hidden: [64, 64], activation: gelu}"

    hidden: (
        Annotated[
            tuple[Width, ...],
            Field(max_length=100),
            BeforeValidator(one_or_many),
            WithJsonSchema({"oneOf": [WIDTH_SCHEMA, {"type": "array", "items": WIDTH_SCHEMA, "minItems": 1}]}),
        ]
        | None
    ) = None
    activation: Annotated[Activation, PlainValidator(read_activation), WithJsonSchema(ACTIVATION_SCHEMA)] = Activation()
    fourier: Width | None = None
    periodic: Literal["auto", "off"] = "auto"
    constraints: Literal["soft", "hard"] = "soft"
    enrichment: dict[str, Enrichment] = {}

    def written(self) -> dict[str, Any]:
        return {key: value for key, value in super().written().items() if value != {}}


class Sampling(Block):
    """How many collocation points, and how they are chosen; None lets the solver choose."""

    example: ClassVar[str] = "{interior: 2000, boundary: 400}"

    interior: Count | None = None
    boundary: Count | None = None
    initial: Count | None = None
    method: Literal["sobol", "halton", "lhs", "random", "grid"] = "sobol"
    adaptive: Flag = False
