"""The engine deepxde: the same spec under DeepXDE, a baseline with its standard network and settings.

A tanh network of four layers of 50 on the coordinates as they are, Glorot weights, loss weights 1; Adam at 1e-3 for
half of the time or 15,000 iterations, then L-BFGS. Where conditions can be put into the output transform, soft and hard
ones are tried for a twentieth of the time each, and the better by held-out residual goes on. What the spec says of the
network's layers and activation, of the numbers of points, precision, seed and time limit holds; `solver.method`,
`solver.compile` and `sampling.adaptive` speak of the native engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from pinn.baselines.deepxde_library import load
from pinn.baselines.deepxde_session import HIDDEN, unscaled_network
from pinn.baselines.deepxde_training import DeepXDEAdam, DeepXDELBFGS
from pinn.baselines.output_transform import ExactConditions, find_output_transform
from pinn.network.mlp import MLP
from pinn.problem.compatibility import refuse_incompatible
from pinn.problem.features import Asked
from pinn.problem.problem import Problem
from pinn.spec.blocks.network import ActivationOptions
from pinn.training.residuals.model import Model
from pinn.training.run.run import Run, Stage

PILOT_SHARE, ADAM_SHARE = 0.05, 0.5  # of the time limit
RESUMABLE = False


def prepare(problem: Problem) -> Problem:
    """The problem with DeepXDE's standard network where the spec names none. Loads DeepXDE."""
    options = problem.spec.network
    refuse_incompatible(Asked(problem.spec, problem, by="deepxde"))
    load()
    activation = options.activation if "activation" in options.model_fields_set else ActivationOptions(name="tanh")
    network = options.model_copy(update={"activation": activation, "hidden": options.hidden or HIDDEN})
    return replace(problem, spec=problem.spec.model_copy(update={"network": network}))


def stages_of(problem: Problem) -> Sequence[Callable[[Run], Stage]]:
    transform = find_output_transform(problem)
    pilots: list[Callable[[Run], Stage]] = []
    if transform is not None:
        pilots = [
            partial(DeepXDEAdam, share=PILOT_SHARE, start="soft"),
            partial(DeepXDEAdam, share=2 * PILOT_SHARE, start="hard", transform=transform),
        ]
    return [*pilots, partial(DeepXDEAdam, share=ADAM_SHARE), DeepXDELBFGS]


def remarks(model: Model) -> dict[str, Any]:
    return {"conditions": "hard" if isinstance(model.network, ExactConditions) else "soft"}


def network_of(problem: Problem, kind: str, tensors: Mapping[str, torch.Tensor]) -> MLP:
    if kind not in (MLP.kind, ExactConditions.kind):
        raise ValueError(f"a network of kind '{kind}' is none of DeepXDE's")
    transform = find_output_transform(problem) if kind == ExactConditions.kind else None
    dtype = tensors["network.field_scale"].dtype
    return unscaled_network(problem, torch.Generator().manual_seed(0), torch.device("cpu"), dtype, transform)
