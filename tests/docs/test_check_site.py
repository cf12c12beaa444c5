"""A link or a picture that leads nowhere is seen."""

import importlib.util

import pytest

from tests.docs.pages import ROOT


@pytest.mark.parametrize(
    ("reference", "seen"),
    [
        ('<a href="b.html">', False),
        ('<a href="b.html#there">', False),
        ('<a href="b.html#gone">', True),
        ('<a href="#here">', False),
        ('<a href="#gone">', True),
        ('<img src="gone.png">', True),
        ('<img src="two%20words.png">', False),
        ('<a href="folder/">', False),
        ('<a href="https://example.org/gone">', False),
    ],
)
def test_references(reference, seen, tmp_path):
    spec = importlib.util.spec_from_file_location("check_site", ROOT / "docs/check_site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/index.html").touch()
    (tmp_path / "two words.png").touch()
    (tmp_path / "b.html").write_text('<p id="there">')
    (tmp_path / "a.html").write_text(f'<p id="here">{reference}')
    assert bool(module.broken(tmp_path)) is seen
