"""A second solution on the same cells: other features and other points, so that the difference shows the error.

Newton's step from the solution, in features that it does not have, on cells as small as its own: what varies from cell
to cell, such as a front whose place is hardly decided, is beyond the few hundred features of a companion over the whole
domain (training/estimates/companion.py).
"""

from __future__ import annotations

import copy
import math
from time import perf_counter

import torch
from torch import Tensor

from pinn.errors import Divergence
from pinn.network.cell_network import BOXES, CellNetwork
from pinn.network.cells import Cell
from pinn.network.deadline import OutOfTime, deadline
from pinn.problem.problem import Problem
from pinn.training.cells.layers import hidden_layer
from pinn.training.cells.points import draw_in_cells
from pinn.training.cells.solve import CellSystem
from pinn.training.output_layer.least_squares import BOUNDARY_PER_FEATURE, INTERIOR_PER_FEATURE
from pinn.training.residuals.assembly import CONDITION_WEIGHT_SOLVED, jets_at
from pinn.training.residuals.model import Model

SEED = 90_001  # no run's own
MORE_FEATURES = 1.1  # than the solution has in each cell: what it cannot show must show here


def second_cells(problem: Problem, model: Model, seconds: float) -> Model | None:
    """The problem solved once more; None where that takes longer than the seconds given, or diverges."""
    model = copy.deepcopy(model).double()
    network = model.cell_network
    features = math.ceil(MORE_FEATURES * network.units)
    cells, reached = boxes_of(network)
    try:
        with deadline(perf_counter() + seconds), torch.no_grad():
            groups = draw_in_cells(
                problem,
                problem.domain,
                cells,
                INTERIOR_PER_FEATURE * features,
                BOUNDARY_PER_FEATURE * features,
                SEED,
                CONDITION_WEIGHT_SOLVED,
                network.field_scale,
            )
            other = Model(problem, other_layers(network, reached, features), model.derivatives)
            other.raw.load_state_dict(model.raw.state_dict())
            system = CellSystem(other, groups, None)
            start = None if problem.is_linear else [jets_at(model, group) for group in groups]
            system.set(system.solution(start)[0])
    except (OutOfTime, Divergence):
        return None
    return other


def boxes_of(network: CellNetwork) -> tuple[list[Cell], tuple[Tensor, Tensor]]:
    """The cells, each within the slab of time that it belongs to; and what their windows reach: lower, upper [L, D]."""
    own = torch.arange(network.lower.shape[1], device=network.lower.device)[:, None] == 0
    ends = []
    for side, sign in (("lower", 1.0), ("upper", -1.0)):
        face, width = getattr(network, side), getattr(network, f"{side}_width")
        there = own | (width > 0)  # a box without a width has no end there
        none = torch.full_like(face, -math.inf)
        middle = torch.where(there, sign * face, none).amax(dim=1)
        reach = torch.where(there, sign * face - width, none).amax(dim=1)
        ends.append((sign * middle, sign * reach))
    (lower, low), (upper, high) = ends
    open_ends = ((None, None),) * lower.shape[1]
    cells = [Cell(tuple(a), tuple(b), open_ends) for a, b in zip(lower.tolist(), upper.tolist(), strict=True)]
    return cells, (low, high)


def other_layers(network: CellNetwork, reached: tuple[Tensor, Tensor], features: int) -> CellNetwork:
    """The same windows over fresh hidden layers, as sharp as the sharpest of the network's."""
    low, high = (end.cpu().numpy() for end in reached)
    half = (reached[1] - reached[0])[:, None] / 2
    scale = float((network.weight * half).norm(dim=2).max())
    generator = torch.Generator().manual_seed(SEED)
    layers = [hidden_layer(a, b, features, scale, generator) for a, b in zip(low, high, strict=True)]
    return CellNetwork(
        {name: getattr(network, name) for name in BOXES},
        torch.stack([weight for weight, _ in layers]).to(network.weight),
        torch.stack([bias for _, bias in layers]).to(network.bias),
        network.period,
        network.field_scale,
        network.activation.name,
        float(network.hardness),
    )
