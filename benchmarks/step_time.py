"""Time of a training step, loss and parameter gradient: jets in one pass against nested differentiation.

All engines in one run, on the same weights, points, dtype and threads, one step each in turn:

    compiled jets   pinn, with the fused kernels
    eager jets      pinn, without them
    nested          pinn's slow reference (pinn.derivatives.autograd)
    DeepXDE         its FNN with dde.grad.jacobian and dde.grad.hessian

The losses must agree before anything is timed. `python -m benchmarks.step_time [--repetitions 15] [--threads 2]` writes
results/benchmarks/step_time.md and .json.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import platform
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import torch
from torch import Tensor

from pinn.derivatives.autograd import jets_by_autograd
from pinn.derivatives.jets import JetPlan, Partial, plan_jets
from pinn.network.features import InputFeatures
from pinn.network.mlp import MLP

RESULTS = Path(__file__).resolve().parent.parent / "results" / "benchmarks"
HIDDEN = (64, 64, 64, 64)
ENGINES = ("compiled jets", "eager jets", "nested", "DeepXDE")
AGREEMENT = {torch.float32: 1e-4, torch.float64: 1e-10}  # relative, of the losses

VALUE, X, Y = Partial((0, 0)), Partial((1, 0)), Partial((0, 1))
XX, XY, YY = Partial((2, 0)), Partial((1, 1)), Partial((0, 2))
LAPLACE, BIHARMONIC = Partial((0, 0), 1), Partial((0, 0), 2)

Jet = Callable[[int, Partial], Tensor]  # (field, derivative) -> [N] or [N, 1]
Step = Callable[[], Tensor]  # loss, after the gradients of all parameters have been made


def elasticity(u: Jet) -> list[Tensor]:
    """Displacement form, plane stress, E = 1, nu = 0.3: (lambda + mu) grad div u + mu Laplace u + 1 = 0."""
    mu, lam = 1 / 2.6, 0.3 / 0.91
    return [
        (lam + 2 * mu) * u(0, XX) + mu * u(0, YY) + (lam + mu) * u(1, XY) + 1,
        (lam + 2 * mu) * u(1, YY) + mu * u(1, XX) + (lam + mu) * u(0, XY) + 1,
    ]


def kovasznay(u: Jet) -> list[Tensor]:
    """Steady Navier-Stokes, Re = 20; fields u, v, p."""
    momentum = [
        u(0, VALUE) * u(i, X) + u(1, VALUE) * u(i, Y) + u(2, gradient) - u(i, LAPLACE) / 20
        for i, gradient in ((0, X), (1, Y))
    ]
    return [*momentum, u(0, X) + u(1, Y)]


def kirchhoff(u: Jet) -> list[Tensor]:
    """Thin plate: Laplace^2 w = 1."""
    return [u(0, BIHARMONIC) - 1]


@dataclass(frozen=True)
class Case:
    name: str
    residuals: Callable[[Jet], list[Tensor]]
    partials: tuple[Partial, ...]
    fields: int
    points: int
    activation: str
    dtype: torch.dtype
    target: float | None = None  # times faster than DeepXDE

    @property
    def plan(self) -> JetPlan:
        return plan_jets(self.partials, 2)

    @property
    def operations(self) -> float:
        """Of the linear layers: forward, weight gradient, and input gradient but for the first."""
        widths = [2, *HIDDEN, self.fields]
        sizes = [n * m for n, m in pairwise(widths)]
        return 2 * len(self.plan.channels) * self.points * (3 * sum(sizes) - sizes[0])


SECOND = (XX, XY, YY)
FLOW = (VALUE, X, Y, LAPLACE)
CASES = (
    Case("plane elasticity", elasticity, SECOND, 2, 4096, "gelu", torch.float32, 4.0),
    Case("plane elasticity", elasticity, SECOND, 2, 4096, "tanh", torch.float32),
    Case("plane elasticity", elasticity, SECOND, 2, 4096, "gelu", torch.float64),
    Case("plane elasticity", elasticity, SECOND, 2, 4096, "tanh", torch.float64),
    Case("Kovasznay", kovasznay, FLOW, 3, 4096, "gelu", torch.float32, 6.0),
    Case("Kovasznay", kovasznay, FLOW, 3, 4096, "tanh", torch.float32),
    Case("Kirchhoff plate", kirchhoff, (BIHARMONIC,), 1, 2048, "gelu", torch.float32, 10.0),
    Case("Kirchhoff plate", kirchhoff, (BIHARMONIC,), 1, 2048, "tanh", torch.float32),
)


def mean_squares(residuals: list[Tensor]) -> Tensor:
    return torch.stack([residual.square().mean() for residual in residuals]).sum()


def native_network(case: Case, device: torch.device) -> MLP:
    generator = torch.Generator().manual_seed(1)
    features = InputFeatures([0.0, 0.0], [1.0, 1.0], generator=generator)
    return MLP(features, HIDDEN, case.fields, case.activation, generator=generator, dtype=case.dtype, device=device)


def native_step(case: Case, network: MLP, points: Tensor, engine: str) -> Step:
    plan = case.plan

    def step() -> Tensor:
        network.zero_grad(set_to_none=True)
        network.fused = engine == "compiled jets"
        channels = jets_by_autograd(network, points, plan) if engine == "nested" else network.jets(points, plan)

        def jet(field: int, partial: Partial) -> Tensor:
            channel = channels[plan.index(partial)]
            assert channel is not None
            return channel[:, field]

        loss = mean_squares(case.residuals(jet))
        loss.backward()
        return loss

    return step


@contextlib.contextmanager
def deepxde(dtype: torch.dtype) -> Iterator:
    """DeepXDE with its PyTorch backend; torch's default device and dtype, which it changes, are put back."""
    device, default = torch.get_default_device(), torch.get_default_dtype()
    os.environ["DDE_BACKEND"] = "pytorch"
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            import deepxde as dde
            from deepxde import config

            config.set_default_float(str(dtype).removeprefix("torch."))
        yield dde
    finally:
        torch.set_default_device(device)
        torch.set_default_dtype(default)


