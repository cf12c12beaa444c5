"""`pinn certify` and `pinn distill`, as a user has them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pinn.cli.main import run
from tests.certificates.examples import STRING


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("certified")
    (place / "string.yaml").write_text(STRING, encoding="utf-8")
    out = place / "run"
    assert (
        run(["solve", str(place / "string.yaml"), "--out", str(out), "--quiet", "--set", "outputs.figures=false"]) == 0
    )
    return out


@pytest.mark.slow
def test_a_run_is_certified_and_checked(folder, capsys):
    assert run(["certify", str(folder), "--check"]) == 4
    assert "has no certificate.json" in capsys.readouterr().err
    assert run(["certify", str(folder), "--boxes", "30", "--quiet"]) == 0
    printed = capsys.readouterr().out
    assert "proved: the error of u is at most" in printed
    assert str(folder / "certificate.json") in printed
    assert run(["certify", str(folder), "--check", "--quiet"]) == 0
    file = folder / "certificate.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    data["error"]["maximum"] *= 0.5
    file.write_text(json.dumps(data), encoding="utf-8")
    assert run(["certify", str(folder), "--check", "--quiet"]) == 4
    assert "the bound of the largest error" in capsys.readouterr().err


@pytest.mark.slow
def test_a_run_is_distilled(folder, capsys):
    assert run(["distill", str(folder), "--units", "6", "--iterations", "3", "--quiet"]) == 0
    assert "student 6 gelu" in capsys.readouterr().out
    assert (folder / "distilled" / "metrics.json").is_file()
    assert run(["info", str(folder / "distilled")]) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["distill", "RUN"], "give either --units"),
        (["distill", "RUN", "--units", "6", "--tolerance", "0.1"], "give either --units"),
        (["distill", "RUN", "--units", "0"], "must be one or more positive whole numbers"),
        (["distill", "RUN", "--tolerance", "2"], "must lie between 0 and 1"),
        (["distill", "RUN", "--units", "4", "--activation", "swish"], "must be one of gelu"),
        (["certify", "RUN", "--gap", "0"], "must be positive"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(folder, arguments, said, capsys):
    assert run([str(folder) if word == "RUN" else word for word in arguments]) == 2
    assert said in capsys.readouterr().err
