"""Neo-Hookean bodies: stress against the energy differentiated by autograd, and known states of large deformation."""

import math
from functools import cache

import numpy as np
import pytest
import torch

from pinn.equations.compiler.compile import Derivative
from pinn.errors import SpecError
from pinn.physics import build_physics
from pinn.problem.loading import build
from pinn.spec.yaml.source import parse_spec

E, NU = 2.1, 0.3
MU, LAME = E / (2 * (1 + NU)), E * NU / ((1 + NU) * (1 - 2 * NU))
SHAPES = {"xy": "rectangle: {from: [0, 0], to: [1, 1]}", "xyz": "cuboid: {from: [0, 0, 0], to: [1, 1, 1]}"}


@cache
def body(letters: str, physics: str = "neo_hookean", extra: str = ""):
    conditions = ", ".join(f"u{c}: 0" for c in letters)
    return build(
        parse_spec(
            f"name: body\ncoordinates: [{', '.join(letters)}]\n"
            f"physics: {{{physics}: {{youngs_modulus: {E}, poissons_ratio: {NU}, body_force: "
            f"[{', '.join(f'x*{k}' for k in range(1, len(letters) + 1))}]{extra}}}}}\n"
            f"domain: {{{SHAPES[letters]}}}\nconditions: [{{on: boundary, {conditions}}}]\n",
            "body.yaml",
        )
    )


def random_jets(problem, expressions, size: float, seed: int = 0):
    """Random numbers for every jet of the compiled expressions, and points."""
    generator = torch.Generator().manual_seed(seed)
    derivatives = sorted({d for expression in expressions for d in expression.derivatives})
    jets = {d: size * (2 * torch.rand(5, generator=generator, dtype=torch.float64) - 1) for d in derivatives}
    inputs = {axis: torch.rand(5, generator=generator, dtype=torch.float64) for axis in problem.axes}
    return inputs, jets


