"""Networks made again from their kind and tensors, as files and states of a training hold them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

import torch
from torch import Tensor

from pinn.corners.network import CornerNetwork
from pinn.corners.poles import PoleTable
from pinn.corners.table import CornerTable
from pinn.errors import did_you_mean
from pinn.network.cell_network import BOXES, CellNetwork
from pinn.network.field_network import FieldNetwork
from pinn.network.march_network import MarchNetwork
from pinn.network.mlp import MLP
from pinn.network.series import SeriesNetwork
from pinn.problem.problem import Problem
from pinn.training.residuals.model import bare_units, new_network, series_network

CPU = torch.device("cpu")


def network_of(problem: Problem, kind: str, tensors: Mapping[str, Tensor]) -> FieldNetwork:
    """A network of that kind that the tensors of a model fit; they are still to be loaded.

    Raises ValueError for an unknown kind and for tensors that fit no network, KeyError for a tensor that is missing.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind of network '{kind}'{did_you_mean(kind, tuple(KINDS))}")
    scale = tensors["network.smooth.field_scale" if kind == CornerNetwork.kind else "network.field_scale"]
    if scale.dtype not in (torch.float32, torch.float64):
        raise ValueError(f"field_scale holds {scale.dtype}")
    return KINDS[kind](problem, tensors)


def mlp_of(problem: Problem, tensors: Mapping[str, Tensor]) -> MLP:
    dtype = tensors["network.field_scale"].dtype
    return new_network(problem, hidden_widths(tensors), torch.Generator().manual_seed(0), CPU, dtype)


def corner_network_of(problem: Problem, tensors: Mapping[str, Tensor]) -> CornerNetwork:
    """The sizes are those of the tensors, the numbers are still to be loaded. Raises KeyError where one is missing."""
    dtype = tensors["network.smooth.field_scale"].dtype
    smooth = new_network(problem, hidden_widths(tensors, "smooth."), torch.Generator().manual_seed(0), CPU, dtype)
    count = len({name.split(".")[2] for name in tensors if name.startswith("network.corners.")})
    return CornerNetwork(smooth, [table_of(problem, tensors, f"network.corners.{number}.") for number in range(count)])


def table_of(problem: Problem, tensors: Mapping[str, Tensor], prefix: str) -> CornerTable | PoleTable:
    kind = PoleTable if prefix + "places" in tensors else CornerTable
    return kind({name: tensors[prefix + name] for name in kind.NAMES}, len(problem.outputs))


def hidden_widths(tensors: Mapping[str, Tensor], within: str = "") -> list[int]:
    """Of a perceptron's layers, `within` a part of the network. Raises ValueError where they do not fit together."""
    start = f"network.{within}layers."
    numbers = [
        int(k.removeprefix(start).split(".")[0]) for k in tensors if k.startswith(start) and k.endswith(".weight")
    ]
    weights = [tensors[f"{start}{i}.weight"] for i in sorted(numbers)]
    shapes = [tuple(weight.shape) for weight in weights]
    for above, below in pairwise(shapes):
        if len(above) != 2 or len(below) != 2 or 0 in above + below or below[1] != above[0]:
            raise ValueError(f"layers of shapes {list(above)} and {list(below)} do not follow one another")
    return [shape[0] for shape in shapes[:-1]]


def cell_network_of(problem: Problem, tensors: Mapping[str, Tensor]) -> CellNetwork:
    activation = problem.spec.network.activation
    boxes = {name: tensors[f"network.{name}"] for name in BOXES}
    weight, bias, period, scale = (tensors[f"network.{name}"] for name in ("weight", "bias", "period", "field_scale"))
    return CellNetwork(boxes, weight, bias, period, scale, activation.name, activation.hardness)


def series_of(problem: Problem, tensors: Mapping[str, Tensor]) -> SeriesNetwork:
    units = len(tensors["network.terms.layers.0.weight"])
    dtype = tensors["network.field_scale"].dtype
    return series_network(problem, units, tensors["network.degrees"], CPU, dtype)


def march_network_of(problem: Problem, tensors: Mapping[str, Tensor]) -> MarchNetwork:
    names = ("edges", "coefficients", "field_scale")
    edges, coefficients, scale = (tensors[f"network.{name}"] for name in names)
    if not bool((edges[1:] > edges[:-1]).all()):
        raise ValueError("the slabs of time do not follow one another")
    units = bare_units(problem, len(tensors["network.units.weight"]), scale)
    return MarchNetwork(units, edges, coefficients, scale)


KINDS: dict[str, Callable[[Problem, Mapping[str, Tensor]], FieldNetwork]] = {
    MLP.kind: mlp_of,
    CornerNetwork.kind: corner_network_of,
    CellNetwork.kind: cell_network_of,
    SeriesNetwork.kind: series_of,
    MarchNetwork.kind: march_network_of,
}
