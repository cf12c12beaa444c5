"""Random texts, the same ones every time: accepted, or refused in one line with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import fuzz

EXPRESSIONS, SPECS = 200, 40
FOUND = {  # what the fuzzer has found: text -> part of the refusal
    "unprintable": ("\u202ex", "'U+202E' is not part of the expression language"),
    "a colour": ("x + \x1b[31mu", "U+001B"),
    "a surrogate": ("\ud800", "U+D800"),
    "functions in one another": ("tanh(" * 51 + "(erf(v)/0.25)**1e-300" + ")" * 51, "of more than 5 functions"),
    "real functions in one another": ("tanh(" * 51 + "x" + ")" * 51, "more than 25 functions"),
    "a tower of powers": ("**".join(["(v_yy + u)"] * 60), "a tower of more than 10 powers"),
}
FOUND_SPECS = {
    "a patch's name at length": (
        "name: a\ncoordinates: [x]\nfields: [u]\nequations: {poisson: u_xx = 0}\nconditions: [{on: boundary, u: 0}]\n"
        f"domain: {{interval: {{from: 0, to: 1, name: '{'(10**40) + ' * 300}'}}}}\n",
        "…",
    ),
    "a physics' name at length": (
        "name: a\ncoordinates: [x, y]\ndomain: {disk: {radius: 1}}\nconditions: [{on: boundary, ux: 0}]\n"
        f"physics: {'exp(' * 1000}\n",
        "…",
    ),
    "probes with and without a coordinate": (
        "name: a\ncoordinates: [x]\nparameters: {m: {from: 1, to: 2}}\nfields: [u]\nequations: {balance: u_xx = m*u}\n"
        "domain: {interval: {from: 0, to: 1}}\nconditions: [{on: boundary, u: 1}]\n"
        "probes: {ends: {quantity: u, at: [[0, 1], [1]]}}\n",
        "a probe needs the coordinates x, m",
    ),
    "an unprintable place": ("name: a\ncoordinates: [x]\nfields: ['\u202e']\n", ""),
}


@pytest.fixture(autouse=True)
def _patience(monkeypatch):
    """The fuzzer's limits on seconds are for its long run; here they only end what hangs."""
    for kind in fuzz.SECONDS:
        monkeypatch.setitem(fuzz.SECONDS, kind, 600.0)


@pytest.fixture(scope="module")
def watch():
    watched = fuzz.Watch()
    yield watched
    watched.on = False


@pytest.mark.slow
def test_random_texts_are_accepted_or_refused(watch):
    expressions, specs = fuzz.Counts("expression"), fuzz.Counts("spec")
    fuzz.fuzz(0, expressions, specs, watch, (EXPRESSIONS, SPECS))
    assert expressions.failures == []
    assert specs.failures == []
    assert min(expressions.accepted, expressions.refused) > EXPRESSIONS / 10  # both, or the property says little
    assert min(specs.accepted, specs.refused) > 0


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_in_an_expression_is_refused(name, watch):
    text, said = FOUND[name]
    counts = fuzz.Counts("expression")
    assert fuzz.examine(counts, watch, lambda: fuzz.read_expression(text), text) is None
    assert counts.refused == 1
    with pytest.raises(fuzz.SpecError) as refusal:
        fuzz.read_expression(text)
    assert said in str(refusal.value)


@pytest.mark.parametrize("name", FOUND_SPECS)
def test_what_was_found_in_a_spec_is_refused(name, watch):
    text, said = FOUND_SPECS[name]
    counts = fuzz.Counts("spec")
    assert fuzz.examine(counts, watch, lambda: fuzz.read_spec(text, Path()), text) is None
    assert counts.refused == 1
    with pytest.raises(fuzz.SpecError) as refusal:
        fuzz.read_spec(text, Path())
    assert said in str(refusal.value)


def boom() -> None:
    raise KeyError("nobody foresaw it")


def forever() -> None:
    while True:
        pass


def write(file: Path) -> None:
    file.write_text("")
    raise fuzz.SpecError(("definitions",), "refused")


def test_it_notices(watch, tmp_path, monkeypatch):
    """An error of another kind, a file that is written, a refusal without its place, a text without end."""
    counts = fuzz.Counts("expression")

    def refuse() -> None:
        raise fuzz.SpecError((), "somewhere")

    said = [fuzz.examine(counts, watch, read, "") for read in (boom, lambda: write(tmp_path / "file"), refuse)]
    monkeypatch.setitem(fuzz.SECONDS, "expression", 0.05)
    said.append(fuzz.examine(counts, watch, forever, ""))
    assert [str(text).split()[0] for text in said] == ["KeyError:", "open", "a", "computed"]
    assert (counts.accepted, counts.refused, len(counts.failures)) == (0, 0, 4)
