"""metrics.json: how a training went, what was measured of its result, what noise leaves open, and the verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from pinn.problem.compatibility import excluded
from pinn.problem.features import ENERGY, FORMULATION, Asked
from pinn.problem.motions import free_motions
from pinn.problem.problem import Problem
from pinn.problem.shocks import shock_advice
from pinn.problem.too_little import missing
from pinn.solution.balance import Balance, balances
from pinn.solution.corners import corner_entries
from pinn.solution.environment import peak_memory
from pinn.solution.estimating import Estimates, ends_early, estimate, estimate_of_levels, no_smaller_than
from pinn.solution.judgement import judge
from pinn.solution.measuring import errors, errors_by_subdomain, probed
from pinn.solution.rules import MOST_ERROR
from pinn.solution.seconds import Seconds
from pinn.solution.solution import Solution
from pinn.solution.unheld import unheld_loads
from pinn.solution.units import with_units
from pinn.solution.verdict import Measured, Verdict
from pinn.training.loop import Outcome
from pinn.training.uncertainty.identification import identification
from pinn.training.uncertainty.systematic import systematic_misfits


def metrics(solution: Solution, result: Outcome, device: torch.device, seconds: Seconds) -> dict[str, Any]:
    """Its content."""
    problem, options = solution.problem, solution.problem.spec.solver
    relative, largest = errors(solution)
    probes = probed(solution)
    balance = balances(solution)
    estimates = balanced(problem, solution, estimates_of(solution, result, seconds.latest), balance)
    for name, (error, _) in estimates.probes.items():
        probes[name]["error_estimate"] = error
    better = None if estimates.corrected is None else estimates.corrected.network
    corners = corner_entries(problem, solution.model.network, better)
    noisy = {statement.name for statement in problem.statements if statement.noise is not None}
    entries, remarks = identification(problem, solution.model, result.heldout)
    unheld = unheld_loads(problem)
    judgement = judge(
        Measured(
            stop_reason=result.stop_reason,
            tolerance=options.tolerance,
            heldout=result.heldout,
            energy_error=energy_error(solution.history),
            errors={name: error for name, error in relative.items() if name in problem.fields} or relative,
            noisy=bool(noisy),
            unidentified=tuple(name for name, one in entries.get("uncertainty", {}).items() if one["interval"] is None),
            estimates={name: error for name, error in estimates.quantities.items() if name in problem.fields},
            probes={name: relative for name, (_, relative) in estimates.probes.items()},
            residuals={name: residual for name, residual in estimates.residuals.items() if name not in noisy},
            free=unheld or estimates.free or tuple(free_motions(problem)) or tuple(missing(problem)),
            saddle=estimates.saddle,
            unexpected=unexpected(probes),
            unbalanced={name: one.missing for name, one in balance.items()},
            linear=problem.is_linear,
            reach=0.0 if noisy else estimates.reach,  # what hangs on noisy data has a standard deviation
            systematic=tuple(systematic_misfits(problem, solution.model)) if noisy else (),
            cut=result.cut,
        )
    )
    unsolved = judgement.verdict is Verdict.NOT_SOLVED and not (unheld or estimates.free)
    other_way = advice(problem) if unsolved and energy_error(solution.history) is None else ""
    said = [
        text
        for text in (
            result.message,
            *judgement.contradictions,
            *remarks,
            estimates.amplified,
            ends_early(problem, estimates.horizon),
            other_way,
        )
        if text
    ]
    last = next((row for row in reversed(solution.history) if row.get("loss") is not None), {})
    content = {
        "device": str(device),
        "dtype": options.precision,
        "activation": problem.spec.network.activation.name,
        "parameters": sum(parameter.numel() for parameter in solution.model.parameters()),
        "seconds": seconds.entry(),
        "peak_memory_mb": peak_memory(device),
        "verdict": judgement.verdict.value,
        **({"because": judgement.because} if judgement.because else {}),
        "stop_reason": judgement.stop_reason.value,
        **({"message": ". ".join(said)} if said else {}),
        "iterations": result.iterations,
        "loss": last.get("loss"),
        "terms": {key.removeprefix("term:"): value for key, value in last.items() if key.startswith("term:")},
        "heldout_residual": result.heldout,
        "tolerance": options.tolerance,
        **({"energy_error": found} if (found := energy_error(solution.history)) is not None else {}),
        "relative_l2": relative,
        "max_error": largest,
        **({"error_estimate": estimates.quantities} if estimates.quantities else {}),
        **({"known_until": estimates.horizon} if estimates.horizon is not None else {}),
        **({"relative_residuals": estimates.residuals} if estimates.residuals else {}),
        **({"corners": corners} if corners else {}),
        **({"balance": {name: one.entry() for name, one in balance.items()}} if balance else {}),
        **({"subdomains": within} if (within := errors_by_subdomain(solution)) else {}),
        "probes": probes,
        **entries,
    }
    return with_units(problem, content)


def estimates_of(solution: Solution, result: Outcome, latest: float) -> Estimates:
    """By residuals, or by the levels of an energy; empty where there is neither."""
    if energy_error(solution.history) is not None:
        return estimate_of_levels(solution, result.coarser) if result.coarser is not None else Estimates()
    return estimate(solution, latest) if math.isfinite(result.heldout) else Estimates()


def balanced(problem: Problem, solution: Solution, estimates: Estimates, balance: Mapping[str, Balance]) -> Estimates:
    """The estimates, of a body whose loads are out of balance no smaller than that.

    A least energy has reactions that are less accurate than its fields, and noise has errors of its own.
    """
    missing = max((one.missing for one in balance.values()), default=0.0)
    noisy = any(statement.noise is not None for statement in problem.statements)
    if "traction" not in problem.vectors or noisy or energy_error(solution.history) is not None:
        return estimates
    said = missing > MOST_ERROR * problem.spec.solver.tolerance  # by the verdict as well (rules.py)
    return no_smaller_than(estimates, missing) if said else estimates


def unexpected(probes: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Probe -> its largest difference from what is expected there, relative to that."""
    found = {}
    for name, entry in probes.items():
        if "expected" in entry:
            value, expected = (np.atleast_1d(np.array(entry[key], dtype=float)) for key in ("value", "expected"))
            size = np.abs(expected).max() or 1.0
            found[name] = float(np.abs(value - expected).max() / size)
    return found


def energy_error(history: Sequence[Mapping[str, Any]]) -> float | None:
    """The estimate of the relative error in the energy's norm, where the training ended with one."""
    return history[-1].get("energy_error") if history else None


def advice(problem: Problem) -> str:
    """What else to try where the equations are far from satisfied."""
    if shock := shock_advice(problem):
        return shock
    asked = Asked(problem.spec, problem)
    if problem.spec.solver.minimises_energy or excluded(ENERGY, asked) or excluded(FORMULATION, asked):
        return ""
    return (
        "slender and notched bodies can magnify small residuals: --set solver.formulation=energy minimises the "
        "energy instead"
    )
