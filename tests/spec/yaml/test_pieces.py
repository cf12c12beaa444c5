"""Specs from mappings, and changes by keyword: the same rules as a file's."""

from pathlib import Path

import numpy as np
import pytest

from pinn.errors import SpecError
from pinn.spec.yaml.pieces import changed, spec_of
from pinn.spec.yaml.source import dump, parse_spec

SPEC = """\
name: rod
constants: {k: 1, L: 2}
solver: {tolerance: 1e-6}
conditions: [{on: left, u: 0}]
"""


def test_a_mapping_is_the_spec_that_it_would_be_as_text():
    data = parse_spec(SPEC).data
    assert spec_of(data).data == data
    pieces = {
        "name": "rod",
        "constants": {"k": np.float64(1.5), "n": np.int64(3)},
        "table": Path("a.csv"),
        "points": np.array([[0.0, 1.0]]),
        "list": ("a", None, True),
    }
    assert spec_of(pieces).data == {
        "name": "rod",
        "constants": {"k": 1.5, "n": 3},
        "table": "a.csv",
        "points": [[0.0, 1.0]],
        "list": ["a", None, True],
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"constants": {"k": 7}}, "constants: {k: 7, L: 2}"),
        ({"constants.k": 7}, "constants: {k: 7, L: 2}"),
        ({"conditions": [{"on": "left", "u": 1}]}, "conditions: [{on: left, u: 1}]"),
        ({"network": {"hidden": [8]}}, "network: {hidden: [8]}"),
        ({"outputs.figures": False}, "outputs: {figures: false}"),
        ({"name": "other"}, "name: other"),
    ],
)
def test_a_change_leaves_the_rest(changes, expected):
    source = parse_spec(SPEC)
    found = changed(source, changes)
    assert found.data == {**source.data, **parse_spec(f"{expected}\n").data}
    assert source.data == parse_spec(SPEC).data


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"domain": {"disk": {"radius": 1}}}, "{disk: {radius: 1}}"),
        ({"domain": {"interval": {"to": 2}}}, "{interval: {from: 0, to: 2}}"),
        ({"domain.interval.to": 2}, "{interval: {from: 0, to: 2}}"),
    ],
)
def test_another_choice_takes_the_place_of_the_one_before(changes, expected):
    source = parse_spec("name: rod\ndomain: {interval: {from: 0, to: 1}}\n")
    assert changed(source, changes).data["domain"] == parse_spec(f"domain: {expected}\n").data["domain"]


def test_what_is_changed_is_refused_where_it_was_said():
    source = parse_spec(SPEC, "rod.yaml")
    found = changed(source, {"constants": {"k": 7}})
    assert found.position(("constants", "k")) == ("<keyword>", 1, 1)
    assert found.position(("constants", "L")) == source.position(("constants", "L"))
    assert found.position(("conditions", 0, "u")) == ("rod.yaml", 4, 28)


def test_what_yaml_has_no_word_for_is_refused():
    with pytest.raises(SpecError, match=r"<mapping>:1:1: constants\.k: must be text, a number, .*, got function"):
        spec_of({"constants": {"k": dump_nothing}})
    nested: list = []
    for _ in range(100):
        nested = [nested]
    with pytest.raises(SpecError, match="nested deeper"):
        spec_of({"a": nested})


def dump_nothing() -> str:
    return dump(None)
