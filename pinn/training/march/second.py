"""A second march: other units in space, other nodes in time, so that the difference shows the error of the first."""

from __future__ import annotations

from time import perf_counter

from pinn.network.deadline import OutOfTime, deadline
from pinn.network.march_network import MarchNetwork
from pinn.problem.problem import Problem
from pinn.training.march.begin import Choice, begun, network_of
from pinn.training.residuals.model import Model

SEED = 90_001  # no run's own
MORE_NODES = 1
TIGHTER = 0.3  # limit of the residual between nodes, relative to half the tolerance


def second_march(problem: Problem, model: Model, seconds: float) -> Model | None:
    """The problem solved once more; None where that takes longer than the seconds given."""
    network = model.network
    assert isinstance(network, MarchNetwork)
    units = len(network.units.weight)
    scale = float(network.units.weight.norm(dim=1).max()) if units else 1.0
    orders = network.degree
    choice = Choice(max(units, 1), scale, min(orders + MORE_NODES, 12), TIGHTER * problem.spec.solver.tolerance, SEED)
    like = network.field_scale
    march = begun(problem, choice, like.device, like.dtype)
    try:
        with deadline(perf_counter() + seconds):
            while not march.over:
                march.advance()
    except OutOfTime:
        return None
    return Model(problem, network_of(march), model.derivatives)