def deepxde_step(case: Case, network: MLP, points: Tensor) -> Step:
    """The same weights in DeepXDE's own network, differentiated as its users do."""
    with deepxde(case.dtype) as dde:
        function = {"gelu": torch.nn.functional.gelu, "tanh": torch.tanh}[case.activation]
        net = dde.nn.FNN([2, *HIDDEN, case.fields], function, "Glorot uniform").to(points.device)
    with torch.no_grad():
        for own, layer in zip(net.linears, network.layers, strict=True):
            own.weight.copy_(layer.weight)
            own.bias.copy_(layer.bias)
    x = points.clone().requires_grad_(True)

    def jet_of(y: Tensor) -> Jet:
        def second(of: Tensor, field: int, i: int, j: int) -> Tensor:
            return dde.grad.hessian(of, x, component=field if of.shape[1] > 1 else 0, i=i, j=j)

        def jet(field: int, partial: Partial) -> Tensor:
            if partial == VALUE:
                return y[:, field : field + 1]
            if partial.laplacians:
                laplace = second(y, field, 0, 0) + second(y, field, 1, 1)
                return laplace if partial.laplacians == 1 else second(laplace, 0, 0, 0) + second(laplace, 0, 1, 1)
            axes = [axis for axis, count in enumerate(partial.orders) for _ in range(count)]
            return second(y, field, *axes) if len(axes) == 2 else dde.grad.jacobian(y, x, i=field, j=axes[0])

        return jet

    def step() -> Tensor:
        net.zero_grad(set_to_none=True)
        loss = mean_squares(case.residuals(jet_of(net(x))))
        loss.backward()
        dde.grad.clear()
        return loss

    return step


def milliseconds(steps: dict[str, Step], repetitions: int, device: torch.device) -> dict[str, list[float]]:
    """Every engine once per repetition, in turn, so that a busy machine slows all alike.

    An untimed step goes before each timed one: in training a step follows one of its own kind, not another engine's.
    """
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(repetitions):
        for name, step in steps.items():
            step()
            synchronise(device)
            start = perf_counter()
            step()
            synchronise(device)
            times[name].append(1e3 * (perf_counter() - start))
    return times


def synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def matmul_ceiling(dtype: torch.dtype, device: torch.device, size: int = 1024, repetitions: int = 20) -> float:
    """GFLOP/s of the best square matrix product."""
    a, b = (torch.rand(size, size, dtype=dtype, device=device) for _ in range(2))
    times = milliseconds({"product": lambda: a @ b}, repetitions, device)["product"]
    return 2 * size**3 / min(times) / 1e6


def measure(case: Case, repetitions: int, device: torch.device) -> dict:
    network = native_network(case, device)
    generator = torch.Generator().manual_seed(2)
    points = (2 * torch.rand(case.points, 2, generator=generator, dtype=torch.float64) - 1).to(device, case.dtype)
    steps = {engine: native_step(case, network, points, engine) for engine in ENGINES[:3]}
    steps["DeepXDE"] = deepxde_step(case, network, points)
    start = perf_counter()
    steps["compiled jets"]()
    compiling = perf_counter() - start
    losses = {name: float(step().detach()) for name, step in steps.items()}
    for name, loss in losses.items():
        if abs(loss - losses["DeepXDE"]) > AGREEMENT[case.dtype] * losses["DeepXDE"]:
            raise ArithmeticError(f"{case.name}: the loss of {name} is {loss}, DeepXDE's {losses['DeepXDE']}")
    milliseconds(steps, 2, device)
    times = {name: statistics.median(values) for name, values in milliseconds(steps, repetitions, device).items()}
    ceiling = matmul_ceiling(case.dtype, device)
    achieved = case.operations / times["compiled jets"] / 1e6
    return {
        "problem": case.name,
        "activation": case.activation,
        "dtype": str(case.dtype).removeprefix("torch."),
        "points": case.points,
        "channels": len(case.plan.channels),
        "milliseconds": times,
        "faster_than_deepxde": {name: times["DeepXDE"] / time for name, time in times.items()},
        "target": case.target,
        "first_step_seconds": compiling,
        "gflops": achieved,
        "matmul_gflops": ceiling,
    }


def table(rows: list[dict], threads: int, repetitions: int) -> str:
    lines = [
        "# Time of a training step (loss and parameter gradient)",
        "",
        f"Network {'x'.join(map(str, HIDDEN))}; milliseconds, median of {repetitions} alternating repetitions, "
        f"each after one untimed step of the same engine; {threads} thread(s), {platform.machine()}, "
        f"torch {torch.__version__}. C: channels of the jets. "
        "GFLOP/s: of the linear layers with compiled jets, over the machine's best square product.",
        "",
        "| problem | N | C | activation | dtype | "
        + " | ".join(ENGINES)
        + " | DeepXDE / compiled | target | nested / compiled "
        "| eager / compiled | GFLOP/s |",
        "|---|---|---|---|---|" + "---|" * (len(ENGINES) + 5),
    ]
    for row in rows:
        times, ratios = row["milliseconds"], row["faster_than_deepxde"]
        target = "" if row["target"] is None else f"≥ {row['target']:g}"
        fused = times["compiled jets"]
        lines.append(
            f"| {row['problem']} | {row['points']} | {row['channels']} | {row['activation']} | {row['dtype']} | "
            + " | ".join(f"{times[name]:.1f}" for name in ENGINES)
            + f" | **{ratios['compiled jets']:.1f}** | {target}"
            + f" | {times['nested'] / fused:.1f} | {times['eager jets'] / fused:.1f}"
            + f" | {row['gflops']:.0f} / {row['matmul_gflops']:.0f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=15)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--only", default="", help="problems whose name contains this; nothing is written")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    cases = [case for case in CASES if arguments.only in case.name]
    rows = [measure(case, arguments.repetitions, torch.device(arguments.device)) for case in cases]
    text = table(rows, arguments.threads, arguments.repetitions)
    print(text, end="")
    if not arguments.only:
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / "step_time.md").write_text(text)
        (RESULTS / "step_time.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
