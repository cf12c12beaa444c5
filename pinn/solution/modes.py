"""Modes of a solution: each with its eigenvalue, frequency and fields; metrics.json of a run that found them."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from pinn.solution.environment import peak_memory
from pinn.solution.judgement import judge
from pinn.solution.seconds import Seconds
from pinn.solution.solution import Solution
from pinn.solution.units import with_units
from pinn.solution.verdict import Measured
from pinn.training.loop import Outcome
from pinn.training.modes.stage import show

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EQUAL = 1e-8  # relative distance of eigenvalues that are one; more where their errors are larger
MOST_EQUAL = 1e-3  # relative distance, above which eigenvalues are never taken for one
COMPLEX = 1e-3  # imaginary part of an eigenvalue, relative: rounding makes far less
ZERO = 1e-9  # of the largest eigenvalue: one that is zero, as those of rigid motions are
MARGIN = 4.0  # times the sum of two estimated errors, that two eigenvalues may differ by and be one


@dataclass(frozen=True, eq=False)
class Mode:
    """One of the solutions of A u = eigenvalue * M u. It answers at points like a solution.

    number        from 1 on
    frequency     sqrt(eigenvalue)/(2 pi) [Hz, where the units are SI], where `mass` is a density; else None
    residual      relative, on points that were not solved on: ‖A u - eigenvalue M u‖/‖eigenvalue M u‖, or that of a
                  condition where this is larger
    error         estimated, of the eigenvalue, relative to its size (of what is zero, to the next)
    multiplicity  how many modes have this eigenvalue
    """

    whole: Solution
    number: int
    eigenvalue: float
    frequency: float | None
    residual: float
    error: float
    multiplicity: int

    @property
    def solution(self) -> Solution:
        """The mode as a solution, whose equations hold with its eigenvalue."""
        return self._solution

    @cached_property
    def _solution(self) -> Solution:
        model = copy.deepcopy(self.whole.model)
        show(model, self.number - 1)
        found = Solution(self.whole.problem, model, self.whole.metrics, self.whole.history, self.whole.environment)
        found.__dict__["_modes"] = ()  # one alone
        return found

    def __call__(self, points: ArrayLike, quantities: Sequence[str] | None = None) -> dict[str, np.ndarray]:
        """Quantities (default: all) at points [N, D]: name -> [N]."""
        return self.solution(points, quantities)

    def plot(self, quantity: str, ax: Axes | None = None) -> Figure:
        return self.solution.plot(quantity, ax)

    def export(self, path: str | PathLike[str], **options: Any) -> Path:
        return self.solution.export(path, **options)

    @property
    def label(self) -> str:
        """mode 2: 81.22 Hz, or mode 2: 49.348 where there is no frequency."""
        hertz = self.whole.problem.unit_labels.frequency
        value = f"{self.eigenvalue:.5g}" if self.frequency is None else f"{self.frequency:.5g} {hertz}"
        return f"mode {self.number}: {value}"

    def __repr__(self) -> str:
        return f"<Mode {self.number} of {self.whole.problem.name}: eigenvalue {self.eigenvalue:.10g}>"


def modes_of(solution: Solution) -> tuple[Mode, ...]:
    """Of a solution; none where its problem asks for none."""
    eigen, model = solution.problem.eigen, solution.model
    if eigen is None:
        return ()
    values, errors = model.eigenvalues.tolist(), model.errors.tolist()
    counts = multiplicities(values, errors)
    return tuple(
        Mode(
            solution,
            number + 1,
            value,
            frequency_of(value, max(map(abs, values))) if eigen.inertia else None,
            float(model.residuals[number]),
            errors[number],
            counts[number],
        )
        for number, value in enumerate(values)
    )


def frequency_of(eigenvalue: float, largest: float) -> float:
    """sqrt(eigenvalue)/(2 pi); 0 of what is zero up to rounding, nan of a negative one (what moves is not stable)."""
    if abs(eigenvalue) <= ZERO * largest:
        return 0.0
    return math.sqrt(eigenvalue) / (2 * math.pi) if eigenvalue > 0 else math.nan


def multiplicities(values: Sequence[float], errors: Sequence[float]) -> list[int]:
    """How many have the eigenvalue of each; those at the end may have more than were sought."""
    found, start = [0] * len(values), 0
    largest = max(map(abs, values), default=0.0)

    def equal(i: int, j: int) -> bool:
        sizes = abs(values[i]), abs(values[j])
        allowed = min(max(EQUAL, MARGIN * (errors[i] + errors[j])), MOST_EQUAL)
        return max(sizes) <= ZERO * largest or abs(values[i] - values[j]) <= allowed * max(sizes)

    for end in range(1, len(values) + 1):
        if end == len(values) or not equal(end, end - 1):
            found[start:end] = [end - start] * (end - start)
            start = end
    return found


def entries(solution: Solution) -> list[dict[str, Any]]:
    """What metrics.json says of each."""
    assert solution.problem.eigen is not None
    expected = solution.problem.eigen.expected
    found = []
    for mode in solution.modes:
        entry: dict[str, Any] = {"number": mode.number, "eigenvalue": mode.eigenvalue}
        if mode.frequency is not None:
            entry["frequency"] = mode.frequency
        entry |= {"residual": mode.residual, "error": mode.error, "multiplicity": mode.multiplicity}
        if mode.number <= len(expected):
            value = expected[mode.number - 1]
            size = abs(value) or max(map(abs, expected)) or 1.0
            entry |= {"expected": value, "relative_error": abs(mode.eigenvalue - value) / size}
        found.append(entry)
    return found


def complex_pairs(solution: Solution) -> str:
    """What to say where eigenvalues are no real numbers."""
    numbers = [mode.number for mode in solution.modes if float(solution.model.unsure[mode.number - 1]) > COMPLEX]
    if not numbers:
        return ""
    listed = ", ".join(map(str, numbers))
    return f"mode {listed}: the operator has a complex eigenvalue there, of which only the real part is given"


def metrics_of_modes(solution: Solution, result: Outcome, device: torch.device, seconds: Seconds) -> dict[str, Any]:
    """The content of metrics.json."""
    options, found = solution.problem.spec.solver, entries(solution)
    judgement = judge(
        Measured(
            stop_reason=result.stop_reason,
            tolerance=options.tolerance,
            heldout=result.heldout,
            estimates={f"mode {one['number']}": one["error"] for one in found},
            residuals={f"mode {one['number']}": one["residual"] for one in found},
            unexpected={f"mode {one['number']}": one["relative_error"] for one in found if "expected" in one},
        )
    )
    said = [text for text in (result.message, *judgement.contradictions, complex_pairs(solution)) if text]
    content = {
        "device": str(device),
        "dtype": options.precision,
        "activation": solution.problem.spec.network.activation.name,
        "parameters": sum(parameter.numel() for parameter in solution.model.parameters()),
        "seconds": seconds.entry(),
        "peak_memory_mb": peak_memory(device),
        "verdict": judgement.verdict.value,
        **({"because": judgement.because} if judgement.because else {}),
        "stop_reason": judgement.stop_reason.value,
        **({"message": ". ".join(said)} if said else {}),
        "iterations": result.iterations,
        "loss": next((row["loss"] for row in reversed(solution.history) if row.get("loss") is not None), None),
        "terms": {},
        "heldout_residual": result.heldout,
        "tolerance": options.tolerance,
        "relative_l2": {},
        "max_error": {},
        "probes": {},
        "modes": found,
    }
    return with_units(solution.problem, content)
