"""Run directories: names that never collide, files that appear whole or not at all, JSON that every reader accepts."""

from __future__ import annotations

import csv
import json
import math
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from pinn.errors import ResourceError, SpecError
from pinn.files.writing import plain, write_atomic, write_history, write_json
from pinn.run.directory import RunDirectory
from pinn.solution.saved import save_run
from tests import fakes

NOON = datetime(2026, 1, 2, 12, 0, 5)


def test_runs_of_the_same_second_get_different_directories(tmp_path):
    paths = [RunDirectory.create("plate", root=tmp_path, now=NOON).path for _ in range(3)]
    assert [str(path.relative_to(tmp_path)) for path in paths] == [
        "plate/20260102-120005", "plate/20260102-120005-2", "plate/20260102-120005-3",
    ]  # fmt: skip
    assert all(path.is_dir() for path in paths)


def test_out_may_be_new_or_empty(tmp_path):
    assert RunDirectory.create("plate", out=tmp_path).path == tmp_path
    assert list(tmp_path.iterdir()) == []
    assert RunDirectory.create("plate", out=tmp_path / "a" / "b").path.is_dir()


def test_out_that_holds_something_is_refused_and_untouched(tmp_path):
    (tmp_path / "precious.txt").write_text("kept")
    with pytest.raises(SpecError, match=r"--out: .* is not empty"):
        RunDirectory.create("plate", out=tmp_path)
    with pytest.raises(SpecError, match=r"--out: .* is a file"):
        RunDirectory.create("plate", out=tmp_path / "precious.txt")
    assert (tmp_path / "precious.txt").read_text() == "kept"


def test_a_root_that_cannot_be_made_is_a_resource_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResourceError, match=r"file/plate: cannot write: Not a directory"):
        RunDirectory.create("plate", root=tmp_path / "file")


def test_a_writer_that_fails_leaves_the_old_file(tmp_path):
    target = tmp_path / "metrics.json"
    target.write_text("old")

    def fails(path: Path) -> None:
        path.write_text("half of the n")
        raise ValueError("cut off")

    with pytest.raises(ValueError, match="cut off"):
        write_atomic(target, fails)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_an_interrupted_writer_leaves_no_file_under_the_final_name(tmp_path):
    def stopped(path: Path) -> None:
        path.write_text("half of the f")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomic(tmp_path / "fields.vtu", stopped)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_a_resource_error_that_names_path_and_reason(tmp_path):
    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(ResourceError, match=r"fields.vtu: cannot write: No space left on device"):
        write_atomic(tmp_path / "fields.vtu", full)
    assert list(tmp_path.iterdir()) == []


def test_companions_arrive_with_the_file_and_before_it(tmp_path, monkeypatch):
    moved = []
    import os

    replace = os.replace
    monkeypatch.setattr(
        os, "replace", lambda source, target: (moved.append(Path(target).name), replace(source, target))
    )

    def write(path: Path) -> None:
        path.write_text("light")
        path.with_suffix(".h5").write_text("heavy")

    write_atomic(tmp_path / "fields.xdmf", write)
    assert moved == ["fields.h5", "fields.xdmf"]
    assert (tmp_path / "fields.h5").read_text() == "heavy"


def test_json_has_null_for_what_is_not_finite_and_every_digit_of_the_rest(tmp_path):
    content = {
        "loss": math.nan,
        "l2": [math.inf, 0.1 + 0.2],
        "n": np.int64(3),
        "w": np.array([1.5, -np.inf]),
        "ok": True,
    }
    write_json(tmp_path / "m.json", content)
    text = (tmp_path / "m.json").read_text()
    assert json.loads(text, parse_constant=pytest.fail) == {
        "loss": None, "l2": [None, 0.30000000000000004], "n": 3, "w": [1.5, None], "ok": True,
    }  # fmt: skip


def test_plain_keeps_mappings_and_turns_paths_into_text():
    assert plain({"path": Path("a/b"), 1: (np.float32(0.5), None)}) == {"path": "a/b", "1": [0.5, None]}


def test_history_has_the_columns_of_every_row(tmp_path):
    write_history(tmp_path / "h.csv", [{"stage": "a", "loss": 0.1 + 0.2}, {"stage": "b", "loss": None, "term:bc": 1.0}])
    with (tmp_path / "h.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert rows == [
        {"stage": "a", "loss": "0.30000000000000004", "term:bc": ""},
        {"stage": "b", "loss": "", "term:bc": "1.0"},
    ]


def test_a_run_leaves_its_files_and_metrics_come_last(tmp_path):
    solution = fakes.curve()
    order = []

    def fields(solved, folder):
        assert solved is solution
        assert not (folder / "metrics.json").exists()
        order.extend(sorted(path.name for path in folder.iterdir()))
        path = folder / "fields.vtu"
        path.write_text("<VTKFile/>")
        return [path]

    directory = RunDirectory.create("beam", root=tmp_path, now=NOON)
    assert save_run(directory, solution, products=[fields]) == [directory.path / "fields.vtu"]
    assert order == ["environment.json", "history.csv", "model.safetensors", "spec.yaml"]
    metrics = json.loads((directory.path / "metrics.json").read_text())
    assert metrics["relative_l2"] == {"w": 1.25e-9}
    assert metrics["seconds"]["solve"] == 1.5
    assert 2.0 < metrics["seconds"]["total"] < 60  # the two seconds of the solution, and the writing
    assert "name: beam" in (directory.path / "spec.yaml").read_text()
    assert json.loads((directory.path / "environment.json").read_text()) == solution.environment


def test_a_product_that_fails_costs_no_results(tmp_path):
    """A picture that cannot be drawn must not take an hour of training with it; the failure is still raised."""

    def broken(solved, folder):
        raise RuntimeError("no such colour")

    directory = RunDirectory.create("beam", root=tmp_path, now=NOON)
    with pytest.raises(RuntimeError, match="no such colour"):
        save_run(directory, fakes.curve(), products=[broken])
    assert (directory.path / "metrics.json").is_file()
    assert load_file(directory.path / "model.safetensors")["weight"].tolist() == [0, 1, 2, 3, 4, 5]
    assert "RuntimeError: no such colour" in (directory.path / "log.txt").read_text()
