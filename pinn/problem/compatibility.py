"""Compatibility: what does not go together, in one table. A feature that excludes another is one line of it.

The order is that in which a spec with several contradictions hears of them: the first row that applies is said.
"""

from __future__ import annotations

from typing import NamedTuple

from pinn.errors import SpecError
from pinn.problem.features import (
    AUTOGRAD,
    CASES,
    CAUSAL,
    COMPARISON,
    DATA,
    DEEPXDE,
    ENERGY,
    ENRICHMENT,
    EXACT,
    FIRST_GUESS,
    FORMULATION,
    FOURIER,
    GRADIENT_NORM,
    HARD,
    HARDENING,
    HIDDEN,
    INTEGRAL,
    LAMBDA_GELU,
    LEARNED_HARDNESS,
    LOAD_STEPS,
    MODES,
    MOMENTS,
    MOVING,
    NO_ENERGY,
    NO_PARAMETERS,
    NO_SPACE,
    NO_TIME,
    NONLINEAR,
    NORMALISED,
    PARAMETERS,
    PERIODIC,
    PERIODIC_IN_THE_LOSS,
    POINT_LOADS,
    PROBES,
    REFERENCE,
    RIGID,
    SINGLE,
    STAGE,
    SUBDOMAINS,
    TIME,
    UNKNOWNS,
    Asked,
    Feature,
)

SPREAD = "spread the load over a small area, or over a patch"
STRONG = "solve the equations (formulation: strong)"


class Exclusion(NamedTuple):
    """`feature` is refused, at its first place in the spec, where `beside` is there as well."""

    feature: Feature
    beside: Feature
    sentence: str


