"""Modes of a solution: what metrics.json, files, pictures and a pickle have of them."""

import json
import pickle

import meshio
import numpy as np
import pytest

import pinn
from pinn.cli.main import run
from pinn.errors import SpecError
from pinn.figures.figures import draw_figures
from pinn.problem.loading import load
from pinn.report.fields import field_view
from pinn.solution.modes import frequency_of, multiplicities
from pinn.solution.report import report_metrics
from tests.training.modes.examples import DRIFT, SQUARE

pytestmark = pytest.mark.slow

QUICK = ["outputs.resolution=8"]


@pytest.fixture(scope="module")
def square():
    text = SQUARE.replace("modes: {count: 4, mass: 1}", "modes: {count: 3, mass: 1, expected: [2*pi**2, 50]}")
    return pinn.solve(load(text, QUICK), device="cpu")


@pytest.fixture(scope="module")
def drift():
    return pinn.solve(load(DRIFT, QUICK), device="cpu")


def test_metrics_have_an_entry_for_each(square):
    first, second, third = square.metrics["modes"]
    assert [*first] == ["number", "eigenvalue", "frequency", "residual", "error", "multiplicity", "expected",
                        "relative_error"]  # fmt: skip
    assert first["relative_error"] < 1e-8
    assert second["relative_error"] == pytest.approx(1 - 49.34802200544679 / 50)
    assert "expected" not in third
    assert json.loads(json.dumps(square.metrics))["modes"] == square.metrics["modes"]


def test_an_eigenvalue_off_what_is_expected_is_said_so(square):
    assert square.metrics["verdict"] == "useful"
    assert "mode 2 is 1.3e-02 off" in square.metrics["because"]


def test_a_right_run_is_solved(drift):
    assert drift.metrics["verdict"] == "solved"
    assert "frequency" not in drift.metrics["modes"][0]


def test_the_table_has_a_row_for_each(square, drift):
    text = report_metrics(square.metrics)
    assert "0.70710678 Hz" in text
    assert "expected" in text
    assert "multiplicity" in text
    assert "Hz" not in report_metrics(drift.metrics)


def test_a_run_keeps_all_modes(square, tmp_path):
    spec = tmp_path / "square.yaml"
    spec.write_text(SQUARE.replace("count: 4", "count: 3"))
    out = tmp_path / "run"
    assert run(["solve", str(spec), "--out", str(out), "-q", "--set", "outputs.resolution=8"]) == 0
    loaded = pinn.Solution.load(out)
    assert [mode.eigenvalue for mode in loaded.modes] == [mode.eigenvalue for mode in square.modes]
    points = [[0.3, 0.4], [0.7, 0.2]]
    for ours, theirs in zip(square.modes, loaded.modes, strict=True):
        assert ours(points)["u"] == pytest.approx(theirs(points)["u"], rel=1e-12)
    mesh = meshio.read(out / "fields.vtu")
    names = [f"{name}_mode_{number}" for number in (1, 2, 3) for name in ("u", "residual_wave")]
    assert [*mesh.point_data] == names
    found = loaded.modes[2](mesh.points[:, :2])["u"]
    assert mesh.point_data["u_mode_3"].ravel() == pytest.approx(found, rel=1e-9, abs=1e-12)
    pictures = {file.stem for file in (out / "figures").glob("*.png")}
    assert pictures == {"summary", "mode_1", "mode_2", "mode_3", "convergence"}
    assert "mode 3: 1.118 Hz" in (out / "report.html").read_text()


def test_pickled_modes_are_the_same(square):
    again = pickle.loads(pickle.dumps(square))
    assert again.modes[1]([[0.3, 0.4]])["u"] == pytest.approx(square.modes[1]([[0.3, 0.4]])["u"])


def test_the_page_has_a_frame_for_each_mode(square, drift):
    view = field_view(square)
    assert view is not None
    assert [frame.label for frame in view.frames] == [mode.label for mode in square.modes]
    assert view.swings
    values = [frame.values["u"] for frame in view.frames]
    assert not np.allclose(values[0], values[1])
    assert field_view(drift) is None


def test_curves_are_drawn_as_well(drift, tmp_path):
    assert {file.stem for file in draw_figures(drift, tmp_path)} >= {"summary", "mode_1", "mode_4"}


def test_an_onnx_file_is_of_one_mode(square, tmp_path):
    with pytest.raises(SpecError, match="one field"):
        square.export(tmp_path / "all.onnx")


def test_labels_and_words(square, drift):
    assert square.modes[1].label == "mode 2: 1.118 Hz"
    assert drift.modes[0].label == "mode 1: 34.87"
    assert repr(drift.modes[0]).startswith("<Mode 1 of drift: eigenvalue 34.869604")
    assert "modes        3, lowest, of the square of the circular frequency in wave" in square.problem.describe()
    assert "modes        4, lowest, of the eigenvalue s in drift" in drift.problem.describe()


def test_a_free_body_is_no_reason_for_a_warning():
    text = SQUARE.replace("u: 0}", "u_n: 0}")
    assert "nothing fixes" not in load(text).describe()


def test_frequencies():
    assert frequency_of(4 * np.pi**2, 100.0) == pytest.approx(1.0)
    assert frequency_of(-1e-8, 100.0) == 0.0
    assert np.isnan(frequency_of(-1.0, 100.0))


def test_multiplicities_by_errors():
    small = [1e-12] * 5
    assert multiplicities([1.0, 2.0, 2.0 + 1e-9, 2.1, 2.1], small) == [1, 2, 2, 2, 2]
    assert multiplicities([2.0, 2.0 + 1e-5], [1e-12] * 2) == [1, 1]
    assert multiplicities([2.0, 2.0 + 1e-5], [1e-5] * 2) == [2, 2]
    assert multiplicities([2.0, 2.1], [1.0] * 2) == [1, 1]
    assert multiplicities([1e-7, -3e-8, 1e3, 2e3], [1e-12] * 4) == [2, 2, 1, 1]
