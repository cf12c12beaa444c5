"""Errors say what they are by their type, wherever they were raised, and one line of text by their message."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import torch

import pinn
from pinn.equations.closed_forms import closed_forms
from pinn.equations.conditions.quantities import read_quantity
from pinn.errors import NoClosedForm, NoDerivative, PinnError, SpecError, SpecErrors, UnknownName
from pinn.network.chunks import out_of_memory
from pinn.problem.loading import build
from pinn.spec.language.expressions import Scope
from pinn.spec.yaml.source import parse_spec

PACKAGE = Path(pinn.__file__).parent
READS_WORDS = {"network/chunks.py"}  # torch has no type for a shortage of memory on the CPU
POISSON = """
name: poisson
coordinates: [x, y]
fields: [u]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: {poisson: laplacian(u) = 1}
conditions: [{on: boundary, u: 0}]
"""


def test_a_wrong_spec_is_a_wrong_value():
    with pytest.raises(ValueError, match="unknown name 'v'"):
        build(parse_spec(POISSON.replace("= 1", "= v")))
    assert issubclass(SpecErrors, ValueError)


def test_an_error_keeps_its_first_place_and_its_type():
    error = UnknownName((), "flx", "; did you mean 'flux'?")
    placed = error.at(("equations", "heat"), ("p.yaml", 3, 7))
    assert (type(placed), placed.name) == (UnknownName, "flx")
    assert str(placed) == "p.yaml:3:7: equations.heat: unknown name 'flx'; did you mean 'flux'?"
    assert str(placed.at(("elsewhere",), ("p.yaml", 9, 9))) == str(placed)
    assert error.path == (), "the error itself stays as it was"


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("2*flx", UnknownName, "unknown name 'flx'; did you mean 'flux'?"),
        ("sin(u_y)", NoDerivative, "unknown name 'u_y'; a derivative of u has letters of x or n"),
        ("exact.v + 1", NoClosedForm, "exact.v is not given and cannot be derived: exact has u"),
    ],
)
def test_the_type_survives_the_expressions_around_it(text, kind, words):
    scope = Scope(["x"], fields=["u", "v"], definitions={"flux": "u_x", "outer": "inner + 1", "inner": text})
    scope.exact["u"] = "x"
    with pytest.raises(kind) as raised:
        scope.expression("outer**2", ("probes", "p"))
    assert type(raised.value) is kind
    assert str(raised.value) == f"definitions.inner: {words}"


def test_what_an_exact_solution_does_not_determine_is_left_out_and_what_is_wrong_is_said():
    scope = Scope(["x"], fields=["u", "v"], definitions={"sum": "u + v", "slope": "u_x"}, exact={"u": "x**2"})
    assert {name: str(form) for name, form in closed_forms(scope, ("u", "v", "sum", "slope")).items()} == {
        "u": "x**2",
        "slope": "2*x",
    }
    with pytest.raises(UnknownName, match=r"exact\.u: unknown name 'w'"):
        closed_forms(Scope(["x"], fields=["u"], exact={"u": "w"}), ("u",))


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("flx", UnknownName, "unknown quantity 'flx'; did you mean 'flux'?"),
        ("u_z", NoDerivative, "unknown quantity 'u_z'; a derivative of u has letters of x or n"),
    ],
)
def test_a_quantity_that_is_unknown_is_called_so(name, kind, words):
    scope = Scope(["x"], fields=["u"], definitions={"flux": "u_x"})
    with pytest.raises(kind) as raised:
        read_quantity(scope, {}, name, ("conditions", 0, name))
    assert str(raised.value) == f"conditions[0].{name}: {words}"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("u_z", "unknown quantity 'u_z'; a derivative of u has letters of x, y or n"),
        ("u_xxxxx", "needs a derivative of order 5; orders up to 4 are available"),
        ("u_n_x", "the normal is known on the boundary only and cannot be differentiated"),
    ],
)
def test_a_quantity_without_a_value_says_why(name, words):
    text = POISSON + "definitions: {u_nn: u_n}\n".replace("u_nn", "flow") * (name == "u_n_x")
    name = "flow_x" if name == "u_n_x" else name
    with pytest.raises(SpecError) as raised:
        build(parse_spec(f"{text}outputs: {{quantities: [{name}]}}\n"))
    assert raised.value.message == words


def test_a_shortage_of_memory_is_told_from_other_errors():
    assert out_of_memory(torch.OutOfMemoryError("CUDA out of memory."))
    assert not out_of_memory(RuntimeError("shapes do not fit"))
    assert not out_of_memory(ValueError("can't allocate memory"))


def words_of_an_error(node: ast.AST) -> bool:
    """Whether an expression reads the text of an error: `error.message`, `error.args`, `str(error)`."""
    match node:
        case ast.Attribute(value=ast.Name(id="error"), attr="message" | "args" | "msg"):
            return True
        case ast.Call(func=ast.Name(id="str" | "repr"), args=[ast.Name(id="error")]):
            return True
    return False


def decisions(tree: ast.AST):
    """What a branch of the code depends on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert):
            yield node.test
        elif isinstance(node, ast.comprehension):
            yield from node.ifs
        elif isinstance(node, ast.Compare | ast.BoolOp):
            yield node


def reads_words(source: str) -> bool:
    """Whether a decision hangs on what an error says; whether it says anything at all may be asked."""
    tests = [test for test in decisions(ast.parse(source)) if not words_of_an_error(test)]
    return any(words_of_an_error(part) for test in tests for part in ast.walk(test))


@pytest.mark.slow
def test_no_decision_reads_the_words_of_an_error():
    assert reads_words("try:\n    f()\nexcept E as error:\n    if 'x' in error.message:\n        raise")
    assert reads_words("known = 'memory' in str(error)")
    files = {file.relative_to(PACKAGE).as_posix(): file.read_text(encoding="utf-8") for file in PACKAGE.rglob("*.py")}
    assert {name for name, source in files.items() if reads_words(source)} == READS_WORDS


def test_every_foreseen_failure_has_an_exit_code_of_its_own_kind():
    codes = {kind: kind.exit_code for kind in PinnError.__subclasses__()}
    assert len({*codes.values()}) == len(codes)
    assert {kind.exit_code for kind in (UnknownName, NoDerivative, NoClosedForm, SpecErrors)} == {SpecError.exit_code}