TABLE = (
    Exclusion(
        SUBDOMAINS,
        PARAMETERS,
        "is not available with parameters; write the material as an expression of the coordinates",
    ),
    Exclusion(HARD, PARAMETERS, "is not available with parameters; write constraints: soft"),
    Exclusion(ENRICHMENT, PARAMETERS, "is not available with parameters; remove one or the other"),
    Exclusion(DATA, PARAMETERS, "is not available with parameters; identify a constant under 'unknowns' instead"),
    Exclusion(ENERGY, PARAMETERS, f"the energy is not available with parameters; {STRONG}"),
    Exclusion(
        STAGE["cells"], PARAMETERS, "cells are not available with parameters; write method: auto, or least_squares"
    ),
    Exclusion(
        PERIODIC, MOVING, "is not available with a domain that depends on parameters; give values on both patches"
    ),
    Exclusion(FIRST_GUESS, HARD, "fields start from the values that hold by construction; write constraints: soft"),
    Exclusion(HARD, SUBDOMAINS, "is not available with subdomains; write constraints: soft"),
    Exclusion(ENRICHMENT, SUBDOMAINS, "is not available with subdomains; remove one or the other"),
    Exclusion(DATA, SUBDOMAINS, "is not available with subdomains; remove one or the other"),
    Exclusion(ENERGY, SUBDOMAINS, f"the energy is not available with subdomains; {STRONG}"),
    Exclusion(
        PERIODIC,
        SUBDOMAINS,
        "is not available with subdomains; give values on both patches, or symmetry conditions",
    ),
    Exclusion(
        STAGE["cells"],
        SUBDOMAINS,
        "cells are not available with subdomains; write method: auto, slices or least_squares",
    ),
    Exclusion(
        ENRICHMENT, PERIODIC_IN_THE_LOSS, "needs a network that is periodic by construction; write periodic: auto"
    ),
    Exclusion(
        PERIODIC_IN_THE_LOSS, ENERGY, "an energy needs a network that is periodic by construction; write periodic: auto"
    ),
    Exclusion(INTEGRAL, PARAMETERS, "is not available with parameters; write them under 'constants'"),
    Exclusion(INTEGRAL, ENERGY, f"an energy holds no integrals; {STRONG}"),
    Exclusion(INTEGRAL, DEEPXDE, "the engine deepxde states nothing of integrals; take the engine native"),
    Exclusion(INTEGRAL, HARDENING, "hardening follows fields point by point; solve without it"),
    Exclusion(RIGID, PARAMETERS, "is not available with parameters; write them under 'constants'"),
    Exclusion(RIGID, TIME, "a rigid patch has one motion, that of a body at rest; give its displacement over time"),
    Exclusion(RIGID, ENERGY, f"an energy holds no resultants; {STRONG}"),
    Exclusion(RIGID, HARD, "a rigid patch has an unknown motion; write constraints: soft"),
    Exclusion(RIGID, MODES, "modes have no rigid patches; hold the patch, or give the stiff part its own subdomain"),
    Exclusion(RIGID, CASES, "a rigid patch moves differently in every case; solve each by itself"),
    Exclusion(RIGID, NONLINEAR, "a rigid patch turns by small angles, in linear problems; give its displacement"),
    Exclusion(RIGID, DEEPXDE, "the engine deepxde states nothing of integrals; take the engine native"),
    Exclusion(RIGID, HARDENING, "hardening follows fields point by point; solve without it"),
    Exclusion(POINT_LOADS, TIME, f"are known of problems at rest; {SPREAD}"),
    Exclusion(POINT_LOADS, PARAMETERS, "are of one problem; write the parameters under 'constants'"),
    Exclusion(POINT_LOADS, UNKNOWNS, f"need coefficients that are known; {SPREAD}"),
    Exclusion(POINT_LOADS, PERIODIC, f"are not periodic; {SPREAD}"),
    Exclusion(POINT_LOADS, HARD, "give the fields a form of their own; write constraints: soft"),
    Exclusion(POINT_LOADS, ENRICHMENT, "give the fields a form of their own; remove one or the other"),
    Exclusion(POINT_LOADS, ENERGY, f"the energy about a point load is infinite; {STRONG}"),
    Exclusion(POINT_LOADS, MODES, "modes have no loads; remove one or the other"),
    Exclusion(POINT_LOADS, NONLINEAR, f"are known of linear equations; {SPREAD}"),
    Exclusion(POINT_LOADS, DEEPXDE, "the engine deepxde has no point loads; take the engine native"),
    Exclusion(CAUSAL, NO_TIME, "causal weights order the times, but this problem has no time; write gradient_norm"),
    *(
        Exclusion(STAGE[name], FORMULATION, f"{name} solves the equations, not the energy; write ritz, lbfgs or adam")
        for name in ("least_squares", "cells", "gauss_newton")
    ),
    Exclusion(GRADIENT_NORM, FORMULATION, "an energy has one weight; remove gradient_norm"),
    Exclusion(ENERGY, NO_ENERGY, "needs an energy: add the block energy: {density: …}, or a physics that has one"),
    Exclusion(ENERGY, TIME, f"needs a problem without time; {STRONG}"),
    Exclusion(AUTOGRAD, ENERGY, "an energy is minimised with jets; remove 'autograd'"),
    Exclusion(ENERGY, UNKNOWNS, f"an energy cannot identify the 'unknowns'; {STRONG}"),
    Exclusion(ENERGY, ENRICHMENT, f"an energy cannot find the coefficients of 'enrichment'; {STRONG}"),
    Exclusion(AUTOGRAD, STAGE["cells"], "cells need jets; write derivatives: jets, or another method"),
    Exclusion(STAGE["march"], NO_TIME, "a march needs a time; state it, or write method: auto"),
    Exclusion(STAGE["march"], PARAMETERS, "a march is of one problem; write the parameters under 'constants'"),
    Exclusion(STAGE["march"], UNKNOWNS, "unknowns tie all times together; write method: least_squares"),
    Exclusion(STAGE["march"], DATA, "data tie all times together; write method: least_squares"),
    Exclusion(
        STAGE["march"], MOMENTS, "a condition at one moment ties all times together; write method: least_squares"
    ),
    Exclusion(STAGE["march"], HARD, "a march has soft conditions; write constraints: soft"),
    Exclusion(STAGE["march"], ENRICHMENT, "a march has no enrichment; write method: least_squares"),
    Exclusion(STAGE["march"], FOURIER, "a march has no Fourier features; write method: least_squares"),
    Exclusion(
        STAGE["march"], LEARNED_HARDNESS, "a march trains no hardness; write method: gauss_newton, or trainable: false"
    ),
    Exclusion(PARAMETERS, NO_SPACE, "ordinary equations are solved one at a time; write them under 'constants'"),
    Exclusion(SUBDOMAINS, NO_SPACE, "needs coordinates to lie in; ordinary equations have none"),
    Exclusion(
        STAGE["slices"],
        NO_PARAMETERS,
        "slices are those of a family; state its 'parameters', or write method: least_squares",
    ),
    Exclusion(STAGE["slices"], UNKNOWNS, "unknowns tie all slices together; write method: least_squares"),
    Exclusion(STAGE["slices"], NONLINEAR, "slices need equations linear in the fields; write method: least_squares"),
    *(
        Exclusion(
            NORMALISED,
            STAGE[name],
            f"{name} draws its hidden layer; name a method that trains it, such as gauss_newton",
        )
        for name in ("auto", "least_squares", "slices", "cells", "ritz", "march")
    ),
    Exclusion(NORMALISED, DEEPXDE, "the engine deepxde has no normalised layers; remove it"),
    Exclusion(NORMALISED, HARDENING, "a normalised network is no ReLU network's limit; solve with normalisation: none"),
    Exclusion(FOURIER, DEEPXDE, "the engine deepxde has no Fourier features; remove it"),
    Exclusion(LAMBDA_GELU, DEEPXDE, "the engine deepxde has no lambda_gelu; write another one, such as tanh"),
    Exclusion(SUBDOMAINS, DEEPXDE, "the engine deepxde has no subdomains; take the engine native"),
    Exclusion(PARAMETERS, DEEPXDE, "the engine deepxde has no parameters; take the engine native"),
    Exclusion(SUBDOMAINS, HARDENING, "hardening follows one field over the whole domain; solve without subdomains"),
    Exclusion(
        PARAMETERS,
        HARDENING,
        "hardening follows one problem; write the parameters under 'constants'",
    ),
    Exclusion(MODES, TIME, "modes have no time: of a wave, mass stands for what u_tt is multiplied by; remove 'time'"),
    Exclusion(MODES, PARAMETERS, "modes are of one problem; write the parameters under 'constants'"),
    Exclusion(MODES, UNKNOWNS, "modes identify nothing; write the unknowns under 'constants'"),
    Exclusion(MODES, DATA, "modes fit no data; remove one or the other"),
    Exclusion(MODES, EXACT, "modes have no one solution; write their eigenvalues under modes: {expected: […]}"),
    Exclusion(MODES, REFERENCE, "modes have no one solution; write their eigenvalues under modes: {expected: […]}"),
    Exclusion(PROBES, MODES, "probes ask one solution; in Python each of `solution.modes` answers at points"),
    Exclusion(HARD, MODES, "modes have soft conditions; write constraints: soft"),
    Exclusion(ENRICHMENT, MODES, "modes have no enrichment; functions of corners are found without it"),
    Exclusion(HIDDEN, MODES, "modes are found in one sampled layer whose width is found as well; remove 'hidden'"),
    Exclusion(LEARNED_HARDNESS, MODES, "modes train no hardness; write trainable: false"),
    Exclusion(FIRST_GUESS, MODES, "modes need no first guess; remove it"),
    Exclusion(LOAD_STEPS, MODES, "modes have no loads; remove 'load' and 'load_steps'"),
    Exclusion(ENERGY, MODES, f"modes are found from the equations; {STRONG}"),
    Exclusion(AUTOGRAD, MODES, "modes need jets; write derivatives: jets"),
    Exclusion(SINGLE, MODES, "modes need all digits; write precision: float64"),
    *(
        Exclusion(STAGE[name], MODES, "modes have a method of their own; write method: auto")
        for name in STAGE
        if name not in ("auto", "march", "slices", "ritz")  # refused for want of time, of parameters, as an energy
    ),
    Exclusion(MODES, DEEPXDE, "the engine deepxde finds no modes; take the engine native"),
    Exclusion(MODES, HARDENING, "hardening follows one field; solve without modes"),
    Exclusion(MODES, COMPARISON, "a comparison is of one solution; solve without modes"),
    Exclusion(PARAMETERS, COMPARISON, "a comparison is of one problem; write the parameters under 'constants'"),
    Exclusion(CASES, TIME, "load cases are of problems at rest; solve each with its time by itself"),
    Exclusion(CASES, PARAMETERS, "cases are of one problem; write the parameters under 'constants'"),
    Exclusion(CASES, UNKNOWNS, "cases identify nothing; write the unknowns under 'constants'"),
    Exclusion(CASES, DATA, "cases fit no data; remove one or the other"),
    Exclusion(CASES, MODES, "modes have no loads; remove one or the other"),
    Exclusion(CASES, NONLINEAR, "cases share the matrix of a linear problem; solve each nonlinear one by itself"),
    Exclusion(REFERENCE, CASES, "a table is of one case; write 'expected' at a probe, or solve the case by itself"),
    Exclusion(HARD, CASES, "cases have soft conditions; write constraints: soft"),
    Exclusion(ENRICHMENT, CASES, "cases have no enrichment; functions of corners are found without it"),
    Exclusion(HIDDEN, CASES, "cases are solved in one sampled layer whose width is found as well; remove 'hidden'"),
    Exclusion(LEARNED_HARDNESS, CASES, "cases train no hardness; write trainable: false"),
    Exclusion(FIRST_GUESS, CASES, "linear problems need no first guess; remove it"),
    Exclusion(LOAD_STEPS, CASES, "linear problems need no load steps; remove 'load' and 'load_steps'"),
    Exclusion(ENERGY, CASES, f"cases share the matrix of the equations; {STRONG}"),
    *(
        Exclusion(STAGE[name], CASES, "cases are solved by least squares; write method: auto, or least_squares")
        for name in STAGE
        if name not in ("auto", "least_squares", "march", "slices", "ritz")  # refused for want of time, parameters
    ),
    Exclusion(CASES, DEEPXDE, "the engine deepxde has no load cases; take the engine native"),
    Exclusion(CASES, HARDENING, "hardening follows one field; solve without cases"),
    Exclusion(CASES, COMPARISON, "a comparison is of one solution; solve without cases"),
)


def refuse_incompatible(asked: Asked) -> None:
    """Raises SpecError for the first row of the table that applies, at the place of what is refused."""
    for row in TABLE:
        places = row.feature.found(asked)
        if places and row.beside.found(asked):
            raise SpecError(places[0], row.sentence)


def obstacle(feature: Feature, asked: Asked) -> SpecError | None:
    """The refusal of what is asked for, if a feature came beside it; None where nothing stands in its way."""
    for row in TABLE:
        if row.beside is feature and (places := row.feature.found(asked)):
            return SpecError(places[0], row.sentence)
    return None


def excluded(feature: Feature, asked: Asked) -> bool:
    """Whether the table would refuse a feature beside what is asked for already."""
    others = [row.beside for row in TABLE if row.feature is feature]
    others += [row.feature for row in TABLE if row.beside is feature]
    return any(other.found(asked) for other in others)
