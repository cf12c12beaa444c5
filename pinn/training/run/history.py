"""The history of a training: a row for each step, and for a long stage evenly fewer, so that it stays small.

A stage has all its rows up to MOST of a kind. Then every second of them goes, and of the steps to come every second is
recorded; at MOST again every fourth, and so on: a million steps leave between MOST/2 and MOST rows at equal distances.
Steps that measured the held-out residual are a kind of their own, since they are few. Rows with a true error all stay,
of which the loop makes one whenever the seconds have grown by a factor; so does the newest row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

Row = dict[str, Any]

MOST = 5_000  # even: a curve shows no more than a screen has columns, and a checkpoint with two kinds has 4 MB of them
STEP, MEASURED, OBSERVED = "step", "measured", "observed"


class History(Sequence[Row]):
    """Rows in the order of the steps.

    first    index of the first row of the stage at work
    seen     how many rows of each kind that stage has had
    every    of how many of a kind one is recorded
    passing  whether the newest row goes when the next one comes
    """

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.begin_stage()

    def begin_stage(self) -> None:
        self.first, self.passing = len(self.rows), False
        self.seen = {STEP: 0, MEASURED: 0}
        self.every = {STEP: 1, MEASURED: 1}

    def append(self, row: Row) -> None:
        if self.rows and row["stage"] != self.rows[-1]["stage"]:
            self.begin_stage()
        elif self.passing:
            self.rows.pop()
        self.rows.append(row)
        kind = kind_of(row)
        if kind == OBSERVED:
            self.passing = False
            return
        self.passing = self.seen[kind] % self.every[kind] != 0
        self.seen[kind] += 1
        if self.seen[kind] > MOST * self.every[kind]:
            self.thin(kind)

    def thin(self, kind: str) -> None:
        """Drop every second row of the kind, the second one first."""
        self.every[kind] *= 2
        number = 0
        kept = []
        for row in self.rows[self.first :]:
            if kind_of(row) == kind:
                number += 1
                if number % 2 == 0:
                    continue
            kept.append(row)
        self.rows[self.first :] = kept

    def state_dict(self) -> dict[str, Any]:
        return {
            "rows": list(self.rows),
            "first": self.first,
            "seen": dict(self.seen),
            "every": dict(self.every),
            "passing": self.passing,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.rows[:] = state["rows"]
        self.first, self.passing = state["first"], state["passing"]
        self.seen, self.every = dict(state["seen"]), dict(state["every"])

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        return self.rows[index]


def kind_of(row: Row) -> str:
    if row.get("heldout_residual") is None:
        return STEP
    return OBSERVED if any(key.startswith("error:") for key in row) else MEASURED
