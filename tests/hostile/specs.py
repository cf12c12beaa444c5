"""Specs that are none: written by hand, and made of right ones by a rule. name -> text."""

from __future__ import annotations

from itertools import product

from tests.hostile.command import quoted

RIGHT = {
    "name": "hostile",
    "coordinates": "[x]",
    "time": "{from: 0, to: 1}",
    "fields": "[u]",
    "constants": "{c: 1}",
    "domain": "{interval: {from: 0, to: 1}}",
    "equations": "{heat: u_t - c*u_xx = 0}",
    "conditions": "[{on: initial, u: x}, {on: boundary, u: 0}]",
    "exact": "{u: x}",
    "network": "{hidden: [8]}",
    "sampling": "{interior: 50}",
    "solver": "{method: {adam: {iterations: 5}}, time_limit: 5}",
}
# What no block is: a value of a wrong kind, or one that YAML would do something with.
WRONG_VALUES = {
    "nothing": "",
    "truth": "true",
    "a number": "-7.5",
    "a list of lists": "[[[]]]",
    "a mapping of nonsense": "{nonsense: {nonsense: nonsense}}",
    "a date": "2020-01-01",
    "an alias": "*x",
    "an anchor": "&x 1",
    "a python object": "!!python/object/apply:os.system ['true']",
    "a large number": "1e400",
    "nan": "[.nan]",
    "deep lists": "[" * 1000 + "]" * 1000,
    "deep mappings": "{a: " * 1000 + "1" + "}" * 1000,
    "NUL": '"\\0"',
    "an endless key": "{" + "k" * 5000 + ": 1}",
}
ALLOWED = {("time", "nothing"), ("constants", "nothing"), ("exact", "nothing"), ("network", "nothing")}
ALLOWED |= {("sampling", "nothing"), ("solver", "nothing"), ("name", "a date")}

