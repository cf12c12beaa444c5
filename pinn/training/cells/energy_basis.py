"""The units of all cells as a basis for the energy, orthonormal in each cell; the energy's derivatives in it.

The coefficients of field f in cell l are c = T_lf z, where T_lf makes the windowed units orthonormal in

    <v, w> = second variation of the energy at zero fields, field f alone, + integral of v w / U_f^2 over the measure.

Sampled units are nearly dependent: in c the Hessian's condition number is beyond 1e20, in z it is that of the body.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement

import torch
from torch import Tensor

from pinn.derivatives.jets import JetPlan
from pinn.domain.places import Interior
from pinn.equations.compiler.compile import Derivative
from pinn.network.cell_network import CellNetwork
from pinn.training.cells.solve import same_cells
from pinn.training.residuals.assembly import Group
from pinn.training.residuals.energy import QUADRATURE_CHUNK, Integral
from pinn.training.residuals.linearisation import linearised
from pinn.training.residuals.model import Model

DEPENDENT = 1e-10  # singular values below, relative to the largest: rounding errors of the units rule there
ROUNDING = 100  # times the machine's precision, the least that is kept, in single precision
POINTS_PER_FUNCTION = 4  # of the quadrature, at the least: between fewer, functions of small energy may be anything

Units = dict[Derivative, Tensor]  # derivative -> [n, R], jets of the basis functions of its field that reach n points


@dataclass(frozen=True, eq=False)
class EnergyBasis:
    """transforms   T_lf [M, r_lf] of cell l and field f. In z the coefficients of one field follow those of another."""

    model: Model
    transforms: Sequence[Sequence[Tensor]]

    @property
    def network(self) -> CellNetwork:
        return self.model.cell_network

    @cached_property
    def columns(self) -> list[list[Tensor]]:
        """Where in z the coefficients of a cell and field are."""
        found: list[list[Tensor]] = [[] for _ in self.transforms]
        start = 0
        for field in range(len(self.model.outputs)):
            for cell, of_cell in enumerate(self.transforms):
                end = start + of_cell[field].shape[1]
                found[cell].append(torch.arange(start, end, device=of_cell[field].device))
                start = end
        return found

    @cached_property
    def size(self) -> int:
        return sum(transform.shape[1] for of_cell in self.transforms for transform in of_cell)

    def coefficients(self) -> Tensor:
        """The output layers as they are, to be set again."""
        return self.network.output.detach().clone()

    def set(self, coefficients: Tensor, direction: Tensor | None = None, share: float = 1.0) -> None:
        """The output layers to `coefficients`, moved by this share of a direction [size] in z."""
        with torch.no_grad():
            self.network.output.copy_(coefficients)
            if direction is not None:
                for cell, of_cell in enumerate(self.transforms):
                    for field, transform in enumerate(of_cell):
                        self.network.output[cell, field] += share * (transform @ direction[self.columns[cell][field]])

    # ---- points --------------------------------------------------------------------------------------------------

    def pieces(
        self, points: Tensor, plan: JetPlan, derivatives: Sequence[Derivative]
    ) -> Iterator[tuple[Tensor, Units, dict[str, Tensor]]]:
        """The points in chunks that the same cells reach: indices [n], the units' jets there, field -> columns in z."""
        network, fields = self.network, self.model.outputs
        touched = torch.zeros(len(points), network.cells, dtype=torch.bool)
        for cell, reached, _ in network.local(points):
            touched[reached.cpu(), cell] = True
        for members, where in same_cells(touched):
            columns = {
                name: torch.cat([self.columns[cell][f] for cell in members] or [torch.arange(0)])
                for f, name in enumerate(fields)
            }
            for indices in where.to(points.device).split(QUADRATURE_CHUNK):
                blocks: dict[Derivative, list[Tensor]] = {d: [] for d in derivatives}
                for cell, _, near in network.local(points[indices]):
                    channels = network.basis_jets(cell, near, plan)
                    for d in derivatives:
                        field = fields.index(d.field)
                        channel, transform = channels[plan.index(d.partial)], self.transforms[cell][field]
                        if channel is None:
                            blocks[d].append(points.new_zeros(len(indices), transform.shape[1]))
                        else:
                            unit = network.field_scale[field]
                            blocks[d].append((channel @ (transform * unit)).expand(len(indices), -1))
                yield indices, {d: torch.cat(parts, dim=1) for d, parts in blocks.items()}, columns

    # ---- derivatives ---------------------------------------------------------------------------------------------

    def gradient_and_hessian(
        self, parts: Iterable[Integral], groups: Iterable[Group], penalty: float
    ) -> tuple[Tensor, Tensor]:
        """dE/dz [size] and d2E/dz2 [size, size] at the model's output layers.

            dE/dz = sum_q w_q J_q^T dpsi/djet,       d2E/dz2 = sum_q w_q J_q^T (d2psi/djet djet) J_q

        J_q are the jets of the basis functions at point q: no differentiation through the network is needed.
        To E belongs penalty |r|^2, r the weighted residuals of the groups' statements.
        """
        gradient, hessian = self.zero(), self.zero().new_zeros(self.size, self.size)
        self.add_energy(gradient, hessian, parts)
        self.add_penalty(gradient, hessian, groups, penalty)
        return gradient, mirrored(hessian)

    def gradient(self, parts: Iterable[Integral], groups: Iterable[Group], penalty: float) -> Tensor:
        """dE/dz alone."""
        gradient = self.zero()
        self.add_energy(gradient, None, parts)
        self.add_penalty(gradient, None, groups, penalty)
        return gradient

    def zero(self) -> Tensor:
        return self.network.field_scale.new_zeros(self.size)

    def add_energy(self, gradient: Tensor, hessian: Tensor | None, parts: Iterable[Integral]) -> None:
        with torch.no_grad():
            for part in parts:
                expression = part.term.expression
                for indices, units, columns in self.pieces(part.points.points, part.plan, part.derivatives):
                    weights, inputs = part.weights[indices], part.inputs(indices)
                    jets = self.model.jets(part.points.points[indices], part.plan, part.derivatives)
                    for key, slope in expression.linearise(inputs, jets).items():
                        assert isinstance(key, Derivative)
                        slope = torch.as_tensor(slope).to(weights).expand(len(weights)) * weights
                        gradient[columns[key.field]] += slope @ units[key]
                    if hessian is not None:
                        add_products(hessian, units, columns, weighted(expression.curvature(inputs, jets), weights))

    def distance_to(
        self, other: Model, parts: Iterable[Integral], groups: Iterable[Group], penalty: float
    ) -> tuple[Tensor, Tensor]:
        """Gradient and Hessian, at zero output layers, of the energy at zero fields of the difference to a model's.

        Without what is negative on its diagonal (of a rod beyond its critical load): that measures no difference.
        """
        gradient, hessian = self.zero(), self.zero().new_zeros(self.size, self.size)
        with torch.no_grad():
            for part in parts:
                if not isinstance(part.term.place, Interior):
                    continue
                for indices, units, columns in self.pieces(part.points.points, part.plan, part.derivatives):
                    weights = part.weights[indices]
                    jets = other.jets(part.points.points[indices], part.plan, part.derivatives)
                    zero = {d: torch.zeros_like(jet) for d, jet in jets.items()}
                    curvature = part.term.expression.curvature(part.inputs(indices), zero)
                    curvature = {
                        (a, b): torch.as_tensor(c).clamp(min=0) if a == b else c for (a, b), c in curvature.items()
                    }
                    seconds = weighted(curvature, weights)
                    for (a, b), second in seconds.items():
                        gradient[columns[a.field]] -= (second * jets[b]) @ units[a]
                        if a != b:
                            gradient[columns[b.field]] -= (second * jets[a]) @ units[b]
                    add_products(hessian, units, columns, seconds)
        self.add_penalty(gradient, hessian, groups, penalty)
        return gradient, mirrored(hessian)

    def add_penalty(self, gradient: Tensor, hessian: Tensor | None, groups: Iterable[Group], penalty: float) -> None:
        with torch.no_grad():
            for group in groups:
                points = group.points.points
                state = self.model.jets(points, group.plan, group.derivatives)
                for terms in linearised(self.model, group, slice(None), state):
                    slopes = terms.coefficients
                    residual = sum_of(slope * state[d] for d, slope in slopes.items()) - terms.target
                    for indices, units, columns in self.pieces(points, group.plan, list(slopes)):
                        for d, slope in slopes.items():
                            gradient[columns[d.field]] += (2 * penalty * (slope * residual)[indices]) @ units[d]
                        if hessian is not None:
                            pairs = combinations_with_replacement(slopes, 2)
                            seconds = {(a, b): 2 * penalty * (slopes[a] * slopes[b])[indices] for a, b in pairs}
                            add_products(hessian, units, columns, seconds)


