"""Numbers of the command line: NaN and infinity are refused before anything is loaded, each under its option."""

from __future__ import annotations

import pytest

from pinn.cli.main import run


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e999"])
@pytest.mark.parametrize(
    ("command", "option", "value"),
    [
        (["export", "."], "--line", "0,0:1,{}"),
        (["export", "."], "--line", "{}:1"),
        (["export", "."], "--times", "0,{}"),
        (["export", "."], "--at", "radius={}"),
        (["harden", "."], "--hardness", "{}"),
        (["harden", "."], "--tolerance", "{}"),
        (["bench"], "--time-limit", "{}"),
        (["mesh", "heat/poisson_2d"], "--size", "{}"),
        (["compare", "heat/poisson_2d"], "--hardness", "1,{}"),
    ],
)
def test_what_is_no_finite_number_is_refused(command, option, value, number, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run([*command, f"{option}={value.format(number)}"]) == 2
    said = capsys.readouterr().err
    assert option in said
    assert list(tmp_path.iterdir()) == []
