"""The `network` and `sampling` blocks."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, PlainValidator, Strict, WithJsonSchema, model_validator

from pinn.spec.blocks.block import Block, Refusal, choice_refusal, refuse, refuse_all, validated
from pinn.spec.blocks.values import (
    EXPRESSION_SCHEMA,
    WHOLE,
    Count,
    Flag,
    Number,
    Positive,
    one_or_many,
    point_or_points,
)

PLAIN_ACTIVATIONS = ("gelu", "gelu_tanh", "tanh", "silu", "sin", "softplus", "elu", "relu", "leaky_relu", "relu3")
ACTIVATIONS = (*PLAIN_ACTIVATIONS, "lambda_gelu")
LEARNING = ("per", "parameterisation", "temperature", "learning_rate")  # options of a trainable hardness


class LambdaGELUOptions(Block):
    """The parameters of lambda_gelu(z) = z*Phi(hardness*z), Phi the normal distribution function.

    Where it is trainable (pinn/network/hardness.py has the formulas):

    per                one hardness for each layer, or for each neuron
    parameterisation   optimizer_aware   hardness = 1 + softplus(s/temperature), each step one in hardness
                       softplus          the same formula, each step one in s: slow near hardness = 1
                       naive             hardness itself, which may leave hardness >= 1: a control
    temperature        of s; only steps in s depend on it
    learning_rate      of the step under adam and soap; left out, the stage's own
    """

    example: ClassVar[str] = "{hardness: 2, trainable: true}"

    hardness: Annotated[Number, Field(ge=1)] = 1.0
    trainable: Flag = False
    per: Literal["layer", "neuron"] = "layer"
    parameterisation: Literal["optimizer_aware", "softplus", "naive"] = "optimizer_aware"
    temperature: Positive = 1.0
    learning_rate: Positive | None = None

    @model_validator(mode="after")
    def of_use(self) -> Self:
        idle = [] if self.trainable else [name for name in LEARNING if name in self.model_fields_set]
        if idle:
            message = "says how the hardness is learned, but it is fixed; add trainable: true, or remove this"
            raise refuse_all([Refusal((name,), message, at_key=True) for name in idle])
        if self.parameterisation == "naive" and self.temperature != 1:
            raise refuse("belongs to the softplus, which naive does without; remove it", "temperature")
        return self


class ActivationOptions(LambdaGELUOptions):
    """An activation function; the options matter to lambda_gelu alone."""

    name: str = "gelu"

    def written(self) -> str | dict[str, Any]:
        if self.name != "lambda_gelu":
            return self.name
        idle = {"name"} if self.trainable else {"name", *LEARNING}
        return {self.name: {key: value for key, value in super().written().items() if key not in idle}}


def read_activation(value: Any) -> ActivationOptions:
    """`gelu`, or `{lambda_gelu: {hardness: 2, trainable: true}}`."""
    if isinstance(value, ActivationOptions):
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
        return ActivationOptions(name=name, **options.model_dump(exclude_unset=True))
    if parameters:
        raise refuse(f"{name} has no parameters; write activation: {name}", *prefix)
    return ActivationOptions(name=name)


ACTIVATION_SCHEMA = {
    "oneOf": [
        {"enum": list(ACTIVATIONS)},
        {
            "type": "object",
            "properties": {
                "lambda_gelu": {
                    "type": ["object", "null"],
                    "properties": {
                        "hardness": {"type": "number", "minimum": 1},
                        "trainable": {"type": "boolean"},
                        "per": {"enum": ["layer", "neuron"]},
                        "parameterisation": {"enum": ["optimizer_aware", "softplus", "naive"]},
                        "temperature": {"type": "number", "exclusiveMinimum": 0},
                        "learning_rate": {"type": "number", "exclusiveMinimum": 0},
                    },
                    "additionalProperties": False,
                    "anyOf": [
                        {"properties": {"trainable": {"const": True}}, "required": ["trainable"]},
                        {"properties": dict.fromkeys(LEARNING, False)},
                    ],
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


def no_batches(value: Any) -> Any:
    """Refuse what would make a field at a point depend on the other points."""
    if value == "batch":
        raise refuse("a field at a point would depend on the other points, and so would its derivatives; write layer")
    return value


class Network(Block):
    """The trained function: a multilayer perceptron, with optional random Fourier features in front.

    normalisation  layer: the units of each hidden layer are brought to mean 0 and variance 1 at every point, before the
                  activation; for methods that train all weights
    constraints   hard: a field's values on patches and at the start are met exactly, by construction
    enrichment    field -> functions of the coordinates that are added to it, each with a coefficient to be solved for;
                  vector -> the same with a list of components for each function, which share its coefficient
    corners       auto: at singular corners of a plane domain the functions that the equations ask for are added, where
                  the output layer is solved for on one box; none: they are not
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
    activation: Annotated[ActivationOptions, PlainValidator(read_activation), WithJsonSchema(ACTIVATION_SCHEMA)] = (
        ActivationOptions()
    )
    fourier: Width | None = None
    periodic: Literal["auto", "off"] = "auto"
    normalisation: Annotated[Literal["none", "layer"], BeforeValidator(no_batches)] = "none"
    constraints: Literal["soft", "hard"] = "soft"
    enrichment: dict[str, Enrichment] = {}
    corners: Literal["auto", "none"] = "auto"

    @model_validator(mode="after")
    def layers_of_several(self) -> Self:
        for index, width in enumerate(self.hidden or ()):
            if self.normalisation == "layer" and width == 1:
                raise refuse("a single unit is 0 once it is normalised; write more units", "hidden", index)
        return self

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
