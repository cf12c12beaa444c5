"""The `solver` block: a list of stages, each with the options of its method."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, PlainValidator, Strict, WithJsonSchema

from pinn.spec.blocks.block import Block, Refusal, choice_refusal, refuse, refuse_all, validated
from pinn.spec.blocks.values import WHOLE, Count, Number, Positive, Text, each
from pinn.spec.blocks.weights import Weights, WeightsField

Iterations = Annotated[int, Strict(), Field(ge=1, le=1_000_000_000), WHOLE]


class LeastSquaresOptions(Block):
    """Last-layer least squares: one solve for a linear problem, Newton's iterations for another."""

    example: ClassVar[str] = "{features: 500}"

    features: Annotated[int, Strict(), Field(ge=1, le=100_000), WHOLE] | None = None
    scale: Positive | None = None
    regularisation: Annotated[Number, Field(ge=0)] | None = None
    iterations: Iterations = 30


class CellsOptions(Block):
    """Least squares on a partition of unity that refines itself, marching through time in slabs.

    Points follow from the features of each cell; counts in `sampling` are for the other methods.
    """

    example: ClassVar[str] = "{slabs: 20}"

    features: Annotated[int, Strict(), Field(ge=2, le=10_000), WHOLE] | None = None  # per cell
    scale: Positive | None = None
    slabs: Annotated[int, Strict(), Field(ge=1, le=100_000), WHOLE] | None = None
    passes: Iterations = 20
    regularisation: Annotated[Number, Field(ge=0)] | None = None


class MarchOptions(Block):
    """Features in space, collocation in time, slab after slab.

    features   of space
    nodes      collocation nodes in each slab (Radau IIA)
    """

    example: ClassVar[str] = "{features: 400}"

    features: Annotated[int, Strict(), Field(ge=1, le=100_000), WHOLE] | None = None
    scale: Positive | None = None
    nodes: Annotated[int, Strict(), Field(ge=2, le=12), WHOLE] | None = None


class SlicesOptions(Block):
    """Least squares on slices of a linear family of problems, and a series in its parameters through them."""

    example: ClassVar[str] = "{terms: 6}"

    features: Annotated[int, Strict(), Field(ge=1, le=100_000), WHOLE] | None = None
    scale: Positive | None = None
    terms: Annotated[int, Strict(), Field(ge=1, le=100), WHOLE] | None = None  # in each parameter
    regularisation: Annotated[Number, Field(ge=0)] | None = None


class RitzOptions(Block):
    """Newton's iteration for the minimum of the energy over the output layers of a partition of unity (Ritz).

    features   per cell
    levels     of refinement: cells where the equations' residual is large are halved from one to the next
    iterations of Newton on each level
    """

    example: ClassVar[str] = "{features: 80}"

    features: Annotated[int, Strict(), Field(ge=2, le=10_000), WHOLE] | None = None
    scale: Positive | None = None
    levels: Iterations = 20
    iterations: Iterations = 30


class GaussNewtonOptions(Block):
    """Levenberg-Marquardt on all weights.

    solver                dense (Cholesky), iterative (conjugate gradients), or by size
    variable_projection   solve for the output layer in every step where the problem is linear
    """

    example: ClassVar[str] = "{iterations: 500}"

    iterations: Iterations = 500
    target_ratio: Positive = 0.1
    batch: Count | None = None
    resample: Annotated[int, Strict(), Field(ge=0), WHOLE] = 5
    solver: Literal["auto", "dense", "iterative"] = "auto"
    variable_projection: Annotated[bool, Strict()] = True


Schedule = Literal["constant", "cosine", "exponential", "warmup_cosine", "warmup_exponential"]
Interval = Annotated[int, Strict(), Field(ge=0, le=1_000_000_000), WHOLE]  # iterations; 0 stands for never


class AdamOptions(Block):
    """Adam."""

    example: ClassVar[str] = "{iterations: 10000, learning_rate: 1e-3}"

    iterations: Iterations = 10_000
    learning_rate: Positive = 1e-3
    schedule: Schedule = "cosine"
    resample: Interval = 100
    weights: WeightsField = Weights()


class SOAPOptions(AdamOptions):
    """SOAP: Adam in the eigenbasis of Shampoo's preconditioner."""

    learning_rate: Positive = 3e-3


class LBFGSOptions(Block):
    """Limited-memory BFGS."""

    example: ClassVar[str] = "{iterations: 5000}"

    iterations: Iterations = 5000
    learning_rate: Positive = 1.0
    history: Annotated[int, Strict(), Field(ge=1, le=10_000), WHOLE] = 50
    resample: Interval = 0
    weights: WeightsField = Weights()


class QuasiNewtonOptions(Block):
    """Quasi-Newton with the whole inverse Hessian: self-scaled Broyden, self-scaled BFGS, or BFGS."""

    example: ClassVar[str] = "{update: ssbroyden, iterations: 5000}"

    update: Literal["ssbroyden", "ssbfgs", "bfgs"] = "ssbroyden"
    iterations: Iterations = 20_000
    resample: Interval = 200
    weights: WeightsField = Weights()


