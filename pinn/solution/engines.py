"""Engines: what can train a network for a problem, by name. A new engine is a module and a line here.

An engine is a module with the functions of `Engine`. It is imported when it is asked for, so a library that only one
engine needs is not loaded for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from pinn.errors import SpecError, did_you_mean

if TYPE_CHECKING:
    import torch

    from pinn.network.field_network import FieldNetwork
    from pinn.problem.problem import Problem
    from pinn.training.residuals.model import Model
    from pinn.training.run.run import Run, Stage

ENGINES = {"native": "pinn.training.native", "deepxde": "pinn.baselines.deepxde_engine"}


class Engine(Protocol):
    """The functions of an engine's module.

    RESUMABLE   whether its stages hand out their state (`pinn.training.loop.Resumable`)
    """

    RESUMABLE: bool

    def prepare(self, problem: Problem) -> Problem:
        """The problem with the engine's own defaults filled in. Raises SpecError for what the engine cannot do."""
        ...

    def stages_of(self, problem: Problem) -> Sequence[Callable[[Run], Stage | None]]:
        """What the training loop runs, in turn."""
        ...

    def remarks(self, model: Model) -> dict[str, Any]:
        """What metrics.json says about this engine's runs beyond what it says about all."""
        ...

    def network_of(self, problem: Problem, kind: str, tensors: Mapping[str, torch.Tensor]) -> FieldNetwork:
        """A network of that kind that a run's saved tensors fit.

        Raises ValueError for a kind that is none of the engine's, KeyError for a tensor that is missing.
        """
        ...


def find_engine(name: str) -> Engine:
    """The engine of that name. Raises SpecError for an unknown one."""
    require_engine(name)
    return cast(Engine, import_module(ENGINES[name]))


def require_engine(name: str) -> None:
    if name not in ENGINES:
        raise SpecError(("--engine",), f"unknown engine '{name}'{did_you_mean(name, tuple(ENGINES))}")
