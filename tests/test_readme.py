"""What README shows works: its specs load, its commands exist, its files are there."""

import re
from pathlib import Path

import pytest

from pinn.cli.main import run
from pinn.problem.loading import build
from pinn.spec.yaml.source import parse_spec

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_shown_problem_is_the_one_in_the_folder():
    shown = build(parse_spec(blocks("yaml")[0]))
    stored = build(parse_spec((ROOT / "problems/heat/poisson_2d.yaml").read_text(encoding="utf-8")))
    assert shown.spec.equations == stored.spec.equations
    assert shown.spec.conditions == stored.spec.conditions
    assert shown.spec.exact == stored.spec.exact


def test_the_shown_solver_is_understood():
    (solver,) = (block for block in blocks("yaml") if block.startswith("solver:"))
    text = (ROOT / "problems/transport/burgers.yaml").read_text(encoding="utf-8")
    without = "\n".join(line for line in text.splitlines() if not line.startswith(("solver:", "sampling:")))
    spec = build(parse_spec(f"{without}\n{solver}"), ROOT / "problems/transport").spec
    assert [stage.name for stage in spec.solver.stages] == ["soap", "quasi_newton"]
    assert spec.solver.stages[0].options.weights.causal


def test_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^make (\w+)", "\n".join(blocks("sh")), re.MULTILINE)
    assert {"demo", "test"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("command", sorted(set(re.findall(r"\bpinn (\w+)", "\n".join(blocks("sh"))))))
def test_commands_exist(command):
    assert run([command, "--help"]) == 0


def test_commands_work_on_the_template(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    fast = ["--set", "solver.method={least_squares: {features: 60, scale: 2}}", "--set", "outputs.figures=false"]
    assert run(["init", "my-problem"]) == 0
    assert run(["validate", "my-problem.yaml"]) == 0
    assert run(["solve", "my-problem.yaml", "-q", *fast]) == 0
    (folder,) = (tmp_path / "results/runs/my-problem").iterdir()
    assert run(["info", str(folder)]) == 0
    assert run(["export", str(folder), "--format", "csv"]) == 0
    assert "relative L2" in capsys.readouterr().out
    assert list(folder.glob("*.csv"))


def test_links_lead_somewhere():
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link
