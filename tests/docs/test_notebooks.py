"""The notebooks run from top to bottom, and hold no outputs of another machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import ROOT

NOTEBOOKS = sorted((ROOT / "docs/notebooks").glob("*.ipynb"))


def cells(file: Path) -> list[dict[str, Any]]:
    return json.loads(file.read_text(encoding="utf-8"))["cells"]


def test_there_are_three_without_outputs():
    assert len(NOTEBOOKS) == 3
    for file in NOTEBOOKS:
        assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells(file))


@pytest.mark.slow
@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_runs(file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module: dict[str, Any] = {"__name__": "notebook"}
    for cell in cells(file):
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), file.name, "exec"), module)
    assert module["solution"].metrics["verdict"] in ("solved", "useful")
