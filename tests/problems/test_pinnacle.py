"""PINNacle's problems: what is right is known of each, and what others have reached."""

from __future__ import annotations

import pytest

import pinn
from pinn.comparison.collection import published
from pinn.files.shipped import shipped_folder

FOLDER = shipped_folder() / "pinnacle"
FILES = sorted(FOLDER.glob("*.yaml"))
LARGEST = 200_000  # bytes of a reference that is committed


def test_each_has_a_line_of_what_is_published():
    assert {file.stem for file in FILES} == {*published(FOLDER)}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_its_solution_is_known_and_nothing_is_said_of_how_it_is_found(file):
    problem = pinn.load(file)
    assert set(problem.fields) <= {*problem.exact_quantities}
    for block in ("network", "sampling", "solver"):
        default = type(getattr(problem.spec, block))()
        assert getattr(problem.spec, block) == default


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.npz")), ids=lambda file: file.stem)
def test_references_are_small(file):
    assert file.stat().st_size < LARGEST
