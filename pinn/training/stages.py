"""The solver's stages by name, and what `auto` makes of a problem. A new method is a file and a line here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pinn.errors import SpecError
from pinn.network.cell_network import CellNetwork
from pinn.problem.coefficient_fields import coefficient_fields
from pinn.problem.compatibility import excluded
from pinn.problem.features import ENERGY, FORMULATION, STAGE, Asked
from pinn.problem.problem import Problem
from pinn.problem.singular import has_functions
from pinn.spec.blocks.solver import (
    AdamOptions,
    CellsOptions,
    GaussNewtonOptions,
    LBFGSOptions,
    LeastSquaresOptions,
    MarchOptions,
    RitzOptions,
    SlicesOptions,
)
from pinn.training.all_weights.adam import Adam
from pinn.training.all_weights.gauss_newton import GaussNewton
from pinn.training.all_weights.lbfgs import LBFGS
from pinn.training.all_weights.quasi_newton import QuasiNewton, require_memory_for
from pinn.training.all_weights.soap import SOAP, require_package
from pinn.training.cells.ritz import Ritz
from pinn.training.cells.stage import MOST_COORDINATES, Cells
from pinn.training.march.stage import MarchStage
from pinn.training.modes.stage import ModesStage
from pinn.training.output_layer.least_squares import LeastSquares
from pinn.training.output_layer.slices import MOST_PARAMETERS, Slices
from pinn.training.run.run import Run, Stage
from pinn.training.uncertainty.systematic import systematic_misfits

USABLE_START = 1e-2  # held-out residual above which the network of an earlier stage is no start for Gauss-Newton
WORTH_KEEPING = 0.1  # held-out residual of cells that a new network under Gauss-Newton would need minutes to reach
MARCHED = (0, 2, 3)  # dimensions of space in which problems in time are marched: in one, cells are as good or better
SMOOTH = LeastSquaresOptions(features=100, scale=2.0)  # for unknown coefficients: more features follow the noise
WARM_UP = 500  # steps of Adam before L-BFGS, whose line search needs a start of some use

STAGES: dict[str, Callable[..., Stage]] = {
    "least_squares": LeastSquares,
    "cells": Cells,
    "march": MarchStage,
    "slices": Slices,
    "ritz": Ritz,
    "gauss_newton": GaussNewton,
    "adam": Adam,
    "soap": SOAP,
    "lbfgs": LBFGS,
    "quasi_newton": QuasiNewton,
}
REQUIREMENTS: dict[str, Callable[[Problem], None]] = {"soap": require_package, "quasi_newton": require_memory_for}


def stages_of(problem: Problem) -> list[Callable[[Run], Stage | None]]:
    """The stages that the spec's `solver.method` asks for.

    Raises SpecError for one that cannot be run, ResourceError where its package is missing.
    """
    stages: list[Callable[[Run], Stage | None]] = []
    for stage in problem.spec.solver.stages:
        if stage.name == "auto":
            stages += automatic(problem)
        else:
            if stage.name in REQUIREMENTS:
                REQUIREMENTS[stage.name](problem)
            stages.append(partial(STAGES[stage.name], stage.options))
    return stages


def automatic(problem: Problem) -> list[Callable[[Run], Stage | None]]:
    """Least squares on one box, then on cells or slices, then Gauss-Newton on all weights.

    Least squares is Newton's iteration on the output layer where the problem is nonlinear. Cells in up to two
    coordinates, slices in a linear family take over as soon as one box will not do; at singular corners one box
    has their functions, and keeps its place as long as it gains. Gauss-Newton begins with a small
    network of its own where both came to nothing, and alone where the spec says how the network looks. Fields that are
    unknown coefficients begin with few and smooth features. An energy is
    minimised over the output layer (Ritz), or over all weights of the network that the spec asks for; so is that of a
    linear body in space whose equations least squares leave far from satisfied. Modes are found in the output layer.
    """
    if problem.eigen is not None:
        return [partial(ModesStage, LeastSquaresOptions())]
    if problem.cases:
        return [partial(LeastSquares, LeastSquaresOptions())]
    if problem.spec.solver.formulation == "energy":
        if problem.spec.network.hidden:
            return [partial(Adam, AdamOptions(iterations=WARM_UP)), partial(LBFGS, LBFGSOptions())]
        return [partial(Ritz, RitzOptions())]
    if problem.spec.network.hidden:
        return [partial(GaussNewton, GaussNewtonOptions())]
    asked = Asked(problem.spec, problem)
    if coefficient_fields(problem):
        further = partial(LeastSquares, LeastSquaresOptions())
        return [
            partial(LeastSquares, SMOOTH),
            missed_by_more_than_noise(further),
            missed_by_more_than_noise(last_resort),
        ]
    if problem.space in MARCHED and not excluded(STAGE["march"], asked):
        return [partial(MarchStage, MarchOptions())]
    if of_least_energy(problem):
        first = partial(LeastSquares, LeastSquaresOptions(), patient=True, leave=USABLE_START)
        return [first, unresolved(partial(Ritz, RitzOptions())), unless_cells(last_resort)]
    with_cells = len(problem.axes) <= MOST_COORDINATES and not excluded(STAGE["cells"], asked)
    with_slices = len(problem.parameters) <= MOST_PARAMETERS and not excluded(STAGE["slices"], asked)
    cells = [partial(Cells, CellsOptions())] if with_cells else []
    slices = [partial(Slices, SlicesOptions())] if with_slices else []
    alone = not (with_cells or with_slices)
    singular = has_functions(problem)
    first = partial(LeastSquares, LeastSquaresOptions(), patient=alone or singular)
    return [first, *(unresolved(stage) if singular else stage for stage in (*cells, *slices, last_resort))]


def of_least_energy(problem: Problem) -> bool:
    """Whether a linear body in space has an energy to be minimised where least squares do not converge.

    Along clamped, re-entrant edges second derivatives are unbounded, which residuals ask for and an energy does not.
    """
    asked = Asked(problem.spec, problem)
    if problem.space < 3 or not problem.is_linear or excluded(ENERGY, asked) or excluded(FORMULATION, asked):
        return False
    try:
        return problem.energy is not None
    except SpecError:  # a condition that no energy has
        return False


def unless_cells(stage: Callable[[Run], Stage | None]) -> Callable[[Run], Stage | None]:
    """The stage, unless cells were taken: their residual says nothing where an energy was minimised."""
    return lambda run: None if run.best is not None and isinstance(run.best.network, CellNetwork) else stage(run)


def unresolved(stage: Callable[[Run], Stage | None]) -> Callable[[Run], Stage | None]:
    """The stage, where the functions of corners came to nothing: without them it would come to less."""
    return lambda run: stage(run) if run.resuming or run.best is None or run.best_heldout > USABLE_START else None


def missed_by_more_than_noise(stage: Callable[[Run], Stage | None]) -> Callable[[Run], Stage | None]:
    """The stage, unless noise is all that the measurements are missed by: more features would only follow it.

    Source: Morozov, Methods for Solving Incorrectly Posed Problems (1984), the discrepancy principle.
    """

    def needed(run: Run) -> bool:
        measured = [statement for statement in run.problem.statements if statement.values is not None]
        if run.best is None or run.best_heldout > USABLE_START or any(one.noise is None for one in measured):
            return True
        return bool(systematic_misfits(run.problem, run.best))

    return lambda run: stage(run) if run.resuming or needed(run) else None


def last_resort(run: Run) -> Stage | None:
    """Gauss-Newton, unless cells or slices are already a solution."""
    solved = run.best is not None and not run.best.network.one_output_layer and run.best_heldout <= WORTH_KEEPING
    return None if solved else GaussNewton(GaussNewtonOptions(), run, usable=USABLE_START)
