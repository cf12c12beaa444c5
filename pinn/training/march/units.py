"""What a march solves for in space: sampled units, and the functions made of them that can be told apart.

Sampled units are nearly dependent. Marched as they are, rounding errors along the directions that no point notices grow
from slab to slab. With the values A [N, W + 1] of the units at points inside, A/sqrt(N) = P S Q^T, the functions

    f_k(x) = sum over the units j of  s_j(x) Q_jk / S_k,      S_k > TOLD_APART S_1,

have a root mean square of 1 and are orthogonal on the points. Source: Golub & Van Loan, Matrix Computations, 4th ed.,
§ 5.5 (rank and singular values).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.derivatives.jets import JetPlan, Jets
from pinn.geometry.points.sampling import sample_interior
from pinn.geometry.points.seeds import seed_of
from pinn.network.features import sample_hyperplanes
from pinn.network.space_units import SpaceUnits
from pinn.problem.problem import Problem
from pinn.training.residuals.model import bare_units

TOLD_APART = 1e-13
POINTS_PER_UNIT = 3  # inside, on which functions are told apart


@dataclass(frozen=True, eq=False)
class Functions:
    """f = units times a matrix [W + 1, n]."""

    units: SpaceUnits
    matrix: Tensor

    @property
    def count(self) -> int:
        """n."""
        return self.matrix.shape[1]

    def jets(self, points: Tensor, plan: JetPlan) -> Jets:
        """Channels of the functions at points [N, S], each [N, n] or [1, n]; None where zero."""
        return [None if channel is None else channel @ self.matrix for channel in self.units.jets(points, plan)]


def sampled_functions(
    problem: Problem, count: int, scale: float, seed: int, generator: torch.Generator, like: Tensor
) -> Functions:
    """Of `count` units s(w . h + b), directions uniform, |w| near `scale`, hyperplanes through points of the domain.

    Without space there is the function 1 alone.
    """
    units = bare_units(problem, count if problem.space else 0, like)
    if units.features is None:
        return Functions(units, like.new_ones(1, 1))
    points = sample_interior(problem.domain.over(), count, seed_of(seed, "hyperplanes"))
    weight, bias = sample_hyperplanes(units.features(torch.as_tensor(points).to(like)), count, scale, generator)
    units.weight.copy_(weight)
    units.bias.copy_(bias)
    inside = sample_interior(problem.domain.over(), POINTS_PER_UNIT * count, seed_of(seed, "functions"))
    values = units(torch.as_tensor(inside).to(like)) / len(inside) ** 0.5
    _, sizes, directions = torch.linalg.svd(values, full_matrices=False)
    kept = sizes > TOLD_APART * sizes[0]
    return Functions(units, directions[kept].T / sizes[kept])
