"""Answers to the corpus of truth: every file has one, closed forms satisfy its statements, references come again."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import asdict
from functools import cache

import numpy as np
import pytest
import scipy.special
import sympy
import torch

import pinn
from benchmarks.truth import runs
from benchmarks.truth.answers import CORPUS, Answer, Value, answers
from benchmarks.truth.errors import Error, closed_values, estimates, number_error
from benchmarks.truth.judgement import Claim, Outcome, claim_of, estimate_ratios, judge
from benchmarks.truth.page import page, summary
from benchmarks.truth.references import table
from benchmarks.truth.rules import measured_of, noticed, rules_page, without
from benchmarks.truth.tables import TABLES, make
from pinn.domain.places import Data, Interface, Periodic
from pinn.errors import SpecError
from pinn.problem.problem import Problem
from pinn.solution import rules
from pinn.solution.verdict import Measured
from pinn.spec.language.expressions import symbol
from pinn.training.run.stop_reason import StopReason
from tests.equations.closed_forms import BRANCHES, differentiated, relative_residual

POINTS = 40
ROUNDING = 1e-11  # of a statement's magnitude and the fields' size: where every part vanishes nothing else is there
NUMPY = {**{name: (lambda *a, f=f: f(*a) + 0.0) for name, f in BRANCHES.items()}, "erf": scipy.special.erf}
BESIDE = 1e-7  # of the domain: distance of two points on either side of a place
CONTINUOUS = 1e-5  # relative: what a smooth quantity changes over that distance, with a margin of 10
SLOW = ("cantilever_clamped", "sheared_square", "mixed_plate", "l_shape_plain")  # finite elements: 10 s and more each
ANSWERS = answers()
CLOSED = [
    pytest.param(answer, index, id=f"{answer.name}-{index}" if index else answer.name)
    for answer in ANSWERS.values()
    for index in range(len(answer.solutions))
]


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    return runs.laid_out(tmp_path_factory.mktemp("truth"))


@cache
def load(file) -> Problem | None:
    """The problem, or None where it is refused: which are is not for this test to say."""
    try:
        return pinn.load(file)
    except SpecError:
        return None


def test_every_file_has_an_answer_and_every_answer_a_file():
    files = {(file.parent.name, file.stem) for file in CORPUS.rglob("*.yaml")}
    assert files == {(answer.kind, answer.name) for answer in ANSWERS.values()}
    assert len(ANSWERS) >= 200
    assert sum(answer.quick for answer in ANSWERS.values()) == 25


def test_every_answer_says_what_is_right_or_why_nothing_is():
    for answer in ANSWERS.values():
        assert answer.why, answer.name
        if answer.verdict in ("solved", "open"):
            assert answer.has_values, answer.name
        if answer.verdict == "not solved":
            assert not answer.has_values, answer.name


def test_verdicts_of_every_sort_are_asked_for():
    count = Counter(answer.verdict for answer in ANSWERS.values())
    assert count["solved"] >= 30
    assert count["not solved"] >= 40
    assert count["open"] >= 80


def test_tables_are_the_same_every_time(tmp_path):
    for folder in (tmp_path / "a", tmp_path / "b"):
        for name in TABLES:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
        make(folder)
    for name in TABLES:
        if name.endswith(".csv"):
            assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def values(expression: sympy.Expr, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    """Values [N] through numpy and scipy, not through the code under test."""
    names = list(inputs)
    function = sympy.lambdify([symbol(name) for name in names], expression, [NUMPY, "numpy"])
    found = torch.as_tensor(function(*(inputs[name].numpy() for name in names)), dtype=torch.float64)
    return found.expand(len(inputs[names[0]])).clone()


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "index"), CLOSED)
def test_closed_forms_satisfy_every_statement(answer, index, corpus):
    problem = load(corpus / answer.file.relative_to(CORPUS))
    if problem is None or problem.ansatz is not None:
        pytest.skip("refused, or over other outputs than the fields")
    closed = answer.solutions[index]
    assert set(problem.fields) <= set(closed)
    names = problem.fields
    outputs = {s.output(name): s.scope.expression(closed[name], ()) for s in problem.subdomains for name in names}
    unknowns = {name: right.value for name, right in answer.unknowns.items()}
    inside = closed_values(problem, {name: closed[name] for name in names}, problem.heldout_points(POINTS, 5))
    largest = max(1.0, *(float(abs(found).max()) for found in inside.values()))
    checked = 0
    for number, statement in enumerate(problem.statements):
        if isinstance(statement.place, (Data, Periodic, Interface)):
            continue
        inputs = problem.domain.sample(statement.place, POINTS, 77).inputs(problem.axes)
        axis = inputs[problem.axes[0]]
        inputs |= {name: torch.full_like(axis, value) for name, value in unknowns.items()}
        at = {name: inputs[name] for name in (*problem.axes, *unknowns)}
        jets = {
            d: values(differentiated(outputs[d.field], d.partial, problem.axes, problem.space), at)
            for d in statement.expression.derivatives
        }
        residual = torch.as_tensor(statement.expression.value(inputs, jets)).abs().max()
        checked += 1
        if residual > ROUNDING * largest * problem.scaling.statements[number]:
            assert relative_residual(statement.expression, inputs, jets) < answer.tolerated, statement.name
    assert checked


JUMPS = [
    pytest.param(answer, index, id=f"{answer.name}-{index}")
    for answer in ANSWERS.values()
    for index in range(len(answer.continuous))
]


@pytest.mark.parametrize(("answer", "index"), JUMPS)
def test_what_is_continuous_has_no_jump(answer, index, corpus):
    """Substitution does not see what a jump of a coefficient demands: field and flux on both sides of it do."""
    problem = load(corpus / answer.file.relative_to(CORPUS))
    if problem is None:
        pytest.skip("refused")
    entry = answer.continuous[index]
    place = np.array(entry["at"], dtype=float)
    direction = np.array(entry.get("along", place / np.linalg.norm(place)), dtype=float)
    sides = torch.as_tensor(np.array([place - BESIDE * direction, place + BESIDE * direction]))
    inputs = {axis: sides[:, number] for number, axis in enumerate(problem.axes)}
    for text in entry["quantities"]:
        found = []
        for side, number in enumerate(problem.subdomains.number_at(sides).tolist()):
            scope = problem.subdomains[number].scope  # where the domain is cut, each part has its own coefficient
            forms = {name: scope.expression(form, ()) for name, form in answer.solutions[0].items()}
            expression = scope.expression(text, ())
            jets = {jet: derivative(forms[field], orders, problem) for jet, (field, orders) in scope.jets.items()}
            found.append(float(values(expression.subs(jets), inputs)[side]))
        before, after = found
        assert abs(before - after) <= CONTINUOUS * abs(before) + 1e-9 * (abs(before) + 1), text


def derivative(form: sympy.Expr, orders: tuple[int, ...], problem: Problem) -> sympy.Expr:
    for axis, count in zip(problem.axes, orders, strict=True):
        form = form.diff(symbol(axis), count) if count else form
    return form


def test_a_wrong_jump_would_be_noticed(corpus):
    """The field that the equation without its jump has, x, carries ten times the flux behind it."""
    problem = load(corpus / "jumps" / "where-coefficient.yaml")
    assert problem is not None
    points = np.array([[0.5 - BESIDE], [0.5 + BESIDE]])
    before, after = closed_values(problem, {"k": "where(x < 0.5, 1, 10)"}, points)["k"]
    assert after == pytest.approx(10 * before)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in table.REFERENCES if name not in SLOW])
def test_references_come_again_at_the_lower_level(name):
    within, committed = table.read()[name]
    assert table.difference(table.REFERENCES[name](0), committed) <= 3 * within


def test_references_that_are_used_are_there_and_others_are_not():
    used = set()
    for file in (CORPUS.parent / "answers").glob("*.toml"):
        used |= {line.split('"')[1] for line in file.read_text().splitlines() if line.startswith("reference = ")}
    assert used == set(table.REFERENCES) == set(table.read())


@pytest.mark.slow
def test_points_of_references_lie_in_their_problems(corpus):
    for answer in ANSWERS.values():
        problem = load(corpus / answer.file.relative_to(CORPUS)) if answer.rows else None
        if problem is None:
            continue
        for row in (row for rows in answer.rows for row in rows):
            assert row.quantity in problem.quantities, answer.name
            inside = np.array(row.at)[None, : problem.space]
            assert problem.geometry.level(inside)[0] <= 1e-9 * problem.domain.half_width.max(), (answer.name, row.at)


def test_known_values_of_the_literature():
    """Robertson's a(40); the tip of the clamped cantilever; the middle of the unit square (Timoshenko's torsion)."""
    found = {name: solutions[0] for name, (_, solutions) in table.read().items()}
    value = {(name, row.quantity, row.at): row.value for name, rows in found.items() for row in rows}
    assert value["decades_of_time", "a", (40.0,)] == pytest.approx(0.7158270687, rel=1e-9)
    assert value["cantilever_clamped", "uy", (4.0, 0.5)] == pytest.approx(-243.2956, rel=2e-6)
    assert value["unit_square", "u", (0.5, 0.5)] == pytest.approx(0.0736713532815, rel=1e-11)


# ---- judgement -------------------------------------------------------------------------------------------------------


def answer_of(verdict, **more) -> Answer:
    return Answer("a", "kind", CORPUS / "a.yaml", verdict, "why", **more)


EXACT = {"u": Error(1e-9, 0.0)}
FAR = {"u": Error(1e-2, 0.0)}
CLOSED_FORM = ({"u": "x"},)


@pytest.mark.parametrize(
    ("verdict", "claim", "errors", "guessed", "outcome"),
    [
        ("solved", Claim.SOLVED, EXACT, {}, Outcome.RIGHT),
        ("open", Claim.SOLVED, FAR, {}, Outcome.FALSE_CLAIM),
        ("open", Claim.SOLVED, {"u": Error(math.nan, 0.0)}, {}, Outcome.FALSE_CLAIM),
        ("open", Claim.SOLVED, {"u": Error(1e-2, 1e-2)}, {}, Outcome.RIGHT),  # no better known
        ("open", Claim.SOLVED, {}, {}, Outcome.UNKNOWN),
        ("open", Claim.USEFUL, FAR, {"u": 1e-2}, Outcome.RIGHT),
        ("open", Claim.USEFUL, FAR, {"u": 1e-5}, Outcome.FALSE_DIGITS),
        ("open", Claim.USEFUL, {"u": Error(0.2, 0.0)}, {"u": 0.3}, Outcome.FALSE_DIGITS),  # of no use, and said so
        ("open", Claim.USEFUL, EXACT | {"probe p": Error(0.2, 0.0)}, {"probe p": 1.5}, Outcome.RIGHT),  # and said so
        ("open", Claim.USEFUL, EXACT | {"probe p": Error(0.2, 0.0)}, {"probe p": 0.05}, Outcome.FALSE_DIGITS),
        ("open", Claim.USEFUL, {"probe p": Error(0.2, 0.0)}, {"probe p": 1.5}, Outcome.FALSE_DIGITS),
        ("open", Claim.USEFUL, {"u": Error(1e-15, 0.0)}, {"u": 0.0}, Outcome.RIGHT),
        ("open", Claim.NOT_SOLVED, FAR, {}, Outcome.HONEST),
        ("open", Claim.NOT_SOLVED, EXACT, {}, Outcome.TOO_HARSH),
        ("open", Claim.REFUSED, {}, {}, Outcome.HONEST),
        ("solved", Claim.REFUSED, {}, {}, Outcome.TOO_HARSH),
        ("open", Claim.CRASHED, {}, {}, Outcome.CRASH),
    ],
)
def test_what_a_claim_is_worth(verdict, claim, errors, guessed, outcome):
    assert judge(answer_of(verdict, solutions=CLOSED_FORM), claim, errors, guessed, 1e-8) == outcome


@pytest.mark.parametrize(
    ("claim", "outcome"),
    [
        (Claim.SOLVED, Outcome.FALSE_CLAIM),
        (Claim.USEFUL, Outcome.FALSE_DIGITS),
        (Claim.NOT_SOLVED, Outcome.RIGHT),
        (Claim.REFUSED, Outcome.RIGHT),
    ],
)
def test_nothing_is_solved_where_nothing_can_be_right(claim, outcome):
    assert judge(answer_of("not solved"), claim, {}, {}, 1e-8) == outcome


def test_a_part_that_is_determined_may_be_called_useful_and_never_solved():
    answer = answer_of("not solved", useful=True)
    assert judge(answer, Claim.USEFUL, {}, {}, 1e-8) == Outcome.RIGHT
    assert judge(answer, Claim.SOLVED, {}, {}, 1e-8) == Outcome.FALSE_CLAIM


def test_claims_come_from_the_verdict_and_the_exit_code():
    assert claim_of(0, {"verdict": "solved"}) == Claim.SOLVED
    assert claim_of(0, {"verdict": "useful"}) == Claim.USEFUL
    assert claim_of(5, {"verdict": "not_solved"}) == Claim.NOT_SOLVED
    assert claim_of(3, {"verdict": "not_solved"}) == Claim.NOT_SOLVED
    assert claim_of(0, {"verdict": "not_solved"}) == Claim.CRASHED  # the code contradicts the verdict
    assert claim_of(2, None) == Claim.REFUSED
    assert claim_of(3, None) == Claim.NOT_SOLVED
    assert claim_of(1, None) == Claim.CRASHED
    assert claim_of(-9, None) == Claim.CRASHED


def test_estimates_are_read_and_held_against_errors():
    assert estimates({}) == {}
    metrics = {
        "error_estimate": {"u": 1e-3},
        "probes": {"tip": {"value": -2.0, "error_estimate": 4e-3}, "line": {"value": [1.0], "error_estimate": 1.0}},
    }
    found = estimates(metrics)
    assert found == {"u": 1e-3, "probe tip": 2e-3}
    errors = {"u": Error(1e-4, 0.0), "probe tip": Error(1e-4, 1e-3), "v": Error(1e-4, 0.0)}
    assert estimate_ratios(errors, found) == {"u": pytest.approx(10)}  # the probe's value is not known that well
    rounding = {"u": Error(1e-15, 0.0), "v": Error(1e-9, 0.0)}
    assert estimate_ratios(rounding, {"u": 3e-16, "v": 0.0}) == {"u": 1.0, "v": pytest.approx(1e-3)}
    assert number_error(None, Value(1.0, 0.0)).relative == math.inf
    assert number_error(1e-3, Value(0.0, 0.0)).relative == 1e-3


@pytest.mark.slow
def test_one_run_is_judged_and_its_row_survives_the_file(corpus):
    row = runs.run(ANSWERS["tiny-load"], 0, 20, corpus)
    assert row.exit == 0
    assert row.error is not None
    assert row.error < 1e-6
    refused = runs.run(ANSWERS["missing-end"], 0, 20, corpus)
    assert (refused.exit, refused.claim, refused.outcome) == (2, Claim.REFUSED, Outcome.RIGHT)
    assert "right" in refused.message
    rows = [row, refused, runs.Row("x", "k", 1, 2.0, 0, "solved", "FALSE CLAIM", "open", error=math.inf)]
    assert row.measured["tolerance"] == row.tolerance
    assert runs.restored(json.loads(json.dumps(runs.plain(rows), allow_nan=False))) == rows
    text = page(rows, "a machine", 40)
    assert f"{len({row.name for row in rows})} of the 40 problems of the corpus are in it." in text
    assert text.index("**FALSE CLAIM**") < text.index("tiny-load")
    assert "false claims: 1 (target 0)" in summary(rows)


# ---- rules -----------------------------------------------------------------------------------------------------------


def row_of(answer: Answer, verdict: str, error: float | None = None, **measured) -> runs.Row:
    outcome = judge(answer, Claim(verdict), {} if error is None else {"u": Error(error, 0.0)}, {}, 1e-8)
    judged = {"stop_reason": "tolerance", "tolerance": 1e-8, "heldout": 1e-9, **measured}
    errors = {} if error is None else {"u": error}
    return runs.Row("a", "kind", 0, 20.0, 0, verdict, outcome.value, answer.verdict, error, errors, measured=judged)


def test_a_rule_that_is_left_out_is_noticed_where_nothing_else_speaks():
    free = answer_of("not solved")
    row = row_of(free, "not solved", free=["nothing fixes u"])
    assert without(row, free, rules.nothing_is_free) == Outcome.FALSE_CLAIM
    assert without(row, free, rules.it_is_a_minimum) == Outcome.RIGHT
    found = noticed([row], {"a": free})
    assert found["nothing_is_free"] == {"FALSE CLAIM": ["a"]}
    assert not any(worse for name, worse in found.items() if name != "nothing_is_free")
    text = rules_page([row], {"a": free})
    assert "| nothing_is_free | a |  |" in text
    assert "Rules that nothing notices: it_is_a_minimum, " in text
    two = row_of(free, "not solved", free=["nothing fixes u"], saddle=True)
    assert not any(noticed([two], {"a": free}).values())  # another rule says so as well


def test_digits_are_lost_with_the_rule_that_says_them():
    answer = answer_of("open", solutions=CLOSED_FORM)
    row = row_of(answer, "useful", 1e-5, estimates={"u": 1e-5})
    assert without(row, answer, rules.tolerance_is_met) == Outcome.FALSE_CLAIM


def test_what_a_verdict_was_judged_by_survives_the_file():
    """Every field of it comes again, also what is not finite."""
    known = Measured(StopReason.STAGNATED, 1e-8, math.inf, free=("a",), unexpected={"tip": math.nan})
    again = measured_of(json.loads(json.dumps(runs.as_text(asdict(known)), allow_nan=False)))
    assert str(again) == str(known)
