"""metrics.json: how a training went, what was measured of its result, what noise leaves open, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from pinn.problem.checks import uses_energy
from pinn.problem.problem import Problem
from pinn.solution.environment import peak_memory
from pinn.solution.measuring import errors, errors_by_subdomain, probed
from pinn.solution.solution import Solution
from pinn.solution.verdict import Measured, Verdict, judge
from pinn.training.loop import Outcome
from pinn.training.uncertainty.identification import identification


def metrics(solution: Solution, result: Outcome, device: torch.device, total: float, solving: float) -> dict[str, Any]:
    """Its content. `total` and `solving` are seconds."""
    problem, options = solution.problem, solution.problem.spec.solver
    relative, largest = errors(solution)
    entries, remarks = identification(problem, solution.model, result.heldout)
    judgement = judge(
        Measured(
            result.stop_reason,
            options.tolerance,
            result.heldout,
            energy_error(solution.history),
            {name: error for name, error in relative.items() if name in problem.fields} or relative,
            any(statement.noise is not None for statement in problem.statements),
            tuple(name for name, one in entries.get("uncertainty", {}).items() if one["interval"] is None),
        )
    )
    other_way = advice(problem) if judgement.verdict is Verdict.NOT_SOLVED else ""
    said = [text for text in (result.message, *judgement.contradictions, *remarks, other_way) if text]
    last = next((row for row in reversed(solution.history) if row.get("loss") is not None), {})
    return {
        "device": str(device),
        "dtype": options.precision,
        "activation": problem.spec.network.activation.name,
        "parameters": sum(parameter.numel() for parameter in solution.model.parameters()),
        "seconds": {"total": total, "solve": solving},
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
        **({"subdomains": within} if (within := errors_by_subdomain(solution)) else {}),
        "probes": probed(solution),
        **entries,
    }


def energy_error(history: Sequence[Mapping[str, Any]]) -> float | None:
    """The estimate of the relative error in the energy's norm, where the training ended with one."""
    return history[-1].get("energy_error") if history else None


def advice(problem: Problem) -> str:
    """What else to try where the equations are far from satisfied."""
    if problem.declared_energy is None or uses_energy(problem.spec) or problem.unknowns:
        return ""
    if problem.time is not None or problem.parameters or len(problem.subdomains) > 1:  # refused, then
        return ""
    return (
        "slender and notched bodies can magnify small residuals: --set solver.formulation=energy minimises the "
        "energy instead"
    )
