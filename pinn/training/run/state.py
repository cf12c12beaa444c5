"""State of a training as plain data: dictionaries, lists, numbers, text and tensors, from which it is made again.

Tensors are the live ones, not copies: whoever keeps a state writes or copies it before the next step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from pinn.domain.point_set import PointSet
from pinn.network.cell_network import CellNetwork
from pinn.network.mlp import MLP
from pinn.network.series import SeriesNetwork
from pinn.problem.problem import Problem
from pinn.training.residuals.assembly import Group
from pinn.training.residuals.model import Model, new_network, series_network

State = dict[str, Any]


def model_state(model: Model | None) -> dict[str, Tensor] | None:
    """Every tensor of a model by name."""
    return None if model is None else {name: tensor.detach() for name, tensor in model.state_dict().items()}


def model_of(problem: Problem, tensors: Mapping[str, Tensor] | None, device: torch.device) -> Model | None:
    """The model that has these tensors. Raises KeyError or RuntimeError where they are not those of one."""
    if tensors is None:
        return None
    model = Model(problem, saved_network(problem, tensors).to(device), problem.spec.solver.derivatives)
    load_tensors(model, tensors)
    return model


def load_tensors(model: Model, tensors: Mapping[str, Tensor]) -> None:
    """Raises RuntimeError or ValueError where they are not those of the model, or not finite."""
    for name, own in model.state_dict().items():
        if name in tensors and tensors[name].dtype != own.dtype:  # torch would round it, and go on
            raise ValueError(f"{name} holds {tensors[name].dtype}, not {own.dtype}")
        if name in tensors and not torch.isfinite(tensors[name]).all():
            raise ValueError(f"{name} has a number that is not finite")
    model.load_state_dict(tensors)


def saved_network(problem: Problem, tensors: Mapping[str, Tensor]) -> MLP | CellNetwork | SeriesNetwork:
    """A network that the tensors fit: on cells where they have boxes, a series, or a perceptron with their widths."""
    scale = tensors["network.field_scale"]
    if scale.dtype not in (torch.float32, torch.float64):
        raise ValueError(f"field_scale holds {scale.dtype}")
    if "network.lower" in tensors:
        activation = problem.spec.network.activation
        names = ("lower", "upper", "lower_width", "upper_width")
        boxes = {name: tensors[f"network.{name}"] for name in names}
        weight, bias, period = (tensors[f"network.{name}"] for name in ("weight", "bias", "period"))
        return CellNetwork(boxes, weight, bias, period, scale, activation.name, activation.hardness)
    if "network.degrees" in tensors:
        units = len(tensors["network.terms.layers.0.weight"])
        return series_network(problem, units, tensors["network.degrees"], torch.device("cpu"), scale.dtype)
    return new_network(
        problem, hidden_widths(tensors), torch.Generator().manual_seed(0), torch.device("cpu"), scale.dtype
    )


def hidden_widths(tensors: Mapping[str, Tensor]) -> list[int]:
    """Of a perceptron's layers. Raises ValueError where one does not follow the other."""
    numbers = [int(k.split(".")[2]) for k in tensors if k.startswith("network.layers.") and k.endswith(".weight")]
    weights = [tensors[f"network.layers.{i}.weight"] for i in sorted(numbers)]
    shapes = [tuple(weight.shape) for weight in weights]
    for above, below in pairwise(shapes):
        if len(above) != 2 or len(below) != 2 or 0 in above + below or below[1] != above[0]:
            raise ValueError(f"layers of shapes {list(above)} and {list(below)} do not follow one another")
    return [shape[0] for shape in shapes[:-1]]


def groups_state(groups: Sequence[Group]) -> list[State]:
    """Points, and what belongs to them, of groups that training goes on with."""
    return [
        {
            "statements": list(group.indices),
            "points": group.points.points,
            "normals": group.points.normals,
            "further": [[sign, points] for sign, points in group.points.further],
            "condition_weight": group.condition_weight,
            "offsets": dict(group.offsets),
            "lengths": group.lengths,
        }
        for group in groups
    ]


def groups_of(problem: Problem, states: Sequence[State], device: torch.device) -> list[Group]:
    """The groups whose state that is."""

    def there(tensor: Tensor | None) -> Tensor | None:
        return None if tensor is None else tensor.to(device)

    return [
        Group(
            problem,
            tuple(state["statements"]),
            PointSet(
                state["points"].to(device),
                there(state["normals"]),
                tuple((sign, points.to(device)) for sign, points in state["further"]),
            ),
            state["condition_weight"],
            {index: values.to(device) for index, values in state["offsets"].items()},
            there(state["lengths"]),
        )
        for state in states
    ]
