"""The page on what does not go together: python -m benchmarks.compatibility

Writes docs/compatibility.md from the table that refuses it, `pinn/problem/compatibility.py`.
"""

from __future__ import annotations

from pathlib import Path

from pinn.problem.compatibility import TABLE

PAGE = Path(__file__).resolve().parent.parent / "docs" / "compatibility.md"
HEAD = """# What does not go together

Each line is a pair that is refused, with what is said at the place of the first. What is not listed goes together. The
page is written from the table that refuses (`python -m benchmarks.compatibility`).

| asked for | beside | refused with |
|---|---|---|
"""


def page() -> str:
    """The page as Markdown."""
    rows = (f"| {row.feature.words} | {row.beside.words} | {row.sentence} |" for row in TABLE)
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
