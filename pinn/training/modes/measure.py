"""What is measured of modes on points that they were not solved on: residuals, and the integrals that scale them.

The residual of a mode is the largest of

    of equations with a mass     |A u - lambda M u| / |(lambda - shift) M u|, in L2, all of them together
    of every other statement     |r(u, lambda)| over the magnitude that it has for fields as large as u, in the mean

For a self-adjoint problem whose conditions hold, an eigenvalue lies within the first of lambda, relative to
lambda - shift, and within its square over the relative distance to the next one (Kato & Temple). Source: Parlett, The
Symmetric Eigenvalue Problem (1980), §§ 4.5, 10.5, 11.7.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from pinn.derivatives.jets import Partial, plan_jets
from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import Derivative
from pinn.equations.eigenproblem import Eigenproblem
from pinn.equations.subdomains import Subdomain
from pinn.geometry.points.quadrature import interior_quadrature
from pinn.geometry.points.sampling import sample_interior
from pinn.geometry.shapes.shape import Shape
from pinn.problem.problem import Problem
from pinn.training.modes.pencil import Pairs
from pinn.training.modes.rows import pencil_rows
from pinn.training.residuals.assembly import Group
from pinn.training.residuals.linearisation import LinearisedStatement
from pinn.training.residuals.model import Model

RULE = {1: 2_000, 2: 12_000, 3: 30_000}  # points of a quadrature over the domain, by its dimension
SAMPLED = 20_000  # in more dimensions, at random
CHUNK = 2_000  # points at once
CLOSE = 1e-5  # relative distance of eigenvalues whose modes are made orthogonal: others are by themselves


@torch.no_grad()
def mode_residuals(model: Model, eigen: Eigenproblem, groups: Sequence[Group], pairs: Pairs) -> Tensor:
    """Of each mode [K], on the points of the groups."""
    like = pairs.eigenvalues
    missed, loaded = torch.zeros_like(like), torch.zeros_like(like)
    others: dict[int, Tensor] = {}
    for rows in pencil_rows(model, eigen, groups):
        residual, statement = rows.stiffness @ pairs.vectors, eigen.statements[rows.index]
        loads = None if rows.mass is None else rows.mass @ pairs.vectors
        if loads is not None:
            residual = residual - loads * pairs.eigenvalues
        squares = residual.square().sum(dim=0) / rows.weight**2
        if statement.is_equation and loads is not None:
            missed = missed + squares
            loaded = loaded + loads.square().sum(dim=0) / rows.weight**2
        else:
            others[rows.index] = others.get(rows.index, torch.zeros_like(like)) + squares
    largest = torch.zeros_like(like)
    if bool((loaded > 0).all()):
        largest = (missed / loaded).sqrt() / (like - pairs.shift).abs()
    size = mean_square(model, groups, pairs.vectors).sqrt()
    for squares in others.values():
        largest = torch.maximum(largest, squares.sqrt() / size)
    return largest


def mean_square(model: Model, groups: Sequence[Group], vectors: Tensor) -> Tensor:
    """Of the fields in units of their magnitudes, over the points of the equations: [K]."""
    problem, found = groups[0].problem, []
    for subdomain in problem.subdomains:
        places = [group for group in groups if group.statements[0].is_equation]
        points = next(g.points.points for g in places if g.statements[0].place.subdomain == subdomain.name)
        values = [values_of(model, name, points, vectors) / scale_of(model, name) for name in subdomain.outputs]
        found.append(torch.stack([value.square().mean(dim=0) for value in values]).mean(dim=0))
    return torch.stack(found).mean(dim=0)


def scale_of(model: Model, output: str) -> Tensor:
    return model.network.field_scale[model.outputs.index(output)]


@torch.no_grad()
def values_of(model: Model, output: str, points: Tensor, vectors: Tensor) -> Tensor:
    """An output of all modes at points [N, D]: [N, K]."""
    axes = points.shape[1]
    value = Derivative(output, Partial((0,) * axes))
    plan = plan_jets([value.partial], axes, axes)
    found = []
    for some in points.split(CHUNK):
        ones = {value: some.new_ones(len(some))}
        functions = () if model.corners is None else model.corners.function_jets(some, plan)
        rows = LinearisedStatement(ones, {}, ones[value])
        found.append(rows.on_output_layer(model, plan, model.mlp.hidden_jets(some, plan), functions) @ vectors)
    return torch.cat(found)


# ---- orthonormal ----------------------------------------------------------------------------------------------------


def orthonormal(problem: Problem, model: Model, eigen: Eigenproblem, pairs: Pairs) -> Pairs:
    """The same modes, scaled; those of eigenvalues that lie CLOSE are made orthogonal.

    In the mass, the integral of density * field^2 over all fields, where densities are given; else to a largest value
    of 1 of the fields [in units of their magnitudes]. Where it is largest a mode is positive.
    """
    count = len(pairs.eigenvalues)
    product = pairs.vectors.new_zeros(count, count)
    peak, at = pairs.vectors.new_zeros(count), pairs.vectors.new_ones(count)
    for subdomain, points, weights in rules(problem, pairs.vectors):
        for output in subdomain.outputs:
            values, scale = values_of(model, output, points, pairs.vectors), scale_of(model, output)
            product += values.T @ (values * (weights * density_of(problem, eigen, output, points, scale))[:, None])
            sizes, rows = (values / scale).abs().max(dim=0)
            at = torch.where(sizes > peak, values[rows, torch.arange(count, device=rows.device)].sign(), at)
            peak = torch.maximum(peak, sizes)
    turned = torch.zeros_like(product)
    for group in groups_of_close(pairs):
        turned[group[:, None], group] = inverse_root(product[group[:, None], group])
    if not eigen.inertia:
        turned = turned / (peak * turned.diagonal())
    vectors = pairs.vectors @ (turned * at)
    return replace(pairs, vectors=vectors)


def rules(problem: Problem, like: Tensor) -> Iterator[tuple[Subdomain, Tensor, Tensor]]:
    """Each subdomain with points [N, D] and weights [N] over it."""
    for subdomain in problem.subdomains:
        points, weights = rule_over(subdomain.shape)
        yield subdomain, torch.as_tensor(points).to(like), torch.as_tensor(weights).to(like)


def rule_over(shape: Shape):
    if shape.dimension not in RULE:
        return sample_interior(shape, SAMPLED, 0), torch.full((SAMPLED,), shape.measure / SAMPLED)
    rule = interior_quadrature(shape, RULE[shape.dimension])
    return rule.points, rule.weights


def density_of(problem: Problem, eigen: Eigenproblem, output: str, points: Tensor, scale: Tensor) -> Tensor:
    """That of the mass of an output at points: [N]."""
    if not eigen.inertia:
        return scale.expand(len(points)) ** -2
    total = points.new_zeros(len(points))
    for one in eigen.inertia:
        if one.output == output:
            total = total + torch.as_tensor(one.density.value(PointSet(points).inputs(problem.axes), {})).to(points)
    return total


def groups_of_close(pairs: Pairs) -> list[Tensor]:
    """Numbers of the modes whose eigenvalues lie CLOSE, one after the other."""
    sizes = (pairs.eigenvalues - pairs.shift).abs()
    apart = (pairs.eigenvalues[1:] - pairs.eigenvalues[:-1]).abs() > CLOSE * torch.maximum(sizes[1:], sizes[:-1])
    breaks = torch.nonzero(apart).flatten().cpu() + 1
    return [group.to(sizes.device) for group in torch.arange(len(sizes)).tensor_split(breaks)]


def inverse_root(matrix: Tensor) -> Tensor:
    """G^(-1/2) of a symmetric matrix: of all ways to make vectors orthonormal, the one that moves them least."""
    values, axes = torch.linalg.eigh((matrix + matrix.T) / 2)
    return (axes * values.clamp(min=torch.finfo(values.dtype).tiny).rsqrt()) @ axes.T
