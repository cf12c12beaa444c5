"""The command as a stranger's file meets it: in this process, with a limit on the seconds of computing."""

from __future__ import annotations

import gc
import json
import signal
from contextlib import contextmanager
from pathlib import Path

import meshio  # noqa: F401
import pytest

import pinn.problem.loading  # noqa: F401  # here, so that its seconds are charged to no test
from pinn.cli.main import run

SECONDS = 1.0  # of computing, not of waiting: a machine that is busy with something else fails no test


class TooSlow(BaseException):
    """Not an Exception, so that nothing between here and the alarm takes it for its own."""


@contextmanager
def within(seconds: float = SECONDS):
    """Fail where this process computes for longer."""

    def stop(*_):
        raise TooSlow

    gc.freeze()  # what the tests before have left is not collected at this one's expense
    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    except TooSlow:
        pytest.fail(f"computed for more than {seconds} s", pytrace=False)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        gc.unfreeze()


def refuse(capsys, file: Path, content: str | bytes, *arguments: str) -> str:
    """Write a spec, see the command refuse it as it should, and return the message."""
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    return refused(capsys, "validate", str(file), *arguments)


def refused(capsys, *arguments: str, code: int = 2) -> str:
    """Run the command: exit code, short lines on stderr, no traceback, in time."""
    with within():
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
