"""The command as a stranger's file meets it: in this process, with a limit on how much is computed."""

from __future__ import annotations

import json
from pathlib import Path

import meshio  # noqa: F401

import pinn.problem.loading  # noqa: F401  # here, so that importing it is charged to no test
from pinn.cli.main import run
from tests.work import at_most


def refuse(capsys, file: Path, content: str | bytes, *arguments: str) -> str:
    """Write a spec, see the command refuse it as it should, and return the message."""
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    return refused(capsys, "validate", str(file), *arguments)


def refused(capsys, *arguments: str, code: int = 2) -> str:
    """Run the command: exit code, short lines on stderr, no traceback, little work."""
    with at_most():
        found = run(list(arguments))
    said = capsys.readouterr()
    assert found == code, f"exit {found}: {said.err[:300]} {said.out[:300]}"
    assert said.out == "", said.out[:300]
    assert "Traceback" not in said.err
    assert "PINN_DEBUG" not in said.err  # what an error that nobody foresaw is told with
    assert 0 < len(said.err) < 20_000
    assert all(len(line) < 1000 for line in said.err.splitlines()), said.err[:600]
    return said.err


def quoted(text: str) -> str:
    """As a scalar of YAML, whatever is in it."""
    return json.dumps(text)


def spec_with(block: str) -> str:
    """A small spec that is right, and one more block."""
    return (
        "name: hostile\ncoordinates: [x]\nfields: [u]\ndomain: {interval: {from: 0, to: 1}}\n"
        "equations: {poisson: u_xx = 1}\nconditions: [{on: boundary, u: 0}]\n"
        f"solver: {{method: {{adam: {{iterations: 2}}}}}}\n{block}\n"
    )
