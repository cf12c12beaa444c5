"""The units of a sampled layer as a basis for the energy, orthonormal at zero fields; the energy's derivatives in it.

The coefficients of field f are c_f = T_f z_f, where T_f makes the units orthonormal in

    <v, w> = second variation of the energy at zero fields, field f alone, + integral of v w / U_f^2 over the measure.

Sampled units are nearly dependent: in c the Hessian's condition number is beyond 1e20, in z it is that of the body.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.equations.compile import Derivative
from pinn.training.energy import Integral
from pinn.training.model import Model

DEPENDENT = 1e-12  # singular values below, relative to the largest: rounding errors of the units rule there


@dataclass(frozen=True, eq=False)
class EnergyBasis:
    """transforms   T_f [W+1, r_f] of each field; its coefficients are the output layer's weights, then its bias."""

    model: Model
    parts: Sequence[Integral]
    transforms: tuple[Tensor, ...]

    @property
    def starts(self) -> list[int]:
        """Where the coefficients of each field begin in z, and the end."""
        sizes = [transform.shape[1] for transform in self.transforms]
        return [sum(sizes[:k]) for k in range(len(sizes) + 1)]

    def step(self, direction: Tensor) -> Tensor:
        """The change [P] of the output layer, in the order of `linear_rows`, for a direction in z."""
        return torch.cat([T @ part for T, part in zip(self.transforms, self.split(direction), strict=True)])

    def split(self, z: Tensor) -> list[Tensor]:
        return [z[begin:end] for begin, end in zip(self.starts[:-1], self.starts[1:], strict=True)]

    def project(self, rows: Tensor) -> Tensor:
        """Rows [n, P] over the output layer -> [n, size of z]."""
        width = self.transforms[0].shape[0]
        return torch.cat([rows[:, k * width : (k + 1) * width] @ T for k, T in enumerate(self.transforms)], dim=1)

    def gradient_and_hessian(self) -> tuple[Tensor, Tensor]:
        """dE/dz and d2E/dz2 at the model's output layer.

            dE/dz = sum_q w_q J_q^T dpsi/djet,       d2E/dz2 = sum_q w_q J_q^T (d2psi/djet djet) J_q

        J_q are the jets of the basis functions at point q: no differentiation through the network is needed.
        """
        model, fields = self.model, self.model.outputs
        at = self.starts
        gradient = model.mlp.field_scale.new_zeros(at[-1])
        hessian = gradient.new_zeros(at[-1], at[-1])
        with torch.no_grad():
            for part in self.parts:
                for chunk in part.chunks():
                    units = unit_jets(model, part, chunk)
                    points, weights, inputs = part.points.points[chunk], part.weights[chunk], part.inputs(chunk)
                    jets = jets_of_units(model, part, units)
                    basis = {d: units[d] @ self.transforms[fields.index(d.field)] for d in part.derivatives}
                    expression = part.term.expression
                    for key, slope in expression.linearise(inputs, jets).items():
                        assert isinstance(key, Derivative)
                        k = fields.index(key.field)
                        slope = torch.as_tensor(slope).to(points).expand(len(points)) * weights
                        gradient[at[k] : at[k + 1]] += slope @ basis[key]
                    seconds = expression.curvature(inputs, jets)
                    for a in part.derivatives:  # the columns of d2psi/djet djet times J at once, then one product
                        i = fields.index(a.field)
                        for k, name in enumerate(fields):
                            weighted = None
                            for b in part.derivatives:
                                second = seconds.get((a, b), seconds.get((b, a)))
                                if b.field == name and second is not None:
                                    second = torch.as_tensor(second).to(points).expand(len(points)) * weights
                                    term = basis[b] * second[:, None]
                                    weighted = term if weighted is None else weighted.add_(term)
                            if weighted is not None and k >= i:
                                hessian[at[i] : at[i + 1], at[k] : at[k + 1]] += basis[a].T @ weighted
        for i in range(len(fields)):
            for k in range(i):
                hessian[at[i] : at[i + 1], at[k] : at[k + 1]] = hessian[at[k] : at[k + 1], at[i] : at[i + 1]].T
        return gradient, hessian


