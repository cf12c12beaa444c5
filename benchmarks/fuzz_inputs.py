"""What the fuzzer feeds: expressions grown from the grammar, shipped problems changed at random, and texts cut up."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from pinn.spec.language.functions import FUNCTIONS
from pinn.spec.yaml.source import dump, parse_spec

PROBLEMS = sorted((Path(__file__).parents[1] / "problems").rglob("*.yaml"))
LARGEST = 1500  # bytes of the problems that are changed in the tests; the larger ones take seconds to build

# ---- expressions: every production of the language, and what is next to it -------------------------------------------

NAMES = ("x", "y", "t", "c", "k", "u", "v", "q", "w", "pi", "e", "nx", "exact.u", "u_x", "v_yy", "u_xyt", "q_x", "u_n")
NUMBERS = ("0", "1", "-1", "2", "0.5", "1e-3", "7/3", "1e300", "1e-300", "10**15", "10**40", "1e400", "9**9**9")
STRANGE = (
    "__import__", "x.__class__", "u[0]", "lambda: x", "x if y else u", "'x'", "None", "True", "1j", "…", "ｘ", "\0",
    "x;y",
    "u_", "_x", "exact", "exact.z", "sin", "d", "n", "zoo", "u__x", "u_xxxxxxxxx", "()", "[]", "{}", "*u", "x=1", "#",
)  # fmt: skip
BINARY = ("+", "-", "*", "/", "**", "<", "<=", ">", ">=", "==", "and", "or", "&", "%", "//", "@", "^", ",", "=", " ")
CALLS = (*FUNCTIONS, "laplacian", "grad", "div", "gamma", "eval")
PLAIN_CALLS = ("sin", "exp", "sqrt", "abs", "tanh", "atan", "erf", "-", "laplacian", "heaviside", "log")
NESTED = ("sin", "exp", "-", "abs", "", "sqrt", "tanh", "log", "laplacian", "sign")
PIECES = ("(", ")", "[", "]", ",", "**", "/0", "\n", "\\", "'", '"', "\ud800", "\u202e", "é", "9" * 30, "u_x", "#", "=")


def right(names: Sequence[str] = NAMES) -> st.SearchStrategy[str]:
    """Texts that the grammar has, of these names; most of them mean something."""
    number = st.integers(0, 9).map(str) | st.floats(0, 100).map(repr)

    def longer(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            st.builds("({} {} {})".format, inner, st.sampled_from(("+", "-", "*", "/")), inner),
            st.builds("{}({})".format, st.sampled_from(PLAIN_CALLS), inner),
            st.builds("({})**{}".format, inner, st.sampled_from(("2", "3", "-1", "0.5", "(1/3)", "20"))),
            st.builds("min({}, {})".format, inner, inner),
            st.builds("where({} < {}, {}, {})".format, inner, inner, inner, inner),
            st.builds("d({}, {})".format, inner, st.sampled_from(("x", "y", "x, x", "x, y"))),
        )

    return st.recursive(st.sampled_from(names) | number, longer, max_leaves=10)


def expressions(names: Sequence[str] = NAMES) -> st.SearchStrategy[str]:
    """Texts of the grammar, half of them right, the others nearly, some cut up afterwards."""
    leaf = st.one_of(st.sampled_from(names), st.sampled_from(NUMBERS), st.sampled_from(STRANGE), st.floats().map(repr))

    def longer(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            st.builds("({}) {} ({})".format, inner, st.sampled_from(BINARY), inner),
            st.builds("{}({})".format, st.sampled_from(CALLS), inner),
            st.builds("{}({}, {})".format, st.sampled_from(CALLS), inner, inner),
            st.builds("d({}, {})".format, inner, st.sampled_from(("x", "t", "x, y, y", "z", "u", "c"))),
            st.builds("({})**{}".format, inner, st.sampled_from((*NUMBERS, "(-2)", "0.5", "(1/3)", "20", "999"))),
            st.builds("{}{}".format, st.sampled_from(("-", "not ", "+", "~")), inner),
            st.builds(repeated, inner | right(names), st.sampled_from((" + ", "*", " - ", "/")), st.integers(2, 300)),
            st.builds(nested, inner | right(names), st.sampled_from(NESTED), st.integers(2, 90)),
            st.builds("div([{}, {}])".format, inner, inner),
        )

    grown = st.recursive(leaf | right(names), longer, max_leaves=8)
    return st.one_of(
        right(names), right(names), grown, grown, st.builds(cut_up, grown, edits(PIECES)), st.text(max_size=30)
    )


def repeated(text: str, joint: str, times: int) -> str:
    return joint.join([f"({text})"] * times)


def nested(text: str, name: str, depth: int) -> str:
    return f"{name}(" * depth + text + ")" * depth


Edit = tuple[float, int, str]  # where (a share of the length), how many characters go, what comes instead


def edits(pieces: tuple[str, ...]) -> st.SearchStrategy[list[Edit]]:
    place = st.floats(0, 1)
    return st.lists(st.tuples(place, st.integers(0, 8), st.sampled_from(pieces)), min_size=1, max_size=3)


def cut_up(text: str, changes: list[Edit]) -> str:
    for place, count, piece in changes:
        at = int(place * len(text))
        text = text[:at] + piece + text[at + count :]
    return text


# ---- specs: the problems that come with pinn, changed ----------------------------------------------------------------

Place = tuple[Any, ...]
Draw = Callable[..., Any]
IDENTIFIER = re.compile(r"[a-z]\w*")
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 0.5, -0.0, 3, 1e300, -1e300, 1e-300, 10**16, 10**7, 10**400, "", " ", "x", "left",
    "nothing",
    "boundary", "initial", "interior", "auto", "all", "u", "on", "1e400", "é", "\u202e", "\ud800", "a" * 300,
    "../../outside",
    "/etc/passwd", "/dev/zero", ".", "\0", "x\ny", [], {}, [[]], [{}], {"": None}, [None], [0, 0], [1e300, -1e300],
    [0, 1, 2, 3],
    ["x", "x"], {"from": 0, "to": 0}, {"from": 1, "to": -1}, {"file": "nowhere.csv"}, {"x": {"x": {"x": 1}}},
    ["left", "right"],
)  # fmt: skip
ODD_KEYS = (
    "",
    "x",
    "u",
    "ux",
    "é",
    "\u202e",
    "on",
    "from",
    "file",
    "name",
    "__class__",
    "a" * 300,
    "1",
    "null",
    "\0",
    "t",
    "d",
)
YAML_PIECES = (
    ":", "- ", "{", "}", "[", "]", "&a ", "*a", "!!python/name:os.system ", "|\n", ">\n", "'", '"', "#", "---\n",
    "%YAML 1.1\n",
    "\t", "\0", "\ufeff", "\u2028", "<<: ", "? ", ", ", "1e400", "0x" + "f" * 300, "\\", "\r", "  ", "\n", "null",
    "{" * 60,
)  # fmt: skip


@cache
def shipped(largest: int) -> tuple[tuple[Path, Any], ...]:
    """Every problem up to this size, as plain data."""
    files = [file for file in PROBLEMS if file.stat().st_size <= largest]
    return tuple((file, parse_spec(file.read_text(encoding="utf-8")).data) for file in files)


def places(data: Any, prefix: Place = ()) -> Iterator[Place]:
    """The path of every value below the root."""
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in entries:
        yield (*prefix, key)
        yield from places(value, (*prefix, key))


def at(data: Any, place: Place) -> Any:
    for key in place:
        data = data[key]
    return data


def deep(value: Any, depth: int, mapping: bool) -> Any:
    for _ in range(depth):
        value = {"a": value} if mapping else [value]
    return value


def drop(draw: Draw, parent: Any, key: Any) -> None:
    del parent[key]


def put_odd(draw: Draw, parent: Any, key: Any) -> None:
    parent[key] = deepcopy(draw(st.sampled_from(ODD_VALUES)))


def put_expression(draw: Draw, parent: Any, key: Any) -> None:
    """Grown from the names that stand in the value, or from those of the others beside it."""
    names = sorted(set(IDENTIFIER.findall(str(parent)))) or NAMES
    text = draw(st.one_of(right(names), expressions(names)))
    equation = isinstance(parent[key], str) and "=" in parent[key]
    parent[key] = f"{text} = {draw(right(names))}" if equation else text


def put_number(draw: Draw, parent: Any, key: Any) -> None:
    parent[key] = draw(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**6), 10**6))


def scale(draw: Draw, parent: Any, key: Any) -> None:
    if isinstance(parent[key], (int, float)) and not isinstance(parent[key], bool):
        parent[key] *= draw(st.sampled_from((-1, 0, 2, 0.5, 1e-9, 1e9)))
    else:
        put_expression(draw, parent, key)


def wrap(draw: Draw, parent: Any, key: Any) -> None:
    parent[key] = deep(parent[key], draw(st.sampled_from((1, 1, 2, 30, 60, 600))), draw(st.booleans()))


def rename(draw: Draw, parent: Any, key: Any) -> None:
    value = parent[key]
    if isinstance(parent, dict):
        del parent[key]
        parent[draw(st.sampled_from(ODD_KEYS) | st.text(max_size=5))] = value
    else:
        parent.insert(0, deepcopy(value))


def repeat(draw: Draw, parent: Any, key: Any) -> None:
    """The value once more: in a list beside itself, in a mapping under another name."""
    if isinstance(parent, list):
        parent.insert(draw(st.integers(0, len(parent))), deepcopy(parent[key]))
    else:
        parent[draw(st.sampled_from((f"{key}2", "other", "z", *parent)))] = deepcopy(parent[key])


def take_other(draw: Draw, parent: Any, key: Any) -> None:
    """A value of the same name elsewhere, or any value, of this or another problem."""
    _, data = draw(st.sampled_from(shipped(LARGEST)))
    named = [place for place in places(data) if place[-1] == key]
    parent[key] = deepcopy(at(data, draw(st.sampled_from(named or tuple(places(data))))))


def take_block(draw: Draw, parent: Any, key: Any) -> None:
    """A whole block of another problem, in place of this one's or beside the others."""
    _, data = draw(st.sampled_from(shipped(LARGEST)))
    block = key if key in data else draw(st.sampled_from(tuple(data)))
    if isinstance(parent, dict):
        parent[block] = deepcopy(data[block])


