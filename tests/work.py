"""A limit on work: function calls, which no load of the machine changes, in place of seconds."""

from __future__ import annotations

import cProfile
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

CALLS = 6_000_000  # about a second; the dearest text that is refused, 10,000 constants, takes a half of them
HANGING = 600  # seconds: no verdict, only the end of what never ends


class Hangs(BaseException):
    """Not an Exception, so that nothing between here and the alarm takes it for its own."""


@contextmanager
def at_most(calls: int = CALLS) -> Iterator[None]:
    """Fail where more functions of Python are called inside."""

    def stop(*_) -> None:
        raise Hangs

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(HANGING)
    profile = cProfile.Profile(builtins=False)
    try:
        with profile:
            yield
    except Hangs:
        pytest.fail(f"has not ended after {HANGING} s", pytrace=False)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    called = sum(entry.callcount for entry in profile.getstats())
    assert called <= calls, f"{called} calls"
