"""Reading YAML with positions, overriding it, and writing it back."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pinn.errors import SpecError, SpecErrors
from pinn.spec.yaml.overrides import apply_overrides
from pinn.spec.yaml.source import Source, dump, parse_spec, read_spec

FILE = "a.yaml"


def value_of(text: str):
    return parse_spec(f"a: {text}\n").data["a"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-7", -7),
        ("+7", 7),
        ("007", 7),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.", 1.0),
        (".5", 0.5),
        ("1e-3", 1e-3),
        ("-.5E+3", -500.0),
        ("0e-999", 0.0),
        ("1.7976931348623157e308", sys.float_info.max),
        ("9" * 300, int("9" * 300)),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("''", ""),
        ("'1'", "1"),
        ('"\\u00e9"', "é"),
        ("|\n  two\n  lines", "two\nlines\n"),
        ("[1, {b: 2}, []]", [1, {"b": 2}, []]),
        ("{}", {}),
        ("u_t - u_xx = 0", "u_t - u_xx = 0"),
        ("-L/2", "-L/2"),
    ],
)
def test_scalars_follow_the_core_schema_of_yaml_1_2(text, value):
    read = value_of(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "text",
    ["yes", "no", "on", "off", "y", "n", "Yes", "ON", "nan", "inf", "1_000", "0b1", "1:30", "2001-01-01"]
    + ["0o8", "08x", "1e", "1e+", ".e3", "+-1"],
)
def test_what_yaml_1_1_would_convert_stays_text(text):
    assert value_of(text) == text


def test_the_key_on_is_text():
    assert parse_spec("conditions:\n- {on: left, y: 1}\n").data == {"conditions": [{"on": "left", "y": 1}]}


def test_positions_of_values_and_keys():
    source = parse_spec(
        "# heat\nname: heat\ndomain:\n  disk:\n    center: [0, 'a']\n  empty:\nlist:\n  - {é: 1, b: 2}\n", FILE
    )
    assert source.file == FILE
    assert source.position(()) == (FILE, 2, 1)
    assert source.position(("name",)) == (FILE, 2, 7)
    assert source.key_position(("name",)) == (FILE, 2, 1)
    assert source.position(("domain",)) == (FILE, 4, 3)
    assert source.key_position(("domain",)) == (FILE, 3, 1)
    assert source.position(("domain", "disk", "center", 1)) == (FILE, 5, 17)
    assert source.key_position(("domain", "disk", "center")) == (FILE, 5, 5)
    assert source.position(("list", 0, "b")) == (FILE, 8, 15)
    assert source.key_position(("list", 0)) == (FILE, 8, 5), "an entry of a list has no key"


def test_a_value_that_is_not_written_is_located_at_its_key():
    assert parse_spec("a:\n  b:\n\n\nc: 1\n", FILE).position(("a", "b")) == (FILE, 2, 3)


def test_an_absent_path_is_located_at_its_nearest_ancestor():
    source = parse_spec("a: 1\nb: {c: [10, 20]}\n", FILE)
    assert source.position(("b", "c", 7, "d")) == (FILE, 2, 8)
    assert source.position(("b", "x", "y")) == (FILE, 2, 4)
    assert source.key_position(("b", "x")) == (FILE, 2, 4)
    assert source.position(("z",)) == (FILE, 1, 1)


def test_line_ends_of_windows_and_a_byte_order_mark(tmp_path):
    path = tmp_path / "windows.yaml"
    path.write_bytes("\ufeffname: heat\r\nb:\r\n  c: 'é'\r\n".encode())
    source = read_spec(path)
    assert source.data == {"name": "heat", "b": {"c": "é"}}
    assert source.position(("name",)) == (str(path), 1, 7)
    assert source.position(("b", "c")) == (str(path), 3, 6)


def test_data_without_text_is_located_at_the_start():
    assert Source({"a": 1}, FILE).position(("a",)) == (FILE, 1, 1)


@pytest.mark.parametrize(
    ("content", "place", "fragment"),
    [
        (b"name: caf\xe9\n", "1:10", "is not UTF-8 text (byte 0xe9); save the file as UTF-8"),
        ("a: 1\né: \xe9".encode() + b"\xff", "2:5", "byte 0xff"),
        ("name: heat\n".encode("utf-16"), "1:1", "is not UTF-8 text"),
        (b"# " + b"x" * 1_000_000, "1:1", "is over 1 MB"),
        (b"", "1:1", "is empty"),
        (b"a: b\nc: \0", "2:4", "U+0000 is not allowed"),
        (b"a: b\r\nb: c\rc: \0", "3:4", "U+0000 is not allowed"),
        ("é".encode() * 600_000, "1:1", "is over 1 MB"),
    ],
)
def test_unreadable_files_are_refused(tmp_path, content, place, fragment):
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    with pytest.raises(SpecError) as raised:
        read_spec(path)
    assert str(raised.value).startswith(f"{path}:{place}: ")
    assert fragment in str(raised.value)


@pytest.mark.slow
def test_a_file_of_just_1_mb_is_read(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"a: 1\n#" + b"x" * (1_000_000 - 6))
    assert read_spec(path).data == {"a": 1}


def test_text_over_1_mb_is_refused():
    with pytest.raises(SpecError, match="is over 1 MB"):
        parse_spec("a: 1\n#" + "é" * 500_000)


def test_a_missing_file_suggests_its_neighbour(tmp_path):
    (tmp_path / "plate.yaml").write_text("a: 1")
    with pytest.raises(SpecError) as raised:
        read_spec(tmp_path / "plaet.yaml")
    assert str(raised.value) == f"{tmp_path}/plaet.yaml:1:1: there is no such file; did you mean 'plate.yaml'?"
    assert raised.value.exit_code == 2


@pytest.mark.parametrize("name", ["", "no/such/folder/a.yaml", "a\0b", "x" * 5000])
def test_odd_file_names_are_refused(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError) as raised:
        read_spec(name)
    assert "\0" not in str(raised.value)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(SpecError, match="cannot be read: Is a directory"):
        read_spec(tmp_path)


def test_a_file_name_of_two_lines_stays_on_one():
    with pytest.raises(SpecError) as raised:
        parse_spec("[]", "a\nb.yaml")
    assert str(raised.value).startswith("a?b.yaml:1:1: ")


# ---- overrides ---------------------------------------------------------------------------------------------------

SPEC = """\
name: heat
solver:
network: {hidden: [8], activation: gelu}
conditions:
- {on: left, u: 0}
- {on: right, u: 1}
"""


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("name=wave", ("name",), "wave"),
        ("solver.time_limit=30", ("solver", "time_limit"), 30),
        ("network.hidden=[64, 64]", ("network", "hidden"), [64, 64]),
        ("network.hidden[0]=16", ("network", "hidden", 0), 16),
        ("conditions[1].weight=1e1", ("conditions", 1, "weight"), 10.0),
        ("outputs.a.b.c=x", ("outputs", "a", "b", "c"), "x"),
        (
            "network.activation={lambda_gelu: {hardness: 2}}",
            ("network", "activation"),
            {"lambda_gelu": {"hardness": 2}},
        ),
        ("equations.heat=u_t - u_xx = 0", ("equations", "heat"), "u_t - u_xx = 0"),
        ("solver=null", ("solver",), None),
        ("title='a: b'", ("title",), "a: b"),
        (" name = wave ", ("name",), "wave"),
    ],
)
def test_override(override, path, value):
    source = parse_spec(SPEC, FILE)
    changed = apply_overrides(source, [override])
    found = changed.data
    for step in path:
        found = found[step]
    assert found == value
    assert type(found) is type(value)
    assert source.data == parse_spec(SPEC).data, "the source itself is not changed"
    assert changed.position(path) == ("--set", 1, override.index("=") + 2 + (override[0] == " "))
    assert changed.position(("conditions", 0, "u")) == (FILE, 5, 17), "what is not overridden stays where it was"


def test_later_overrides_win_and_replace_what_was_inside():
    source = apply_overrides(
        parse_spec(SPEC, FILE), ["network={hidden: [1, 2]}", "network.hidden=[3]", "network.seed=4"]
    )
    assert source.data["network"] == {"hidden": [3], "seed": 4}
    assert source.position(("network", "hidden", 1)) == ("--set", 2, 16), "the second entry is gone with its position"
    assert source.position(("network", "activation")) == ("--set", 1, 9)
    assert source.key_position(("network", "seed")) == ("--set", 3, 1)


def test_overrides_inside_a_flow_value_have_columns():
    source = apply_overrides(parse_spec(SPEC, FILE), ["network={hidden: [1, 22]}"])
    assert source.position(("network", "hidden", 1)) == ("--set", 1, 22)
    assert source.key_position(("network", "hidden")) == ("--set", 1, 10)


def test_every_wrong_override_is_reported():
    with pytest.raises(SpecErrors) as raised:
        apply_overrides(parse_spec(SPEC), ["a", "name=1", "b="])
    assert [error.position for error in raised.value.errors] == [("--set", 1, 1), ("--set", 3, 1)]


# ---- writing -----------------------------------------------------------------------------------------------------

# What a spec may hold as text: see FORBIDDEN_CHARACTER in yaml_subset.
characters = st.characters(
    exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029\ufeff\ufffe\uffff", max_codepoint=0xFFFF
)
texts = (
    st.text(characters | st.sampled_from("\n\t"), max_size=30)
    | st.text(st.sampled_from("0123456789.eExo+-_ :#'\"\\nulyfats~[]{},&*!|>%@`?\n\t"), max_size=8)
    | st.floats(allow_nan=False, allow_infinity=False).map(repr)
)
keys = st.text(characters, min_size=1, max_size=12).filter(str.isprintable)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
trees = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4))


def same(left, right) -> bool:
    """Equal, with 1, 1.0 and True told apart, and -0.0 from 0.0."""
    if isinstance(left, dict):
        return type(right) is dict and list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return type(right) is list and len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float) and isinstance(right, float):
        return left == right and math.copysign(1, left) == math.copysign(1, right)
    return type(left) is type(right) and left == right


@pytest.mark.slow
@settings(max_examples=300)
@given(st.dictionaries(keys, trees, min_size=1, max_size=4))
@example(
    {"a": [".5e3", "1_0", "0o17", "yes", "", " ", "~", "- a", "# b", "a: b", "1e400", ".nan"], "1": 1e22, "b": 5e-324}
)
@example({"a": "x " * 3000, "b": {"c" * 200: []}, "d": [[[]]], "z": 1, "y": 2})
def test_what_is_written_reads_back(data):
    assert same(parse_spec(dump(data)).data, data)


def test_written_in_blocks_in_the_given_order_without_anchors():
    shared = [1, "a"]
    assert dump({"z": {"b": shared, "a": shared}, "e": 1e-8, "t": True, "n": None}) == (
        "z:\n  b: [1, a]\n  a: [1, a]\ne: 1e-08\nt: true\nn: null\n"
    )


@pytest.mark.slow
@settings(max_examples=500)
@given(st.text(st.sampled_from("ab:-[]{},'\"\\#&*!|>%@`\n\t ?01.e~<+_x\r\x85\ufeffé=U") | st.characters(), max_size=60))
@example('a: "\\UFFFFFFFF"')
@example("\r\t\n%")
def test_any_text_is_read_or_refused_in_one_line(text):
    refusal = None
    try:
        source = parse_spec(text)
    except SpecError as error:
        refusal = error
    if refusal:
        assert refusal.position is not None
        assert len(str(refusal).splitlines()) == 1
    else:
        assert same(parse_spec(dump(source.data)).data, source.data)


@pytest.mark.slow
def test_importing_the_reader_and_the_schema_is_light():
    code = (
        "import sys, pinn.spec.schema, pinn.spec.yaml.overrides; "
        "sys.exit('torch' in sys.modules or 'sympy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