@pytest.mark.slow
@pytest.mark.parametrize("letters", SHAPES)
def test_piola_stress_is_the_derivative_of_the_energy(letters):
    problem = body(letters)
    energy = problem.compiled("strain_energy")
    inputs, jets = random_jets(problem, [energy], 0.25)
    varied = {d: jet.requires_grad_() for d, jet in jets.items()}
    gradient = torch.autograd.grad(energy.value(inputs, varied).sum(), list(varied.values()))
    for (derivative, _), slope in zip(varied.items(), gradient, strict=True):
        i, j = derivative.field[1], letters[derivative.partial.orders.index(1)]
        stress = problem.compiled(f"piola_stress_{i}{j}").value(inputs, jets)
        torch.testing.assert_close(stress.detach(), slope, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("letters", SHAPES)
def test_volume_ratio_is_the_determinant_and_the_cofactors_belong_to_it(letters):
    """J = det(F), cof(F) = J F^-T, for F worked out by linear algebra."""
    problem = body(letters)
    names = {(i, j): problem.compiled(f"deformation_gradient_{i}{j}") for i in letters for j in letters}
    ratio = problem.compiled("volume_ratio")
    inputs, jets = random_jets(problem, [ratio, *names.values()], 0.25)
    matrix = torch.eye(len(letters), dtype=torch.float64).repeat(5, 1, 1)
    for derivative, jet in jets.items():
        matrix[:, letters.index(derivative.field[1]), derivative.partial.orders.index(1)] += jet
    determinant = torch.linalg.det(matrix)
    cofactor = determinant[:, None, None] * torch.linalg.inv(matrix).mT
    torch.testing.assert_close(ratio.value(inputs, jets), determinant, rtol=1e-12, atol=1e-12)
    for (i, j), name in names.items():
        k, m = letters.index(i), letters.index(j)
        torch.testing.assert_close(name.value(inputs, jets), matrix[:, k, m], rtol=1e-12, atol=1e-12)
        found = problem.compiled(f"cofactor_{i}{j}").value(inputs, jets)
        torch.testing.assert_close(found, cofactor[:, k, m], rtol=1e-12, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("letters", SHAPES)
def test_equations_are_those_of_euler_and_lagrange(letters):
    """Div(dpsi/dF) + body_force with every derivative taken through psi, where the physics uses Div cof(F) = 0."""
    problem = body(letters)
    scope = problem.scope
    assert problem.declared_energy is not None
    density = scope.expression(problem.declared_energy.density, ())
    for statement, field in zip(problem.statements[: len(letters)], problem.fields, strict=True):
        orders = [tuple(int(k == axis) for k in range(len(letters))) for axis in range(len(letters))]
        variation = -density.diff(scope.jet(field, (0,) * len(letters)))
        for axis, order in zip(letters, orders, strict=True):
            scope._differentiated = 0  # the bound is on what a spec asks for
            variation += scope.differentiate(density.diff(scope.jet(field, order)), axis)
        true = problem.over_outputs(variation, problem.subdomains[0])
        inputs, jets = random_jets(problem, [true, statement.expression], 0.2)
        torch.testing.assert_close(
            statement.expression.value(inputs, jets), true.value(inputs, jets), rtol=1e-11, atol=1e-11
        )


@pytest.mark.parametrize("letters", SHAPES)
def test_small_strain_is_linear_elasticity(letters):
    """Half the strain, a quarter of the difference: the laws agree to first order."""
    soft = body(letters)
    linear = body(letters, "linear_elasticity", ", plane: strain" if len(letters) == 2 else "")
    names = [f"stress_{a}{b}" for k, a in enumerate(letters) for b in letters[k:]] + ["strain_energy"]
    for name in names:
        expressions = [problem.compiled(name) for problem in (soft, linear)]
        inputs, jets = random_jets(soft, expressions, 1.0)
        far = []
        for size in (1e-4, 5e-5):
            small = {d: size * jet for d, jet in jets.items()}
            values = [expression.value(inputs, small) for expression in expressions]
            far.append(float((values[0] - values[1]).abs().max()) / size ** (2 if name == "strain_energy" else 1))
        assert far[0] < 2e-3
        assert far[1] == pytest.approx(far[0] / 2, rel=1e-2)


def values_at(problem, gradient: dict[tuple[str, str], float], names: list[str]) -> dict[str, float]:
    """Quantities at a homogeneous displacement gradient, (field, letter) -> value."""
    found = {}
    for name in names:
        expression = problem.compiled(name)
        jets = {}
        for d in expression.derivatives:
            letter = problem.axes[d.partial.orders.index(1)]
            jets[d] = torch.tensor([gradient.get((d.field, letter), 0.0)], dtype=torch.float64)
        assert all(isinstance(d, Derivative) for d in jets)
        inputs = {axis: torch.zeros(1, dtype=torch.float64) for axis in problem.axes}
        found[name] = float(expression.value(inputs, jets))
    return found


def test_simple_shear():
    """u_x = k y: J = 1, sigma_xy = mu k, sigma_xx = mu k^2, sigma_yy = 0."""
    k = 0.8
    found = values_at(body("xy"), {("ux", "y"): k}, ["volume_ratio", "stress_xx", "stress_xy", "stress_yy"])
    np.testing.assert_allclose(list(found.values()), [1.0, MU * k**2, MU * k, 0.0], atol=1e-14)


def test_uniaxial_stretch_in_space():
    """F = diag(s, 1, 1): sigma = (mu (s^2 - 1) + lambda ln s)/s along the stretch, lambda ln s / s across it."""
    s = 1.7
    found = values_at(body("xyz"), {("ux", "x"): s - 1}, ["stress_xx", "stress_yy", "stress_xy", "von_mises"])
    along, across = (MU * (s**2 - 1) + LAME * math.log(s)) / s, LAME * math.log(s) / s
    np.testing.assert_allclose(list(found.values()), [along, across, 0.0, abs(along - across)], atol=1e-14)


def test_rotation_is_free_of_stress():
    a = 0.7
    turned = {("ux", "x"): math.cos(a) - 1, ("ux", "y"): -math.sin(a)}
    turned |= {("uy", "x"): math.sin(a), ("uy", "y"): math.cos(a) - 1}
    found = values_at(body("xy"), turned, ["strain_energy", "stress_xx", "stress_xy", "stress_yy", "von_mises"])
    np.testing.assert_allclose(list(found.values()), 0.0, atol=1e-14)


@pytest.mark.parametrize("letters", SHAPES)
def test_cauchy_stress_is_symmetric(letters):
    """P F^T, of which the definitions give the upper triangle only."""
    problem = body(letters)
    names = [f"{kind}_{i}{j}" for kind in ("piola_stress", "deformation_gradient") for i in letters for j in letters]
    expressions = [problem.compiled(name) for name in names]
    inputs, jets = random_jets(problem, expressions, 0.25)
    size = len(letters)
    numbers = [torch.as_tensor(expression.value(inputs, jets)).expand(5) for expression in expressions]
    piola, gradient = torch.stack(numbers).reshape(2, size, size, 5).permute(0, 3, 1, 2)
    product = piola @ gradient.mT
    torch.testing.assert_close(product, product.mT, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(
        problem.compiled("stress_xy").value(inputs, jets), product[:, 1, 0] / torch.linalg.det(gradient), rtol=1e-11,
        atol=1e-12,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("letters", "parameters", "message"),
    [
        ("x", {"youngs_modulus": 1, "poissons_ratio": 0.3}, "2 or 3 dimensions"),
        ("xy", {"poissons_ratio": 0.3}, "'youngs_modulus' is missing"),
        ("xy", {"youngs_modulus": 1, "poissons_ratio": 0.3, "plane": "strain"}, "unknown parameter 'plane'"),
        ("xyz", {"youngs_modulus": 1, "poissons_ratio": 0.3, "body_force": [1, 2]}, "needs 3 components"),
    ],
)
def test_wrong_parameters(letters, parameters, message):
    with pytest.raises(SpecError, match=message):
        build_physics("neo_hookean", parameters, tuple(letters))
