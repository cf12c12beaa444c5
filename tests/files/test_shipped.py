"""The problems that come with pinn are found by name, from any folder, before a file of that name and after one."""

from pathlib import Path

import pytest

import pinn
from pinn.errors import SpecError
from pinn.files import shipped

ROOT = Path(pinn.__file__).parent.parent


def test_every_problem_has_a_name_that_finds_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = shipped.shipped_names()
    assert {"heat/poisson_2d", "elasticity/plate_with_hole", "transport/burgers"} <= set(names)
    assert [shipped.find_spec(name) for name in names] == [ROOT / "problems" / f"{name}.yaml" for name in names]


@pytest.mark.parametrize(
    "written",
    ["heat/poisson_2d", "poisson_2d", "problems/heat/poisson_2d.yaml", "heat/poisson_2d.yaml", r"heat\poisson_2d"],
)
def test_habits_of_writing_a_name(written, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shipped.find_spec(written) == ROOT / "problems/heat/poisson_2d.yaml"


def test_what_lies_here_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "problems" / "heat" / "poisson_2d.yaml"
    own.parent.mkdir(parents=True)
    own.touch()
    assert shipped.find_spec("heat/poisson_2d").resolve() == own
    (tmp_path / "poisson_2d").touch()
    assert shipped.find_spec("poisson_2d").resolve() == tmp_path / "poisson_2d"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("heat/poison_2d", "there is no such file; did you mean 'heat/poisson_2d'?"),
        ("my.yaml", "there is no such file; 'pinn list' names those to try"),
        ("../poisson_2d", "there is no such file"),
    ],
)
def test_what_is_not_there_is_refused_with_a_way_out(written, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError) as raised:
        shipped.find_spec(written)
    assert str(raised.value).startswith(f"{written}:1:1: {said}")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("plaet.yaml", "there is no such file; did you mean 'plate.yaml'?"),
        ("plaet", "there is no such file; did you mean 'plate.yaml'?"),
        ("nothere.yaml", "there is no such file; known: fin.yaml, plate.yaml"),  # alike is only the end of the name
        ("poison_2d", "there is no such file; did you mean 'heat/poisson_2d'?"),
    ],
)
def test_files_beside_it_are_meant_where_their_names_are_close(written, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("plate.yaml", "fin.yaml"):
        (tmp_path / name).touch()
    with pytest.raises(SpecError) as raised:
        shipped.find_spec(written)
    assert str(raised.value) == f"{written}:1:1: {said}"


def test_an_installed_package_has_them_inside(tmp_path, monkeypatch):
    monkeypatch.setattr(shipped, "PACKAGE", tmp_path / "pinn")
    assert shipped.shipped_folder() == tmp_path / "problems"
    (tmp_path / "pinn" / "problems").mkdir(parents=True)
    assert shipped.shipped_folder() == tmp_path / "pinn" / "problems"
