"""Sampled hidden layers on cells: the part of a network on a partition of unity that does not train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pinn.network.activations import ACTIVATIONS
from pinn.network.cell_network import CellNetwork
from pinn.network.cells import Cell, widths
from pinn.network.features import sample_hyperplanes
from pinn.problem.problem import Problem

Layer = tuple[Tensor, Tensor]  # weight [M, D] and bias [M], in the coordinates themselves

SCALE = 1.5  # R of the hyperplanes, per half width of a cell's reach, in units of the activation


def default_scale(problem: Problem) -> float:
    return SCALE * ACTIVATIONS[problem.spec.network.activation.name].scale


def with_layers(
    cells: Sequence[Cell], known: Mapping[Cell, Layer], features: int, scale: float, generator: torch.Generator
) -> dict[Cell, Layer]:
    """A hidden layer for every cell: the one it has, if that has so many units, else a fresh one."""
    lower, upper = (np.array([getattr(cell, name) for cell in cells]) for name in ("lower", "upper"))
    below, above = widths(cells)
    found = {}
    for cell, low, high in zip(cells, lower - below, upper + above, strict=True):
        layer = known.get(cell)
        found[cell] = (
            layer if layer and len(layer[0]) == features else hidden_layer(low, high, features, scale, generator)
        )
    return found


def hidden_layer(
    low: NDArray[np.float64], high: NDArray[np.float64], features: int, scale: float, generator: torch.Generator
) -> Layer:
    """Hyperplanes through the box [low, high], the first unit constant."""
    through = 2 * torch.rand(features, len(low), generator=generator, dtype=torch.float64) - 1
    weight, bias = sample_hyperplanes(through, features, scale, generator)
    weight[0], bias[0] = 0.0, 1.0
    weight = weight / torch.as_tensor((high - low) / 2)
    return weight, bias - weight @ torch.as_tensor((low + high) / 2)


def cell_network(problem: Problem, layers: Mapping[Cell, Layer], like: Tensor) -> CellNetwork:
    """The network on these cells, with the device and dtype of `like`; its output layers are zero."""
    cells = list(layers)
    lower_width, upper_width = widths(cells)
    boxes = {
        "lower": np.array([cell.lower for cell in cells]),
        "upper": np.array([cell.upper for cell in cells]),
        "lower_width": lower_width,
        "upper_width": upper_width,
    }
    period = [problem.periods.get(axis, 0.0) for axis in range(len(problem.axes))]
    activation = problem.spec.network.activation
    return CellNetwork(
        {name: torch.as_tensor(box)[:, None].to(like) for name, box in boxes.items()},
        torch.stack([weight for weight, _ in layers.values()]).to(like),
        torch.stack([bias for _, bias in layers.values()]).to(like),
        torch.tensor(period, dtype=torch.float64).to(like),
        torch.tensor([problem.scaling.fields[name] for name in problem.outputs], dtype=torch.float64).to(like),
        activation.name,
        activation.hardness,
    )
