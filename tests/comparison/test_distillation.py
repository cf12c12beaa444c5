from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import pinn
from pinn.comparison.distillation import Distilled, Sketch, distil, sketches_for
from pinn.comparison.distillation_report import save, text
from pinn.errors import SpecError
from pinn.problem.loading import build
from pinn.run.directory import RunDirectory
from pinn.solution.saved import save_run
from pinn.spec.yaml.source import parse_spec

pytestmark = pytest.mark.slow

TEACHER = """
name: string
coordinates: [x]
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {pull: -u_xx = pi**2*sin(pi*x)}
conditions: [{on: boundary, u: 0}]
exact: {u: sin(pi*x)}
solver: {method: least_squares, time_limit: 3600}
"""


@cache
def teacher() -> pinn.Solution:
    return pinn.solve(build(parse_spec(TEACHER), Path()), progress=False)


@cache
def students(activation: str) -> Distilled:
    return distil(teacher(), [Sketch((8,), activation, 25)])


def test_a_small_student_keeps_values_and_gradients():
    found = students("gelu")
    first, student = found.figures
    points = np.linspace(0, 1, 501)[:, None]
    mine, true = found.solution(points, ["u", "u_x"]), teacher()(points, ["u", "u_x"])
    for name, stated in (("u", student.deviation), ("u_x", student.gradient_deviation)):
        measured = np.linalg.norm(mine[name] - true[name]) / np.linalg.norm(true[name])
        assert measured == pytest.approx(stated, rel=0.3)
    assert student.deviation < 1e-3
    assert student.weights == 25 < first.weights / 10
    assert found.solution.metrics["stop_reason"] == "distilled"


def test_a_student_of_relu_is_told_as_one():
    found = students("relu")
    assert found.solution.metrics["stop_reason"] == "hardened"
    assert 1e-4 < found.figures[-1].deviation < 0.2


def test_students_are_widened_until_the_field_is_kept():
    tried = distil(teacher(), sketches_for(None, "gelu", 6)[:3], 1e-2)
    assert tried.figures[-1].deviation <= 1e-2
    assert all(figures.deviation > 1e-2 for figures in tried.figures[1:-1])
    assert [sketch.hidden for sketch in sketches_for(None, "gelu", 6)] == [(8,), (16,), (32,), (64,), (128,), (256,)]


def test_the_folder_is_a_run_like_any_other(tmp_path):
    save_run(RunDirectory(tmp_path), teacher())
    folder, sizes = save(students("gelu"), tmp_path)
    assert (folder.name, save(students("gelu"), tmp_path)[0].name) == ("distilled", "distilled-2")
    loaded = pinn.Solution.load(folder)
    points = np.linspace(0, 1, 11)[:, None]
    assert np.array_equal(loaded(points)["u"], students("gelu").solution(points)["u"])
    assert sizes["student"] < sizes["teacher"]
    assert f"student: {sizes['student']:,} bytes" in text(students("gelu"), sizes)


def test_an_activation_with_a_parameter_is_no_student():
    with pytest.raises(SpecError, match="must be one of gelu"):
        sketches_for([8], "lambda_gelu", 1)