def edit_text(draw: Draw, parent: Any, key: Any) -> None:
    if not isinstance(parent[key], (dict, list)):
        parent[key] = cut_up(str(parent[key])[:400], draw(edits(PIECES)))


MILD = (scale, put_expression, take_other, repeat, drop)
CHANGES = (*MILD, *MILD, put_odd, put_odd, put_number, wrap, rename, take_block, edit_text)


@st.composite
def specs(draw: Draw, largest: int = LARGEST) -> tuple[str, Path]:
    """(text, folder) of a shipped problem with one to four changes; of one in fifteen the text is cut up as well."""
    file, original = draw(st.sampled_from(shipped(largest)))
    data = deepcopy(original)
    for change in draw(st.lists(st.sampled_from(CHANGES), min_size=1, max_size=4)):
        if found := tuple(places(data)):
            place = draw(st.sampled_from(found))
            change(draw, at(data, place[:-1]), place[-1])
    text = written(data)
    treatment = draw(st.integers(0, 29))  # the smallest is drawn most often: nothing
    if treatment in (28, 29):
        text = cut_up(text, draw(edits(YAML_PIECES)))
    if treatment == 27:  # a key, or an entry, twice
        lines = text.splitlines(keepends=True)
        line = draw(st.integers(0, len(lines) - 1))
        text = "".join(lines[: line + 1] + lines[line : line + 1] + lines[line + 1 :])
    return text, file.parent


def written(data: Any) -> str:
    """As YAML in block style where ruamel.yaml can write it, else as JSON, which is YAML too."""
    try:
        return dump(data)
    except (RecursionError, ValueError, UnicodeError):
        return json.dumps(data)
