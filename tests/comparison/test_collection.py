"""`pinn bench FOLDER`: a line for each problem, medians over seeds, what is published beside them."""

from __future__ import annotations

import json
import math

import pytest

from pinn.cli.main import run
from pinn.comparison import collection
from pinn.comparison.collection import Collection, Result
from pinn.errors import SpecError

SPEC = """
name: rod
coordinates: [x]
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {poisson: u_xx = -pi**2*sin(pi*x)}
conditions: [{on: boundary, u: 0}]
exact: {u: sin(pi*x)}
"""


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "bars"
    made.mkdir()
    (made / "rod.yaml").write_text(SPEC)
    (made / "published.csv").write_text("# of others\nproblem,called,error\nrod,Rod-1,1.5e-2\n")
    return made


def test_the_table_has_medians_the_worst_and_what_is_published(folder, tmp_path):
    found = Collection.resume(folder, tmp_path / "bars.json", "a machine")
    for seed, error in enumerate((1e-3, 4e-3, 2e-3)):
        found.add(Result("rod", seed, 100.0, 10.0 + seed, {"u": error}, "useful", "time_limit"))
    line = (tmp_path / "bars.md").read_text().splitlines()[-1]
    assert line == "| rod | Rod-1 | u 2.0e-03 (4.0e-03) | 11 | 100 | 3 | useful | 1.5e-02 |"


def test_rows_are_kept_and_those_repeated_replaced(folder, tmp_path):
    file = tmp_path / "bars.json"
    for error in (1e-3, math.inf):
        found = Collection.resume(folder, file, "a machine")
        found.add(Result("rod", 0, 100.0, 10.0, {"u": error}, "not_solved", "time_limit"))
    (kept,) = Collection.resume(folder, file, "a machine").results
    assert kept.errors == {"u": math.inf}
    assert "| u inf |" in file.with_suffix(".md").read_text()
    assert "not solved" in file.with_suffix(".md").read_text()


def test_what_is_not_ours_is_not_overwritten(folder, tmp_path):
    (tmp_path / "bars.md").write_text("mine")
    with pytest.raises(SpecError, match="name another directory"):
        Collection.resume(folder, tmp_path / "bars.json", "a machine")
    (tmp_path / "other.json").write_text('{"runs": []}')
    with pytest.raises(SpecError, match="holds no table"):
        Collection.resume(folder, tmp_path / "other.json", "a machine")


def test_the_command_solves_a_folder_and_a_failure_is_a_row(folder, tmp_path, monkeypatch, capsys):
    asked = []

    def failed(job):
        asked.append((job.file.stem, job.seed, [*job.overrides]))
        return "out of patience"

    monkeypatch.setattr("pinn.cli.bench.shipped_folder", lambda: tmp_path)
    monkeypatch.setattr("pinn.cli.bench.find_spec", lambda name: tmp_path / f"{name}.yaml")
    monkeypatch.setattr(collection, "run", failed)
    out = tmp_path / "out"
    assert run(["bench", "bars", "--time-limit", "3600", "--seeds", "2", "--out", str(out)]) == 0
    assert run(["bench", "bars", "rod", "--out", str(out)]) == 0
    assert [(name, seed) for name, seed, _ in asked] == [("rod", 0), ("rod", 1), ("rod", 0)]
    assert [any("time_limit" in one for one in settings) for _, _, settings in asked] == [True, True, False]
    rows = json.loads((out / "bars.json").read_text())["results"]
    assert [(row["seed"], row["message"]) for row in rows] == [(0, "out of patience"), (1, "out of patience")]
    assert "out of patience" in (out / "bars.md").read_text()
    assert capsys.readouterr().out.splitlines()[-2:] == [str(out / "bars.md"), str(out / "bars.json")]
