"""The check of the site in a browser finds what a reader would stumble over."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

spec = importlib.util.spec_from_file_location("check_in_browser", ROOT / "docs/check_in_browser.py")
assert spec is not None
assert spec.loader is not None
check = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check)
PAGE = '<html><head><meta name="viewport" content="width=device-width, initial-scale=1"></head><body>{}</body></html>'


@pytest.mark.slow
@pytest.mark.skipif(check.browser() is None, reason="no headless browser is installed")
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<p>all is well</p>", ""),
        ("<script>nothing()</script>", "nothing is not defined"),
        ('<img src="missing.png">', "broken picture"),
        ('<p style="width: 900px">wide</p>', "390 wide: 518 pixels too wide"),
    ],
)
def test_what_is_wrong_is_found(body, said, tmp_path: Path):
    (tmp_path / "page.html").write_text(PAGE.format(body), encoding="utf-8")
    lines = check.wrong(tmp_path, ["page.html"], check.browser())
    assert lines == [] if not said else any(said in line for line in lines), lines
    assert sorted(tmp_path.iterdir()) == [tmp_path / "page.html"]