NAMES = (
    "../outside", "..", ".", "/etc/outside", "a/b", "a\\b", "~", "~root", "$HOME", "a b", "a\0b", "a" * 300,
    "a\nb", "con:", "é", ".hidden", "a;b", "*", "",
)  # fmt: skip
HAND_WRITTEN = {
    "billion laughs": "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nname: *c\n",
    "quadratic blowup": "a: &a " + "x" * 1000 + "\nb: [" + "*a, " * 5000 + "*a]\n",
    "merge bomb": "a: &a {x: 1}\nb: {<<: [" + "*a, " * 1000 + "*a]}\n",
    "alias of itself": "a: &a [*a]\n",
    "object": "name: !!python/object/new:os.system [true]\n",
    "module": "name: !!python/module:os\n",
    "constructor": "name: !!python/name:builtins.eval\n",
    "binary": "name: !!binary aGVsbG8=\n",
    "set": "name: !!set {a, b}\n",
    "tag directive": "%TAG ! tag:yaml.org,2002:python/\n---\nname: !name:os.system\n",
    "two documents": "name: a\n---\nname: b\n",
    "100,000 documents": "---\n" * 100_000,
    "100,000 keys": "".join(f"k{n}: 1\n" for n in range(60_000)),
    "100,000 brackets": "a: " + "[" * 100_000,
    "100,000 dashes": "- " * 100_000,
    "100,000 question marks": "? " * 100_000,
    "100,000 colons": ": " * 100_000,
    "100,000 quotes": '"' * 100_000,
    "100,000 quotation marks in pairs": "a: " + "''" * 100_000,
    "deep indentation": "".join(" " * n + "a:\n" for n in range(1000)),
    "long line": "a: " + "x" * 900_000,
    "too large": "x" * 1_000_001,
    "no text": "",
    "only NUL": "\0" * 1000,
    "shebang": "#!/bin/sh\ntrue\n",
    "json": '{"name": {"$ref": "#"}}',
    "xml": '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    "pickle": "\x80\x04\x95",
    "pickle in text": "cos\nsystem\n(S'true'\ntR.",
    "python": "import os; os.system('true')",
    "template": "name: {{ config.__class__ }}\n",
    "environment": "name: ${PATH}\n",
    "literal": "name: |\n  ../a\n  b\n",
    "same key": "name: a\nname: b\n",
    "lone surrogate": 'name: "\\ud800"\n',
    "large escape": 'name: "\\U00110000"\n',
    "sexagesimal": "sampling: {interior: 1:30:00}\n",
}
LINES = {  # in place of a right block
    "a million fields": ("fields", "[" + ", ".join(f"u{n}" for n in range(20_000)) + "]"),
    "the same field": ("fields", "[u, u]"),
    "a field named as a function": ("fields", "[sin]"),
    "a field named as a dunder": ("fields", "[__class__]"),
    "a field of another alphabet": ("fields", "[\u0443]"),
    "ten coordinates": ("coordinates", "[a, b, c, d, e, f, g, h, i, j]"),
    "a coordinate twice": ("coordinates", "[x, x]"),
    "a domain without end": ("domain", "{interval: {from: 0, to: 1e400}}"),
    "a domain of nothing": ("domain", "{interval: {from: 1, to: 1}}"),
    "a domain backwards": ("domain", "{interval: {from: 1, to: 0}}"),
    "a domain of code": ("domain", "{interval: {from: __import__('os'), to: 1}}"),
    "a domain of text": ("domain", "{interval: {from: 0, to: '1; import os'}}"),
    "an unknown shape": ("domain", "{__class__: {from: 0, to: 1}}"),
    "two shapes": ("domain", "{interval: {from: 0, to: 1}, disk: {radius: 1}}"),
    "deep shapes": ("domain", "{union: [" * 40 + "{interval: {from: 0, to: 1}}" + "]}" * 40),
    "endless layers": ("network", "{hidden: [" + "9, " * 5000 + "9]}"),
    "a layer without end": ("network", "{hidden: [1e30]}"),
    "a negative layer": ("network", "{hidden: [-1]}"),
    "half a layer": ("network", "{hidden: [1.5]}"),
    "an activation of code": ("network", "{hidden: [8], activation: __import__}"),
    "no points": ("sampling", "{interior: 0}"),
    "minus points": ("sampling", "{interior: -5}"),
    "endless points": ("sampling", "{interior: 1e300}"),
    "points of text": ("sampling", "{interior: many}"),
    "no time": ("solver", "{time_limit: 0}"),
    "minus time": ("solver", "{time_limit: -1}"),
    "a method of code": ("solver", "{method: os.system}"),
    "two methods in one": ("solver", "{method: {adam: {}, lbfgs: {}}}"),
    "a method of nothing": ("solver", "{method: []}"),
    "an option of nothing": ("solver", "{method: {adam: {__init__: 1}}}"),
    "a seed of text": ("solver", "{seed: a}"),
    "threads without end": ("solver", "{threads: 1e18}"),
    "a constant through itself": ("constants", "{c: c + 1}"),
    "constants through each other": ("constants", "{c: d, d: c}"),
    "10,000 constants": ("constants", "{" + ", ".join(f"c{n}: c{n + 1}" for n in range(5000)) + "}"),
    "equation of comparisons": ("equations", "{heat: u == 0}"),
    "equation of assignments": ("equations", "{heat: u = u = 0}"),
    "equation of nothing": ("equations", "{heat: '='}"),
    "condition nowhere": ("conditions", "[{u: 0}]"),
    "condition on code": ("conditions", "[{on: __import__('os'), u: 0}]"),
    "condition of nobody": ("conditions", "[{on: boundary, os: 0}]"),
    "condition on everything": ("conditions", "[{on: [[[]]], u: 0}]"),
}


def spec(**blocks: str) -> str:
    return "".join(f"{name}: {value}\n" for name, value in {**RIGHT, **blocks}.items())


def generated() -> dict[str, str]:
    wrong = [pair for pair in product(RIGHT, WRONG_VALUES) if pair not in ALLOWED]
    found = {f"{block}: {value}": spec(**{block: WRONG_VALUES[value]}) for block, value in wrong}
    found |= {f"named {name[:20]!r}": spec(name=quoted(name)) for name in NAMES}
    found |= {f"without {block}": spec(**{block: "\0"}) for block in RIGHT}
    return found | {name: spec(**{block: value}) for name, (block, value) in LINES.items()}


SPECS = {**HAND_WRITTEN, **generated()}
