"""The page of all problems that come with pinn: python -m benchmarks.problems_page

Each with its picture, its right value as measured in results/benchmarks/accuracy.json, and its whole text. Nothing is
solved: run benchmarks/accuracy.py and benchmarks/gallery.py first.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Any

from pinn.files.shipped import shipped_folder, shipped_names
from pinn.spec.yaml.source import read_spec

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/problems.md"
HEAD = """# Problems

All problems that come with pinn: `pinn solve NAME` solves one from any folder, `pinn init my-problem --from NAME`
copies it. Errors are those of [accuracy and time](benchmarks.md), medians over seeds; seconds are of the whole command
on two cores. The page is written by `python -m benchmarks.problems_page`.

"""


def page() -> str:
    """The page as Markdown."""
    measured = json.loads((ROOT / "results/benchmarks/accuracy.json").read_text(encoding="utf-8"))["problems"]
    parts = [HEAD]
    for field, names in groupby(shipped_names(), lambda name: name.partition("/")[0]):
        parts.append(f"## {field.capitalize()}\n\n")
        parts += [section(name, measured.get(name, [])) for name in names]
    return "".join(parts).rstrip() + "\n"


def section(name: str, entries: Sequence[Mapping[str, Any]]) -> str:
    """One problem: title, picture, errors, text."""
    file = shipped_folder() / f"{name}.yaml"
    title = " ".join(str(read_spec(file).data.get("title") or name).split())
    picture = f"gallery/{name.partition('/')[2]}.png"
    shown = f"![{title}]({picture})\n\n" if (ROOT / "docs" / picture).is_file() else ""
    text = f"```{{literalinclude}} ../problems/{name}.yaml\n:language: yaml\n```"
    return f"### {name}\n\n{title}{errors(entries)}\n\n{shown}{text}\n\n"


def errors(entries: Sequence[Mapping[str, Any]]) -> str:
    """What was measured of its fields and quantities, known errors alone."""
    good = [entry for entry in entries if entry.get("exit") == 0 and entry.get("errors")]
    if not good:
        return ""
    names = [name for name in good[0]["errors"] if ":" not in name and name != "seconds"]
    found = {name: median(entry["errors"].get(name, math.nan) for entry in good) for name in names}
    listed = ", ".join(f"{name} {error:.1e}" for name, error in found.items() if math.isfinite(error))
    seconds = median(entry["seconds"] for entry in good)
    return f". Relative L2 errors: {listed}; {seconds:.0f} s." if listed else f". {seconds:.0f} s."


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
