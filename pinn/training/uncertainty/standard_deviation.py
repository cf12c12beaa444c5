"""Uncertainty of the unknown parameters: what noise in the data makes of them, the fields being free to follow.

At the solution the statements are linearised in the coefficients c of M sampled features per field and in the unknown
parameters p; rows of equations, conditions and data have the weights that they were fitted with:

    A_c c + A_p p = b,     S = A_p - A_c (A_c^+ A_p)        the unknowns' columns, what the fields can follow taken away

The least-squares estimate p = (S^T S)^-1 S^T b passes noise of the data rows D on with the gain G = (S^T S)^-1 S_D^T:

    covariance(p) = G diag(noise^2) G^T

With equations that weigh much more than data this is the Gauss-Newton covariance noise^2 (J^T J)^-1, J the sensitivity
of the measured quantities under the equations. Noise that is not stated is estimated from the misfit, which has
N - sum of leverages degrees of freedom. A direction of p that changes the data by less than what the equations are
missed by is not identified; it is left where it is.

Sources: Björck, Numerical Methods for Least Squares Problems, § 1.1.3 (covariance), § 2.7; Hoaglin & Welsch, The
American Statistician 32 (1978), 17 (leverage).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from scipy.special import ndtri, stdtrit
from torch import Tensor

from pinn.network.activations import ACTIVATIONS
from pinn.problem.problem import Problem
from pinn.training.output_layer.damped_qr import damped_qr
from pinn.training.output_layer.sampled_layer import sampled_model
from pinn.training.residuals.assembly import CONDITION_WEIGHT_SOLVED, Group, residuals
from pinn.training.residuals.linearisation import linear_rows
from pinn.training.residuals.model import Model
from pinn.training.residuals.noise import relative_noise
from pinn.training.residuals.points import draw

FEATURES, SCALE = (
    400,
    4.0,
)  # of the linearised problem, which smooth changes of the fields solve; SCALE in the activation's
INTERIOR_PER_FEATURE, BOUNDARY_PER_FEATURE = 3, 1
CONFIDENCE = 0.95
UNSEEN = 1e-6  # relative change of the data per relative change of a parameter, below which rounding errors rule


@dataclass(frozen=True)
class Measured:
    """How one data statement is met, in the data's unit: root mean square misfit of `count` values, their noise."""

    count: int
    misfit: float
    noise: float
    stated: bool

    @property
    def chi_squared(self) -> float:
        """(misfit/noise)^2, about 1 where noise is all that is missing."""
        return (self.misfit / self.noise) ** 2 if self.noise > 0 else 1.0


@dataclass(frozen=True)
class Uncertainty:
    """Unknown parameters and data of a solution.

    deviations   name -> standard deviation, of those that are identified
    intervals    name -> (low, high), which holds the true value with CONFIDENCE
    covariance   [U, U] of those that are identified, in the order of `deviations`
    unseen       combinations of unknowns that the data do not see: the names that take part in each
    data         name of a data statement -> how it is met
    """

    deviations: dict[str, float] = field(default_factory=dict)
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    covariance: Tensor = field(default_factory=lambda: torch.zeros(0, 0))
    unseen: tuple[tuple[str, ...], ...] = ()
    data: dict[str, Measured] = field(default_factory=dict)


def uncertainty(problem: Problem, model: Model, heldout: float, seed: int = 0) -> Uncertainty:
    """What data and noise say about the unknowns of a solution with this held-out residual."""
    measured = [index for index, statement in enumerate(problem.statements) if statement.values is not None]
    if not measured:
        return Uncertainty()
    system = LinearisedProblem(problem, model, heldout, seed)
    noise, freedom, data = system.noise(measured)
    names = list(problem.spec.unknowns)
    if not names:
        return Uncertainty(data=data)
    reduced = system.reduced()
    unseen = unseen_directions(system.seen(reduced, measured), max(UNSEEN, heldout))
    left_out = tuple(tuple(names[k] for k in range(len(names)) if abs(row[k]) > 0.1) for row in unseen)
    free = [k for k in range(len(names)) if not any(names[k] in group for group in left_out)]
    if not free:
        return Uncertainty(unseen=left_out, data=data)
    columns = reduced[:, free]
    gain = torch.linalg.pinv(columns)  # [U, rows]
    passed = gain * noise
    units = torch.tensor([model.units[names[k]] for k in free], dtype=columns.dtype)
    covariance = units[:, None] * (passed @ passed.T) * units
    share = (1 + CONFIDENCE) / 2
    quantile = float(stdtrit(freedom, share) if math.isfinite(freedom) else ndtri(share))
    deviations = {names[k]: float(covariance[i, i].sqrt()) for i, k in enumerate(free)}
    values = {name: float(model.unknowns[name].detach()) for name in deviations}
    intervals = {name: (values[name] - quantile * s, values[name] + quantile * s) for name, s in deviations.items()}
    return Uncertainty(deviations, intervals, covariance, left_out, data)


def unseen_directions(seen: Tensor, least: float) -> Tensor:
    """Directions of the parameters [K, U] along which the data change by less than `least`.

    seen   [rows, U] relative change of the data per relative change of each parameter, of root mean square size
    """
    count = seen.shape[1]
    _, sizes, directions = torch.linalg.svd(torch.cat([seen, seen.new_zeros(count, count)]), full_matrices=False)
    return directions[sizes <= least]


