"""Quasi-Newton updates: secant equation, Hessian form, termination on quadratics, and what self-scaling gains."""

from __future__ import annotations

import math

import pytest
import torch

from pinn.training.all_weights.inverse_hessian import UPDATES, InverseHessian, ssbroyden
from pinn.training.all_weights.line_search import strong_wolfe

SIZE = 12


def positive_matrix(seed: int, condition: float = 100.0, size: int = SIZE) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    basis = torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64))[0]
    return basis @ torch.diag(torch.logspace(0, math.log10(condition), size, dtype=torch.float64)) @ basis.T


def learnt(update: str, seed: int, matrix: torch.Tensor) -> tuple[InverseHessian, torch.Tensor, torch.Tensor]:
    """An inverse Hessian after one update from `matrix`, with its s and y."""
    generator = torch.Generator().manual_seed(seed)
    hessian = InverseHessian(update)
    hessian.matrix = matrix.clone()
    s = torch.randn(SIZE, generator=generator, dtype=torch.float64)
    y = positive_matrix(seed + 1) @ s
    hessian.learn(s, y, float(s @ torch.linalg.solve(matrix, s)))
    return hessian, s, y


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_secant_equation_symmetry_and_definiteness(update, seed):
    hessian, s, y = learnt(update, seed, positive_matrix(seed + 7))
    assert hessian.matrix is not None
    torch.testing.assert_close(hessian.matrix @ y, s, rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(hessian.matrix, hessian.matrix.T, rtol=1e-9, atol=1e-11)
    assert float(torch.linalg.eigvalsh(hessian.matrix).min()) > 0


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_inverse_is_the_hessian_form_of_the_same_update(update, seed):
    """Al-Baali's formula: B+ = tau (B - B s s^T B/(s^T B s) + theta w w^T) + y y^T/(y^T s)."""
    before = positive_matrix(seed + 7)
    hessian, s, y = learnt(update, seed, before)
    B = torch.linalg.inv(before)
    b, h = float(s @ B @ s / (s @ y)), float(y @ before @ y / (s @ y))
    tau, phi = UPDATES[update](b, h, SIZE)
    theta = (1 - phi) / (1 + phi * (b * h - 1))
    w = (s @ B @ s).sqrt() * (y / (y @ s) - B @ s / (s @ B @ s))
    expected = tau * (B - torch.outer(B @ s, B @ s) / (s @ B @ s) + theta * torch.outer(w, w))
    expected += torch.outer(y, y) / (y @ s)
    torch.testing.assert_close(torch.linalg.inv(hessian.matrix), expected, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize(
    ("b", "h", "size", "tau", "phi"),
    [
        (0.5, 4, 2, 0.5, 0),  # theta = 1: DFP
        (1, 2, 5, 1, 1),  # theta = 0: BFGS, and nothing to scale
        (2, 1, 2, 0.5, 3),  # theta = (1 - b)/b = -1/2, sigma = 1/2, tau = sigma
        (2, 2, 2, 0.2679491924, 4.6427340),  # theta at its lower end, (h (1 - sqrt(3/4)) - 1)/3
        (0.8, 2.5, 3, 0.8944271910, 0.6),  # theta = 1/4, sigma = 5/4, tau = sigma^(-1/2)
    ],
)
def test_self_scaled_broyden_by_hand(b, h, size, tau, phi):
    assert ssbroyden(b, h, size) == pytest.approx((tau, phi), rel=1e-6)


def test_scaling_of_self_scaled_updates_never_enlarges():
    for b in (0.01, 0.3, 1.0, 4.0, 300.0):
        for h in (1.001 / b, 2 / b, 1e3 / b):
            tau, phi = ssbroyden(b, h, 100)
            assert 0 < tau <= 1
            assert 1 + phi * (b * h - 1) > 0  # H+ stays positive definite
            assert UPDATES["ssbfgs"](b, h, 100) == (min(1, 1 / b), 1)


def test_a_step_against_the_curvature_forgets_all():
    hessian = InverseHessian("bfgs")
    hessian.matrix = positive_matrix(3)
    s = torch.ones(SIZE, dtype=torch.float64)
    hessian.learn(s, -s, 1.0)
    assert hessian.matrix is None
    torch.testing.assert_close(hessian.direction(s), -s)


def minimised(update: str, matrix: torch.Tensor, steps: int, exact: bool) -> list[float]:
    """Gradient norms while 1/2 x^T A x is minimised from a fixed start."""
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(len(matrix), generator=generator, dtype=torch.float64)
    hessian, norms = InverseHessian(update), []
    gradient = matrix @ x
    for _ in range(steps):
        norms.append(float(gradient.norm()))
        direction = hessian.direction(gradient)
        if exact:
            step = -float(gradient @ direction) / float(direction @ matrix @ direction)
        else:

            def at(step: float, x=x, direction=direction) -> tuple[float, torch.Tensor]:
                moved = x + step * direction
                return float(moved @ matrix @ moved) / 2, matrix @ moved

            first = 1.0 if hessian.matrix is not None else min(1.0, 1 / norms[-1])
            found = strong_wolfe(at, direction, at(0.0)[0], gradient, first)
            if found is None:
                break
            step = found.step
        s = step * direction
        y = matrix @ s
        hessian.learn(s, y, -step * float(s @ gradient))
        x, gradient = x + s, gradient + y
    return [*norms, float(gradient.norm())]


@pytest.mark.parametrize("update", UPDATES)
def test_a_quadratic_ends_after_as_many_exact_steps_as_it_has_unknowns(update):
    norms = minimised(update, positive_matrix(1), SIZE + 1, exact=True)
    assert norms[-1] < 1e-9 * norms[0]
    assert norms[SIZE // 2] > 1e-3 * norms[0]


def test_self_scaling_pays_on_an_ill_conditioned_quadratic():
    """Steps of the line search that a reduction of the gradient by 1e6 takes, condition 1e6."""
    matrix = positive_matrix(4, condition=1e6, size=60)

    def steps(update: str) -> int:
        norms = minimised(update, matrix, 1000, exact=False)
        return next(index for index, norm in enumerate(norms) if norm < 1e-6 * norms[0])

    taken = {update: steps(update) for update in UPDATES}
    assert taken["ssbroyden"] < 0.8 * taken["bfgs"], taken
