"""Fields of time alone: files, pictures, and a run read back."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import pyvista
import torch

import pinn
from pinn.errors import SpecError
from pinn.export.export import export
from pinn.export.sampling.line import Line
from pinn.figures.views import views
from pinn.problem.loading import build
from pinn.spec.yaml.source import parse_spec
from pinn.training.run.state import model_of, model_state
from tests.training.march.examples import ordinary


@pytest.fixture(scope="module")
def decay():
    text = ordinary(2, "[u, v]", ["u_t = -u", "v_t = u"], "u: 1, v: 0") + "exact: {u: exp(-t)}\n"
    return pinn.solve(build(parse_spec(text)))


def test_a_table_has_a_row_for_every_instant(decay, tmp_path):
    export(decay, tmp_path / "fields.csv", times=[0.0, 0.5, 2.0])
    with (tmp_path / "fields.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [float(row["t"]) for row in rows] == [0.0, 0.5, 2.0]
    np.testing.assert_allclose([float(row["u"]) for row in rows], np.exp([0.0, -0.5, -2.0]), atol=1e-9)
    np.testing.assert_allclose([float(row["exact_u"]) for row in rows], np.exp([0.0, -0.5, -2.0]), rtol=1e-14)


def test_a_vtu_is_a_line_along_time(decay, tmp_path):
    export(decay, tmp_path / "fields.vtu", resolution=10)
    grid = pyvista.read(tmp_path / "fields.vtu")
    np.testing.assert_allclose(grid.points[:, 0], np.linspace(0, 2, 11))
    np.testing.assert_allclose(grid.point_data["v"], 1 - np.exp(-np.linspace(0, 2, 11)), atol=1e-9)
    assert grid.n_cells == 10


def test_pictures_are_curves_over_time(decay):
    seen = views(decay)
    assert not seen.maps
    (line,) = seen.lines
    assert line.label == "t"
    t, u = line.curve(line.sample.values["u"])
    np.testing.assert_allclose(u, np.exp(-t), atol=1e-9)


def test_a_line_in_space_is_refused(decay, tmp_path):
    with pytest.raises(SpecError, match="has no space"):
        export(decay, tmp_path / "fields.csv", line=Line([0.0], [1.0]))


def test_a_model_made_again_from_its_state_answers_as_it_did(decay):
    again = model_of(decay.problem, model_state(decay.model), torch.device("cpu"))
    at = torch.linspace(0, 2, 7, dtype=torch.float64)[:, None]
    assert again is not None
    assert torch.equal(again.network(at), decay.model.network(at))
