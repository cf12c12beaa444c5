"""Progress of a solve on stderr: a live line on a terminal, plain lines elsewhere; the lines go into log.txt too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichProgress

# Seconds between plain lines: often enough to see life, seldom enough to read; of a run of days once a minute, so that
# a month leaves a log of a few megabytes.
INTERVAL, LONGEST_INTERVAL = 2.0, 60.0
LINES = 1000  # about as many at INTERVAL; then it grows with the time
REFRESH = 0.1  # seconds between changes of the live line: rich draws it ten times in a second


class Progress:
    """Called with one history row per iteration, as `pinn.solve(progress=…)` does."""

    def __init__(
        self,
        console: Console,
        *,
        time_limit: float | None = None,
        quiet: bool = False,
        log: Callable[[str], None] | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._console = console
        self._time_limit = time_limit
        self._quiet = quiet
        self._log = log
        self._clock = clock
        self._begun = clock()
        self._spoken_at: float | None = None
        self._drawn_at = -INTERVAL
        self._unspoken: Mapping[str, Any] | None = None
        self._live: RichProgress | None = None
        self._task: Any = None

    def __enter__(self) -> Progress:
        if self._console.is_terminal and not self._quiet:
            from rich.progress import BarColumn, SpinnerColumn, TextColumn
            from rich.progress import Progress as RichProgress

            self._live = RichProgress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                *([BarColumn(bar_width=20)] if self._time_limit else []),
                TextColumn("{task.fields[clock]}"),
                console=self._console,
                transient=True,
            )
            self._live.start()
            self._task = self._live.add_task("preparing", total=self._time_limit, clock="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
        if self._unspoken is not None:
            # the last row tells where it ended; a full disk is reported by whoever writes the results
            with suppress(Exception):
                self._speak(self._unspoken)

    def __call__(self, row: Mapping[str, Any]) -> None:
        now = self._clock() - self._begun
        if self._live is not None and now - self._drawn_at >= REFRESH:
            self._drawn_at = now
            self._live.update(
                self._task, completed=row.get("seconds") or 0.0, description=describe(row), clock=self._clock_text(row)
            )
        interval = min(max(INTERVAL, now / LINES), LONGEST_INTERVAL)
        if self._spoken_at is None or now - self._spoken_at >= interval:
            self._spoken_at = now
            self._speak(row)
        else:
            self._unspoken = row

    def _speak(self, row: Mapping[str, Any]) -> None:
        self._unspoken = None
        line = f"{describe(row)}  {self._clock_text(row)}"
        if self._log is not None:
            self._log(line)
        if self._live is None and not self._quiet:
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _clock_text(self, row: Mapping[str, Any]) -> str:
        limit = f" of {self._time_limit:g} s" if self._time_limit else " s"
        return f"{row.get('seconds') or 0.0:.1f}{limit}"


def describe(row: Mapping[str, Any]) -> str:
    """One history row in words; a held-out residual that was not measured at this iteration is left out."""
    text = f"{row.get('stage', '')}  iteration {row.get('iteration', 0)}"
    for key, label in (("loss", "loss"), ("heldout_residual", "held-out residual")):
        value = row.get(key)
        if value is not None:
            text += f"  {label} {value:.3e}"
    return text.strip()
