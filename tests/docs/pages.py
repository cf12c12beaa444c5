"""The pages of the documentation, and the code in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), README])
BLOCK = re.compile(r"^```([a-z]*)[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
NOT_OURS = ("pip ", "make ", "git ", "python ", "docker ")  # commands that a test leaves alone


def blocks(page: Path, *languages: str) -> Iterator[tuple[str, str]]:
    """(language, text) of every code block of these languages, in order."""
    for language, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language in languages:
            yield language, text


def is_problem(text: str) -> bool:
    """Whether a block of YAML is a whole spec rather than a part of one."""
    return text.startswith("name:")


def commands(text: str) -> list[list[str]]:
    """The words of every `pinn` command in a block of shell."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line.split()[1:] for line in lines if line.startswith("pinn ")]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).with_suffix("").as_posix()