def add_products(
    hessian: Tensor,
    units: Units,
    columns: Mapping[str, Tensor],
    seconds: Mapping[tuple[Derivative, Derivative], Tensor],
) -> None:
    """Add sum over points and pairs (a, b) of second * J_a^T J_b, where a pair stands for (b, a) too.

    Of the blocks of two fields only that with the columns of the later one: see `mirrored`.
    """
    fields = list(columns)
    for a in units:  # the columns of the second derivatives times J at once, then one product
        for field in fields[fields.index(a.field) :]:
            terms = [
                units[b] * second[:, None]
                for b in units
                if b.field == field and (second := seconds.get((a, b), seconds.get((b, a)))) is not None
            ]
            if terms:
                hessian[columns[a.field][:, None], columns[field]] += units[a].T @ sum_of(terms)


def mirrored(hessian: Tensor) -> Tensor:
    """The symmetric matrix of which `add_products` made one block of each pair of fields."""
    upper = hessian.triu_()
    return upper + torch.triu(upper, 1).T


def weighted(
    seconds: Mapping[tuple[Derivative, Derivative], Tensor], weights: Tensor
) -> dict[tuple[Derivative, Derivative], Tensor]:
    return {
        pair: torch.as_tensor(second).to(weights).expand(len(weights)) * weights for pair, second in seconds.items()
    }


