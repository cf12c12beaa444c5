"""The script for a card, where there is none: what it says, and all of it with a CPU in place of the card."""

from __future__ import annotations

import json

import pytest
import torch

from benchmarks import gpu


def test_without_a_card_it_says_so(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu.main(["--out", str(tmp_path)]) == 4
    assert capsys.readouterr().out.strip() == gpu.NO_CARD
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_cpu_in_place_of_the_card(tmp_path):
    """One that is solved, and one that fails, which costs no other."""
    names = ["no/such_problem", "heat/poisson_2d"]
    assert gpu.main(["--card", "cpu", "--only", *names, "--seconds", "60", "--out", str(tmp_path)]) == 0
    found = json.loads((tmp_path / "gpu.json").read_text())
    missing, solved = found["rows"]
    for device in ("card", "cpu"):
        assert "no/such_problem" in missing[device]["failed"]
        assert solved[device]["verdict"] == "solved"
        assert solved[device]["errors"]["u"] < 1e-8
    text = (tmp_path / "gpu.md").read_text()
    assert "| heat/poisson_2d | " in text
    assert "failed on the card alone: none" in text


WORKER = """
import json, sys
for name in sys.argv[1:]:
    if name == "b":
        sys.exit("lost")
    print(json.dumps({"problem": name, "solve": 1}), flush=True)
"""


def test_a_process_that_ends_is_followed_by_another(monkeypatch):
    """The problem that took it down is a row, those after it have their turn."""
    started = gpu.subprocess.Popen

    def process(command, **options):
        return started([gpu.sys.executable, "-c", WORKER, *command[command.index("--only") + 1 :]], **options)

    monkeypatch.setattr(gpu.subprocess, "Popen", process)
    found = gpu.measured("cpu", 1.0, ["a", "b", "c"])
    assert list(found) == ["a", "b", "c"]
    assert found["a"] == found["c"] == {"solve": 1}
    assert found["b"]["failed"] == "its process ended: lost"


def test_only_failures_on_the_card_are_named():
    good = {"errors": {"u": 1e-3, "v": 2e-2}, "heldout": 1e-4, "verdict": "useful", "solve": 2.0, "memory": 9.0}
    bad = {"failed": "RuntimeError: two devices"}
    rows = [
        {"problem": "one", "card": bad, "cpu": good},
        {"problem": "two", "card": bad, "cpu": bad},
        {"problem": "three", "card": {**good, "errors": {}}, "cpu": good},
    ]
    text = gpu.table({"card": "X", "torch": "2", "cores": 4, "seconds": 6.0, "minutes": 3.0, "rows": rows})
    assert "failed on the card alone: one." in text
    assert "| one | failed | 2.0e-02 |  | 2.0 |" in text
    assert "| three | (1.0e-04) | 2.0e-02 | 2.0 |" in text
