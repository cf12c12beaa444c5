"""Every rule that benchmarks/mutants.py breaks is still there to be broken, and a sample of the mutants is caught."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from benchmarks.mutants import ROOT, read_table

MUTANTS = read_table()


@pytest.mark.slow
def test_every_mutant_still_applies():
    """Its old text occurs once, the new text is Python, and the test it names is there."""
    for mutant in MUTANTS:
        ast.parse(mutant.mutated((ROOT / mutant.file).read_text()))
        file, _, name = mutant.test.partition("::")
        function = name.partition("[")[0]
        assert f"def {function}(" in (ROOT / file).read_text(), mutant.test
    assert len(MUTANTS) == len({(m.file, m.old, m.new, m.test) for m in MUTANTS}) >= 60


def test_a_text_that_is_gone_is_noticed():
    with pytest.raises(ValueError, match="occurs 0 times, not once"):
        MUTANTS[0].mutated("")


@pytest.mark.slow
def test_a_sample_is_caught():
    """In a process of its own: it forks, and pytest's has threads."""
    command = [sys.executable, str(ROOT / "benchmarks" / "mutants.py"), "--sample"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["caught"] * sum(
        mutant.sample for mutant in MUTANTS
    )
