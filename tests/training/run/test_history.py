"""History: every row of a short stage, evenly fewer of a long one, and never more than a checkpoint can bear."""

from __future__ import annotations

from pathlib import Path

import pytest

from pinn.files.disk import Disk, replaced_by
from pinn.run import checkpoint
from pinn.run.encoding import from_bytes, to_bytes
from pinn.run.keeper import CheckpointKeeper
from pinn.training.run import history
from pinn.training.run.history import History

STEPS = 100_000
TERMS = ("momentum_x", "momentum_y", "left.ux", "right.traction_x", "top.traction_y", "hole.traction")


def row(step: int, stage: str = "adam", measured: bool = False, **columns: float) -> dict:
    terms = {f"term:{name}": 1 / (step + k + 1) for k, name in enumerate(TERMS)}
    heldout = 1 / (step + 7) if measured else None
    return {"stage": stage, "iteration": step, "loss": 1 / step, "heldout_residual": heldout, **terms, **columns}


def iterations(found: History, kind: str, stage: str = "adam") -> list[int]:
    return [row["iteration"] for row in found if row["stage"] == stage and history.kind_of(row) == kind]


class Counting(Disk):
    def __init__(self):
        self.bytes = 0

    def write(self, path, writer):
        super().write(path, writer)
        self.bytes += path.stat().st_size


@pytest.fixture(scope="module")
def long() -> History:
    """10^5 steps, of which every hundredth is measured and some have an error, after a short stage."""
    found = History()
    for step in range(1, 21):
        found.append(row(step, "least_squares", measured=True))
    for step in range(1, STEPS + 1):
        errors = {"error:u": 1 / step} if step & (step - 1) == 0 else {}
        found.append(row(step, measured=step % 10 == 0 or bool(errors), **errors))
    return found


@pytest.mark.slow
def test_a_short_stage_has_every_row(long):
    found = History()
    for step in range(1, history.MOST + 1):
        found.append(row(step, measured=step % 2 == 0))
    assert [entry["iteration"] for entry in found] == list(range(1, history.MOST + 1))
    assert iterations(long, history.MEASURED, "least_squares") == list(range(1, 21))


def test_a_long_stage_has_rows_at_equal_distances(long):
    powers = [2**k for k in range(STEPS.bit_length())]
    plain = [step for step in range(1, STEPS + 1) if step % 10 and step not in powers]
    measured = list(range(10, STEPS + 1, 10))
    for kind, all_of_them in ((history.STEP, plain), (history.MEASURED, measured)):
        found = iterations(long, kind)
        assert history.MOST / 2 <= len(found) <= history.MOST + 1
        assert found[:-1] == all_of_them[:: long.every[kind]][: len(found) - 1]
    assert iterations(long, history.OBSERVED) == powers


def test_the_newest_row_is_always_there(monkeypatch):
    monkeypatch.setattr(history, "MOST", 4)
    found = History()
    for step in range(1, 200):
        found.append(row(step, measured=step % 3 == 0))
        assert found[-1]["iteration"] == step
        assert len(found) <= 2 * 4 + 1
    found.append(row(1, "lbfgs"))
    assert [entry["iteration"] for entry in found[-2:]] == [199, 1]


def test_a_state_goes_on_with_the_same_rows(monkeypatch):
    monkeypatch.setattr(history, "MOST", 4)
    whole, pieced = History(), History()
    for step in range(1, 150):
        stage = "adam" if step < 100 else "lbfgs"
        for found in (whole, pieced):
            found.append(row(step, stage, measured=step % 3 == 0))
        state, pieced = from_bytes(*to_bytes(pieced.state_dict())), History()
        pieced.load_state_dict(state)
        assert pieced.rows == whole.rows
    assert pieced.state_dict() == whole.state_dict()


@pytest.mark.slow
def test_a_checkpoint_after_many_steps_is_small(long, tmp_path: Path):
    """What 10^5 steps leave is at most what 2*MOST rows take; all of them would take ten times that."""
    disk = Counting()
    keeper = CheckpointKeeper(tmp_path, 0.0, {}, pytest.fail)
    with replaced_by(disk):
        keeper.keep({"run": {"history": long.state_dict()}})
    one = len(to_bytes(row(STEPS, measured=True))[0])
    assert disk.bytes <= 2 * history.MOST * one
    assert disk.bytes < 4e6
    kept, warnings = checkpoint.read(tmp_path)
    assert warnings == []
    assert kept["training"]["run"]["history"]["rows"] == long.rows
