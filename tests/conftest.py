"""What all tests share: a clock that counts instead of running, the examples of hypothesis, a shuffled order."""

from __future__ import annotations

import os
import random
import re
from importlib import import_module
from pathlib import Path

import hypothesis
import pytest

import pinn

PACKAGE = Path(pinn.__file__).parent
CLOCKED = [  # modules that read the clock of a training
    ".".join(("pinn", *file.relative_to(PACKAGE).with_suffix("").parts))
    for file in sorted(PACKAGE.rglob("*.py"))
    if re.search(r"from time import .*\bperf_counter\b", file.read_text(encoding="utf-8"))
]
TICK = 1e-3  # seconds that a reading of the clock takes: a time limit of 2 s is one of 2,000 readings
FOR_EVER = 1e6  # seconds

# Commands that tests start find what Python has compiled of pinn, as those of any user do.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# The same examples in each run, and no deadline and no health check of how long they take: a verdict hangs neither on
# chance nor on the load of the machine.
hypothesis.settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("suite")


class CountingClock:
    """Seconds that pass by being looked at, so that limits and forecasts of time are the same on every machine."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += TICK
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> CountingClock:
    """The clock of all trainings in this process."""
    counting = CountingClock()
    for module in CLOCKED:
        monkeypatch.setattr(import_module(module), "perf_counter", counting)
    return counting


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a signal there is all the time: on a busy machine the deadline would end this process and its tests."""
    monkeypatch.setattr("pinn.cli.interruption.PATIENCE", FOR_EVER)
    monkeypatch.setattr("pinn.cli.interruption.DEADLINE", FOR_EVER)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--shuffle", type=int, metavar="SEED", help="run the tests in a random order")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    seed = config.getoption("--shuffle")
    if seed is not None:
        random.Random(seed).shuffle(items)
