"""Signals while a run trains: patience with the step, a deadline for everything."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

import pinn.cli.interruption as interruption

BLOCKED = """
import hashlib, os, signal, threading
import pinn.cli.interruption as interruption

interruption.PATIENCE, interruption.DEADLINE = 0.05, 0.2

class Keeper:
    stopping = stopped = False
    lock = threading.Lock()
    def rescue(self):
        print("rescued", flush=True)

with interruption.Interruption() as asked, asked.patient(Keeper()):
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)  # minutes, in which no signal handler of Python's runs
"""


@pytest.mark.slow
def test_a_routine_that_hears_nothing_is_ended_at_the_deadline():
    result = subprocess.run([sys.executable, "-c", BLOCKED], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (143, "rescued\n", "interrupted\n")


def test_a_step_that_does_not_end_is_broken_off(monkeypatch):

    monkeypatch.setattr(interruption, "PATIENCE", 0.01)
    keeper = SimpleNamespace(stopping=False, stopped=False)
    with interruption.Interruption() as asked, asked.patient(keeper):  # type: ignore[arg-type]
        os.kill(os.getpid(), signal.SIGINT)
        assert keeper.stopping
        with pytest.raises(KeyboardInterrupt):
            time.sleep(600)
    assert asked.exit_code == 130
