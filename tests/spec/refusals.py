"""Wrong specs: what they are changed from, the mark » of the place that is refused, and what a refusal must be."""

from __future__ import annotations

import pytest

from pinn.errors import SpecError
from pinn.spec.schema import load_schema
from pinn.spec.yaml.source import parse_spec

FILE = "problems/wrong.yaml"
RIGHT = {
    "name": "name: heat",
    "coordinates": "coordinates: [x]",
    "time": "time: {from: 0, to: 1}",
    "fields": "fields: [u]",
    "domain": "domain: {interval: {from: 0, to: 1}}",
    "equations": "equations: {heat: u_t - u_xx = 0}",
    "conditions": "conditions:\n  - {on: boundary, u: 0}",
}


def marked(text: str) -> tuple[str, str]:
    """The text without its mark, and line:column of the mark."""
    before = text[: text.index("»")]
    return text.replace("»", ""), f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def assert_refused(text: str, place: str, path: str, fragment: str) -> None:
    with pytest.raises(SpecError) as raised:
        load_schema(parse_spec(text, FILE))
    lines = str(raised.value).split("\n")
    assert len(lines) == 1, lines
    prefix = f"{FILE}:{place}: " + (f"{path}: " if path else "")
    assert lines[0].startswith(prefix), lines[0]
    assert fragment in lines[0].removeprefix(prefix)
    assert len(lines[0]) < 400
    assert raised.value.exit_code == 2
