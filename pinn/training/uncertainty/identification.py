"""Identification: what metrics.json and the report say about unknown parameters and measured data."""

from __future__ import annotations

import math
from typing import Any

from pinn.problem.problem import Problem
from pinn.training.residuals.model import Model
from pinn.training.residuals.noise import ALLOWANCE
from pinn.training.uncertainty.standard_deviation import Measured, Uncertainty, uncertainty

AT_BOUND = 1e-6  # of an unknown's unit
NOTABLE = 10.0  # times the tolerance: a misfit of exact data above it is worth a word


def identification(problem: Problem, model: Model, heldout: float) -> tuple[dict[str, Any], list[str]]:
    """(entries of metrics.json, remarks): unknowns, their uncertainty and errors, how each measured quantity is met."""
    values = {name: float(value.detach()) for name, value in model.unknowns.items()}
    entries: dict[str, Any] = {"unknowns": values}
    noisy = any(statement.noise is not None for statement in problem.statements)
    if not (problem.spec.unknowns or noisy) or not math.isfinite(heldout):
        return entries, []
    found = uncertainty(problem, model, heldout)
    if found.data and problem.spec.unknowns:
        entries["uncertainty"] = {
            name: {"standard_deviation": found.deviations.get(name), "interval": found.intervals.get(name)}
            for name in problem.spec.unknowns
        }
    if errors := {name: abs(values[name] - true) / (abs(true) or 1.0) for name, true in expected(problem).items()}:
        entries["unknown_errors"] = errors
    if found.data:
        entries["data"] = {
            name: {"count": one.count, "misfit": one.misfit, "noise": one.noise, "chi_squared": one.chi_squared}
            for name, one in found.data.items()
        }
    return entries, [*remarks(found), *bounds_met(model), *noise_remarks(problem, found)]


def expected(problem: Problem) -> dict[str, float]:
    """True values that the spec states, for errors only."""
    return {
        name: problem.scope.number(unknown.expected, ("unknowns", name, "expected"))
        for name, unknown in problem.spec.unknowns.items()
        if unknown.expected is not None
    }


def remarks(found: Uncertainty) -> list[str]:
    """One sentence for each combination of unknowns that nothing is known of."""
    said = []
    for names in found.unseen:
        if len(names) == 1:
            said.append(
                f"{names[0]} cannot be identified from this: no measurement changes with it while equations and "
                "conditions hold; state a load or measure something that depends on it, or make it a constant"
            )
        else:
            together = ", ".join(names[:-1]) + f" and {names[-1]}"
            said.append(
                f"{together} cannot be identified apart from this: they can change together without any measurement "
                "changing; state a load, measure more, or make one of them a constant"
            )
    return said


def bounds_met(model: Model) -> list[str]:
    said = []
    for name, value in model.unknowns.items():
        for word, bound in zip(("min", "max"), model.bounds[name], strict=True):
            if bound is not None and abs(float(value.detach()) - bound) <= AT_BOUND * model.units[name]:
                said.append(f"{name} ended at its '{word}', {bound:g}: its interval holds only inside the bounds")
    return said


def noise_remarks(problem: Problem, found: Uncertainty) -> list[str]:
    """Whether the data are met as well as their noise allows (discrepancy principle: chi^2 per value about 1)."""
    said, fine = [], []
    for statement in problem.statements:
        one = found.data.get(statement.name)
        if one is None:
            continue
        size = problem.scaling.statements[problem.statements.index(statement)]
        if statement.noise is None:
            if one.misfit > NOTABLE * problem.spec.solver.tolerance * size:
                said.append(
                    f"{statement.name} is missed by {one.misfit:.2g}: if that is noise, state it as "
                    f"data[…].noise: {one.misfit:.2g}, or noise: estimate"
                )
        elif not one.stated:
            fine.append(f"{statement.name} to {one.noise:.2g}, taken for its noise")
        elif 1 / (1 + allowed(one)) <= one.chi_squared <= 1 + allowed(one):
            fine.append(f"{statement.name} to its noise (chi^2 per value {one.chi_squared:.2f})")
        else:
            worse = one.chi_squared > 1
            said.append(
                f"{statement.name} is missed by {math.sqrt(one.chi_squared):.2g} times its stated noise: "
                + (
                    "the noise is larger, or the equations do not describe what was measured"
                    if worse
                    else "it is smaller"
                )
            )
    return [*said, *(["met: " + "; ".join(fine)] if fine else [])]


def allowed(one: Measured) -> float:
    return ALLOWANCE * math.sqrt(2 / one.count)
