"""Malformed specs: exit code 2, one line for each refusal, little work."""

from __future__ import annotations

import pytest

from tests.hostile.command import refuse
from tests.hostile.specs import SPECS, spec


def test_the_spec_itself_is_accepted(tmp_path, capsys):
    from pinn.cli.main import run

    file = tmp_path / "right.yaml"
    file.write_text(spec())
    assert run(["validate", str(file)]) == 0, capsys.readouterr().err


def test_there_are_200():
    assert len(set(SPECS.values())) >= 200


@pytest.mark.slow
@pytest.mark.parametrize("name", SPECS)
def test_a_spec_is_refused(name, tmp_path, capsys):
    refuse(capsys, tmp_path / "hostile.yaml", SPECS[name])
