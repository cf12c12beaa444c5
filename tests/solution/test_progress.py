"""Progress lines: one every two seconds, the first and the last always, each in the log as well."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from pinn.solution.progress import Progress, describe

STEPS = 50_000


def rows(count: int) -> list[dict]:
    return [
        {"stage": "adam", "iteration": i, "seconds": 0.5 * i, "loss": 1.0, "heldout_residual": None}
        for i in range(count)
    ]


def run_through(count: int, *, terminal: bool = False, **options) -> tuple[str, list[str]]:
    """Feed rows half a second apart; return what was printed and what was logged."""
    seconds = iter([0, *range(1000)])
    stream, log = io.StringIO(), []
    console = Console(file=stream, force_terminal=terminal, width=200)
    with Progress(console, log=log.append, clock=lambda: next(seconds) / 2, **options) as progress:
        for row in rows(count):
            progress(row)
    return stream.getvalue(), log


def test_plain_lines_come_every_two_seconds_and_at_the_end():
    text, log = run_through(11)
    assert [line.split()[2] for line in text.splitlines()] == ["0", "4", "8", "10"]
    assert text.splitlines() == log


def test_the_last_row_is_not_said_twice():
    text, _ = run_through(9)
    assert [line.split()[2] for line in text.splitlines()] == ["0", "4", "8"]


def test_elapsed_time_of_the_limit():
    text, _ = run_through(1, time_limit=60.0)
    assert text == "adam  iteration 0  loss 1.000e+00  0.0 of 60 s\n"


def test_quiet_prints_nothing_and_still_logs():
    text, log = run_through(3, quiet=True)
    assert text == ""
    assert len(log) == 2


def test_a_terminal_gets_a_live_line_and_the_log_plain_ones():
    text, log = run_through(5, terminal=True, time_limit=10.0)
    assert "iteration 4" in text
    assert "\x1b[" in text
    assert [line.split()[2] for line in log] == ["0", "4"]


@pytest.mark.parametrize(("seconds", "most_lines", "most_drawn"), [(1.0, 2, 11), (2.6e6, 46_000, STEPS)])
def test_many_steps_leave_few_lines(seconds, most_lines, most_drawn, monkeypatch):
    """A second has a line at its begin and its end, and ten changes of the live line; a month a line a minute."""
    log, drawn, now = [], [], iter(k * seconds / STEPS for k in range(STEPS + 1))
    console = Console(file=io.StringIO(), force_terminal=True)
    row = rows(1)[0]
    with Progress(console, log=log.append, clock=lambda: next(now)) as progress:
        assert progress._live is not None
        monkeypatch.setattr(progress._live, "update", lambda *task, **shown: drawn.append(shown))
        for _ in range(STEPS):
            progress(row)
    assert most_lines / 2 < len(log) <= most_lines
    assert most_drawn / 2 < len(drawn) <= most_drawn


def test_a_residual_that_was_not_measured_is_not_mentioned():
    assert describe({"stage": "bfgs", "iteration": 3, "loss": 2e-5}) == "bfgs  iteration 3  loss 2.000e-05"
    row = {"stage": "bfgs", "iteration": 3, "loss": 2e-5, "heldout_residual": 1e-3}
    assert describe(row).endswith("held-out residual 1.000e-03")
