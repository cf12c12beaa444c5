"""`pinn list` reads two lines of each problem that comes with pinn: they say what the whole file says."""

from __future__ import annotations

import pytest

from pinn.cli.list import read_header, read_shipped
from pinn.files.shipped import shipped_folder, shipped_names


@pytest.mark.slow
def test_two_lines_of_a_problem_are_its_header():
    files = [shipped_folder() / f"{name}.yaml" for name in shipped_names()]
    assert len(files) > 50
    assert [read_shipped(file) for file in files] == [read_header(file) for file in files]
