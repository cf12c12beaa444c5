"""The native engine: pinn's own stages, as `solver.method` names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from pinn.network.cell_network import CellNetwork
from pinn.network.mlp import MLP
from pinn.network.series import SeriesNetwork
from pinn.problem.problem import Problem
from pinn.training.residuals.model import Model
from pinn.training.run import state
from pinn.training.stages import stages_of

__all__ = ["RESUMABLE", "prepare", "remarks", "saved_network", "stages_of"]

RESUMABLE = True


def prepare(problem: Problem) -> Problem:
    return problem


def remarks(model: Model) -> dict[str, Any]:
    return {}


def saved_network(
    problem: Problem, tensors: Mapping[str, Tensor], metrics: Mapping[str, Any]
) -> MLP | CellNetwork | SeriesNetwork:
    return state.saved_network(problem, tensors)
