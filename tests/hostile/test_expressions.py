"""Hostile expressions, at every place of a spec that reads one: exit code 2, one line, little work."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.hostile.command import quoted, refuse
from tests.hostile.expressions import EXPRESSIONS

SPEC = """
name: hostile
coordinates: [x]
time: {from: 0, to: {TIME}}
fields: [u]
constants: {c: {CONSTANT}}
unknowns: {k: {initial: {INITIAL}}}
definitions: {q: {DEFINITION}}
domain: {interval: {from: 0, to: {DOMAIN}}}
equations: {heat: {EQUATION}}
conditions: [{on: initial, u: {CONDITION}}, {on: boundary, where: {WHERE}, u: 0}, {on: boundary, equation: {SIDE}}]
exact: {u: {EXACT}}
probes: {p: {quantity: u, at: [{POINT}, 0]}}
"""
PLAIN = {
    "TIME": "1",
    "CONSTANT": "2",
    "INITIAL": "1",
    "DEFINITION": "c*u_x",
    "DOMAIN": "1",
    "EQUATION": "u_t = k*u_xx",
    "CONDITION": "sin(pi*x)",
    "WHERE": "x > 0",
    "SIDE": "u = 0",
    "EXACT": "sin(x)",
    "POINT": "0.5",
}
READ = {"EQUATION": "u_t = {}", "SIDE": "{} = 0", "WHERE": "x > {}"}  # a place that needs more than an expression
SAMPLE = [  # for the places beside the first: one of each kind
    "escape through subclasses",
    "escape through NUL",
    "escape through a cyrillic letter",
    "power tower",
    "large number",
    "100,000 brackets",
    "sum of 5,000",
    "builtin eval",
    "attribute __class__ of x",
    "escape through a second line",
]


def spec(**texts: str) -> str:
    written = SPEC
    for place, text in {**PLAIN, **texts}.items():
        written = written.replace("{" + place + "}", quoted(text))
    return written


def at(place: str, text: str) -> str:
    return spec(**{place: READ.get(place, "{}").replace("{}", text)})


def test_the_spec_itself_is_accepted(tmp_path, capsys):
    from pinn.cli.main import run

    file = tmp_path / "plain.yaml"
    file.write_text(spec())
    assert run(["validate", str(file)]) == 0, capsys.readouterr().err


def test_there_are_150():
    assert len(set(EXPRESSIONS.values())) >= 150


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_an_expression_is_refused(name, tmp_path, capsys):
    refuse(capsys, tmp_path / "hostile.yaml", at("DEFINITION", EXPRESSIONS[name]))


@pytest.mark.slow
@pytest.mark.parametrize("place", [place for place in PLAIN if place != "DEFINITION"])
def test_every_place_refuses(place, tmp_path, capsys):
    for name in SAMPLE:
        refuse(capsys, tmp_path / "hostile.yaml", at(place, EXPRESSIONS[name]))


@pytest.mark.parametrize("name", SAMPLE[:4])
def test_an_override_is_refused(name, tmp_path, capsys):
    file = tmp_path / "plain.yaml"
    refuse(capsys, file, spec(), "--set", f"definitions.q={quoted(EXPRESSIONS[name])}")


@pytest.mark.slow
def test_the_same_from_a_shell(tmp_path):
    """As a user starts it: in processes of their own."""
    started = []
    for name in ("escape through subclasses",):
        file = tmp_path / f"{len(started)}.yaml"
        file.write_text(at("DEFINITION", EXPRESSIONS[name]))
        command = [sys.executable, "-m", "pinn", "validate", str(file)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    for process in started:
        out, said = process.communicate()
        assert (process.returncode, out) == (2, "")
        assert "Traceback" not in said
