"""The soak's eyes: what it sees of a process, a slope that covers the true one, and what it calls a leak."""

from __future__ import annotations

import importlib.util
import mmap
import os
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from pinn.run import checkpoint

FILE = Path(__file__).parents[2] / "benchmarks" / "soak.py"
MEGABYTE = 1e6


@pytest.fixture(scope="module")
def soak():
    spec = importlib.util.spec_from_file_location("soak", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["soak"] = module  # a dataclass asks for its module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["soak"]


def test_it_sees_memory_descriptors_threads_and_files(soak, tmp_path):
    checkpoint.write(tmp_path, {"step": 1})
    before = soak.sample(os.getpid(), tmp_path, time.monotonic())
    held = mmap.mmap(-1, 64_000_000)  # pages of its own, where an array may get what others gave back
    held.write(b"1" * len(held))
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    with (tmp_path / "file").open("wb") as file:
        file.write(bytes(1000))
        file.flush()
        after = soak.sample(os.getpid(), tmp_path, time.monotonic())
    stop.set()
    thread.join()
    assert after.resident - before.resident > 0.9 * len(held)
    assert (after.descriptors - before.descriptors, after.threads - before.threads) == (1, 1)
    assert (after.folder - before.folder, after.checkpoints) == (1000, 1)


@pytest.mark.parametrize("rise", [0.0, 5.0, 50.0])
def test_the_interval_covers_the_true_slope_though_samples_depend_on_those_before(rise, soak):
    """Of 200 curves with correlated noise, 95 % in the mean; fewer than 88 % would be 4.5 deviations off."""
    generator = np.random.default_rng(0)
    hours = np.linspace(0, 0.4, 700)
    covered = 0
    for _ in range(200):
        noise = np.zeros(len(hours))
        for k, kick in enumerate(generator.normal(size=len(hours) - 1), start=1):
            noise[k] = 0.7 * noise[k - 1] + kick
        slope, half = soak.slope(hours, 400 + rise * hours + noise)
        covered += abs(slope - rise) <= half
    assert covered >= 0.88 * 200


def run_of(soak, rise: float, descriptors: int):
    """An hour of samples: memory that rises, and descriptors of which the last quarter has so many more."""
    noise = np.random.default_rng(1).normal(size=600)
    return [
        soak.Sample(
            seconds=6.0 * k,
            resident=int((400 + rise * k / 600 + noise[k]) * MEGABYTE),
            descriptors=7 + (k % 50 == 0) + (descriptors if k > 450 else 0),
            threads=2,
            folder=10_000_000,
            checkpoints=k,
        )
        for k in range(600)
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rise", "descriptors", "leak"), [(0, 0, False), (0.3, 0, False), (10, 0, True), (0, 1, True), (-10, 0, False)]
)
def test_what_is_a_leak(rise, descriptors, leak, soak, tmp_path):
    """A file that is open now and then is none, nor is memory that falls."""
    samples = run_of(soak, rise, descriptors)
    found = soak.summary(samples, {"iterations": 12345})
    assert soak.leaks(found) == leak
    assert found["mb_per_hour"]["interval"][0] <= rise <= found["mb_per_hour"]["interval"][1]
    assert "| steps | 12,345 |" in soak.table(found, "a machine")
    soak.draw(samples, found, tmp_path / "soak.png")
    assert (tmp_path / "soak.png").stat().st_size > 10_000
