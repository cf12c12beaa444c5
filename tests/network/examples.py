"""Partitions, and networks on them, drawn at random."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from pinn.derivatives.jets import JetPlan, Jets, activate
from pinn.derivatives.products import multiply
from pinn.network.cell_network import CellNetwork
from pinn.network.cells import Cell, grid, widths
from pinn.network.features import sample_hyperplanes
from pinn.network.windows import Window
from pinn.training.cells.refinement import merged

NAMES = ("lower", "upper", "lower_width", "upper_width")
LOWER, UPPER = (-0.4, 0.1, -1.0), (2.1, 1.0, 0.5)  # unequal sides, none centred


def partition(dimension: int, periodic: tuple[int, ...], seed: int, rounds: int = 14) -> list[Cell]:
    """Cells after halvings and mergings at random, with hanging nodes."""
    generator = np.random.default_rng(seed)
    counts = [int(n) for n in generator.integers(1, 4, dimension)]
    cells = grid(LOWER[:dimension], UPPER[:dimension], counts, periodic)
    for _ in range(rounds):
        if generator.random() < 0.7:
            index = int(generator.integers(len(cells)))
            cells[index : index + 1] = cells[index].halved(int(generator.integers(dimension)))
        else:
            cells = merged(cells, generator.random(len(cells)) < 0.8)
    return cells


def hanging(dimension: int, periodic: tuple[int, ...]) -> list[Cell]:
    """A few cells of three sizes, with a hanging node."""
    cells = grid(LOWER[:dimension], UPPER[:dimension], [1] * dimension, periodic)
    for axis in (0, 1) if periodic else (0, 1, 0):
        cells[-1:] = cells[-1].halved(axis)
    return cells


def boxes_of(cells: list[Cell]) -> dict[str, Tensor]:
    """name -> [L, 1, D]."""
    lower, upper = (np.array([getattr(cell, name) for cell in cells]) for name in ("lower", "upper"))
    return {
        name: torch.as_tensor(box)[:, None] for name, box in zip(NAMES, (lower, upper, *widths(cells)), strict=True)
    }


def network_on(
    cells: list[Cell],
    periodic: tuple[int, ...] = (),
    units: int = 5,
    fields: int = 2,
    activation: str = "gelu",
    hardness: float = 1.0,
    seed: int = 4,
) -> CellNetwork:
    """With an output layer at random."""
    dimension = len(cells[0].lower)
    generator = torch.Generator().manual_seed(seed)
    drawn = [
        sample_hyperplanes(
            torch.rand(units, dimension, generator=generator, dtype=torch.float64), units, 2.0, generator
        )
        for _ in cells
    ]
    period = torch.tensor(
        [UPPER[a] - LOWER[a] if a in periodic else 0.0 for a in range(dimension)], dtype=torch.float64
    )
    scale = torch.tensor([1.0, 2.5], dtype=torch.float64)[:fields]
    weight, bias = (torch.stack([pair[k] for pair in drawn]) for k in (0, 1))
    found = CellNetwork(boxes_of(cells), weight, bias, period, scale, activation, hardness)
    with torch.no_grad():
        found.output.copy_(torch.randn(found.output.shape, generator=generator, dtype=torch.float64))
    return found


def window_of(network: CellNetwork, cell: int, near: Tensor, order: int = 0) -> Window:
    """One cell's, at points [n, D] near it."""
    return Window(near, *(getattr(network, name)[cell] for name in NAMES), order)


def basis_jets(network: CellNetwork, cell: int, near: Tensor, plan: JetPlan) -> Jets:
    """Channels of window * hidden layer of one cell, [n, M] each, at points near it: Faà di Bruno's formula, as a
    perceptron has it."""
    z: Jets = []
    for channel in plan.channels:
        if channel.order == 0:
            z.append((near @ network.weight[cell].T + network.bias[cell]) * network.hardness)
        elif channel.order == 1:
            z.append(network.weight[cell, :, channel.orders.index(1)][None] * network.hardness)
        else:
            z.append(None)
    h = activate(plan, network.activation.derivatives, z)
    window = window_of(network, cell, near, plan.order)
    return multiply(plan, window, [None if c is None else c / network.hardness for c in h])


def window_sums(network: CellNetwork, points: Tensor) -> Tensor:
    """Sum of all windows at points [N, D]: [N]."""
    total = points.new_zeros(len(points))
    for cell, reached, near in network.local(points):
        values = window_of(network, cell, near)((0,) * points.shape[1])
        assert values is not None
        total.index_add_(0, reached, values.expand(len(reached)))
    return total


def points_in(dimension: int, count: int, seed: int = 0) -> Tensor:
    lower, upper = (torch.tensor(corner[:dimension], dtype=torch.float64) for corner in (LOWER, UPPER))
    generator = torch.Generator().manual_seed(seed)
    return lower + (upper - lower) * torch.rand(count, dimension, generator=generator, dtype=torch.float64)
