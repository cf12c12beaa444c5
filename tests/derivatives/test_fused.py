"""Compiled kernels against the eager rule: values, gradients, the tape, and what happens without a compiler."""

from __future__ import annotations

import copy
import os
import subprocess
import sys

import pytest
import torch
from torch import Tensor

from pinn.derivatives import fused
from pinn.derivatives.jets import JetPlan, Partial, plan_jets
from pinn.network.activations import ACTIVATIONS
from pinn.network.features import InputFeatures
from pinn.network.hardness import Learning
from pinn.network.mlp import MLP, Tape

pytestmark = pytest.mark.slow

VALUES, GRADIENTS = 1e-12, 1e-10  # relative to the largest entry
CPU = torch.device("cpu")

ELASTICITY = plan_jets([Partial((2, 0)), Partial((1, 1)), Partial((0, 2))], 2)
FLOW = plan_jets([Partial((1, 0)), Partial((0, 1)), Partial((0, 0), 1)], 2)
BIHARMONIC = plan_jets([Partial((0, 0), 2)], 2)


def network(activation: str = "gelu", periods=None, **options) -> MLP:
    generator = torch.Generator().manual_seed(3)
    features = InputFeatures([0.3, -0.2], [1.3, 0.7], periods, generator=generator)
    found = MLP(features, [16, 16], 2, activation, generator=generator, **options)
    found.field_scale.copy_(torch.tensor([0.5, 3.0]))
    return found


def sample(count: int = 65) -> Tensor:
    return torch.rand(count, 2, generator=torch.Generator().manual_seed(4), dtype=torch.float64)


def jets(net: MLP, points: Tensor, plan: JetPlan, fuse: bool) -> Tensor:
    """All channels of all fields, [C, N, F]."""
    net.fused = fuse
    return torch.stack([torch.zeros(len(points), 2).double() if c is None else c for c in net.jets(points, plan)])


def distance(a: Tensor, b: Tensor) -> float:
    return float((a - b).detach().abs().max() / b.detach().abs().max())


def compare(net: MLP, points: Tensor, plan: JetPlan) -> None:
    """Values per channel; gradients of a sum in which every channel of every field has a weight of its own."""
    found, expected = jets(net, points, plan, True), jets(net, points, plan, False)
    assert max(map(distance, found, expected)) < VALUES
    weights = torch.randn(expected.shape, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    gradients = [torch.autograd.grad((weights * u).sum(), list(net.parameters())) for u in (found, expected)]
    for ours, eager in zip(*gradients, strict=True):
        assert distance(ours, eager) < GRADIENTS


@pytest.mark.parametrize(("plan", "activation"), [(ELASTICITY, "gelu"), (FLOW, "tanh"), (BIHARMONIC, "sin")])
def test_the_fused_network_is_the_eager_one(plan, activation):
    net = network(activation)
    assert fused.fused_rule(plan, net.activation.derivatives, sample(), 16) is not None
    compare(net, sample(), plan)


@pytest.mark.parametrize("options", [{"hardness": 3.0}, {"learning": Learning()}, {"learning": Learning("neuron")}])
def test_with_hardness(options):
    net = network(**options)
    if net.layer_hardness.step is not None:  # no two alike
        with torch.no_grad():
            net.layer_hardness.step.copy_(torch.linspace(0.1, 2, net.layer_hardness.step.numel()))
    compare(net, sample(), ELASTICITY)


def test_with_a_periodic_coordinate():
    compare(network(periods={0: 2.6}), sample(), ELASTICITY)


def test_one_kernel_serves_every_number_of_points():
    net = network()
    jets(net, sample(), ELASTICITY, True)
    with torch.compiler.set_stance("fail_on_recompile"):
        for count in (33, 64, 1000):
            compare(net, sample(count), ELASTICITY)
        with torch.no_grad():
            jets(net, sample(50), ELASTICITY, True)


@pytest.mark.parametrize("count", [1, 2, fused.FEWEST_POINTS - 1])
def test_few_points_stay_eager(count):
    assert fused.fused_rule(ELASTICITY, ACTIVATIONS["gelu"].derivatives, sample(count), 16) is None
    compare(network(), sample(count), ELASTICITY)


def test_values_alone_stay_eager():
    assert fused.fused_rule(plan_jets([], 2), ACTIVATIONS["gelu"].derivatives, sample(), 16) is None


def test_hidden_jets_agree():
    net = network()
    eager = net.hidden_jets(sample(), ELASTICITY)
    net.fused = True
    for ours, expected in zip(net.hidden_jets(sample(), ELASTICITY), eager, strict=True):
        assert ours is not None
        assert expected is not None
        assert distance(ours, expected) < VALUES


def test_a_tape_is_filled_and_agrees_with_the_fused_pass():
    net, tape = network(), Tape()
    fast = jets(net, sample(), ELASTICITY, True)
    taped = torch.stack([c for c in net.jets(sample(), ELASTICITY, tape) if c is not None])
    assert len(tape.layers) == 3
    assert max(map(distance, fast, taped)) < VALUES


def test_a_copy_keeps_the_switch():
    net = network()
    net.fused = True
    assert copy.deepcopy(net).fused


def test_a_failed_compilation_is_tried_once(monkeypatch, caplog):
    tried = []

    def refuse(*arguments, **options):
        tried.append(arguments)
        raise RuntimeError("no compiler here")

    monkeypatch.setattr(torch, "compile", refuse)
    fused.compiled_rule.cache_clear()
    with caplog.at_level("DEBUG", logger="pinn"):
        for _ in range(3):
            compare(network(), sample(), ELASTICITY)
    fused.compiled_rule.cache_clear()
    assert len(tried) == 1
    assert [(r.levelname, "no compiler here" in r.message) for r in caplog.records] == [("DEBUG", True)]


WITHOUT_COMPILER = """
import torch
from pinn.derivatives.fused import compiled_rule
from pinn.derivatives.jets import Partial, plan_jets
from pinn.network.features import InputFeatures
from pinn.network.mlp import MLP

generator = torch.Generator().manual_seed(1)
net = MLP(InputFeatures([0.0, 0.0], [1.0, 1.0]), [8], 1, "tanh", generator=generator)
plan, points = plan_jets([Partial((1, 1))], 2), torch.rand(64, 2, generator=generator, dtype=torch.float64)
eager = torch.stack(net.jets(points, plan))
net.fused = True
assert torch.equal(torch.stack(net.jets(points, plan)), eager)
print(compiled_rule(plan, net.activation.derivatives, 8, torch.float64, torch.device("cpu")))
"""


def test_without_a_compiler_the_jets_stay_eager_and_silent(tmp_path):
    environment = {k: v for k, v in os.environ.items() if k not in ("CXX", "CC")}
    environment |= {"PATH": str(tmp_path), "TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "cache")}
    command = [sys.executable, "-W", "error", "-c", WITHOUT_COMPILER]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert finished.stderr == ""
    assert finished.stdout == "None\n"


def test_no_state_of_the_compiler_is_changed():
    import torch._inductor.config as inductor

    before = inductor.compile_threads
    fused.compiled_rule.cache_clear()
    assert fused.compiled_rule(ELASTICITY, ACTIVATIONS["gelu"].derivatives, 16, torch.float64, CPU) is not None
    assert inductor.compile_threads == before
