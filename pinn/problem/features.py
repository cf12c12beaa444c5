"""Features: what a user can ask for that does not go with everything else, each with its places in the spec."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pinn.problem.problem import Problem
from pinn.spec.blocks.solver import METHODS
from pinn.spec.schema import Spec

Path = tuple[str | int, ...]


@dataclass(frozen=True, eq=False)
class Asked:
    """What is asked for.

    problem   that the spec makes, once that is compiled
    by        what works on it: an engine, or a command that asks for more than a solution
    """

    spec: Spec
    problem: Problem | None = None
    by: str = "native"


@dataclass(frozen=True, eq=False)
class Feature:
    """Something that can be asked for.

    words   its name in the user's documentation
    found   where it is asked for: places in the spec, `()` for the spec as a whole, none where it is not
    """

    words: str
    found: Callable[[Asked], Sequence[Path]]


def block(name: str) -> Feature:
    """A block of the spec that says something."""
    return Feature(f"`{name}`", lambda asked: [(name,)] if getattr(asked.spec, name) else [])


def without(name: str) -> Feature:
    """A block of the spec that says nothing."""
    return Feature(f"no `{name}`", lambda asked: [] if getattr(asked.spec, name) else [()])


def setting(outer: str, key: str, value: object) -> Feature:
    """An entry of a block that has a value."""
    words = f"`{outer}: {{{key}: {value}}}`"
    return Feature(words, lambda asked: [(outer, key)] if getattr(getattr(asked.spec, outer), key) == value else [])


def entry(outer: str, key: str) -> Feature:
    """An entry of a block that is given at all."""
    return Feature(f"`{outer}.{key}`", lambda asked: [(outer, key)] if getattr(getattr(asked.spec, outer), key) else [])


def stage_path(spec: Spec, index: int, *within: str) -> Path:
    """A stage of the solver's method, which is a list only where there are several."""
    return ("solver", "method", *([index] if len(spec.solver.stages) > 1 else []), *within)


def stage(name: str) -> Feature:
    def found(asked: Asked) -> list[Path]:
        stages = asked.spec.solver.stages
        return [stage_path(asked.spec, index) for index, one in enumerate(stages) if one.name == name]

    return Feature(f"`method: {name}`", found)


def weights(name: str) -> Feature:
    """Weights of the loss that a stage is given."""

    def found(asked: Asked) -> list[Path]:
        return [
            stage_path(asked.spec, index, one.name, "weights")
            for index, one in enumerate(asked.spec.solver.stages)
            if getattr(one.parameters.get("weights"), name, None) is not None
        ]

    return Feature(f"`weights: {name}`", found)


def work(name: str, words: str) -> Feature:
    """An engine or a command."""
    return Feature(words, lambda asked: [()] if asked.by == name else [])


def periodic_places(asked: Asked) -> list[Path]:
    conditions = asked.spec.conditions
    return [("conditions", index, "periodic") for index, condition in enumerate(conditions) if condition.periodic]


def subdomain_places(asked: Asked) -> list[Path]:
    """The block, or the spec as a whole where a jump of its equations has cut the domain."""
    cut = asked.problem is not None and asked.problem.subdomains.partition is not None
    return [("subdomains",)] if asked.spec.subdomains else [()] if cut else []


def of_problem(words: str, holds: Callable[[Problem], bool]) -> Feature:
    """What only the compiled problem tells."""
    return Feature(words, lambda asked: [()] if asked.problem is not None and holds(asked.problem) else [])


PARAMETERS = block("parameters")
MODES = block("modes")
CASES = block("cases")
SUBDOMAINS = Feature("`subdomains`", subdomain_places)
EXACT, REFERENCE, PROBES = block("exact"), block("reference"), block("probes")
DATA, UNKNOWNS, TIME = block("data"), block("unknowns"), block("time")
NO_PARAMETERS, NO_TIME, NO_SPACE = without("parameters"), without("time"), without("coordinates")

HARD = setting("network", "constraints", "hard")
FIRST_GUESS = Feature(
    "`fields: {NAME: {initial: …}}`",
    lambda asked: [
        ("fields", name, "initial")
        for name, block in (asked.spec.fields.items() if isinstance(asked.spec.fields, dict) else ())
        if block.initial is not None
    ],
)
ENRICHMENT, FOURIER = entry("network", "enrichment"), entry("network", "fourier")
LAMBDA_GELU = Feature(
    "`activation: lambda_gelu`",
    lambda asked: [("network", "activation")] if asked.spec.network.activation.name == "lambda_gelu" else [],
)
LEARNED_HARDNESS = Feature(
    "`lambda_gelu: {trainable: true}`",
    lambda asked: [("network", "activation")] if asked.spec.network.activation.trainable else [],
)
NORMALISED = setting("network", "normalisation", "layer")
INTEGRAL = Feature(
    "a condition on an `integral`",
    lambda asked: [
        ("conditions", index, "integral")
        for index, condition in enumerate(asked.spec.conditions)
        if condition.integral is not None
    ],
)
RIGID = Feature(
    "a condition `rigid`",
    lambda asked: [
        ("conditions", index, "rigid") for index, condition in enumerate(asked.spec.conditions) if condition.rigid
    ],
)
POINT_LOADS = block("point_loads")
PERIODIC = Feature("a condition `periodic`", periodic_places)
PERIODIC_IN_THE_LOSS = Feature(
    "a condition `periodic` and `network: {periodic: off}`",
    lambda asked: periodic_places(asked) if asked.spec.network.periodic == "off" else [],
)

STAGE = {name: stage(name) for name in METHODS}
HIDDEN = entry("network", "hidden")
SINGLE = setting("solver", "precision", "float32")
LOAD_STEPS = entry("solver", "load_steps")
AUTOGRAD, FORMULATION = setting("solver", "derivatives", "autograd"), setting("solver", "formulation", "energy")
ENERGY = Feature(
    "`formulation: energy` or `method: ritz`", lambda asked: [*FORMULATION.found(asked), *STAGE["ritz"].found(asked)]
)
GRADIENT_NORM, CAUSAL = weights("gradient_norm"), weights("causal")

MOMENTS = of_problem(
    "conditions at one moment",
    lambda one: any(s.place.has_moments(one.domain) for s in one.statements),
)
MOVING = of_problem(
    "a domain that depends on `parameters`",
    lambda one: one.domain.family is not None and one.domain.family.moving != [],
)
NONLINEAR = of_problem("equations nonlinear in the fields", lambda one: not one.is_linear)
NO_ENERGY = of_problem("neither a block `energy` nor a physics that has one", lambda one: one.declared_energy is None)

DEEPXDE = work("deepxde", "`--engine deepxde`")
HARDENING, COMPARISON = work("harden", "`pinn harden`"), work("compare", "`pinn compare`")
