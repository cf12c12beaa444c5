"""A companion to a solution: features of another seed, in which its error and its freedom show.

With the residuals r of all statements at a solution u and their derivative L there, the error e = u* - u satisfies

    L e = -r + O(e^2).

The companion has M sampled features that the solution does not have, the functions of corners that it has, and points
that it was not trained on; A are the
rows of L on the features, weighted as a solver weights them, B the values of the features inside the domain, in units
of each field. Two questions go to the one triangle R of A:

    correction   the e = features * c with the least |A c + r|: one step of Newton's iteration from the solution
    freedom      the largest singular values of B R^-1: how large a field can be per size of the residual it causes

A field that no statement notices (a constant under fluxes alone, a rigid motion, an eigenfunction) has an infinite
gain; a problem that amplifies has a large one. Where features cannot show an error (between points, below their
scale) neither can the correction. One such field is known beforehand: a front that its surroundings hold by exp(-1/eps)
moves as a whole, and the derivatives of a steady, nonlinear solution along its coordinates, which no feature resembles,
are asked about the second question too.

Sources: Stetter, Numer. Math. 29 (1978) 425 (defect correction as an estimate of the error); Golub & Van Loan, Matrix
Computations, 4th ed., § 8.7.3 (singular values of a pair).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.corners.network import CornerNetwork, sum_of
from pinn.derivatives.jets import Partial, plan_jets
from pinn.network.activations import ACTIVATIONS
from pinn.network.displaced_network import DisplacedNetwork
from pinn.network.mlp import MLP
from pinn.problem.problem import Problem
from pinn.training.estimates.singular import largest
from pinn.training.output_layer.damped_qr import column_scales, damped_triangle, damping
from pinn.training.output_layer.gathered import gather, gathered_units, with_points_at_holes
from pinn.training.output_layer.sampled_layer import sampled_model
from pinn.training.residuals.assembly import CONDITION_WEIGHT_SOLVED, Group, residuals
from pinn.training.residuals.linearisation import linear_rows, set_coefficients
from pinn.training.residuals.model import Model
from pinn.training.residuals.points import draw

SEED = 90_001  # of the companion: no run's own
FEWEST, MOST = 400, 800  # features of a field; what a solution's own last level needed lies between, or is not seen
MOST_COLUMNS = 1600  # of the matrix: about a second on one core
SCALES = (4.0, 8.0, 16.0, 32.0)  # in units of the activation, where the solution has no one scale of its own
FITTED = 1e-6  # damping, in units of a feature, with which these are compared
INTERIOR_PER_FEATURE, BOUNDARY_PER_FEATURE = 3, 1  # as in least squares
AT_HOLES = 200  # points on the outline of each, more than a solution has functions about it
BEHIND = 2  # of boundary points beside functions of corners and poles, per feature of the solution; as in least squares
VALUES = 1000  # points inside on which a field is measured
# Of the coefficients, in units of the rows, for the gains: rounding errors of nearly dependent features then count as
# gains of 1e-3 at most, and an infinite gain as about this number's inverse over the coefficients' size.
DAMPING = 1e-11
MOST_MODES = 12
STEP = 1e-4  # half of what a field is displaced by for its derivative, in half widths of the domain
MOVES = 0.9  # cosine of a mode and the displacements, from which it is one
FLAT = 1e-3  # change of a field over a half width, relative to its size, below which it does not vary


@dataclass(frozen=True, eq=False)
class Mode:
    """A field per size of the residual that it causes.

    gain     root mean square of the field, in units of the solution's, over that of the residual
    points   [N, D], values output -> [N] in the user's units, of a field of size 1 in units of the solution's
    moves    whether it is a displacement of the solution as a whole
    """

    gain: float
    points: Tensor
    values: dict[str, Tensor]
    moves: bool = False


class Companion:
    """Rows of all statements at a solution, in features of another seed.

    basis     the features, as a model whose output layer is zero
    triangle  [R, Q^T b] of the rows, damped by their rounding errors, b the negative residuals: [P + 1, P + 1]
    """

    def __init__(self, problem: Problem, model: Model, seed: int = SEED):
        self.problem = problem
        self.model = copy.deepcopy(model).double()
        self.generator = torch.Generator().manual_seed(seed)
        scale_of = model.network.field_scale
        features, scale = features_and_scale(problem, model)
        scale = scale or fitting_scale(problem, self.model, features, seed)
        with torch.random.fork_rng(devices=[]):  # torch draws first weights for layers that are given others
            self.basis = sampled_model(
                problem, features, scale, seed, self.generator, scale_of.device, scale_of.dtype
            ).double()
        if self.model.corners is not None:
            gather(problem, self.basis, math.sqrt(features / FEWEST), seed)
            tables = copy.deepcopy(self.model.corners.tables)
            self.basis = Model(problem, CornerNetwork(self.basis.mlp, tables)).to(scale_of.device)
        self.basis.raw.load_state_dict(model.raw.state_dict())
        self.basis.derivatives = self.model.derivatives = "jets"  # the slow reference has no memory for so many rows
        groups = draw(
            problem,
            INTERIOR_PER_FEATURE * features,
            boundary_points(self.model, features),
            seed,
            scale_of.device,
            torch.float64,
            CONDITION_WEIGHT_SOLVED,
        )
        if self.model.corners is not None:
            groups = with_points_at_holes(problem, groups, AT_HOLES, seed)
        with torch.no_grad():
            blocks = [block for group in groups for block in self.rows_of(self.model, group)]
        rows, right = torch.cat([rows for rows, _ in blocks]), torch.cat([right for _, right in blocks])
        self.scales = column_scales(rows.norm(dim=0))
        self.displaced = displacements(problem, self.model)
        moved = [self.slope_rows(pair, groups) for pair in self.displaced]
        columns = torch.cat([rows / self.scales, right[:, None], *moved], dim=1)
        size = rows.shape[1]
        below = columns.new_zeros(columns.shape[1], columns.shape[1])
        whole = damped_triangle(torch.cat([columns, below]), size, damping(size, columns.dtype))
        self.triangle, self.moved_rows = whole[: size + 1, : size + 1], whole[:, size + 1 :]

    def rows_of(self, model: Model, group: Group) -> list[tuple[Tensor, Tensor]]:
        """(A, -r) of each statement of a group, weighted."""
        state = model.jets(group.points.points, group.plan, group.derivatives)
        weights = [group.weight(statement) / len(group.points) ** 0.5 for statement in group.statements]
        found = linear_rows(self.basis, group, slice(None), state)
        missed = residuals(model, group, jets=state)
        return [(rows, -weight * residual) for (rows, _), weight, residual in zip(found, weights, missed, strict=True)]

    @torch.no_grad()
    def slope_rows(self, pair: tuple[Model, Model], groups: Sequence[Group]) -> Tensor:
        """What all statements say of the difference of two models, in the order of the rows: [R, 1]."""
        ahead, behind = pair
        found = []
        for group in groups:
            weights = [group.weight(statement) / len(group.points) ** 0.5 for statement in group.statements]
            at_ends = zip(weights, residuals(ahead, group), residuals(behind, group), strict=True)
            found += [weight * (one - other) for weight, one, other in at_ends]
        return torch.cat(found)[:, None]

    def corrected(self) -> Model:
        """The solution with its correction added: what a quantity of it differs by is the quantity's error."""
        size = self.triangle.shape[1] - 1
        upper, right = self.triangle[:size, :size], self.triangle[:size, size:]
        coefficients = torch.linalg.solve_triangular(upper, right, upper=True)[:, 0] / self.scales
        correction = copy.deepcopy(self.basis)
        unknowns = len(correction.raw)
        with torch.no_grad():
            if unknowns:
                coefficients[-unknowns:] += torch.stack([*correction.raw.values()])
            set_coefficients(correction, coefficients)
            found = Model(self.problem, sum_of(self.model.network, correction.network), self.model.derivatives)
            found.raw.load_state_dict(correction.raw.state_dict())
        return found

    def modes(self) -> list[Mode]:
        """Fields by their gain, the largest first, at most MOST_MODES."""
        problem, basis = self.problem, self.basis
        size = self.triangle.shape[1] - 1
        points = torch.as_tensor(problem.heldout_points(VALUES, SEED)).to(self.triangle)
        values = self.values_at(points)  # [F, N, W + 1]
        number = problem.subdomains.number_at(points)
        columns, masks = [], []
        for field, output in enumerate(problem.outputs):
            inside = torch.ones(len(points), dtype=torch.bool)
            for place, subdomain in enumerate(problem.subdomains):
                if output in subdomain.outputs:
                    inside = number == place
            masks.append(inside.to(values) / problem.scaling.fields[output])
            columns.append(values * basis.network.field_scale[field] * masks[-1][:, None])
        measured = torch.block_diag(*columns)
        if basis.corners is not None:
            measured = torch.cat([measured, self.corners_at(points, masks)], dim=1)
        measured = measured / len(points) ** 0.5
        unknowns = measured.new_zeros(len(measured), size - measured.shape[1])
        measured = torch.cat([measured, unknowns], dim=1) / self.scales
        moved = [self.difference_at(pair, points, masks) / len(points) ** 0.5 for pair in self.displaced]
        sizes = [float(column.norm()) for column in moved]  # of one size, as features are
        measured = torch.cat([measured, *(column / one for column, one in zip(moved, sizes, strict=True))], dim=1)
        features = torch.cat([self.triangle[:, :size], self.moved_rows.new_zeros(len(moved), size)])
        rows = torch.cat([features, self.moved_rows / self.moved_rows.new_tensor(sizes)], dim=1)
        upper = damped_triangle(torch.cat([rows, rows.new_zeros(rows.shape[1], rows.shape[1])]), rows.shape[1], DAMPING)
        passed = torch.linalg.solve_triangular(upper.T, measured.T, upper=False).T
        left, gains = largest(passed, MOST_MODES)
        found, along = [], torch.linalg.qr(torch.cat([left[:, :0], *moved], dim=1))[0]
        for gain, column in zip(gains.tolist(), left.T, strict=True):
            moves, column = bool((along.T @ column).norm() > MOVES), column.cpu()
            parts = (column * len(points) ** 0.5).reshape(len(problem.outputs), -1)
            sizes = [problem.scaling.fields[output] for output in problem.outputs]
            values = {o: s * p for o, s, p in zip(problem.outputs, sizes, parts, strict=True)}
            found.append(Mode(gain, points.cpu(), values, moves))
        return found

    @torch.no_grad()
    def difference_at(self, pair: tuple[Model, Model], points: Tensor, masks: Sequence[Tensor]) -> Tensor:
        """The difference of two models at points [N, D], one output after the other, times its mask: [F * N, 1]."""
        ahead, behind = (model.network(points) for model in pair)
        return ((ahead - behind) * torch.stack([*masks], dim=1)).T.reshape(-1, 1)

    def corners_at(self, points: Tensor, masks: Sequence[Tensor]) -> Tensor:
        """The functions of corners at points [N, D], one output after the other, each times its mask: [F * N, n]."""
        assert self.basis.corners is not None
        values = self.basis.corners.function_jets(points, plan_jets([], points.shape[1]))[0]
        return (values * torch.stack([*masks], dim=1)[:, :, None]).transpose(0, 1).flatten(0, 1)

    def values_at(self, points: Tensor) -> Tensor:
        """The features of one field and its constant at points [N, D]: [N, W + 1]."""
        value = Partial((0,) * len(self.problem.axes))
        plan = plan_jets([value], len(self.problem.axes), self.problem.space)
        with torch.no_grad():
            hidden = self.basis.mlp.hidden_jets(points, plan)[plan.index(value)]
        assert hidden is not None
        return torch.cat([hidden, hidden.new_ones(len(points), 1)], dim=1)


