"""Files of measurements and references that cannot be what they are said to be: refused in one line."""

from __future__ import annotations

import numpy as np
import pytest

from pinn.problem.loading import build
from pinn.spec.yaml.source import parse_spec
from tests.problem.refusals import FILE, HEAT, assert_refused, spec_with
from tests.spec.refusals import marked

CSV = "x,t,T\n0.2,0.5,1.5\n0.4,0.5,2.5\n"
# case -> (name of the file, its content, the block, path in the spec, part of the message)
DATA = "data: [{file: »m.csv, quantities: {u: T}}]"
REFERENCE = "reference: {file: »m.csv}"
FILES = {
    "data missing": ("", "", DATA, "data[0].file", "no such file"),
    "reference missing": ("", "", REFERENCE, "reference.file", "no such file"),
    "data of a column that is not there": (
        "m.csv",
        CSV.replace("T", "temp"),
        DATA.replace("»m.csv", "m.csv").replace("T}", "»tmp}"),
        "data[0].quantities.u",
        "has no column 'tmp'; did you mean 'temp'?",
    ),
    "data without a coordinate": ("m.csv", CSV.replace("x,", "y,"), DATA, "data[0].file", "has no column 'x'"),
    "data of an unknown quantity": (
        "m.csv",
        CSV,
        "data: [{file: m.csv, quantities: {v: »T}}]",
        "data[0].quantities.v",
        "unknown quantity 'v'; known: u",
    ),
    "data of a coordinate": (
        "m.csv",
        CSV,
        "data: [{file: m.csv, quantities: {x: »T}}]",
        "data[0].quantities.x",
        "does not depend on a field",
    ),
    "data with text": (
        "m.csv",
        CSV.replace("2.5", "warm"),
        DATA,
        "data[0].file",
        "line 3: 'warm' is not a number",
    ),
    "data with a gap": ("m.csv", CSV.replace("2.5", ""), DATA, "data[0].file", "line 3"),
    "data with NaN": ("m.csv", CSV.replace("2.5", "nan"), DATA, "data[0].file", "column 'T' has nan in row 2"),
    "data with infinity": ("m.csv", CSV.replace("2.5", "inf"), DATA, "data[0].file", "column 'T' has inf in row 2"),
    "ragged data": ("m.csv", CSV.replace(",2.5", ""), DATA, "data[0].file", "line 3 has 2 values, the header 3 names"),
    "data with semicolons": ("m.csv", CSV.replace(",", ";"), DATA, "data[0].file", "the separator must be a comma"),
    "data with decimal commas": (
        "m.csv",
        CSV.replace(",", ";").replace(".", ","),
        DATA,
        "data[0].file",
        "the separator must be a comma",
    ),
    "data with a column twice": (
        "m.csv",
        CSV.replace("x,t,T", "x,T,T"),
        DATA,
        "data[0].file",
        "column 'T' appears twice",
    ),
    "data without names": (
        "m.csv",
        CSV.split("\n", 1)[1],
        DATA,
        "data[0].file",
        "the first line must name the columns",
    ),
    "data of names only": ("m.csv", "x,t,T\n", DATA, "data[0].file", "at least one line of numbers"),
    "empty data": ("m.csv", "", DATA, "data[0].file", "needs a line of column names"),
    "data in binary": ("m.csv", "\udcff\udcfe\0", DATA, "data[0].file", "m.csv"),
    "data outside the domain": (
        "m.csv",
        CSV.replace("0.4", "40"),
        DATA,
        "data[0].file",
        "a point lies outside the domain, first (40, 0.5) in row 2",
    ),
    "data after the end": (
        "m.csv",
        CSV.replace("0.4,0.5", "0.4,50"),
        DATA,
        "data[0].file",
        "a point lies outside the domain, first (0.4, 50) in row 2",
    ),
    "spreadsheet": ("m.xlsx", "PK", DATA.replace("csv", "xlsx"), "data[0].file", "cannot read '.xlsx' files"),
    "folder": ("m.csv/inner", "", DATA, "data[0].file", "no such file"),
    "reference of other quantities": (
        "m.csv",
        CSV,
        REFERENCE,
        "reference.file",
        "holds none of the problem's quantities: u",
    ),
    "reference without a coordinate": (
        "m.csv",
        CSV.replace("t,T", "s,u"),
        REFERENCE,
        "reference.file",
        "has no column 't'",
    ),
    "reference that is no archive": ("m.npz", "PK", REFERENCE.replace("csv", "npz"), "reference.file", "m.npz"),
    "reference that is no mesh": ("m.vtu", "<VTKFile>", REFERENCE.replace("csv", "vtu"), "reference.file", "m.vtu"),
}


@pytest.mark.parametrize("case", FILES)
def test_file_is_refused(case, tmp_path):
    file, content, text, path, fragment = FILES[case]
    if file:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(content, encoding="utf-8", errors="surrogateescape")
    spec, place = marked(spec_with(HEAT, text))
    assert_refused(spec, place, path, fragment, tmp_path)


def test_the_right_data_are_accepted(tmp_path):
    (tmp_path / "m.csv").write_text(CSV)
    problem = build(parse_spec(spec_with(HEAT, DATA.replace("»", "")), FILE), tmp_path)
    assert [statement.values.tolist() for statement in problem.statements if statement.values is not None] == [
        [1.5, 2.5]
    ]


def test_archive_without_a_coordinate(tmp_path):
    np.savez(tmp_path / "m.npz", x=np.zeros(3), u=np.zeros(3))
    spec, place = marked(spec_with(HEAT, REFERENCE.replace("csv", "npz")))
    assert_refused(spec, place, "reference.file", "has no array 't'", tmp_path)


def test_archive_of_objects(tmp_path):
    np.savez(tmp_path / "m.npz", x=np.array([{}], dtype=object))
    spec, place = marked(spec_with(HEAT, REFERENCE.replace("csv", "npz")))
    assert_refused(spec, place, "reference.file", "m.npz", tmp_path)
