"""Terminals: those that know few characters, and those that are closed while a run trains."""

from __future__ import annotations

import io
import json
import os
import pty
import signal
import subprocess
import sys
import time

import pytest

from pinn.cli.interruption import Interruption
from pinn.cli.plain_text import never_refuse, replaced
from pinn.run import checkpoint

SPEC = """
name: rod
coordinates: [x]
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {poisson: u_xx = -sin(pi*x)}
conditions: [{on: boundary, u: 0}]
network: {hidden: [6, 6]}
sampling: {interior: 40, boundary: 16}
solver: {method: {adam: {iterations: 10000000}}, tolerance: 1e-20, time_limit: 600, checkpoint: 0}
outputs: {figures: false}
"""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
def test_a_stream_shows_what_it_can_and_words_for_the_rest(encoding, errors):
    text = "λ 1–160, −2 × 3 ± 0.1 ≤ ∞, é, \udcff 漢"
    if (encoding, errors) == ("utf-8", "surrogateescape"):  # as Python itself sets it where a locale is C
        text = text.replace(" \udcff", "")
    bytes_ = io.BytesIO()
    stream = io.TextIOWrapper(bytes_, encoding=encoding, errors=errors)
    never_refuse(stream)
    stream.write(text)
    stream.flush()
    shown = bytes_.getvalue().decode(encoding)
    if encoding == "utf-8":
        assert shown == text.replace("\udcff", "?")
    if encoding == "ascii":
        assert shown == "lambda 1-160, -2 x 3 +- 0.1 <= inf, e, ? ?"
    if encoding == "latin-1":
        assert shown == "lambda 1-160, -2 × 3 ± 0.1 <= inf, é, ? ?"


def test_words_are_ascii():
    everything = "".join(map(chr, range(0x20, 0x3000)))
    assert replaced(everything).isascii()
    assert replaced("plain") == "plain"


@pytest.mark.slow
@pytest.mark.parametrize(
    "environment", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}]
)
def test_help_with_greek_letters_reaches_an_ascii_terminal(environment):
    done = subprocess.run(
        [sys.executable, "-m", "pinn", "harden", "--help"],
        capture_output=True,
        check=False,
        env=os.environ | environment,
    )
    assert done.returncode == 0, done.stderr.decode()[-500:]
    assert b"lambda" in done.stdout
    assert done.stdout.isascii()


@pytest.mark.slow
def test_a_terminal_that_is_closed_leaves_the_state_and_the_results(tmp_path):
    """As SIGTERM does: the shell's SIGHUP, and from then on every write to the terminal fails."""
    (tmp_path / "rod.yaml").write_text(SPEC)
    run = tmp_path / "run"
    process, terminal = pty.fork()
    if process == 0:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests themselves may run under nohup
        os.execv(sys.executable, [sys.executable, "-m", "pinn", "solve", str(tmp_path / "rod.yaml"), "--out", str(run)])
    try:
        while max(checkpoint.numbers(run), default=0) < 3:
            os.set_blocking(terminal, False)
            try:
                os.read(terminal, 10_000)
            except BlockingIOError:
                time.sleep(0.01)
    finally:
        os.close(terminal)
        _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 128 + signal.SIGHUP
    assert json.loads((run / "metrics.json").read_text())["stop_reason"] == "interrupted"
    checkpoint.read(run)


def test_a_run_under_nohup_outlives_its_terminal():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interruption() as interruption:
            os.kill(os.getpid(), signal.SIGHUP)
            assert interruption.number is None
        with Interruption(), pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGHUP, before)
