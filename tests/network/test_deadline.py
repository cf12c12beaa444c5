"""Deadlines: work in pieces stops at the first piece after it; a factorisation that would pass it does not begin."""

from __future__ import annotations

import math

import pytest
import torch

from pinn.network import deadline as module
from pinn.network.chunks import in_chunks
from pinn.network.deadline import OutOfTime, deadline, in_time, of_cholesky, of_qr, require_time


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes when it is told to."""
    now = [0.0]
    monkeypatch.setattr(module, "perf_counter", lambda: now[0])
    monkeypatch.setattr(module, "speed", lambda: 1e9)
    return now


def test_without_a_deadline_there_is_time_for_everything(clock):
    clock[0] = 1e9
    in_time()
    require_time(math.inf)


def test_chunks_end_with_the_first_after_it(clock):
    seen = []

    def evaluate(chunk):
        seen.append(chunk.start)
        clock[0] += 1.0
        return chunk.start

    with pytest.raises(OutOfTime), deadline(2.5):
        list(in_chunks(evaluate, 100, 10))
    assert seen == [0, 10, 20]


def test_a_factorisation_is_not_begun_that_would_pass_it(clock):
    with deadline(1.0):
        require_time(0.9e9)
        with pytest.raises(OutOfTime):
            require_time(1.1e9)
    require_time(1.1e9)  # outside it


def test_a_deadline_ends_with_its_block(clock):
    with pytest.raises(ValueError, match="other"), deadline(-1.0):
        raise ValueError("other")
    in_time()


def test_operations_of_factorisations():
    """Of square matrices 4/3 n^3 and 1/3 n^3, of tall ones 2 m n^2 for QR."""
    assert of_qr(300, 300) == pytest.approx(4 / 3 * 300**3)
    assert of_qr(300_000, 10) == pytest.approx(2 * 300_000 * 100, rel=1e-4)
    assert of_cholesky(30) == pytest.approx(9000)


def test_the_speed_is_one_number_of_this_machine():
    assert module.speed() == module.speed() > 0
    assert torch.get_default_dtype() == torch.float32
