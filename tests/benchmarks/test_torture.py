"""Runs killed at random moments end with the weights of one that nobody disturbed; 200 kills are `make torture`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "torture.py"
KILLS = 8


@pytest.mark.slow
def test_eight_kills_and_no_other_weights(tmp_path):
    """In a process of its own: it forks, and pytest's has threads."""
    result = subprocess.run(
        [sys.executable, str(SCRIPT), "--kills", str(KILLS), "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=SCRIPT.parents[1],
    )
    assert result.returncode == 0, result.stdout + result.stderr
    rows = [line.split("|")[1:-1] for line in (tmp_path / "torture.md").read_text().splitlines() if line[:2] == "| "]
    figures = [[int(cell) for cell in row[1:]] for row in rows[1:]]
    assert len(figures) == 4
    assert sum(kills for kills, *_ in figures) >= KILLS
    assert all((endings > 0, other, lost) == (True, 0, 0) for _, _, endings, other, lost in figures)
