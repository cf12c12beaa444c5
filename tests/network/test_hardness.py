"""The hardness of lambda-GELU: its floor, the size of its steps, its derivatives, what recentring keeps."""

from __future__ import annotations

import math

import pytest
import torch

from pinn.network.activations import softplus
from pinn.network.hardness import PARAMETERISATIONS, SOFTEST, Hardness, Learning, coordinate

ETA = 1e-3


def hardness(value: float, parameterisation: str = "optimizer_aware", **options) -> Hardness:
    return Hardness(value, [3, 2], Learning(parameterisation=parameterisation, **options))


def step_of(found: Hardness) -> torch.nn.Parameter:
    assert found.step is not None
    return found.step


def moved_by(found: Hardness, optimizer: type[torch.optim.Optimizer], push: float, steps: int = 1) -> float:
    """The change of lambda under a loss whose derivative with respect to lambda is -push."""
    before = float(found.values[0].detach())
    solver = optimizer([step_of(found)], lr=ETA)  # pyright: ignore[reportCallIssue]
    for _ in range(steps):
        solver.zero_grad()
        (-push * found.values.sum()).backward()
        solver.step()
        found.recentre()
    return float(found.values[0].detach()) - before


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("value", [1.01, 1.2, 2.0, 5.0])
def test_steps_are_attenuated_in_s_and_not_in_lambda(value, temperature):
    """Adam moves lambda by eta, in s by eta sigma/tau; steepest descent by eta dL/dlambda, in s (sigma/tau)^2 of it."""
    begins = max(value, SOFTEST)
    excess = torch.tensor(begins - 1, dtype=torch.float64)
    u = torch.log(torch.expm1(excess))
    torch.testing.assert_close(softplus(u), excess)
    slope = float(torch.sigmoid(u)) / temperature

    plain = hardness(value, "softplus", temperature=temperature)
    assert moved_by(plain, torch.optim.Adam, 0.7) == pytest.approx(ETA * slope, rel=0.01)
    plain = hardness(value, "softplus", temperature=temperature)
    assert moved_by(plain, torch.optim.SGD, 0.7) == pytest.approx(0.7 * ETA * slope**2, rel=0.01)
    aware = hardness(value, temperature=temperature)
    assert moved_by(aware, torch.optim.Adam, 0.7) == pytest.approx(ETA, rel=1e-6)
    aware = hardness(value, temperature=temperature)
    assert moved_by(aware, torch.optim.SGD, 0.7) == pytest.approx(0.7 * ETA, rel=1e-6)
    # Downwards to first order: the next one is (1 - sigma)/(2 sigma) eta.
    aware = hardness(value, temperature=temperature)
    bend = ETA / (begins - 1)
    assert moved_by(aware, torch.optim.Adam, -0.7) == pytest.approx(-ETA, rel=bend)


def test_the_coordinate_takes_the_steps_of_the_paper():
    """eta_s = eta tau/sigma(s/tau) for Adam, eta tau^2/sigma^2 for steepest descent: METHODS of arXiv 2603.21991."""
    for optimizer, power in ((torch.optim.Adam, 0), (torch.optim.SGD, 1)):
        found = hardness(2.0, temperature=2.0)
        s = float(found.coordinate[0])
        slope = 1 / (1 + math.exp(-s / 2)) / 2
        moved_by(found, optimizer, 0.7)
        gradient_in_s = 0.7 * slope if power else 1.0
        rate = ETA / slope ** (1 + power)
        assert float(found.coordinate[0]) - s == pytest.approx(rate * gradient_in_s, rel=1e-3)


@pytest.mark.parametrize("name", PARAMETERISATIONS)
def test_only_the_naive_one_leaves_the_floor(name):
    """A loss that pushes lambda down without end."""
    found = hardness(1.2, name)
    moved_by(found, torch.optim.SGD, -1e3, steps=50)
    assert (float(found.values.detach().min()) < 1) is (name == "naive")
    assert torch.isfinite(found.values).all()


def test_from_the_floor_lambda_comes_back_with_steps_of_the_learning_rate():
    for start in (1.0, 1 + 1e-12, 1.01):
        found = hardness(1.2)
        found.coordinate.copy_(coordinate(torch.full((2,), start, dtype=torch.float64), 1.0))
        moved_by(found, torch.optim.Adam, -1.0, steps=100)
        assert 1 <= float(found.values[0].detach()) <= start
        assert moved_by(found, torch.optim.Adam, 1.0, steps=10) == pytest.approx(10 * ETA, rel=1e-6)


@pytest.mark.parametrize("per", ["layer", "neuron"])
@pytest.mark.parametrize("name", PARAMETERISATIONS)
def test_the_slope_is_that_of_differences(name, per):
    found = Hardness(1.5, [3, 2], Learning(per, name, 2.0 if name == "softplus" else 1.0))
    assert [len(layer) for layer in found.layers] == ([1, 1] if per == "layer" else [3, 2])
    step, width = step_of(found), 1e-6
    for at in (-0.8, -1e-3, 0.0, 0.4):
        values = []
        for offset in (-width, width):
            step.data.fill_(at + offset)
            values.append(found.values.detach())
        step.data.fill_(at)
        torch.testing.assert_close(found.slope, (values[1] - values[0]) / (2 * width), rtol=1e-5, atol=0)


def test_recentring_keeps_lambda_and_makes_steps_unit_again():
    found = hardness(1.3)
    step = step_of(found)
    for move in (-0.5, 0.2, -0.01, 3.0):
        step.data.fill_(move)
        before = found.values.detach()
        assert found.recentre()
        torch.testing.assert_close(found.values.detach(), before, rtol=1e-12, atol=0)
        torch.testing.assert_close(found.slope, torch.ones_like(before), rtol=1e-12, atol=0)
        assert not found.recentre()
    plain = hardness(1.3, "softplus")
    step_of(plain).data.fill_(0.5)
    assert not plain.recentre()  # its steps are in s everywhere


def test_the_chart_is_once_differentiable_where_it_bends():
    found = hardness(1.05)
    step = step_of(found)
    for side in (-1e-12, 0.0, 1e-12):
        step.data.fill_(side)
        torch.testing.assert_close(found.slope, torch.ones(2, dtype=torch.float64), rtol=1e-9, atol=0)


def test_fixed_hardness_has_nothing_to_train():
    found = Hardness(3.0, [3, 2], None)
    assert list(found.parameters()) == []
    assert found.values.tolist() == [3.0, 3.0]
    assert len(found.slope) == 0
    assert not found.recentre()
