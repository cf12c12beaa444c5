"""What README shows works: its problem, commands, Python and its output; every figure is of a committed run."""

import re
from pathlib import Path
from typing import Any

import pytest

from pinn.cli.main import run
from pinn.problem.loading import build
from pinn.spec.yaml.source import parse_spec
from tests.docs.pages import README, ROOT, blocks

TEXT = README.read_text(encoding="utf-8")
FIGURE = re.compile(r"\b\d\.\d+e[+-]\d+")
CLAIMS = TEXT[TEXT.index("## What it does") :]


def shown(language: str) -> list[str]:
    return [text for _, text in blocks(README, language)]


def test_it_is_short():
    assert len(TEXT.splitlines()) < 120


def test_the_shown_problem_is_the_one_in_the_folder():
    spec = build(parse_spec(shown("yaml")[0])).spec
    stored = build(parse_spec((ROOT / "problems/heat/poisson_2d.yaml").read_text(encoding="utf-8"))).spec
    assert (spec.equations, spec.conditions, spec.exact) == (stored.equations, stored.conditions, stored.exact)


def test_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"`make (\w+)`", TEXT))
    assert {"demo", "test", "docs"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("line", [line for line in re.split(r"\n- ", CLAIMS) if FIGURE.search(line)])
def test_figures_are_those_of_the_committed_runs_that_are_linked(line):
    linked = "".join(
        (ROOT / link).read_text(encoding="utf-8") for link in re.findall(r"\]\((results/[^)]+\.md)\)", line)
    )
    for figure in FIGURE.findall(line):
        assert figure in linked, figure


def masked(text: str) -> list[str]:
    """Its lines without numbers, which differ from machine to machine, and without what is printed after a table."""
    numbers = re.sub(r"-?\d[\d.]*(e[+-]\d+)?", "#", text)
    return [" ".join(line.split()) for line in numbers.splitlines() if line.strip() and not line.startswith("---")]


@pytest.mark.slow
def test_the_shell_prints_what_is_shown(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["solve", "heat/poisson_2d"]) == 0
    assert masked(capsys.readouterr().out)[: len(masked(shown("text")[0]))] == masked(shown("text")[0])


@pytest.mark.slow
def test_the_python_prints_what_is_shown(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    module: dict[str, Any] = {"__name__": "readme"}
    exec(compile(shown("python")[0], "README", "exec"), module)
    assert capsys.readouterr().out.replace("-0.0", "0.0") == shown("text")[1].replace("-0.0", "0.0")


@pytest.mark.slow
def test_commands_work_on_the_template(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    fast = ["--set", "solver.method={least_squares: {features: 60, scale: 2}}", "--set", "outputs.figures=false"]
    assert run(["init", "my-problem"]) == 0
    assert run(["validate", "my-problem.yaml"]) == 0
    assert run(["solve", "my-problem.yaml", "-q", *fast]) == 0
    (folder,) = (Path("results/runs/my-problem")).iterdir()
    assert run(["info", str(folder)]) == 0
    assert run(["export", str(folder), "--format", "csv"]) == 0
    assert "relative L2" in capsys.readouterr().out
    assert list(folder.glob("*.csv"))
