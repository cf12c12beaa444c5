"""Holes: where they are, and the functions around them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import pinn
from pinn.derivatives.jets import plan_jets
from pinn.problem.holes import find_holes, hole_bases
from pinn.problem.loading import build
from pinn.spec.yaml.source import parse_spec

PLATE = """
name: plate
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: MODULUS, poissons_ratio: 0.3, plane: strain}}
domain: {difference: [{rectangle: {from: [-3, -2], to: [4, 2]}}, HOLES]}
conditions: [{on: boundary, displacement: [x, 0]}]
"""
DISKS = "{disk: {center: [-1, 0], radius: 0.5, name: a}}, {disk: {center: [2, 0.5], radius: 1, name: b}}"
# Laplace's equation around two holes: log |x - a| + Re 1/(z - b), harmonic outside of both.
AROUND = """
name: around
coordinates: [x, y]
fields: [u]
domain: {difference: [{rectangle: {from: [-3, -2], to: [4, 2]}}, HOLES]}
equations: {laplace: laplacian(u) = 0}
conditions: [{on: boundary, u: exact.u}]
exact: {u: "log((x + 1)**2 + y**2) + (x - 2.2)/((x - 2.2)**2 + (y - 0.4)**2)"}
solver: {method: {least_squares: {features: 120, scale: 2}}, threads: 1}
"""


def plate(holes: str = DISKS, modulus: str = "1"):
    return build(parse_spec(PLATE.replace("HOLES", holes).replace("MODULUS", modulus)))


def test_where_holes_are():
    found = find_holes(plate())
    np.testing.assert_allclose([hole.centre for hole in found], [[-1, 0], [2, 0.5]], atol=1e-9)
    assert [hole.radius for hole in found] == pytest.approx([0.5, 1.0], abs=1e-6)
    window = "{rectangle: {from: [0, 0], to: [1, 1], name: w}}"
    (square,) = find_holes(plate(window))
    assert square.centre.tolist() == pytest.approx([0.5, 0.5])
    assert square.radius == pytest.approx(0.5**0.5)
    assert not find_holes(plate("{disk: {center: [4, 0], radius: 1, name: bite}}"))
    assert not find_holes(plate(modulus="1 + x**2"))
    middle = "{disk: {center: [0.5, 0], radius: 0.5, name: m}}"
    assert len(find_holes(plate(middle))) == 1  # it is the middle of the outer outline as well
    core = "{disk: {center: [0, 0], radius: 0.5, name: i}}"
    moat = f"{{difference: [{{disk: {{center: [0, 0], radius: 1, name: o}}}}, {core}]}}"
    assert not find_holes(plate(moat))  # in the middle there is material again


def test_functions_satisfy_the_equations():
    problem = plate()
    points = torch.tensor([[0.3, 1.1], [-2.0, -0.4], [3.4, 1.7]], dtype=torch.float64)
    for basis in hole_bases(problem, 3):
        assert len(basis) == 2 + 3 * 4  # forces; of each power two complex functions of Kolosov's
        assert sorted({round(a) for a in basis.growth[:, 0]}) == [-3, -2, -1, 0]
        for statement in problem.statements:
            if not statement.is_equation:
                continue
            derivatives = statement.expression.derivatives
            plan = plan_jets([d.partial for d in derivatives], 2, 2)
            columns = {d: (plan.index(d.partial), problem.outputs.index(d.field)) for d in derivatives}
            channels = basis.jets(points, plan)
            for number in range(len(basis)):
                jets = {d: channels[channel][:, field, number] for d, (channel, field) in columns.items()}
                size = max(float(jet.abs().max()) for jet in jets.values())
                assert float(statement.expression.value({}, jets).abs().max()) < 1e-7 * size


@pytest.mark.slow
def test_they_solve_what_smooth_features_do_not():
    text = AROUND.replace("HOLES", DISKS)
    with_them = pinn.solve(build(parse_spec(text)))
    without = pinn.solve(build(parse_spec(text + "network: {corners: none}\n")))
    assert with_them.metrics["relative_l2"]["u"] < 1e-2 * without.metrics["relative_l2"]["u"]
    assert np.isfinite(with_them([[0.3, 1.1]])["u"]).all()
