"""What onnxruntime makes of an ONNX file, against the solution it was written from."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pinn.export.sampling.solved import Solved

CHECKED_POINTS, CHECKED_SEED = 1000, 5


def agreement(solution: Solved, path: Path) -> str:
    """How closely onnxruntime reproduces the solution, as a sentence."""
    if find_spec("onnxruntime") is None:
        return "not checked: onnxruntime is not installed; pip install 'jetpinn[onnx]'"
    worst = disagreement(solution, path)
    return (
        f"onnxruntime agrees with the run to {worst:.1e} (largest difference / largest value, {CHECKED_POINTS} points)"
    )


def disagreement(solution: Solved, path: Path) -> float:
    """Largest difference between onnxruntime and the solution at points of the domain, relative to each field's own."""
    import onnxruntime

    problem = solution.problem
    points = problem.heldout_points(CHECKED_POINTS, CHECKED_SEED)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    numbers = points.astype(np.float64 if given.type == "tensor(double)" else np.float32)
    (found,) = session.run(None, {given.name: numbers})
    expected = solution(points, problem.fields)
    worst = 0.0
    for index, name in enumerate(problem.fields):
        size = float(np.abs(expected[name]).max()) or 1.0
        worst = max(worst, float(np.abs(np.asarray(found)[:, index] - expected[name]).max()) / size)
    return worst
