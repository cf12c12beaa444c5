"""Measuring: what came out of a training, on points never trained on, and whether it says `tolerance` rightly."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from pinn.problem.checks import uses_energy
from pinn.problem.problem import Problem
from pinn.solution.environment import peak_memory
from pinn.solution.solution import Solution
from pinn.training.loop import Outcome
from pinn.training.run.stop_reason import StopReason
from pinn.training.uncertainty.identification import identification

ERROR_POINTS, ERROR_SEED = 5000, 424_242
NOT_SOLVED = 2e-2  # held-out residual above which fields are not to be used
MOST_ERROR = 10.0  # times the tolerance: a known error above it contradicts the stop reason `tolerance`


def measure(solution: Solution, result: Outcome, device: torch.device, total: float, solving: float) -> dict[str, Any]:
    """metrics.json: errors on points never trained on, probes, unknowns, and how the run went."""
    problem = solution.problem
    relative, largest = errors(solution)
    reason, message = confirmed(result, relative, problem)
    entries, remarks = identification(problem, solution.model, result.heldout)
    if reason is StopReason.TOLERANCE and None in (one["interval"] for one in entries.get("uncertainty", {}).values()):
        reason = StopReason.STAGNATED  # what the equations leave open is not solved for
    message = ". ".join(text for text in (message, *remarks, advice(problem, result.heldout)) if text)
    last = next((row for row in reversed(solution.history) if row.get("loss") is not None), {})
    return {
        "device": str(device),
        "dtype": problem.spec.solver.precision,
        "activation": problem.spec.network.activation.name,
        "parameters": sum(parameter.numel() for parameter in solution.model.parameters()),
        "seconds": {"total": total, "solve": solving},
        "peak_memory_mb": peak_memory(device),
        "stop_reason": reason.value,
        **({"message": message} if message else {}),
        "iterations": result.iterations,
        "loss": last.get("loss"),
        "terms": {key.removeprefix("term:"): value for key, value in last.items() if key.startswith("term:")},
        "heldout_residual": result.heldout,
        "tolerance": problem.spec.solver.tolerance,
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


def advice(problem: Problem, heldout: float) -> str:
    """What else to try where the equations are far from satisfied."""
    if heldout <= NOT_SOLVED or problem.declared_energy is None or uses_energy(problem.spec) or problem.unknowns:
        return ""
    if problem.time is not None or problem.parameters or len(problem.subdomains) > 1:  # refused, then
        return ""
    return (
        "slender and notched bodies can magnify small residuals: --set solver.formulation=energy minimises the "
        "energy instead"
    )


def confirmed(result: Outcome, relative: dict[str, float], problem: Problem) -> tuple[StopReason, str]:
    """(stop reason, message): `tolerance` only where no known error of a field speaks against it.

    A small residual proves a small error only for the problem that is stated, and as far as that is well conditioned.
    Noise in the data makes errors of its own.
    """
    if any(statement.noise is not None for statement in problem.statements):
        return result.stop_reason, result.message
    known = {name: error for name, error in relative.items() if name in problem.fields} or relative
    worst = max(known, key=lambda name: known[name], default=None)
    allowed = MOST_ERROR * problem.spec.solver.tolerance
    if result.stop_reason is not StopReason.TOLERANCE or worst is None or known[worst] <= allowed:
        return result.stop_reason, result.message
    return StopReason.STAGNATED, (
        f"the held-out residual meets the tolerance, but the error of {worst} is {known[worst]:.1e}: the "
        "statements and the exact solution disagree, or small residuals leave room for large errors here"
    )


@dataclass(frozen=True, eq=False)
class PointErrors:
    """A quantity at points never trained on: its error, its true value and the number of the subdomain, each [N]."""

    error: np.ndarray
    true: np.ndarray
    subdomain: np.ndarray


def errors(solution: Solution) -> tuple[dict[str, float], dict[str, float]]:
    """Relative L2 and largest error of every quantity that is known, of vectors and tensors as wholes too."""
    return norms(solution.problem, differences(solution))


def errors_by_subdomain(solution: Solution) -> dict[str, dict[str, dict[str, float]]]:
    """Subdomain -> {"relative_l2", "max_error"} in it alone; empty where there is only the domain."""
    problem = solution.problem
    found = differences(solution) if len(problem.subdomains) > 1 else {}
    by_name = {}
    for number, subdomain in enumerate(problem.subdomains if found else ()):
        inside = {
            name: PointErrors(d.error[d.subdomain == number], d.true[d.subdomain == number], d.subdomain)
            for name, d in found.items()
        }
        relative, largest = norms(problem, inside)
        by_name[subdomain.name] = {"relative_l2": relative, "max_error": largest}
    return by_name


def differences(solution: Solution) -> dict[str, PointErrors]:
    """Every quantity that is known, in closed form at random points, from a table at its own."""
    problem = solution.problem
    names = problem.exact_quantities
    closed = problem.exact[problem.subdomains[0].name]
    sources: list[tuple[list[str], np.ndarray, Mapping[str, Any]]] = []
    if known := [name for name in names if name in closed]:
        points = problem.heldout_points(ERROR_POINTS, ERROR_SEED)
        true = {name: values.numpy() for name, values in problem.exact_values(torch.as_tensor(points)).items()}
        sources.append((known, points, true))
    if tabulated := [name for name in names if name not in closed]:
        assert problem.reference is not None
        sources.append((tabulated, problem.reference.points, problem.reference.quantities))
    result = {}
    for known, points, true in sources:
        found, number = solution(points, known), problem.subdomains.number_at(torch.as_tensor(points)).numpy()
        result |= {name: PointErrors(found[name] - true[name], true[name], number) for name in known}
    return {name: result[name] for name in names}


def norms(problem: Problem, found: Mapping[str, PointErrors]) -> tuple[dict[str, float], dict[str, float]]:
    """Relative L2 and largest error of each quantity, and the former of vectors and tensors."""
    squares = {name: (float(d.error @ d.error), float(d.true @ d.true)) for name, d in found.items()}
    relative = {name: ratio(*pair) for name, pair in squares.items()}
    largest = {name: float(np.abs(d.error).max(initial=0.0)) for name, d in found.items()}
    wholes = {**problem.vectors, **{name: tuple(parts.values()) for name, parts in problem.tensors.items()}}
    for name, parts in wholes.items():
        if all(part in squares for part in parts):
            relative[name] = ratio(*(sum(squares[part][k] for part in parts) for k in (0, 1)))
    return relative, largest


def probed(solution: Solution) -> dict[str, dict[str, Any]]:
    """Each probe's value or list of values, with what was expected; of a list the relative L2 and largest error too."""
    found = {}
    for name, probe in solution.problem.probes.items():
        values = solution(probe.points, [probe.quantity], probe.subdomain)[probe.quantity]
        single = len(values) == 1
        found[name] = {"value": float(values[0]) if single else values.tolist()}
        if probe.expected is None:
            continue
        expected = np.array(probe.expected)
        found[name]["expected"] = float(expected[0]) if single else expected.tolist()
        if not single:
            difference = values - expected
            found[name]["relative_l2"] = ratio(float(difference @ difference), float(expected @ expected))
            found[name]["max_error"] = float(np.abs(difference).max())
    return found


def ratio(error: float, size: float) -> float:
    """|error|/|size| from squares; the error itself where the true quantity is zero."""
    return math.sqrt(error / size) if size > 0 else math.sqrt(error)
