"""Seconds: what a run does ends within 1.2 times its time limit and five seconds, its start and its end included."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import pinn
from pinn.cli.main import run
from pinn.errors import ResourceError
from pinn.network.march_network import MarchNetwork
from pinn.solution import estimating, solving
from pinn.solution.estimating import second_solution, seconds_for_second
from pinn.solution.solving import time_for_training
from pinn.training.run.run import Run
from tests.training.examples import problem

DECAY = (
    "name: decay\ntime: {from: 0, to: 1}\nfields: [u]\nequations: {law: u_t = -u}\nconditions: [{on: initial, u: 1}]\n"
)


@pytest.mark.parametrize(
    ("limit", "allowed", "training"),
    [(10, 14, 10), (10, 8.8, 8), (10, 1, 5), (60, 67, 60)],
    ids=["in time", "after a slow start", "after a very slow one", "beside a long limit"],
)
def test_a_training_ends_early_enough_for_what_follows(limit, allowed, training):
    assert time_for_training(limit, allowed) == pytest.approx(training)


def test_a_run_counts_from_its_beginning(monkeypatch, clock):
    limits = []

    def made(*arguments):
        limits.append(arguments[4])
        return Run(*arguments)

    monkeypatch.setattr(solving, "Run", made)
    stated = problem(DECAY, solver="{time_limit: 10}")
    seconds = pinn.solve(stated, begun=clock() - 5).metrics["seconds"]
    assert limits == pytest.approx([9 / 1.1], abs=0.1)  # 1.2*10 + 5 - 5, 3 for what follows, and a tenth for a step
    assert 5 < seconds["total"] < 5 + 1.2 * 10
    assert seconds["solve"] < seconds["total"] - 5
    pinn.solve(stated)
    assert limits[1] == 10


@pytest.mark.parametrize(
    ("step", "limit"), [(1.0, 10.0), (2.0, 9.0), (4.0, 6.0), (10.0, 5.0)], ids=["quick", "slower", "slow", "very slow"]
)
def test_a_training_leaves_time_for_measuring_what_takes_long(step, limit):
    shared = Run(problem(DECAY), torch.device("cpu"), torch.float64, 0, 10.0, 1e-8, spare=2.0)
    shared.leave_time(step)
    assert shared.time_limit == limit


def test_the_first_step_alone_tells_how_long_measuring_takes(monkeypatch):
    told = []
    monkeypatch.setattr(Run, "leave_time", lambda self, seconds: told.append(seconds))
    pinn.solve(problem(DECAY, solver="{time_limit: 10}"))
    assert len(told) == 1
    assert told[0] > 0


def test_the_command_counts_from_its_beginning(monkeypatch, tmp_path, clock):
    before, given = clock(), {}

    def solve(problem, **options):
        given.update(options)
        raise ResourceError("enough")

    monkeypatch.setattr(pinn, "solve", solve)
    file = tmp_path / "decay.yaml"
    file.write_text(DECAY)
    assert run(["solve", str(file), "--out", str(tmp_path / "run"), "-q"]) == ResourceError.exit_code
    assert before < given["begun"] < clock()


@pytest.mark.parametrize(
    ("spent", "left", "seconds"),
    [(4.0, math.inf, 4.0), (0.1, math.inf, estimating.LEAST_SECONDS), (4.0, 3.0, 0.5), (4.0, 0.5, -2.0)],
)
def test_a_second_solution_takes_what_is_left(clock, spent, left, seconds):
    first: Any = SimpleNamespace(history=[{"seconds": spent}])
    assert seconds_for_second(first, clock() + left) == pytest.approx(seconds, abs=0.01)


def test_where_nothing_is_left_there_is_no_second_solution(monkeypatch, clock):
    model = SimpleNamespace(network=MarchNetwork.__new__(MarchNetwork))
    first: Any = SimpleNamespace(problem=None, model=model, history=[{"seconds": 4.0}])
    monkeypatch.setattr(estimating, "second_march", lambda problem, model, seconds: seconds)
    assert second_solution(first, clock() + 3) == pytest.approx(0.5, abs=0.01)
    assert second_solution(first, clock() + 1.5) is None
