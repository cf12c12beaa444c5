"""Space: whether a run's folder can hold the run, asked before the computing and not after it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from pinn.errors import ResourceError
from pinn.files.disk import disk
from pinn.problem.problem import Problem
from pinn.run.checkpoint import KEPT

HIDDEN = (64, 64, 64, 64)  # where the spec leaves the network to the method, at most
RESULTS = 20_000_000  # bytes for fields, pictures and history; the flagship's take 5 MB
POINTS = 100_000  # numbers in the points that a stage trains on: 10,000 points in up to four coordinates, with normals

# Numbers that a stage keeps beside the model and the best one, for P weights. What a method chooses by itself
# (features, cells) is not known beforehand.
STATE: dict[str, Callable[[int, Any], int]] = {
    "adam": lambda P, options: 2 * P,
    "soap": lambda P, options: 6 * P,
    "lbfgs": lambda P, options: (2 * options.history + 3) * P,
    "quasi_newton": lambda P, options: P * P,
}


def estimated_bytes(problem: Problem) -> int:
    """Of the checkpoints of a run, with one more that is being written, and its results."""
    hidden = problem.spec.network.hidden or HIDDEN
    widths = [len(problem.axes), *hidden, len(problem.fields)]
    weights = sum((n + 1) * m for n, m in pairwise(widths))
    stages = [STATE[stage.name](weights, stage.options) for stage in problem.spec.solver.stages if stage.name in STATE]
    return 8 * (2 * weights + max(stages, default=0) + POINTS) * (KEPT + 1) + RESULTS


def require_space(folder: Path, problem: Problem) -> None:
    """Raises ResourceError where the disk has no room for the run."""
    needed, free = estimated_bytes(problem), disk().free_bytes(folder)
    if free < needed:
        raise ResourceError(
            f"{folder}: the run needs about {needed:,} bytes and the disk has {free:,}; free some, or name another "
            "directory with --out"
        )
