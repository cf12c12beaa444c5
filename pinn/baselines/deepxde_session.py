"""A model in DeepXDE's hands: its FNN, its data, its unknowns, and what its training says.

The network is DeepXDE's FNN. pinn's network of the same shape shares its weights, so that the held-out residual, errors
and fields are those of the native engine, at the same points and in the same scaling.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from types import ModuleType
from typing import Any

import torch

from pinn.baselines.deepxde_library import deepxde_on
from pinn.baselines.output_transform import ExactConditions, OutputTransform
from pinn.baselines.translation import Translation, translate
from pinn.errors import Divergence
from pinn.network.features import InputFeatures
from pinn.network.mlp import MLP
from pinn.problem.problem import Problem
from pinn.training.residuals.model import Model
from pinn.training.residuals.points import draw
from pinn.training.run.run import Report, Run
from pinn.training.run.stop_reason import StopReason

HIDDEN = (50, 50, 50, 50)  # of DeepXDE's examples for Poisson, Kovasznay's flow and Allen-Cahn
STEADY, IN_TIME, BOUNDARY = 1200, 2500, 200  # its Poisson on an L has 1200, Burgers 2540, on boundaries 80 to 500


class Session:
    """A model in DeepXDE's hands: its FNN with the model's own weights, its data, its unknowns as dde.Variable."""

    def __init__(self, run: Run, model: Model, fresh: bool, until: float):
        self.run, self.model, self.until = run, model, until
        problem = run.problem
        interior = IN_TIME if problem.time else STEADY
        self.groups = draw(problem, interior, BOUNDARY, run.seed_for("deepxde"), run.device, run.dtype)
        network = model.mlp
        transform = network.transform if isinstance(network, ExactConditions) else None
        with self.library() as deepxde:
            deepxde.config.set_random_seed(run.seed)
            self.fnn = self.shared_network(deepxde, network, transform, fresh)
            self.unknowns = {name: deepxde.Variable(float(value.detach())) for name, value in model.unknowns.items()}
            satisfied = transform.statements if transform else frozenset[int]()
            self.translation: Translation = translate(deepxde, problem, self.groups, self.unknowns, satisfied)
            self.dde = timed_model(deepxde, self.translation, self.fnn, lambda: self.over)

    @property
    def over(self) -> bool:
        return self.run.seconds >= self.until

    def library(self) -> AbstractContextManager[ModuleType]:
        return deepxde_on(self.run.device, self.run.dtype)

    def train(self, **options: Any) -> None:
        """dde.Model.train, until it comes back or the time is over."""
        with self.library(), suppress(TimeIsOver):
            self.dde.train(verbose=0, **options)

    @staticmethod
    def shared_network(deepxde: ModuleType, network: MLP, transform: OutputTransform | None, fresh: bool):
        """DeepXDE's FNN on the same weights: its own first ones (Glorot) where `fresh`, else the network's."""
        widths = [network.features.width, *(layer.out_features for layer in network.linears)]
        fnn = deepxde.nn.FNN(widths, network.activation.function, "Glorot uniform")
        for own, theirs in zip(network.linears, fnn.linears, strict=True):
            if fresh:
                own.load_state_dict(theirs.state_dict())
            theirs.weight, theirs.bias = own.weight, own.bias
        fnn.apply_feature_transform(network.features.forward)
        if transform is not None:
            fnn.apply_output_transform(transform)
        return fnn

    def compile(self, deepxde: ModuleType, optimizer: str, rate: float | None = None) -> None:
        weights = self.translation.weights
        self.dde.compile(
            optimizer,
            lr=rate,
            loss_weights=None if set(weights) == {1.0} else list(weights),
            external_trainable_variables=list(self.unknowns.values()),
            verbose=0,
        )

    def report(self, stage: str, iterations: int, finished: StopReason | None) -> Report:
        """Take over the unknowns, within their bounds, and the loss. Raises Divergence where it is not finite."""
        with torch.no_grad():
            for name, value in self.unknowns.items():
                self.model.raw[name].copy_(value / self.model.units[name])
            self.model.respect_bounds()
            for name, value in self.model.unknowns.items():
                self.unknowns[name].copy_(value)
        terms: dict[str, float] = {}
        translation = self.translation
        for name, weight, term in zip(translation.names, translation.weights, self.dde.last_terms, strict=True):
            value = weight * float(term)
            if not math.isfinite(value):
                raise Divergence(f"term '{name}' became {value} in {stage}, step {self.dde.train_state.step}")
            terms[name] = terms.get(name, 0.0) + value
        return Report(sum(terms.values()), terms, finished=finished, iterations=iterations)


class TimeIsOver(Exception):
    """Raised where DeepXDE asks for the loss after the end of a stage: it has no other way to stop L-BFGS inside."""


def timed_model(deepxde: ModuleType, translation: Translation, fnn, over: Callable[[], bool]):
    """dde.Model that remembers the terms of the loss of its last iteration, and ends when `over` says so.

    It does not evaluate the loss four times more around every call of train only to show it.
    """
    data: Any = translation.data
    evaluate = data.losses_train

    class TimedModel(deepxde.Model):
        last_terms: list[float] = []

        def _test(self, verbose: int = 1) -> None:
            pass

    model = TimedModel(data, fnn)

    def losses_train(*arguments, **options):
        if model.last_terms and over():
            raise TimeIsOver
        losses = evaluate(*arguments, **options)
        model.last_terms = [loss.detach() for loss in losses]
        return losses

    data.losses_train = losses_train
    return model


def unscaled_network(
    problem: Problem,
    generator: torch.Generator,
    device: torch.device,
    dtype: torch.dtype,
    transform: OutputTransform | None = None,
) -> MLP:
    """A network of the shape of DeepXDE's FNN, on the coordinates as they are; periodic ones as their cos and sin."""
    options = problem.spec.network
    dimension = len(problem.axes)
    features = InputFeatures([0.0] * dimension, [1.0] * dimension, problem.periods)
    make = MLP if transform is None else ExactConditions
    with torch.random.fork_rng(devices=[]):  # torch's layers draw their first weights from its global state
        network = make(
            features,
            options.hidden or HIDDEN,
            len(problem.fields),
            options.activation.name,
            generator=generator,
            dtype=dtype,
            device=device,
        )
    if isinstance(network, ExactConditions) and transform is not None:
        network.transform = transform
    return network
