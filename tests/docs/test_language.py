"""The reference of the language is current, says something of everything, and its examples are read."""

from __future__ import annotations

import math

import pytest

from benchmarks.language import PAGE, known, models, page, schema_of
from pinn.geometry.build.shape import COMBINATIONS, SHAPES
from pinn.physics import PHYSICS
from pinn.problem.loading import build
from pinn.spec.language.expressions import Scope
from pinn.spec.language.functions import FUNCTIONS, OPERATORS
from pinn.spec.yaml.source import parse_spec
from tests.docs.test_pages import read_part

SAID = known()
EXAMPLES = [
    pytest.param(name, key, entry[1], id=f"{name}.{key}")
    for name in models()
    for key, entry in SAID[name].items()
    if isinstance(entry, list)
]


def test_the_page_is_the_one_that_is_written_today():
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m benchmarks.language writes it again"


def test_every_key_has_a_line_and_no_line_is_of_nothing():
    for name, model in models().items():
        assert {key for key, entry in SAID[name].items() if isinstance(entry, list)} == {*schema_of(model)}, name
    assert {*SAID} == {*models(), "functions", "operators", "shapes", "physics"}
    assert {*SAID["functions"]} == {*FUNCTIONS}
    assert {*SAID["operators"]} == {*OPERATORS}
    assert {*SAID["shapes"]} == {*SHAPES, *COMBINATIONS}
    assert {*SAID["physics"]} == {*PHYSICS}


@pytest.mark.parametrize(("name", "key", "example"), EXAMPLES)
def test_the_example_of_a_key_has_it_and_is_read(name, key, example):
    if name == "Spec":
        data = parse_spec(example).data
        assert [*data] == [key]
        read_part(data)
    else:
        data = parse_spec(f"example: {example}").data["example"]
        assert key in data
        models()[name].model_validate(data)


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_example_of_a_derivative_is_read(operator):
    text = f"""
name: example
coordinates: [x, y]
fields: [u]
constants: {{k: 1}}
definitions: {{example: "{SAID["operators"][operator][2]}"}}
domain: {{rectangle: {{from: [0, 0], to: [1, 1]}}}}
equations: [laplacian(u) = 0]
conditions: [{{on: boundary, u: 0}}]
"""
    assert operator in SAID["operators"][operator][2]
    assert build(parse_spec(text)).compiled("example").derivatives


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_are_what_is_said_of_them(function):
    """A value of each, so that the line cannot be that of another one."""
    special = {
        "atan2": ("1, 2", math.atan2(1, 2)),
        "abs": ("-2", 2),
        "sign": ("-3", -1),
        "heaviside": ("-1", 0),
        "min": ("3, 1, 2", 1),
        "max": ("3, 1, 2", 3),
        "where": ("1 < 2, 5, 6", 5),
    }
    arguments, expected = special.get(function) or ("0.5", getattr(math, function)(0.5))
    found = Scope(()).number(f"{function}({arguments})", ())
    assert found == pytest.approx(expected, abs=1e-12)