@torch.no_grad()
def orthonormal_basis(model: Model, parts: Sequence[Integral]) -> EnergyBasis:
    """Each cell's units, orthonormal in the energy at zero fields; combinations lost in rounding left out.

    parts   the first is the density inside the domain
    """
    network = model.cell_network
    none = network.field_scale.new_zeros(network.units, 0)
    transforms = [[none for _ in model.outputs] for _ in range(network.cells)]
    density = parts[0]
    with torch.no_grad():
        for cell, indices, near in network.local(density.points.points):
            for field in range(len(model.outputs)):
                triangle = energy_triangle(model, density, cell, indices, near, field)
                transforms[cell][field] = inverse_of(triangle, len(indices) // POINTS_PER_FUNCTION)
    return EnergyBasis(model, transforms)


def inverse_of(triangle: Tensor, most: int) -> Tensor:
    """T [M, r] that makes the columns of R T orthonormal, the r <= `most` largest directions of R."""
    norms = triangle.norm(dim=0)
    norms = torch.where(norms > 0, norms, torch.ones_like(norms))
    _, sizes, right = torch.linalg.svd(triangle / norms, full_matrices=False)
    kept = sizes > max(DEPENDENT, ROUNDING * torch.finfo(sizes.dtype).eps) * sizes[0]
    kept[most:] = False
    return right[kept].T / sizes[kept] / norms[:, None]


def energy_triangle(model: Model, part: Integral, cell: int, indices: Tensor, near: Tensor, field: int) -> Tensor:
    """A triangle R [M, M] with R^T R the inner products of one field's units in a cell.

    near   the points `indices` of the part that the cell's window reaches, moved by whole periods to be near it
    """
    network = model.cell_network
    unit, measure = float(network.field_scale[field]), part.weights.sum()
    mine = [d for d in part.derivatives if d.field == model.outputs[field]]
    triangle = near.new_zeros(0, network.units)
    for chunk, points in zip(indices.split(QUADRATURE_CHUNK), near.split(QUADRATURE_CHUNK), strict=True):
        weights, count = part.weights[chunk], len(points)
        channels = network.basis_jets(cell, points, part.plan)
        zero = {d: points.new_zeros(count) for d in part.derivatives}
        seconds = part.term.expression.curvature(part.inputs(chunk), zero)
        matrix = points.new_zeros(count, len(mine), len(mine))
        for i, a in enumerate(mine):
            for k, b in enumerate(mine):
                second = seconds.get((a, b), seconds.get((b, a)))
                if second is not None:
                    matrix[:, i, k] = torch.as_tensor(second).to(points)
        # An inner product is all that is wanted: where the energy has no curvature at zero fields, its values'.
        values, vectors = torch.linalg.eigh(matrix.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0))
        value = channels[0]
        assert value is not None  # the value channel never vanishes
        rows = [value * (weights / measure).sqrt()[:, None]]
        units = [channels[part.plan.index(d.partial)] for d in mine]
        for mode in range(len(mine)):
            root = (values[:, mode].clamp_min(0) * weights).sqrt() * unit
            terms = [c * (root * vectors[:, i, mode])[:, None] for i, c in enumerate(units) if c is not None]
            rows += [sum_of(terms)] if terms else []
        triangle = torch.linalg.qr(torch.cat([triangle, *rows]), mode="r")[1]
    return triangle


def sum_of(terms: Iterable[Tensor]) -> Tensor:
    first, *others = terms
    for term in others:
        first = first + term
    return first
