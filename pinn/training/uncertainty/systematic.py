"""Systematic misfits: what is left of noisy data, and keeps its sign from one measurement to the next, is no noise.

Of the misfits r_i at N points and those r_n(i) of the nearest other points, the correlation

    rho = sum_i r_i r_n(i) / sum_i r_i^2

is near zero for independent noise. Where the equations do not describe what was measured, neighbours are missed in the
same way, and rho is near one. How far chance goes is seen from the same misfits in another order (a permutation test).
Sources: Moran, Biometrika 37 (1950), 17; Good, Permutation Tests, 2nd ed., § 3.2.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.spatial import KDTree

from pinn.problem.problem import Problem
from pinn.training.residuals.assembly import Group, residuals
from pinn.training.residuals.model import Model

FEWEST = 10  # measurements, of which fewer say nothing
ORDERS, SEED = 2000, 5  # in which the misfits are looked at
CHANCE = 3.5  # standard deviations that chance explains
ROUNDING = 1e-9  # misfit, relative to the data, that is none


def systematic_misfits(problem: Problem, model: Model) -> list[str]:
    """A sentence for each data statement with noise whose misfits are correlated from point to point."""
    scale = model.network.field_scale
    found = []
    for index, statement in enumerate(problem.statements):
        if statement.noise is None or statement.values is None or statement.place.listed < FEWEST:
            continue
        points = statement.place.sample(problem.domain, 0, 0).to(device=scale.device, dtype=scale.dtype)
        with torch.no_grad():
            (missed,) = residuals(model, Group(problem, (index,), points))
        size = float(statement.values.square().mean().sqrt()) / problem.scaling.statements[index]
        if float(missed.square().mean().sqrt()) < ROUNDING * size:
            continue
        places = points.points / torch.as_tensor(problem.domain.half_width).to(points.points)
        _, nearest = KDTree(places.cpu().numpy()).query(places.cpu().numpy(), k=2)
        neighbour = np.asarray(nearest)[:, 1]
        correlation, most = correlated(missed.double().cpu().numpy(), neighbour)
        if correlation > most:
            found.append(
                f"what {statement.name} is missed by keeps its sign from point to point (correlation "
                f"{correlation:.2f}): that is no noise, the equations do not describe what was measured"
            )
    return found


def correlated(missed: np.ndarray, neighbour: np.ndarray) -> tuple[float, float]:
    """Correlation of the misfits [N] with their neighbours', and the largest that chance explains."""
    generator = np.random.default_rng(SEED)

    def correlation(values: np.ndarray) -> float:
        return float(values @ values[neighbour] / (values @ values))

    others = np.array([correlation(generator.permutation(missed)) for _ in range(ORDERS)])
    return correlation(missed), max(float(others.max()), float(others.mean() + CHANCE * others.std()))
