"""`pinn bench`: both engines on small problems, rows kept and replaced, the table and its numbers."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import pytest

from pinn.cli.main import run
from pinn.comparison.race import Entry, Race

SPEC = """
name: rod
coordinates: [x]
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {poisson: u_xx = -pi**2*sin(pi*x)}
conditions: [{on: boundary, u: 0}]
exact: {u: sin(pi*x)}
network: {hidden: [8]}
sampling: {interior: 40}
solver: {tolerance: 0.9}
"""


@pytest.mark.slow
def test_both_engines_run(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "problems").mkdir()
    (tmp_path / "problems" / "rod.yaml").write_text(SPEC)
    out = tmp_path / "out"
    assert run(["bench", "rod", "--time-limit", "3600", "--out", str(out)]) == 0
    assert capsys.readouterr().out.splitlines() == [str(out / f"engines.{suffix}") for suffix in ("md", "json", "png")]
    assert (out / "engines.png").stat().st_size > 1000
    rows = json.loads((out / "engines.json").read_text())["runs"]
    assert [(row["problem"], row["engine"], row["seed"]) for row in rows] == [
        ("rod", "native", 0),
        ("rod", "deepxde", 0),
    ]
    for row in rows:
        seconds = [s for s, _ in row["curve"]]
        assert seconds == sorted(seconds)
        assert 0 < row["curve"][-1][1] < 1.5
        assert row["stop_reason"] != "time_limit"
    assert rows[1]["conditions"] in ("soft", "hard")


@pytest.mark.slow
def test_a_run_that_fails_is_a_row_with_its_message(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rod.yaml").write_text(SPEC)
    failed = SimpleNamespace(stderr="warning: odd\nnetwork.fourier: not there\n", returncode=2)
    monkeypatch.setattr("pinn.comparison.processes.subprocess.run", lambda *arguments, **options: failed)
    for _ in range(2):  # the second replaces the row of the first
        assert run(["bench", "rod.yaml", "--engines", "deepxde", "--out", "."]) == 0
        (row,) = json.loads((tmp_path / "engines.json").read_text())["runs"]
        assert row["message"] == "network.fourier: not there"
    assert "network.fourier: not there" in (tmp_path / "engines.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "nothing:1:1: there is no such file; known: rod.yaml"),
        (["rod.yaml", "--engines", "native,deepxd"], "--engine: unknown engine 'deepxd'; did you mean 'deepxde'?"),
        (["rod.yaml"], "NAMES: rod.yaml: nothing is known of its solution"),
    ],
)
def test_refusals(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rod.yaml").write_text(SPEC.replace("exact: {u: sin(pi*x)}\n", ""))
    assert run(["bench", *arguments]) == 2
    assert capsys.readouterr().err.startswith(message)


def entry(engine: str, seed: int, curve: list[tuple[float, float]]) -> Entry:
    return Entry("heat/rod", engine, seed, 60.0, "u", curve, "time_limit", 10)


def test_the_table_says_when_each_error_was_reached(tmp_path):
    race = Race(tmp_path / "engines.json", "a machine", [])
    for seed, late in ((0, 0.0), (1, 1.0), (2, 2.0)):
        race.add(entry("native", seed, [(0.5 + late, 5e-3), (1 + late, 1e-5), (2 + late, 1e-7)]))
        race.add(entry("deepxde", seed, [(4.0, 0.5), (20.0 + late, 8e-3), (60.0, 1e-5)]))
    lines = race.table().splitlines()
    assert "| heat/rod | u | native | 1.5 | 2.0 | 3.0 | 1.0e-07 (1.0e-07) | 3.0 | 60 | 3 | time_limit |" in lines
    assert "| heat/rod | u | deepxde | 21.0 | 60.0 | — | 1.0e-05 (1.0e-05) | 60.0 | 60 | 3 | time_limit |" in lines
    assert "| heat/rod | deepxde | 1.0e-05 | 2.0 | 60.0 | 30 | 100 |" in lines
    assert Race.resume(race.file, "a machine").entries == race.entries


def test_an_error_that_is_not_finite_survives_the_file(tmp_path):
    race = Race(tmp_path / "engines.json", "a machine", [])
    race.add(entry("native", 0, [(1.0, 0.1), (2.0, math.inf)]))
    assert Race.resume(race.file, "a machine").entries[0].error == math.inf


@pytest.mark.parametrize(
    ("name", "content", "out", "message"),
    [
        ("notes", "mine", "notes", "--out: notes is a file; name a directory"),
        ("engines.json", '{"mine": 1}', ".", "--out: engines.json holds no race of pinn bench; name another directory"),
        ("engines.json", "[1]", ".", "--out: engines.json holds no race of pinn bench"),
        ("engines.json", '{"runs": [{"curve": [[1]]}]}', ".", "--out: engines.json holds no race of pinn bench"),
        ("engines.md", "mine", ".", "--out: engines.md is there without engines.json; name another directory"),
        ("engines.png", "mine", ".", "--out: engines.png is there without engines.json"),
    ],
)
def test_what_is_somebody_elses_is_not_overwritten(name, content, out, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rod.yaml").write_text(SPEC)
    (tmp_path / name).write_text(content)
    monkeypatch.setattr("pinn.comparison.race.run", lambda job: pytest.fail("it trained"))
    assert run(["bench", "rod.yaml", "--out", out]) == 2
    assert capsys.readouterr().err.startswith(message)
    assert (tmp_path / name).read_text() == content