def displacements(problem: Problem, model: Model) -> list[tuple[Model, Model]]:
    """The solution displaced a little ahead and behind, along each axis of space that it varies along.

    None of what is linear, whose derivatives nothing distinguishes, of what changes in time, whose start holds it, and
    of corners, which stay where they are.
    """
    if problem.is_linear or problem.time is not None or model.corners is not None:
        return []
    points = torch.as_tensor(problem.heldout_points(VALUES, SEED)).to(model.network.field_scale)
    found = []
    for axis in range(problem.space):
        step = torch.zeros_like(points[0])
        step[axis] = STEP * float(problem.domain.half_width[axis])
        with torch.no_grad():
            pair = (displaced(problem, model, step), displaced(problem, model, -step))
            change = (pair[0].network(points) - pair[1].network(points)) / (2 * STEP)
            size = model.network(points)
            if float(change.norm()) > FLAT * float(size.norm()):
                found.append(pair)
    return found


def displaced(problem: Problem, model: Model, displacement: Tensor) -> Model:
    found = Model(problem, DisplacedNetwork(model.network, displacement), model.derivatives)
    found.raw.load_state_dict(model.raw.state_dict())
    return found


def boundary_points(model: Model, features: int) -> int:
    """How many; beside poles as many as the solution was trained on: fewer leave those open that are between them."""
    if model.corners is None:
        return BOUNDARY_PER_FEATURE * features
    return max(features, BEHIND * model.corners.smooth.linears[-1].in_features)


