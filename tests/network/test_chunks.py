"""Where memory runs out, fewer points at a time give the same result, or the error has numbers."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
import torch

import pinn
from pinn.errors import ResourceError
from pinn.network.chunks import FEWEST, in_chunks, matrix_of, with_less
from pinn.network.mlp import MLP
from pinn.problem.loading import build
from pinn.spec.yaml.source import parse_spec
from pinn.training.output_layer import perceptron_system
from pinn.training.output_layer.linear_solve import solve_least_squares

SPEC = """
name: rod
coordinates: [x]
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {poisson: u_xx = -pi**2*sin(pi*x)}
conditions: [{on: boundary, u: 0}]
exact: {u: sin(pi*x)}
network: {hidden: [8]}
solver: {method: METHOD, time_limit: 1000, tolerance: 1e-30}
"""
SHORTAGES = (
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB."),
    RuntimeError("[enforce fail at alloc_cpu.cpp:115] . DefaultCPUAllocator: can't allocate memory: 9 bytes"),
)


def problem(method: str):
    return build(parse_spec(SPEC.replace("METHOD", method)))


@pytest.mark.parametrize("error", SHORTAGES)
def test_chunks_become_smaller_and_cover_all_points(error):
    sizes = []

    def evaluate(chunk):
        count = len(range(*chunk.indices(1000)))
        sizes.append(count)
        if count > 100:
            raise error
        return count

    found = list(in_chunks(evaluate, 1000, 512))
    assert sizes[:4] == [512, 256, 128, 64]
    assert [chunk.start for chunk, _ in found] == list(range(0, 1000, 64))
    assert sum(count for _, count in found) == 1000


def test_a_shortage_later_keeps_what_was_found():
    calls = []

    def evaluate(chunk):
        calls.append(chunk.start)
        if len(calls) == 3:
            raise MemoryError
        return chunk.start

    assert [found for _, found in in_chunks(evaluate, 100, 40)] == [0, 40, 80]
    assert calls == [0, 40, 80, 80]


@pytest.mark.parametrize("error", [*SHORTAGES, ValueError("another"), RuntimeError("another")])
def test_what_does_not_help_is_raised(error):
    sizes = []

    def evaluate(chunk):
        sizes.append(chunk.stop - chunk.start)
        raise error

    with pytest.raises(type(error)):
        list(in_chunks(evaluate, 100, 64))
    assert sizes == ([64, 32, 16, FEWEST] if error in SHORTAGES else [64])


def failing(function, calls: int, error: Exception):
    """The function, whose first calls find no memory."""
    left = [calls]

    def wrapped(*arguments, **options):
        left[0] -= 1
        if left[0] >= 0:
            raise error
        return function(*arguments, **options)

    return wrapped


@pytest.fixture(scope="module")
def solution():
    return pinn.solve(problem("{adam: {iterations: 2}}"), device="cpu")


POINTS = np.linspace(0, 1, 3000)[:, None]
MEASURED = {
    "values": lambda solution: solution(POINTS),
    "residuals": lambda solution: solution.residual(POINTS),
    "errors": lambda solution: pinn.solution.measuring.errors(solution)[0],
}


@pytest.mark.slow
@pytest.mark.parametrize("error", SHORTAGES)
@pytest.mark.parametrize("name", MEASURED)
def test_what_is_measured_is_the_same_with_less_memory(name, error, solution, monkeypatch):
    expected = MEASURED[name](solution)
    monkeypatch.setattr(MLP, "jets", failing(MLP.jets, 3, error))
    found = MEASURED[name](solution)
    assert found.keys() == expected.keys()
    assert all(np.allclose(found[key], expected[key], rtol=1e-12, atol=1e-13) for key in expected)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "where", "error"),
    [
        (
            "{least_squares: {features: 40, iterations: 1}}",
            "pinn.training.output_layer.perceptron_system.linear_rows",
            SHORTAGES[0],
        ),
        ("{gauss_newton: {iterations: 2}}", "pinn.training.residuals.jacobian.factorise", SHORTAGES[1]),
        ("{gauss_newton: {iterations: 2}}", "pinn.training.all_weights.gauss_newton.residuals", SHORTAGES[2]),
        ("{gauss_newton: {iterations: 2}}", "pinn.training.residuals.assembly.residuals_alone", SHORTAGES[2]),
    ],
)
def test_a_training_is_the_same_with_less_memory(method, where, error, monkeypatch):
    module, name = where.rsplit(".", 1)
    expected = pinn.solve(problem(method), device="cpu")
    with monkeypatch.context() as patch:
        patch.setattr(where, failing(getattr(sys.modules[module], name), 3, error))
        found = pinn.solve(problem(method), device="cpu")
    assert found.metrics["iterations"] == expected.metrics["iterations"]
    assert np.allclose(found(POINTS)["u"], expected(POINTS)["u"], rtol=0, atol=1e-9)


def test_least_squares_gathers_fewer_rows_where_memory_runs_out(monkeypatch):
    """The same coefficients from blocks of a sixteenth, reduced in turn."""
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(400, 20, generator=generator, dtype=torch.float64)
    target = torch.randn(400, generator=generator, dtype=torch.float64)
    blocks = list(zip(matrix.split(10), target.split(10), strict=True))
    tried = []

    def attempt(size):
        tried.append(size)
        if size > 9000:
            raise MemoryError
        return solve_least_squares(blocks, block_bytes=size)

    found, norm = with_less(attempt, 64000, 8 * 20**2)
    whole, expected = solve_least_squares(blocks)
    assert tried == [64000, 32000, 16000, 8000]
    assert torch.allclose(found, whole, rtol=1e-12)
    assert norm == pytest.approx(expected, rel=1e-12)


def test_a_matrix_without_room_is_exit_4_with_its_size(monkeypatch):
    def fail(*arguments):
        raise MemoryError

    monkeypatch.setattr(perceptron_system, "solve_least_squares", fail)
    with pytest.raises(ResourceError) as refusal:
        pinn.solve(problem("{least_squares: {features: 40, iterations: 1}}"), device="cpu")
    said = str(refusal.value)
    assert refusal.value.exit_code == 4
    rows, columns = map(int, re.findall(r"([\d,]+) (?:rows|columns)", said.replace(",", "")))
    assert (rows > columns, columns) == (True, 41)
    assert said.endswith("; lower features of solver.method.least_squares")
    with pytest.raises(ValueError, match="another"), matrix_of(1, 1, "x"):
        raise ValueError("another")


@pytest.mark.slow
def test_with_a_limit_on_addresses_the_result_is_the_same():
    """A wide layer at many points: 8,192 of them at once do not fit, fewer do."""
    script = """
import resource
import torch
from pinn.network.chunks import in_chunks
torch.set_num_threads(1)
generator = torch.Generator().manual_seed(0)
weight = torch.randn(500, 500, generator=generator, dtype=torch.float64)
points = torch.randn(8192, 500, generator=generator, dtype=torch.float64)
tried = []
def evaluate(chunk):
    tried.append(chunk.stop - chunk.start)
    return torch.cat([torch.tanh(points[chunk] @ weight)] * 8, dim=1).sum(dim=1)
def evaluated():
    tried.clear()
    return torch.cat([part for _, part in in_chunks(evaluate, len(points), 8192)])
free = evaluated()
assert tried == [8192], tried
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 150 * 2**20,) * 2)
limited = evaluated()
assert tried[-1] < 8192, tried
assert torch.allclose(free, limited, rtol=1e-12, atol=1e-9)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-800:]