class LinearisedProblem:
    """Weighted rows of all statements at a solution.

    basis       [rows, P] columns of the sampled features
    unknowns    [rows, U] columns of the spec's unknowns, in the spec's order

    basis       whose output layer has the columns: features of its own, or those of the solution itself
    statement   [rows] number of the statement that each row belongs to
    """

    def __init__(self, problem: Problem, model: Model, heldout: float, seed: int, basis: Model | None = None):
        self.problem, self.heldout = problem, heldout
        device, dtype = model.network.field_scale.device, torch.float64
        if basis is None:
            generator = torch.Generator().manual_seed(seed)
            scale = SCALE * ACTIVATIONS[problem.spec.network.activation.name].scale
            few = FEATURES if problem.spec.unknowns else 1  # without unknowns only the misfits are asked for
            basis = sampled_model(problem, few, scale, seed, generator, device, dtype)
            basis.raw.load_state_dict(model.raw.state_dict())
        features = basis.mlp.linears[-1].in_features
        self.groups = draw(
            problem,
            INTERIOR_PER_FEATURE * features,
            BOUNDARY_PER_FEATURE * features,
            seed,
            device,
            dtype,
            CONDITION_WEIGHT_SOLVED,
        )
        rows, owners = [], []
        self.misfits: dict[int, float] = {}
        with torch.no_grad():
            for group in self.groups:
                points = group.points.points.to(model.network.field_scale)
                state = {d: jet.double() for d, jet in model.jets(points, group.plan, group.derivatives).items()}
                self.measure(model, group, state)

                def rows_at(chunk: slice, group: Group = group, state=state):
                    of = group.points.of
                    return linear_rows(basis, group, chunk, {d: of(jet, chunk) for d, jet in state.items()})

                for _, found in group.in_chunks(rows_at, basis.network.cache_rows):
                    for index, (block, _) in zip(group.indices, found, strict=True):
                        rows.append(block)
                        owners.append(torch.full((len(block),), index))
        self.statement = torch.cat(owners)
        matrix = self.matrix = torch.cat(rows).cpu()
        # The last columns are the model's unknowns in its order: the spec's, and the coefficients of an enrichment.
        column = {name: matrix.shape[1] - len(basis.raw) + place for place, name in enumerate(basis.raw)}
        chosen = [column[name] for name in problem.spec.unknowns]
        self.unknowns = matrix[:, chosen]
        self.basis = matrix[:, [place for place in range(matrix.shape[1]) if place not in chosen]]
        self.factors = damped_qr(self.basis)

    def measure(self, model: Model, group: Group, state) -> None:
        for index, residual in zip(group.indices, residuals(model, group, jets=state), strict=True):
            self.misfits[index] = float(residual.double().square().mean().sqrt())

    def weight(self, index: int) -> float:
        """What a residual is multiplied by in the rows."""
        group = next(group for group in self.groups if index in group.indices)
        return group.weight(self.problem.statements[index]) / math.sqrt(len(group.points))

    def noise(self, measured: list[int]) -> tuple[Tensor, float, dict[str, Measured]]:
        """Standard deviation of the right-hand side of each row [rows], degrees of freedom, how the data are met.

        The degrees of freedom are infinite where all noise is stated.
        """
        leverage = self.factors.orthogonal.square().sum(dim=1)
        spread = torch.zeros(len(self.statement), dtype=torch.float64)
        freedom, data = 0.0, {}
        for index in measured:
            mine = self.statement == index
            count = int(mine.sum())
            left = count - float(leverage[mine].sum())
            left -= len(self.problem.spec.unknowns) / len(measured)
            stated = relative_noise(self.problem, index)
            noise = stated
            if noise is None:
                noise = self.misfits[index] * math.sqrt(count / max(left, 1.0))
            if self.problem.statements[index].noise is None:  # exact data: what the equations are missed by decides
                noise = max(noise, self.heldout)
            freedom += max(left, 0.0) if stated is None else math.inf
            spread[mine] = noise * self.weight(index)
            unit = self.problem.scaling.statements[index]
            name = self.problem.statements[index].name
            data[name] = Measured(count, self.misfits[index] * unit, noise * unit, stated is not None)
        return spread, max(freedom, 1.0), data

    def reduced(self) -> Tensor:
        """S [rows, U]: the unknowns' columns without what the basis can follow; twice, against cancellation."""
        columns = self.unknowns
        for _ in range(2):
            columns = self.factors.left_over(columns)
        return columns

    def seen(self, reduced: Tensor, measured: list[int]) -> Tensor:
        """Relative change of the data per relative change of each parameter [rows of data, U]."""
        parts = []
        for index in measured:
            values = self.problem.statements[index].values
            assert values is not None
            size = float(values.double().square().mean().sqrt()) / self.problem.scaling.statements[index]
            mine = reduced[self.statement == index]
            parts.append(mine / (self.weight(index) * math.sqrt(len(mine)) * (size or 1.0)))
        return torch.cat(parts)
