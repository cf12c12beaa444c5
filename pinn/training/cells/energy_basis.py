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
from pinn.network.cell_basis import CellBasis
from pinn.network.cell_network import CellNetwork
from pinn.training.cells.together import in_bunches
from pinn.training.residuals.assembly import Group
from pinn.training.residuals.energy import QUADRATURE_CHUNK, Integral
from pinn.training.residuals.linearisation import linearised
from pinn.training.residuals.model import Model

DEPENDENT = 1e-10  # singular values below, relative to the largest: rounding errors of the units rule there
ROUNDING = 100  # times the machine's precision, the least that is kept, in single precision
PAIRS = 16_384  # of a point and a cell, whose units are made orthonormal at once
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
        partials = {d: d.partial for d in derivatives}
        for members, parts in in_bunches(network.reaches(), points, QUADRATURE_CHUNK):
            indices = torch.cat(parts)
            basis = CellBasis(network, points[indices], plan)
            units = {partial: basis.derivative(partial) for partial in set(partials.values())}
            blocks = {
                cell: {
                    d: units[partial][pairs] @ self.scaled_transforms[cell][fields.index(d.field)]
                    for d, partial in partials.items()
                }
                for cell, pairs in basis.tiles.by_cell()
            }
            done = dict.fromkeys(blocks, 0)  # rows of each cell's blocks: they are in the order of the points
            for cells, part in zip(members, parts, strict=True):
                rows = {cell: slice(done[cell], done[cell] + len(part)) for cell in cells}
                done |= {cell: of_cell.stop for cell, of_cell in rows.items()}
                found = {d: torch.cat([blocks[cell][d][rows[cell]] for cell in cells], dim=1) for d in derivatives}
                columns = {name: torch.cat([self.columns[cell][f] for cell in cells]) for f, name in enumerate(fields)}
                yield part, found, columns

    @cached_property
    def scaled_transforms(self) -> list[list[Tensor]]:
        """T_lf times the magnitude of the field."""
        scale = self.network.field_scale
        return [
            [transform * unit for transform, unit in zip(of_cell, scale, strict=True)] for of_cell in self.transforms
        ]

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

        Without what is negative on its diagonal (of a rod beyond its critical load): that measures no difference. With
        the mean square of the values, each in units of its field: the energy may say nothing of a constant.
        """
        gradient, hessian = self.zero(), self.zero().new_zeros(self.size, self.size)
        with torch.no_grad():
            for part in parts:
                if not isinstance(part.term.place, Interior):
                    continue
                values = [Derivative(name, part.plan.channels[0]) for name in self.model.outputs]
                wanted = list(dict.fromkeys([*part.derivatives, *values]))
                whole = part.weights.sum()
                for indices, units, columns in self.pieces(part.points.points, part.plan, wanted):
                    weights = part.weights[indices]
                    jets = other.jets(part.points.points[indices], part.plan, wanted)
                    zero = {d: torch.zeros_like(jet) for d, jet in jets.items()}
                    curvature = part.term.expression.curvature(part.inputs(indices), zero)
                    curvature = {
                        (a, b): torch.as_tensor(c).clamp(min=0) if a == b else c for (a, b), c in curvature.items()
                    }
                    seconds = dict(weighted(curvature, weights))
                    for value, unit in zip(values, self.network.field_scale, strict=True):
                        seconds[value, value] = seconds.get((value, value), 0.0) + weights / whole / unit**2
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
    value = density.plan.channels[0]
    roots = [square_roots(density, name) for name in model.outputs]
    shares = (density.weights / density.weights.sum()).sqrt()
    for tiles in network.reaches().tiles(density.points.points).split(PAIRS):
        basis = CellBasis(network, tiles, density.plan)
        units = {p: basis.derivative(p) for p in {value, *(d.partial for d in density.derivatives)}}
        for cell, pairs in tiles.by_cell():
            points, own = tiles.pair_index[pairs], {p: unit[pairs] for p, unit in units.items()}
            for field, scale in enumerate(network.field_scale):
                rows = [own[value] * shares[points][:, None]]
                for mode in roots[field]:
                    rows.append(sum_of(own[d.partial] * (root[points] * scale)[:, None] for d, root in mode.items()))
                transforms[cell][field] = inverse_of(triangle_of(rows), len(points) // POINTS_PER_FUNCTION)
    return EnergyBasis(model, transforms)


def inverse_of(triangle: Tensor, most: int) -> Tensor:
    """T [M, r] that makes the columns of R T orthonormal, the r <= `most` largest directions of R."""
    norms = triangle.norm(dim=0)
    norms = torch.where(norms > 0, norms, torch.ones_like(norms))
    _, sizes, right = torch.linalg.svd(triangle / norms, full_matrices=False)
    kept = sizes > max(DEPENDENT, ROUNDING * torch.finfo(sizes.dtype).eps) * sizes[0]
    kept[most:] = False
    return right[kept].T / sizes[kept] / norms[:, None]


def triangle_of(blocks: Sequence[Tensor]) -> Tensor:
    """R [M, M] of rows in blocks [n, M] each."""
    triangle = blocks[0].new_zeros(0, blocks[0].shape[1])
    for parts in zip(*(block.split(QUADRATURE_CHUNK) for block in blocks), strict=True):
        triangle = torch.linalg.qr(torch.cat([triangle, *parts]), mode="r")[1]
    return triangle


def square_roots(density: Integral, field: str) -> list[dict[Derivative, Tensor]]:
    """Roots of the energy's second derivatives in one field's jets, at zero fields, times the weights.

    For each eigenvector v of the matrix at a point, with eigenvalue l > 0: derivative -> sqrt(l weight) v [N]. The
    squares of sum_d root_d D^d v, summed, are the second variation of the energy.
    """
    mine = [d for d in density.derivatives if d.field == field]
    if not mine:
        return []
    weights, found = density.weights, []
    for chunk in density.chunks():
        points = density.points.points[chunk]
        zero = {d: torch.zeros_like(points[:, 0]) for d in density.derivatives}
        seconds = density.term.expression.curvature(density.inputs(chunk), zero)
        matrix = points.new_zeros(len(points), len(mine), len(mine))
        for i, a in enumerate(mine):
            for k, b in enumerate(mine):
                second = seconds.get((a, b), seconds.get((b, a)))
                if second is not None:
                    matrix[:, i, k] = torch.as_tensor(second).to(points)
        # An inner product is all that is wanted: where the energy has no curvature at zero fields, its values'.
        matrix = matrix.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0)
        if bool((matrix == matrix[:1]).all()):  # the same everywhere
            matrix = matrix[:1]
        values, vectors = torch.linalg.eigh(matrix)
        found.append((values.clamp_min(0).sqrt()[:, None] * vectors).expand(len(points), -1, -1))
    roots = torch.cat(found) * weights.sqrt()[:, None, None]  # [N, derivative, mode]
    return [
        dict(zip(mine, of_mode.unbind(1), strict=True)) for of_mode in roots.unbind(2) if bool((of_mode != 0).any())
    ]


def sum_of(terms: Iterable[Tensor]) -> Tensor:
    first, *others = terms
    for term in others:
        first = first + term
    return first
