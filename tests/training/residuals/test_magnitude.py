"""What residuals are divided by where features live on pieces of the domain, and what is taken from them."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from pinn.derivatives.jets import Partial
from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import Derivative
from pinn.training.residuals.assembly import Group, residuals
from tests.training.cells.examples import cells_of, groups_of, model_on, random_output
from tests.training.examples import POISSON, problem


def slow_magnitude(found, index: int, coefficients, lengths) -> list[float]:
    """sqrt of the sum of (coefficient U/h^orders)^2 over the terms, at least the statement's own magnitude."""
    values = []
    for row, h in enumerate(lengths.tolist()):
        total = 0.0
        for key, coefficient in coefficients.items():
            if isinstance(key, str):
                continue
            factor = 1.0
            for axis, order in enumerate(key.partial.orders):
                for _ in range(order):
                    factor /= h[axis]
            for _ in range(key.partial.laplacians):
                factor *= sum(1 / h[axis] ** 2 for axis in range(found.space))
            size = float(torch.as_tensor(coefficient).expand(len(lengths))[row])
            total += (size * found.scaling.fields[key.field] * factor) ** 2
        values.append(max(found.scaling.statements[index], math.sqrt(total)))
    return values


def test_magnitude_by_its_formula():
    found = problem(
        """
name: mixed
coordinates: [x, y]
time: {from: 0, to: 1}
fields: [u, v]
unknowns: {k: {initial: 2}}
domain: {rectangle: {from: [0, 0], to: [2, 1]}}
equations:
  one: u_t - k*laplacian(u) + 3*v_xy*x = 0
  two: v_t + v*u_y = 7
conditions: [{on: initial, u: 5*x, v: 0.1}, {on: boundary, u: 0, v_n: 0}]
"""
    )
    points = torch.as_tensor(found.heldout_points(9, 3))
    generator = torch.Generator().manual_seed(0)
    lengths = 10 ** (-3 * torch.rand(9, 3, generator=generator, dtype=torch.float64))
    group = Group(found, (0, 1), PointSet(points), lengths=lengths)
    jets = {d: torch.randn(9, generator=generator, dtype=torch.float64) for d in group.derivatives}
    unknowns = {"k": torch.tensor(2.0, dtype=torch.float64)}
    assert any(d.partial.laplacians for d in group.derivatives)
    for index, statement in zip(group.indices, group.statements, strict=True):
        coefficients = statement.expression.linearise(group.inputs(statement, unknowns, slice(None)), jets)
        expected = slow_magnitude(found, index, coefficients, lengths)
        assert max(expected) > 2 * min(expected)
        whole = group.magnitude(index, coefficients, slice(None))
        assert isinstance(whole, torch.Tensor)
        assert whole.tolist() == pytest.approx(expected, rel=1e-12)
        some = {k: torch.as_tensor(c).expand(9)[2:5] for k, c in coefficients.items()}
        part = group.magnitude(index, some, slice(2, 5))
        assert isinstance(part, torch.Tensor)
        assert part.tolist() == pytest.approx(expected[2:5], rel=1e-12)
        plain = replace(group, lengths=None)
        assert plain.magnitude(index, coefficients, slice(None)) == found.scaling.statements[index]
        large = replace(group, lengths=torch.full((9, 3), 1e3, dtype=torch.float64))
        floor = large.magnitude(index, {Derivative("u", Partial((1, 0, 0))): torch.ones(9)}, slice(None))
        assert isinstance(floor, torch.Tensor)
        assert floor.tolist() == [found.scaling.statements[index]] * 9


def test_offsets_and_lengths_enter_residuals():
    found = problem(POISSON)
    cells = cells_of(found, [2])
    model = random_output(model_on(found, cells, 5))
    (group, *_) = groups_of(found, cells, 5)
    with torch.no_grad():
        (plain,) = residuals(model, replace(group, lengths=None))
        (local,) = residuals(model, group)
        shift = torch.linspace(0, 1, len(group.points), dtype=torch.float64)
        (moved,) = residuals(model, replace(group, lengths=None, offsets={group.indices[0]: shift}))
    scale = found.scaling.statements[group.indices[0]]
    assert group.lengths is not None
    expected = torch.maximum(group.lengths[:, 0] ** -2 * found.scaling.fields["u"], torch.tensor(scale).double())
    torch.testing.assert_close(local * expected, plain * scale, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(moved, plain - shift / scale, rtol=1e-12, atol=1e-12)
    (part,) = residuals(model, replace(group, offsets={group.indices[0]: shift}), slice(3, 7))
    torch.testing.assert_close(part, (plain * scale - shift)[3:7] / expected[3:7], rtol=1e-12, atol=1e-12)