@torch.no_grad()
def orthonormal_basis(model: Model, parts: Sequence[Integral]) -> EnergyBasis:
    """The model's units, orthonormal in the energy at zero fields; combinations that are lost in rounding left out."""
    triangles = [energy_rows(model, parts, k) for k in range(len(model.outputs))]
    transforms = []
    for triangle in triangles:
        norms = triangle.norm(dim=0)
        norms = torch.where(norms > 0, norms, torch.ones_like(norms))
        _, sizes, right = torch.linalg.svd(triangle / norms)
        kept = sizes > DEPENDENT * sizes[0]
        transforms.append(right[kept].T / sizes[kept] / norms[:, None])
    return EnergyBasis(model, parts, tuple(transforms))


def energy_rows(model: Model, parts: Sequence[Integral], field: int) -> Tensor:
    """A triangle R [W+1, W+1] with R^T R the inner products of one field's units."""
    name, unit = model.outputs[field], float(model.mlp.field_scale[field])
    triangle: Tensor | None = None
    for part in parts:
        mine = [d for d in part.derivatives if d.field == name]
        inside = part.term.place.kind == "interior"
        if not mine or not inside:
            continue
        measure = part.weights.sum()
        for chunk in part.chunks():
            points, weights = part.points.points[chunk], part.weights[chunk]
            units = unit_jets(model, part, chunk)
            zero = {d: points.new_zeros(len(points)) for d in part.derivatives}
            seconds = part.term.expression.curvature(part.inputs(chunk), zero)
            matrix = points.new_zeros(len(points), len(mine), len(mine))
            for i, a in enumerate(mine):
                for k, b in enumerate(mine):
                    second = seconds.get((a, b), seconds.get((b, a)))
                    if second is not None:
                        matrix[:, i, k] = torch.as_tensor(second).to(points)
            # An inner product is all that is wanted: where the energy has no curvature at zero fields, its values'.
            values, vectors = torch.linalg.eigh(matrix.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0))
            rows = [units["value"] * ((weights / measure).sqrt() / unit)[:, None]]
            for mode in range(len(mine)):
                root = (values[:, mode].clamp_min(0) * weights).sqrt()
                rows.append(sum_of(units[d] * (root * vectors[:, i, mode])[:, None] for i, d in enumerate(mine)))
            stacked = torch.cat(([] if triangle is None else [triangle]) + rows)
            triangle = torch.linalg.qr(stacked, mode="r")[1]
    assert triangle is not None  # the density has derivatives of every field
    return triangle


def sum_of(terms) -> Tensor:
    first, *others = terms
    for term in others:
        first = first + term
    return first


def unit_jets(model: Model, part: Integral, chunk: slice) -> Mapping[Derivative | str, Tensor]:
    """Jets of the units and of the bias, in the unit of their field: derivative -> [n, W+1]; "value" of field 0 too."""
    points = part.points.points[chunk]
    network = model.mlp
    hidden = network.hidden_jets(points, part.plan)
    width = network.linears[-1].in_features
    scale = dict(zip(model.outputs, network.field_scale, strict=True))
    channels: dict[object, Tensor] = {}
    for partial, channel in zip(part.plan.channels, hidden, strict=True):
        body = points.new_zeros(len(points), width) if channel is None else channel.expand(len(points), width)
        bias = points.new_full((len(points), 1), 0.0 if partial.order else 1.0)
        channels[partial] = torch.cat([body, bias], dim=1)
    found: dict[Derivative | str, Tensor] = {d: channels[d.partial] * scale[d.field] for d in part.derivatives}
    found["value"] = channels[part.plan.channels[0]]
    return found


def jets_of_units(model: Model, part: Integral, units: Mapping[Derivative | str, Tensor]) -> dict[Derivative, Tensor]:
    """The model's jets from those of its units: derivative -> [n]."""
    last, fields = model.mlp.linears[-1], model.outputs
    table = torch.cat([last.weight, last.bias[:, None]], dim=1)
    return {d: units[d] @ table[fields.index(d.field)] for d in part.derivatives}
