"""Wrong specs: the right ones of refusals.yaml with blocks of their own, and what is said of them.

In the texts » marks the place that the refusal must name.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pinn.errors import SpecError
from pinn.problem.loading import build
from pinn.spec.yaml.source import parse_spec

FILE = "problems/wrong.yaml"
TABLE = YAML(typ="safe").load(Path(__file__).with_suffix(".yaml"))


def blocks(spec: str) -> dict[str, str]:
    """The text of each block of a spec, by its name."""
    return {block.split(":")[0]: block for block in re.split(r"\n(?=\w)", spec.strip())}


RIGHT = {name: blocks(spec) for name, spec in TABLE.pop("right").items()}
HEAT, POISSON, SOLID = RIGHT["heat"], RIGHT["poisson"], RIGHT["solid"]


def cases() -> dict[str, tuple[dict[str, str], str, str, str]]:
    """Room and case -> (the right spec, blocks that are added or replaced, path in the spec, part of the message)."""
    found = {}
    for room, wrong in TABLE.items():
        for case, lines in wrong.items():
            (right, text), (path, fragment) = lines.items()
            found[f"{room}: {case}"] = (RIGHT[right], text, path, fragment)
    return found


def conditions(*lines: str) -> str:
    return "conditions:\n" + "\n".join(f"- {line}" for line in lines)


def cut(*shapes: str) -> str:
    return "domain:\n  difference:\n" + "\n".join(f"  - {shape}" for shape in shapes)


def spec_with(right: dict[str, str], text: str) -> str:
    """The right spec with the blocks in `text` in place of its own."""
    replaced = {key for key in right if re.search(rf"^»?{key}:", text, re.MULTILINE)}
    return "\n".join([*(block for key, block in right.items() if key not in replaced), text]) + "\n"


def assert_refused(text: str, place: str, path: str, fragment: str, folder: Path = Path()) -> None:
    with pytest.raises(SpecError) as raised:
        build(parse_spec(text, FILE), folder)
    message = str(raised.value)
    assert len(message.split("\n")) == 1
    assert len(message) < 400
    prefix = f"{FILE}:{place}: {path}: "
    assert message.startswith(prefix)
    assert fragment in message.removeprefix(prefix)
    assert raised.value.exit_code == 2
