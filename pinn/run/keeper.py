"""Keeper: decides when the state of a training is written, and remembers it while a long step is at work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from torch import Tensor

from pinn.errors import ResourceError
from pinn.run import checkpoint

LONG_STEP = 1.0  # seconds, after which the next step is expected to be too long to wait for when somebody asks to stop
LARGEST_SHARE = 0.05  # of the time, for writing: a large state is written less often than asked for


class CheckpointKeeper:
    """Writes checkpoints of a run's folder every `interval` seconds.

    header    what the state of every checkpoint says about the run: its spec, its engine
    warn      told when a checkpoint could not be written
    """

    def __init__(self, run: Path, interval: float, header: dict[str, Any], warn: Callable[[str], None]):
        self.run, self.interval, self.header, self.warn = run, interval, header, warn
        self.stopping = self.stopped = False  # asked to stop; the state is written and the training over
        self.remembered: dict[str, Any] | None = None
        self.written_at = perf_counter()
        self.seconds = 0.0  # that the last one took
        self.lock = threading.Lock()

    def keep(self, state: dict[str, Any] | None) -> None:
        """Write a checkpoint now; None says that there will be no state to keep. Raises ResourceError."""
        with self.lock:
            begun = perf_counter()
            checkpoint.write(self.run, {**self.header, "training": state})
            self.remembered = None
            self.stopped = self.stopping
            self.written_at = perf_counter()
            self.seconds = self.written_at - begun

    def after_step(self, state: Callable[[], dict[str, Any]], seconds: float) -> None:
        """Write a checkpoint if it is time to, else remember the state if the next step may be a long one."""
        if self.stopping:
            return  # whoever asked for the end has the state written
        since = perf_counter() - self.written_at
        if since >= self.interval and (since >= self.seconds / LARGEST_SHARE or not self.interval):
            self.after_stage(state())
        elif seconds > LONG_STEP:
            self.remembered = copied(state())

    def after_stage(self, state: dict[str, Any]) -> None:
        """Write a checkpoint; where that fails the training goes on, and the next one is tried in its turn."""
        try:
            self.keep(state)
        except ResourceError as error:
            self.warn(f"{error}; the training goes on")
            self.remembered = copied(state)
            self.written_at = perf_counter()

    def rescue(self) -> None:
        """Write what was remembered, unless a later state is on the disk already. Raises ResourceError."""
        if self.remembered is not None:
            self.keep(self.remembered)
        self.stopped = True


def copied(value: Any) -> Any:
    """Plain data whose tensors no later step changes."""
    if isinstance(value, Tensor):
        return value.clone()  # keeps the strides
    if isinstance(value, dict):
        return {key: copied(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(copied(entry) for entry in value)
    return value