STAGE_OPTIONS: dict[str, type[Block]] = {
    "least_squares": LeastSquaresOptions,
    "cells": CellsOptions,
    "march": MarchOptions,
    "slices": SlicesOptions,
    "ritz": RitzOptions,
    "gauss_newton": GaussNewtonOptions,
    "adam": AdamOptions,
    "soap": SOAPOptions,
    "lbfgs": LBFGSOptions,
    "quasi_newton": QuasiNewtonOptions,
}
METHODS = ("auto", *STAGE_OPTIONS)


@dataclass(frozen=True)
class ChosenStage:
    """One solver method and its parameters, all of them filled in except those left to the method."""

    name: str
    parameters: dict[str, Any] = field(default_factory=dict)

    def written(self) -> Any:
        return "auto" if self.name == "auto" else {self.name: self.options.written()}

    @property
    def options(self) -> Block:
        """The parameters as the method's own model."""
        return STAGE_OPTIONS[self.name](**self.parameters)


def read_stage(value: Any) -> ChosenStage:
    """`adam`, or `{adam: {iterations: 1000}}`."""
    if isinstance(value, ChosenStage):
        return value
    if isinstance(value, dict):
        if len(value) != 1:
            raise refuse(
                f"must be one method such as {{adam: {{iterations: 1000}}}}, got {len(value)} keys; list them as [...]"
            )
        (name, parameters), prefix = next(iter(value.items())), tuple(value)
    else:
        name, parameters, prefix = value, None, ()
    if name == "patches":  # its name before a patch was a part of a boundary and nothing else
        raise refuse_all([Refusal(prefix, "'patches' is called 'cells'", at_key=bool(prefix))])
    if not isinstance(name, str) or name not in METHODS:
        raise refuse_all([Refusal(prefix, choice_refusal("method", name, METHODS), at_key=bool(prefix))])
    if name == "auto":
        if parameters:
            raise refuse("auto has no parameters; name a method to give it some", *prefix)
        return ChosenStage("auto")
    options = validated(STAGE_OPTIONS[name], {} if parameters is None else parameters, *prefix)
    return ChosenStage(name, dict(options))


def read_stages(value: Any) -> tuple[ChosenStage, ...]:
    """One stage, or a list of stages that run in turn."""
    if not isinstance(value, list | tuple):
        return (read_stage(value),)
    if not value:
        raise refuse("must have at least one stage; write auto to let pinn choose")
    stages = tuple(each(read_stage, value))
    if len(stages) > 1 and any(stage.name == "auto" for stage in stages):
        index = next(index for index, stage in enumerate(stages) if stage.name == "auto")
        raise refuse("auto stands alone; remove it or the other stages", index)
    return stages


def stages_schema() -> dict[str, Any]:
    stage = {
        "oneOf": [
            {"enum": list(METHODS)},
            {
                "type": "object",
                "properties": {name: model.model_json_schema() for name, model in STAGE_OPTIONS.items()},
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": False,
            },
        ]
    }
    return {"oneOf": [stage, {"type": "array", "items": stage, "minItems": 1}]}


class Solver(Block):
    """How the problem is solved, and when to stop.

    formulation   strong: residuals of the equations; energy: the minimum of the declared energy
    load, load_steps   a constant that grows from 0 to its value in so many solves, each from the one before
    """

    example: ClassVar[str] = "{method: auto, time_limit: 60}"

    stages: Annotated[
        tuple[ChosenStage, ...],
        PlainValidator(read_stages),
        WithJsonSchema(stages_schema()),
    ] = Field(alias="method", default=(ChosenStage("auto"),))
    formulation: Literal["strong", "energy"] = "strong"
    load: Text | None = None
    load_steps: Annotated[int, Strict(), Field(ge=1, le=10_000), WHOLE] | None = None
    tolerance: Positive = 1e-8
    time_limit: Positive = 120.0  # seconds
    checkpoint: Annotated[Number, Field(ge=0)] = 60.0  # seconds between two; 0 after every step
    precision: Literal["float64", "float32"] = "float64"
    seed: Annotated[int, Strict(), Field(ge=0, le=2**32 - 1), WHOLE] = 0  # numpy's seeds end there
    derivatives: Literal["jets", "autograd"] = "jets"
    compile: Literal["auto", "off"] = "auto"
    threads: Annotated[int, Strict(), Field(ge=1, le=1024), WHOLE] | None = None

    @property
    def minimises_energy(self) -> bool:
        return self.formulation == "energy" or any(stage.name == "ritz" for stage in self.stages)

    @property
    def of_slice(self) -> Solver:
        """The same for a slice of a family, which has no slices of its own: its output layer is solved for at once."""
        at_once = ChosenStage("least_squares", dict(LeastSquaresOptions()))
        stages = tuple(at_once if stage.name == "slices" else stage for stage in self.stages)
        return self.model_copy(update={"stages": stages})

    def written(self) -> dict[str, Any]:
        stages = "auto" if self.stages[0].name == "auto" else [stage.written() for stage in self.stages]
        return super().written() | {"method": stages}
