"""Models on a partition, as the stage makes them."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from pinn.network.cell_network import CellNetwork
from pinn.network.cells import Cell, grid
from pinn.problem.problem import Problem
from pinn.spec.blocks.solver import CellsOptions
from pinn.training.cells.points import draw_in_cells
from pinn.training.cells.slabs import Slab
from pinn.training.cells.stage import Cells
from pinn.training.residuals.assembly import Group
from pinn.training.residuals.model import Model
from tests.training.examples import run_of


def network_of(model: Model) -> CellNetwork:
    return model.cell_network


def stage_of(found: Problem, features: int = 40, **options) -> Cells:
    return Cells(CellsOptions(features=features, **options), run_of(found, seed=2))


def cells_of(found: Problem, counts: Sequence[int], hanging: bool = True) -> list[Cell]:
    cells = grid(*(corner.tolist() for corner in found.bounds), counts, list(found.periods))
    if hanging:
        cells[-1:] = cells[-1].halved(len(counts) - 1)
    return cells


def model_on(found: Problem, cells: list[Cell], features: int = 40, scale: float | None = None) -> Model:
    """Not yet solved for."""
    stage = stage_of(found, features, scale=scale)
    return stage.sampled(Slab(None, None, found.domain, cells))


def random_output(model: Model) -> Model:
    output = network_of(model).output
    with torch.no_grad():
        output.copy_(torch.randn(output.shape, generator=torch.Generator().manual_seed(9), dtype=output.dtype))
    return model


def groups_of(found: Problem, cells: list[Cell], features: int) -> list[Group]:
    """Points as the stage draws them, a little more."""
    like = torch.zeros(0, dtype=torch.float64)
    return draw_in_cells(found, found.domain, cells, 4 * features, 2 * features, 5, 30.0, like)
