"""The start of a training on all weights: a perceptron whose units bend inside the domain."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from pinn.training.residuals.model import Model, new_network
from pinn.training.run.run import Run

GATE_POINTS = 1000


def start(run: Run, hidden: Sequence[int], usable: float = math.inf) -> Model:
    """The run's perceptron, if an earlier stage has left one with a held-out residual up to `usable`; else a new one.

    hidden   widths of the hidden layers, where the spec names none
    """
    found = run.model is not None and run.model.network.one_output_layer
    if run.model is None or not found or (run.best_heldout > usable and not run.resuming):
        problem = run.problem
        chosen = problem.spec.network.hidden or hidden
        network = new_network(problem, chosen, run.generator, run.device, run.dtype)
        points = torch.as_tensor(problem.heldout_points(GATE_POINTS, run.seed_for("gates"))).to(network.field_scale)
        network.place_gates(points, run.generator)
        run.model = Model(problem, network, problem.spec.solver.derivatives)
    return run.model
