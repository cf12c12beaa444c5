"""Networks as ONNX operators: points [N, D] -> the network's outputs [N, F]."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pinn.derivatives.normalisation import EPS
from pinn.errors import SpecError, did_you_mean
from pinn.export.onnx.activations import ACTIVATION_WRITERS
from pinn.export.onnx.graph import Graph
from pinn.network.cell_network import CellNetwork
from pinn.network.features import InputFeatures
from pinn.network.field_network import FieldNetwork
from pinn.network.gauge import folded_layers
from pinn.network.mlp import MLP
from pinn.network.series import SeriesNetwork
from pinn.network.windows import EDGE


def write_network(graph: Graph, network: FieldNetwork, points: str) -> str:
    """Add the network; returns the name of its outputs. Raises SpecError for a kind that has no writer."""
    writer = NETWORK_WRITERS.get(network.kind)
    if writer is None:
        raise SpecError(
            ("--format",),
            f"a network of the kind {network.kind} cannot be written as ONNX; use --format npz for its values, or "
            "'pinn distill RUN', whose small network can",
        )
    return writer(graph, network, points)


def activation_writer(name: str) -> Callable[[Graph, str], str]:
    if name not in ACTIVATION_WRITERS:
        raise SpecError(
            ("--format",),
            f"activation '{name}' cannot be written as ONNX{did_you_mean(name, tuple(ACTIVATION_WRITERS))}",
        )
    return ACTIVATION_WRITERS[name]


def numbers(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().double().numpy()


def write_features(graph: Graph, features: InputFeatures, points: str) -> str:
    """[A x + a, sin(B x + b)]"""
    weight, bias, split = numbers(features.weight), numbers(features.bias), features.linear_width
    linear = graph.linear(points, weight[:split], bias[:split]) if split else None
    if split == features.width:
        assert linear is not None
        return linear
    waves = graph.add("Sin", graph.linear(points, weight[split:], bias[split:]))
    return waves if linear is None else graph.add("Concat", linear, waves, axis=1)


def write_mlp(graph: Graph, network: MLP, points: str) -> str:
    """Gemm and activation in turn; the hardness and the fields' scale are folded into the weights."""
    activation = activation_writer(network.activation.name)
    h = write_features(graph, network.features, points)
    *hidden, (weight, bias) = folded_layers(network)
    for (inner, shift), hardness in zip(hidden, network.hardness, strict=True):
        z = graph.linear(h, numbers(inner), numbers(shift))
        if network.normalised:
            gain = graph.array(numbers(hardness.expand(len(shift))))
            z = graph.add("LayerNormalization", z, gain, axis=-1, epsilon=EPS)
        h = activation(graph, z)
    scale = network.field_scale
    return graph.linear(h, numbers(weight * scale[:, None]), numbers(bias * scale))


def write_cells(graph: Graph, network: CellNetwork, points: str) -> str:
    """All cells at all points, as batched matrix products: window * W s(V x + b) [L, N, F], summed over the cells."""
    activation = activation_writer(network.activation.name)
    hardness = network.hardness
    near = write_near(graph, network, points)  # [L, N, D]
    weight = numbers((network.weight * hardness).transpose(1, 2))
    z = graph.add("MatMul", near, graph.array(weight))
    z = graph.add("Add", z, graph.array(numbers(network.bias * hardness)[:, None]))
    output = network.output * (network.field_scale[:, None] / hardness)
    part = graph.add("MatMul", activation(graph, z), graph.array(numbers(output.transpose(1, 2))))
    window = write_window(graph, network, near)
    part = part if window is None else graph.add("Mul", part, window)
    return graph.add("ReduceSum", part, graph.integers(0), keepdims=0)


def write_near(graph: Graph, network: CellNetwork, points: str) -> str:
    """The points moved by whole periods to be near each cell: [L, N, D], or [1, N, D] where nothing is periodic."""
    spread = graph.add("Unsqueeze", points, graph.integers(0))
    period = network.period
    if not bool(period.any()):
        return spread
    centre = numbers((network.lower[:, :1] + network.upper[:, :1]) / 2)
    rate = numbers(torch.where(period > 0, 1 / period, torch.zeros_like(period)))
    turns = graph.add("Mul", graph.add("Sub", spread, graph.array(centre)), graph.array(rate))
    shift = graph.add("Mul", graph.add("Round", turns), graph.array(numbers(period)))
    return graph.add("Sub", spread, shift)


def write_window(graph: Graph, network: CellNetwork, near: str) -> str | None:
    """The product of all steps (pinn.network.windows) as [L, N, 1]; None where there is only one cell.

    The sides of each cell's boxes are numbered; a side that is not there has the rate 0 and a shift that leaves 1.
    """
    total = None
    one = graph.constant(1.0)
    for box in range(network.lower.shape[1]):
        sides = ((1.0, network.lower, network.lower_width), (-1.0, network.upper, network.upper_width))
        for sign, faces, widths in sides:
            face, width = faces[:, box], widths[:, box]
            if not bool((width > 0).any()):
                continue
            there = width > 0
            rate = torch.where(there, sign / torch.where(there, width, torch.ones_like(width)), torch.zeros_like(width))
            shift = torch.where(there, -face * rate, torch.ones_like(face))
            z = graph.add("Mul", near, graph.array(numbers(rate)[:, None]))
            z = graph.add("Add", z, graph.array(numbers(shift)[:, None]))
            z = graph.add("Clip", z, graph.constant(-EDGE), graph.constant(EDGE))
            right = graph.add("Div", one, graph.add("Sub", one, z))
            left = graph.add("Div", one, graph.add("Add", one, z))
            step = graph.add("Sigmoid", graph.add("Sub", right, left))  # [L, N, D]
            total = step if total is None else graph.add("Mul", total, step)
    return None if total is None else graph.add("ReduceProd", total, graph.integers(2), keepdims=1)


def write_series(graph: Graph, network: SeriesNetwork, points: str) -> str:
    """sum_j T_j(p) times the terms [N, J, F], the polynomials by their recurrence."""
    fields = len(network.field_scale)
    terms = graph.add(
        "Reshape", write_mlp(graph, network.terms, points), graph.integers(-1, len(network.degrees), fields)
    )
    two = graph.constant(2.0)
    for number, axis in enumerate(network.axes):
        rate, centre = 1 / float(network.half_width[number]), float(network.centre[number])
        pick = np.zeros((1, network.terms.features.weight.shape[1]))
        pick[0, axis] = rate
        t = graph.linear(points, pick, np.array([-rate * centre]))
        table = [graph.add("Add", graph.add("Mul", t, graph.constant(0.0)), graph.constant(1.0)), t]
        while len(table) <= int(network.degrees[:, number].max()):
            table.append(graph.add("Sub", graph.add("Mul", graph.add("Mul", two, t), table[-1]), table[-2]))
        weights = graph.add("Concat", *(table[degree] for degree in network.degrees[:, number].tolist()), axis=1)
        terms = graph.add("Mul", terms, graph.add("Unsqueeze", weights, graph.integers(2)))
    total = graph.add("ReduceSum", terms, graph.integers(1), keepdims=0)
    return graph.add("Mul", total, graph.array(numbers(network.field_scale)))


NETWORK_WRITERS: Mapping[str, Callable[[Graph, Any, str], str]] = {
    MLP.kind: write_mlp,
    CellNetwork.kind: write_cells,
    SeriesNetwork.kind: write_series,
}
