"""The native engine: pinn's own stages, as `solver.method` names them."""

from __future__ import annotations

from typing import Any

from pinn.problem.problem import Problem
from pinn.problem.separation import separated
from pinn.training.residuals.model import Model
from pinn.training.run.networks import network_of
from pinn.training.stages import stages_of

__all__ = ["RESUMABLE", "network_of", "prepare", "remarks", "stages_of"]

RESUMABLE = True


def prepare(problem: Problem) -> Problem:
    """In parts, where functions of its corners would jump inside."""
    return separated(problem)


def remarks(model: Model) -> dict[str, Any]:
    return {}
