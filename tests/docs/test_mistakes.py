"""The page of mistakes: each row is what is said today of that change of the problem above the table."""

from __future__ import annotations

import re

import pytest

import pinn
from pinn.errors import SpecError
from pinn.spec.yaml.source import parse_spec
from tests.docs.pages import ROOT

PAGE = ROOT / "docs/howto/mistakes.md"
BASE = re.compile(r"```yaml\n(.*?)```(.*?)(?=```yaml|\Z)", re.DOTALL)
ROW = re.compile(r"^\| `(.*?)` \| (.*) \|$", re.MULTILINE)
ROWS = [
    pytest.param(base, written.replace("\\|", "|"), said, id=written)
    for base, table in BASE.findall(PAGE.read_text(encoding="utf-8"))
    for written, said in ROW.findall(table)
]


def answer(base: str, written: str) -> str:
    """What is said of the problem with this block changed, without the place in a file."""
    with pytest.raises(SpecError) as raised:
        pinn.load(base, **parse_spec(f"{written}\n").data)
    return re.sub(r"^<\w+>:\d+:\d+: ", "", str(raised.value).splitlines()[0])


@pytest.mark.parametrize(("base", "written", "said"), ROWS)
def test_it_is_answered_so(base, written, said):
    assert answer(base, written) == said.replace("`", "")


def test_there_are_twenty():
    assert len(ROWS) >= 20
