"""A march at its start: units sampled, points drawn, initial conditions fitted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from pinn.network.march_network import MarchNetwork
from pinn.problem.problem import Problem
from pinn.training.march.collocation import Scheme
from pinn.training.march.held import Held
from pinn.training.march.march import March
from pinn.training.march.moments import moments
from pinn.training.march.radau import radau
from pinn.training.march.rows import draw_rows, orders_in_time
from pinn.training.march.start import initial_state
from pinn.training.march.units import sampled_functions
from pinn.training.residuals.model import field_scale

STAGES, STAGES_WITHOUT_SPACE = 5, 9  # collocation nodes in a slab
INTERIOR, BOUNDARY = 4, 2  # points for each function


@dataclass(frozen=True)
class Choice:
    """What a march is made with: units in space and their scale, nodes in a slab, the limit of the residual between
    them, and the seed of all that is drawn."""

    units: int
    scale: float
    nodes: int
    limit: float
    seed: int


def begun(problem: Problem, choice: Choice, device: torch.device, dtype: torch.dtype) -> March:
    """The march at the first time. Raises Divergence where the initial conditions cannot be fitted."""
    assert problem.time is not None
    scale = field_scale(problem).to(device=device, dtype=dtype)
    generator = torch.Generator().manual_seed(choice.seed)
    functions = sampled_functions(problem, choice.units, choice.scale, choice.seed, generator, scale)
    interior, boundary = INTERIOR * functions.count, BOUNDARY * functions.count
    rows = draw_rows(problem, functions, scale, interior, boundary, choice.seed)
    orders = orders_in_time(problem)
    always, initial = ([one for one in rows if one.initial is first] for first in (False, True))
    scheme = Scheme(problem, always, orders, radau(choice.nodes), scale, functions)
    if not scheme.coupled:
        scheme = replace(scheme, held=Held(problem, always, len(orders), functions.count))
    start = initial_state(problem, initial, orders, scale, functions.count)
    return March(scheme, *problem.time, start, choice.limit, moments(problem))


def network_of(march: March) -> MarchNetwork:
    """Of the slabs that a march has behind it."""
    scheme = march.scheme
    edges = torch.tensor([march.begin, *(end for end, _ in march.slabs)], dtype=torch.float64).to(scheme.scale)
    functions = scheme.functions
    coefficients = torch.stack([part @ functions.matrix.T for _, part in march.slabs])
    return MarchNetwork(functions.units, edges, coefficients, scheme.scale.clone())
