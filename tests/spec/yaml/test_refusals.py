"""Texts outside the subset of YAML, and wrong --set: refused in one line at the place that » marks."""

from __future__ import annotations

import pytest

from pinn.errors import SpecError
from pinn.spec.schema import load_schema
from pinn.spec.yaml.overrides import apply_overrides
from pinn.spec.yaml.source import parse_spec
from tests.spec.refusals import FILE, RIGHT, assert_refused, marked

# (text with » before the refused place, path in the spec, part of the message)
NOT_YAML = {
    "empty": ("»", "", "is empty"),
    "only comments": ("»# nothing\n# here\n", "", "is empty"),
    "a list": ("»- name: heat\n", "", "must be a mapping"),
    "a scalar": ("»heat\n", "", "must be a mapping of blocks such as 'name: my-problem', got 'heat'"),
    "duplicate key": ("name: a\ntitle: b\n»name: c\n", "name", "key 'name' appears twice, first on line 1"),
    "duplicate key deep": ("a:\n  b: {c: 1, »c: 2}\n", "a.b.c", "first on line 2"),
    "duplicate quoted key": ('name: a\n»"name": b\n', "name", "appears twice"),
    "anchor": ("a: »&x 1\n", "a", "anchors (&x) are not allowed"),
    "anchored mapping": ("a: »&x\n  b: 1\n", "a", "anchors"),
    "anchored key": ("»&k a: 1\n", "", "anchors"),
    "alias": ("a: »*x\n", "a", "aliases (*x) are not allowed; write the value again"),
    "merge key": ("a:\n  <<: »*x\n", "a.<<", "aliases"),
    "tag": ("a: »!!str 1\n", "a", "tags (!name) are not allowed"),
    "python tag": ("a: »!!python/object/apply:os.system [ls]\n", "a", "tags"),
    "own tag": ("a: [1, »!x 2]\n", "a[1]", "tags"),
    "bare tag": ("a: »! 2\n", "a", "tags"),
    "unknown tag handle": ("a: »!e!x 1\n", "", "tags"),
    "tab": ("a:\n»\tb: 1\n", "", "a tab is not allowed as indentation; use spaces"),
    "tab after spaces": ("a:\n  »\tb: 1\n", "", "use spaces"),
    "tab after colon": ("a:»\tb\n", "", "a tab is not allowed here"),
    "second document": ("a: 1\n»---\nb: 2\n", "", "a second document starts here"),
    "directive": ("# 1\n»%YAML 1.1\n---\na: 1\n", "", "directives"),
    "number as key": ("»1: x\n", "", "a key must be a name, got 1"),
    "true as key": ("a: {»true: x}\n", "a", "a key must be a name, got true"),
    "nothing as key": ("a:\n  »: x\n", "a", "a key must be a name, got nothing"),
    "list as key": ("? »[1, 2]\n: x\n", "", "a key must be a name, got a list"),
    "key of two lines": ('»"a\\nb": 1\n', "", "a key must be one line"),
    "endless key": ("»" + "k" * 201 + ": 1\n", "", "at most 200 characters"),
    "too deep": ("a: " + "[" * 49 + "»[" + "]" * 50, "", "nested deeper than 50 levels"),
    "endless nesting": ("a: " + "[" * 49 + "»[" + "[" * 90_000, "", "nested deeper than 50 levels"),
    "nan": ("a: [1, ».nan]\n", "a[1]", ".nan is not allowed; write a finite number"),
    "inf": ("a: »-.inf\n", "a", "-.inf is not allowed"),
    "too large": ("a: »1e400\n", "a", "'1e400' is too large"),
    "too many digits": ("a: »" + "9" * 5000 + "\n", "a", "is too large"),
    "too large hexadecimal": ("a: »0x" + "f" * 5000 + "\n", "a", "is too large"),
    "too small": ("a: »1e-400\n", "a", "'1e-400' is too small"),
    "NUL": ("a: b»\0c\n", "", "U+0000 is not allowed"),
    "escape character": ("a: b\nc: »\x1b[31m\n", "", "U+001B is not allowed"),
    "escaped NUL": ('a: »"b\\0"\n', "a", "U+0000 is not allowed"),
    "lone surrogate": ('a: »"\\ud800"\n', "a", "U+D800 is not allowed"),
    "line separator": ("a: b»\u2028c\n", "", "U+2028"),
    "two colons": ("a: b»: c\n", "", "a ':' is not allowed here"),
    "no colon": ("a: 1\n»b\n", "", "expected 'key: value'"),
    "open quote": ("a: 1\nb: »'x\nc: 2\n", "", "a quote opened here is never closed"),
    "open list": ("a: [1, 2\nb»: 3\n", "", "expected ',' or ']' in the list opened at 1:4"),
    "open mapping": ("a: {b: 1\n»", "", "expected ',' or '}' in the mapping opened at 1:4"),
    "needless bracket": ("a: [1, 2]»]\n", "", "this ']' closes nothing"),
    "needless brace": ("a: {b: 2}»}\n", "", "this '}' closes nothing"),
    "bad indentation": ("a:\n  - 1\n »b: 2\n", "", "indentation"),
    "at sign": ("a: »@x\n", "", "put it in quotes"),
    "unknown escape": ('a: "\\»q"\n', "", "unknown escape"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", NOT_YAML)
def test_text_is_refused(case):
    text, path, fragment = NOT_YAML[case]
    assert_refused(*marked(text), path, fragment)


# --set argument with » before the refused place -> path, part of the message
WRONG_OVERRIDES = {
    "no value": ("»solver.seed", "", "expected PATH=VALUE such as solver.time_limit=30"),
    "empty value": ("»solver.seed=", "solver.seed", "has no value"),
    "no path": ("»=3", "", "expected a path"),
    "bad path": ("»solver..seed=3", "", "expected a path"),
    "negative index": ("»conditions[-1].u=3", "", "expected a path"),
    "beyond the list": ("»conditions[4].u=3", "conditions[4]", "conditions has entries [0] to [0]"),
    "index of a mapping": ("»domain[0]=3", "domain[0]", "domain is a mapping, not a list"),
    "key of a scalar": ("»name.first=3", "name.first", "name is 'heat', not a mapping; set name itself"),
    "alias": ("name=»*x", "name", "aliases"),
    "tag": ("name=»!!str x", "name", "tags"),
    "infinite": ("network.hidden=[1, »1e400]", "network.hidden[1]", "too large"),
    "block mapping": ("name=»a: 1", "name", "must be one value"),
    "duplicate key": ("domain={a: 1, »a: 2}", "domain.a", "appears twice"),
    "two lines": ("»title=a\nb", "title", "must be one line"),
    "two documents": ("name=»---", "name", "must be one value"),
    "tab": ("name=a»\x07", "name", "U+0007"),
    # refused later, by the schema
    "wrong type": ("network.hidden=[64, »wide]", "network.hidden[1]", "must be a whole number, got 'wide'"),
    "unknown key": ("»solver.sede=3", "solver.sede", "unknown key 'sede'; did you mean 'seed'?"),
    "unknown key inside": ("solver={»sede: 3}", "solver.sede", "did you mean 'seed'?"),
    "condition": ("conditions[0].weight=»heavy", "conditions[0].weight", "must be a number"),
    "missing": ("time=»{from: 0}", "time.to", "is missing"),
}


@pytest.mark.parametrize("case", WRONG_OVERRIDES)
def test_override_is_refused(case):
    text, path, fragment = WRONG_OVERRIDES[case]
    override, column = text.replace("»", ""), text.index("»") + 1
    source = parse_spec("\n".join(RIGHT.values()), FILE)
    with pytest.raises(SpecError) as raised:
        load_schema(apply_overrides(source, ["solver.threads=1", override]))
    prefix = f"--set:2:{column}: " + (f"{path}: " if path else "")
    assert str(raised.value).startswith(prefix), str(raised.value)
    assert fragment in str(raised.value)
    assert "\n" not in str(raised.value)