def features_and_scale(problem: Problem, model: Model) -> tuple[int, float | None]:
    """Those of the solution where it has one sampled layer, within what a second's work allows; else no scale."""
    features, scale = FEWEST, None
    network = model.network if model.corners is None else model.corners.smooth
    if isinstance(network, MLP) and len(network.linears) == 2:
        features = network.linears[-1].in_features
        moved = 0 if model.corners is None else gathered_units(features)
        scale = float(network.linears[0].weight.detach()[moved:].norm(dim=1).max())
    most = max(1, MOST_COLUMNS // len(problem.outputs))
    return min(max(features, FEWEST), MOST, most), scale


def fitting_scale(problem: Problem, model: Model, features: int, seed: int) -> float:
    """Of SCALES, the one whose features follow the values of the solution best: in others its errors do not show."""
    unit = ACTIVATIONS[problem.spec.network.activation.name].scale
    points = torch.as_tensor(problem.heldout_points(VALUES, SEED)).to(model.network.field_scale)
    value = Partial((0,) * len(problem.axes))
    plan = plan_jets([value], len(problem.axes), problem.space)
    missed = {}
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        wanted = model.network.jets(points, plan)[plan.index(value)]
        assert wanted is not None
        wanted = wanted / model.network.field_scale
        for scale in SCALES:
            generator = torch.Generator().manual_seed(seed)
            basis = sampled_model(problem, features, scale * unit, seed, generator, points.device, points.dtype)
            hidden = basis.mlp.hidden_jets(points, plan)[plan.index(value)]
            assert hidden is not None
            columns = torch.cat([hidden, hidden.new_ones(len(points), 1)], dim=1)
            upper = damped_triangle(
                torch.cat([columns, columns.new_zeros(columns.shape[1], columns.shape[1])]), columns.shape[1], FITTED
            )
            solved = torch.linalg.solve_triangular(upper.T, columns.T @ wanted, upper=False)
            left = wanted - columns @ torch.linalg.solve_triangular(upper, solved, upper=True)
            missed[scale * unit] = float(left.norm())
    return min(missed, key=lambda scale: missed[scale])
