"""The picture of a problem before it is solved, and films of what changes in time."""

from __future__ import annotations

import numpy as np
import pytest

import pinn
from pinn.cli.main import run
from pinn.errors import SpecError
from pinn.figures.animation import animate
from pinn.figures.domain_figure import conditions, domain_figure
from tests import fakes


def legend(figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


@pytest.mark.slow
def test_each_patch_has_its_conditions_and_its_dots():
    problem = pinn.load("elasticity/plate_with_hole")
    figure = domain_figure(problem)
    assert legend(figure) == [f"{patch}: {', '.join(asked)}" for patch, asked in conditions(problem).items()]
    assert conditions(problem)["left"] == ["ux", "traction_y"]
    assert conditions(problem)["hole"] == ["traction_x", "traction_y"]
    (hole,) = [line for line in figure.axes[0].lines if line.get_label().startswith("hole")]
    np.testing.assert_allclose(np.hypot(*hole.get_data()), 0.5)


@pytest.mark.slow
def test_subdomains_have_names():
    assert legend(domain_figure(pinn.load("elasticity/inclusion")))[:2] == ["inclusion", "matrix"]


@pytest.mark.slow
def test_a_solid_is_refused_and_a_plane_is_written(tmp_path, capsys):
    with pytest.raises(SpecError, match="shows a plane, but the coordinates are x, y, z"):
        domain_figure(pinn.load("elasticity/cube_3d"))
    assert run(["validate", "heat/poisson_2d", "--picture", str(tmp_path / "p.png")]) == 0
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("make", [fakes.burgers, fakes.spreading_heat])
def test_a_film_has_every_instant(make):
    solution = make()
    name = solution.problem.quantities[0]
    film = animate(solution, name, frames=3)
    titles = []
    for number in range(3):
        (axes,) = film._func(number)  # pyright: ignore
        titles.append(axes.get_title())
        assert axes.lines or axes.collections
    start, end = solution.problem.time
    assert titles == [f"{name}, t = {time:.3g}" for time in np.linspace(start, end, 3)]
    film._draw_was_started = True  # pyright: ignore  # nobody saves it


def test_what_does_not_change_in_time_has_no_film():
    with pytest.raises(SpecError, match="a film needs time"):
        animate(fakes.kirsch_plate(), "ux")
