"""Students of a solved field: python -m benchmarks.distillation, written to results/benchmarks/distillation.md.

Processor time of one thread; the deviation is relative L2, of values and of gradients, at points nobody was fitted at.
"""

from __future__ import annotations

from pathlib import Path

import pinn
from pinn.comparison.distillation import Distilled, Sketch, distil
from pinn.comparison.distillation_report import HEADER, cells

RESULT = Path(__file__).resolve().parent.parent / "results" / "benchmarks" / "distillation.md"
SKETCHES = [
    Sketch((16,)),
    Sketch((32,)),
    Sketch((32,), "tanh"),
    Sketch((32,), "silu"),
    Sketch((12, 12)),
    Sketch((32,), "relu"),
    Sketch((12, 12), "relu"),
]
TEACHERS = {
    "Poisson on the square, one hidden layer of 400 units": {},
    "the same, on cells": {"solver": {"method": "cells", "time_limit": 60}},
}


def main() -> None:
    lines = ["# Students of solved fields", "", " ".join((__doc__ or "").split("\n\n")[1].split()), ""]
    for words, overrides in TEACHERS.items():
        solution = pinn.solve(pinn.load("heat/poisson_2d", **overrides), progress=False)
        found: Distilled = distil(solution, SKETCHES, 0.0, print)
        lines += [f"## {words}", "", f"| {' | '.join(HEADER)} |", "|" + "---|" * len(HEADER)]
        lines += [*(f"| {' | '.join(cells(figures))} |" for figures in found.figures), ""]
        RESULT.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
