"""State of a training as plain data: dictionaries, lists, numbers, text and tensors, from which it is made again.

Tensors are the live ones, not copies: whoever keeps a state writes or copies it before the next step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from pinn.domain.point_set import PointSet
from pinn.problem.problem import Problem
from pinn.training.residuals.assembly import Group
from pinn.training.residuals.model import Model
from pinn.training.run.networks import network_of

State = dict[str, Any]


def model_state(model: Model | None) -> State | None:
    """The kind of a model's network, and every tensor of the model by name."""
    if model is None:
        return None
    tensors = {name: tensor.detach() for name, tensor in model.state_dict().items()}
    return {"network": model.network.kind, "tensors": tensors}


def model_of(problem: Problem, state: State | None, device: torch.device) -> Model | None:
    """The model whose state that is. Raises KeyError, ValueError or RuntimeError where it is not that of one."""
    if state is None:
        return None
    tensors = state["tensors"]
    model = Model(problem, network_of(problem, state["network"], tensors), problem.spec.solver.derivatives).to(device)
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


def groups_state(groups: Sequence[Group]) -> list[State]:
    """Points, and what belongs to them, of groups that training goes on with."""
    return [
        {
            "statements": list(group.indices),
            "points": group.points.points,
            "normals": group.points.normals,
            "weights": group.points.weights,
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
            PointSet(state["points"].to(device), there(state["normals"]), there(state["weights"])),
            state["condition_weight"],
            {index: values.to(device) for index, values in state["offsets"].items()},
            there(state["lengths"]),
        )
        for state in states
    ]
