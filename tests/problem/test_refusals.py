"""Specs that are well formed but state something impossible: refused in one line when the problem is built."""

from __future__ import annotations

from pathlib import Path

import pytest

from pinn.cli.main import run
from pinn.domain.places import Boundary
from pinn.problem.loading import build
from pinn.spec.yaml.source import parse_spec
from tests.problem.refusals import FILE, POISSON, RIGHT, assert_refused, cases, conditions, spec_with
from tests.spec.refusals import marked

DIGITS = "constants: {a: »'" + "9" * 5000 + "'}"
LONG_SUM = "equations: {poisson: »laplacian(u) = " + "+".join(["u"] * 6000) + "}"
CASES = {
    **cases(),
    "spec/language: many digits": (POISSON, DIGITS, "constants.a", "too large"),
    "spec/language: long sum": (POISSON, LONG_SUM, "equations.poisson", "at most 10000 are read"),
}


@pytest.mark.parametrize("right", RIGHT.values(), ids=RIGHT)
def test_the_right_specs_are_accepted(right):
    assert build(parse_spec(spec_with(right, ""), FILE)).statements


@pytest.mark.parametrize("case", CASES)
def test_problem_is_refused(case):
    right, text, path, fragment = CASES[case]
    assert_refused(*marked(spec_with(right, text)), path, fragment)


@pytest.mark.parametrize("command", ["validate", "solve"])
def test_the_command_line_says_it_in_one_line(command, tmp_path, monkeypatch, capsys):
    right, text, path, fragment = CASES["equations/conditions: misspelt quantity"]
    spec, place = marked(spec_with(right, text))
    monkeypatch.chdir(tmp_path)
    Path("wrong.yaml").write_text(spec)
    assert run([command, "wrong.yaml"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert f"wrong.yaml:{place}: {path}: " in err
    assert fragment in err
    assert [entry.name for entry in Path().iterdir()] == ["wrong.yaml"]  # nothing is left behind


def test_what_is_free_or_periodic_is_not_part_of_the_rest_of_the_boundary():
    for first in ("{on: [left, right], free: true}", "{periodic: [left, right]}"):
        problem = build(parse_spec(spec_with(POISSON, conditions("{on: boundary, u: 0}", first)), FILE))
        patches = {name for s in problem.statements if isinstance(s.place, Boundary) for name in s.place.patches}
        assert patches == {"bottom", "top"}


def test_parts_of_a_patch_that_only_touch_do_not_contradict():
    lines = (
        "{on: left, u: 0, where: y <= 0.5}",
        "{on: left, u_n: 1, where: y > 0.5}",
        "{on: [right, top, bottom], u: 0}",
    )
    assert build(parse_spec(spec_with(POISSON, conditions(*lines)), FILE)).statements
