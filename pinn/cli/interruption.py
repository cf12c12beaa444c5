"""What SIGINT, SIGTERM and SIGHUP do: end the command at once, or, while a run trains, after its state is on the disk.

A run that is asked to stop finishes its step, keeps its state, writes its results and returns. A step still at work
after PATIENCE is broken off, and the state from before it is kept. What is not done after DEADLINE is left: files
appear whole or not at all. A second signal breaks off at once.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, perf_counter
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pinn.run.keeper import CheckpointKeeper

PATIENCE, DEADLINE = 4.0, 8.5  # seconds after the signal; who sends SIGTERM usually sends SIGKILL ten seconds later
HANGUP = getattr(signal, "SIGHUP", None)  # from a terminal that is closed; Windows has neither this nor an alarm
ALARM = getattr(signal, "SIGALRM", None)
SIGNALS = (signal.SIGINT, signal.SIGTERM, *([HANGUP] if HANGUP else []))


class Interruption:
    """While it is entered, SIGNALS raise KeyboardInterrupt; afterwards it knows which of them came.

    SIGHUP that was ignored stays ignored: `nohup pinn solve` outlives its terminal.
    """

    def __init__(self) -> None:
        self.begun = perf_counter()  # the command, before what it needs is imported
        self.number: int | None = None
        self.keeper: CheckpointKeeper | None = None
        self._before: dict[int, Any] = {}
        self._terminals = [number for number in (1, 2) if os.isatty(number)]

    @property
    def exit_code(self) -> int:
        """130 after SIGINT, 143 after SIGTERM, 129 after SIGHUP."""
        return 128 + (self.number or signal.SIGINT)

    def __enter__(self) -> Interruption:
        for number in SIGNALS:
            if number == HANGUP and signal.getsignal(number) == signal.SIG_IGN:
                continue
            self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        first, self.number = self.number is None, number
        if number == HANGUP:
            self._leave_terminal()
        if self.keeper is None or not first:
            raise KeyboardInterrupt
        self.keeper.stopping = True
        self._alarm(PATIENCE)

    @staticmethod
    def _alarm(seconds: float) -> None:
        """Break off after so long, 0 for never; without an alarm a second signal does, or the end of the deadline."""
        if ALARM:
            signal.setitimer(signal.ITIMER_REAL, seconds)

    def _leave_terminal(self) -> None:
        """A terminal that has gone refuses every write: what is still to be said goes nowhere, and the rest goes on."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for number in self._terminals:
            os.dup2(nowhere, number)
        os.close(nowhere)

    @contextmanager
    def patient(self, keeper: CheckpointKeeper) -> Iterator[None]:
        """Let a training and the writing of its results come to an end, in the time that there is."""
        self.keeper = keeper
        before = signal.signal(ALARM, self._break_off) if ALARM else None
        receiver, sender = socket.socketpair()
        sender.setblocking(False)
        woken = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
        watch = threading.Thread(target=self._watch, args=(receiver, keeper), daemon=True)
        watch.start()
        try:
            yield
        finally:
            self._alarm(0)
            signal.set_wakeup_fd(woken)
            if ALARM:
                signal.signal(ALARM, before)
            self.keeper = None
            sender.close()  # the watch reads the end of the stream
            watch.join()

    def _break_off(self, number: int, frame: FrameType | None) -> None:
        if self.keeper is not None and not self.keeper.stopped:
            raise KeyboardInterrupt

    def _watch(self, receiver: socket.socket, keeper: CheckpointKeeper) -> None:
        """End the process at the deadline, even if it is in a routine that lets no Python code run in its thread."""
        with receiver:
            received = 0
            while received not in SIGNALS:
                byte = receiver.recv(1)
                if not byte:
                    return
                received = byte[0]
            deadline = monotonic() + DEADLINE
            try:
                while True:
                    receiver.settimeout(max(deadline - monotonic(), 1e-3))
                    if not receiver.recv(1):
                        return
            except TimeoutError:
                pass
        code = 128 + received
        try:
            if not keeper.lock.locked():  # else the main thread is writing
                keeper.rescue()
        except Exception as error:
            print(error, file=sys.stderr)
            code = getattr(error, "exit_code", 1)
        print("interrupted", file=sys.stderr, flush=True)
        os._exit(code)
