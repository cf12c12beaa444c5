"""State of a training as plain data: dictionaries, lists, numbers, text and tensors, from which it is made again.

Tensors are the live ones, not copies: whoever keeps a state writes or copies it before the next step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from pinn.equations.statements import PointSet
from pinn.network.mlp import MLP
from pinn.network.patches import PatchNetwork
from pinn.network.series import SeriesNetwork
from pinn.problem import Problem
from pinn.training.assembly import Group
from pinn.training.model import Model, new_network, series_network

State = dict[str, Any]


def model_state(model: Model | None) -> dict[str, Tensor] | None:
    """Every tensor of a model by name."""
    return None if model is None else {name: tensor.detach() for name, tensor in model.state_dict().items()}


def model_of(problem: Problem, tensors: Mapping[str, Tensor] | None, device: torch.device) -> Model | None:
    """The model that has these tensors. Raises KeyError or RuntimeError where they are not those of one."""
    if tensors is None:
        return None
    model = Model(problem, saved_network(problem, tensors).to(device), problem.spec.solver.derivatives)
    model.load_state_dict(tensors)
    return model


def saved_network(problem: Problem, tensors: Mapping[str, Tensor]) -> MLP | PatchNetwork | SeriesNetwork:
    """A network that the tensors fit: on cells where they have boxes, a series, or a perceptron with their widths."""
    scale = tensors["network.field_scale"]
    if "network.lower" in tensors:
        activation = problem.spec.network.activation
        names = ("lower", "upper", "lower_width", "upper_width")
        boxes = {name: tensors[f"network.{name}"] for name in names}
        weight, bias, period = (tensors[f"network.{name}"] for name in ("weight", "bias", "period"))
        return PatchNetwork(boxes, weight, bias, period, scale, activation.name, activation.hardness)
    if "network.degrees" in tensors:
        units = len(tensors["network.terms.layers.0.weight"])
        return series_network(problem, units, tensors["network.degrees"], torch.device("cpu"), scale.dtype)
    numbers = [int(k.split(".")[2]) for k in tensors if k.startswith("network.layers.") and k.endswith(".weight")]
    hidden = [tensors[f"network.layers.{i}.weight"].shape[0] for i in sorted(numbers)[:-1]]
    return new_network(problem, hidden, torch.Generator().manual_seed(0), torch.device("cpu"), scale.dtype)


def groups_state(groups: Sequence[Group]) -> list[State]:
    """Points, and what belongs to them, of groups that training goes on with."""
    return [
        {
            "statements": list(group.indices),
            "points": group.points.points,
            "normals": group.points.normals,
            "partner": group.points.partner,
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
            PointSet(state["points"].to(device), there(state["normals"]), there(state["partner"])),
            state["condition_weight"],
            {index: values.to(device) for index, values in state["offsets"].items()},
            there(state["lengths"]),
        )
        for state in states
    ]
