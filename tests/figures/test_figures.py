"""Pictures exist, are not empty, say what they show, and their numbers are those of the solution."""

from __future__ import annotations

import matplotlib
import matplotlib.figure
import matplotlib.image
import numpy as np
import pytest
from matplotlib.collections import TriMesh
from matplotlib.colors import LogNorm

from pinn.errors import SpecError
from pinn.figures import colours, figures, panels
from pinn.figures.figures import draw_figures, plot
from pinn.figures.names import written
from pinn.figures.quantities import enlargement, mark_largest
from pinn.figures.views import outline, views
from tests import fakes

ALWAYS = {"summary.png", "residual.png", "convergence.png", "hardness.png"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (
            fakes.kirsch_plate,
            ALWAYS
            | {"ux.png", "uy.png", "stress_xx.png", "stress_yy.png", "stress_xy.png", "von_mises.png"}
            | {"deformed.png", "error.png"},
        ),
        (fakes.curve, {"summary.png", "residual.png", "convergence.png", "w.png", "moment.png", "error.png"}),
        (fakes.burgers, ALWAYS | {"u.png", "error.png"}),
        (fakes.spreading_heat, ALWAYS | {"u.png"}),
        (
            fakes.cube,
            ALWAYS | {"ux.png", "uy.png", "uz.png", "stress_xx.png", "surface.png", "deformed.png", "error.png"},
        ),
        (fakes.five_dimensions, ALWAYS | {"u.png", "error.png"}),
    ],
)
def test_every_kind_of_problem_has_its_pictures(make, expected, tmp_path):
    solution = make()
    solution.problem.spec.outputs.resolution = 12
    before = dict(matplotlib.rcParams)
    written = draw_figures(solution, tmp_path)
    assert {path.name for path in written} == expected
    assert {path.name for path in (tmp_path / "figures").iterdir()} == expected
    assert dict(matplotlib.rcParams) == before
    for path in written:
        image = matplotlib.image.imread(path)[..., :3]
        assert min(image.shape[:2]) > 250, path.name
        assert (image < 0.95).any(axis=2).mean() > 0.005, f"{path.name} is blank"


def test_no_pictures_when_the_spec_wants_none(tmp_path):
    solution = fakes.curve()
    solution.problem.spec.outputs.figures = False
    assert draw_figures(solution, tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_spec_chooses_what_is_drawn(tmp_path):
    solution = fakes.kirsch_plate()
    solution.problem.spec.outputs.quantities = ("displacement",)
    solution.problem.spec.outputs.resolution = 8
    names = {path.name for path in draw_figures(solution, tmp_path)}
    assert names == ALWAYS | {"ux.png", "uy.png", "deformed.png"}


def test_a_map_shows_the_values_and_its_colour_bar_their_range():
    figure = plot(fakes.kirsch_plate(), "stress_xx")
    axes, bar = figure.axes
    shown = axes.collections[0].get_array()
    assert shown.max() == pytest.approx(3, rel=1e-3)  # the stress concentration at (0, a) is a mesh point
    assert bar.get_ylim() == pytest.approx((shown.min(), shown.max()))
    assert axes.get_aspect() == 1
    assert figure.texts[0].get_text() == r"$\sigma_{xx}$"


def test_plot_of_a_vector_has_a_panel_for_each_component():
    figure = plot(fakes.kirsch_plate(), "displacement")
    assert [axes.get_title() for axes in figure.axes if axes.get_title()] == ["$u_{x}$", "$u_{y}$"]


def test_plot_of_an_unknown_quantity_is_refused():
    with pytest.raises(SpecError, match="unknown quantity 'von_mieses'; did you mean 'von_mises'"):
        plot(fakes.kirsch_plate(), "von_mieses")


def test_curves_show_the_exact_solution_over_the_computed_one():
    figure = plot(fakes.curve(), "w")
    computed, exact = figure.axes[0].lines
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["computed", "exact"]
    assert computed.get_ydata()[-1] == pytest.approx(1 / 8)
    assert exact.get_linestyle() != "-"


def test_an_x_t_problem_has_a_map_and_five_curves():
    figure = plot(fakes.burgers(), "u")
    plane, _, curves = figure.axes
    assert (plane.get_xlabel(), plane.get_ylabel()) == ("x", "t")
    labels = [line.get_label() for line in curves.lines]
    assert labels[:5] == ["t = 0", "t = 0.25", "t = 0.5", "t = 0.75", "t = 1"]
    np.testing.assert_allclose(curves.lines[0].get_ydata()[[0, -1]], [0, 0], atol=1e-12)


def test_signed_quantities_are_centred_at_zero_and_others_are_not():
    signed = colours.linear_scale([np.array([-2.0, 3.0])])
    assert (signed.norm.vmin, signed.norm.vmax, signed.colours) == (-3, 3, "RdBu_r")
    positive = colours.linear_scale([np.array([1.0, 3.0])])
    assert (positive.norm.vmin, positive.norm.vmax, positive.colours) == (1, 3, "viridis")
    almost = colours.linear_scale([np.array([-0.01, 3.0])])
    assert almost.colours == "viridis"


def test_numbers_of_an_axis_are_plain_text_and_their_power_of_ten_is_set():
    axes = matplotlib.figure.Figure().add_subplot()
    axes.set_ylim(0, 6e7)
    axes.yaxis.set_major_formatter(panels.number_format())
    assert axes.yaxis.get_major_formatter().format_ticks([0, 2.5e7, 5e7]) == ["0.0", "2.5", "5.0"]
    assert "10^{7}" in axes.yaxis.get_major_formatter().get_offset()


def test_a_constant_field_is_not_stretched_to_its_rounding_errors():
    scale = colours.linear_scale([np.array([5.0, 5.0 + 1e-15])])
    assert scale.norm.vmax - scale.norm.vmin > 0.5


def test_a_singular_corner_does_not_take_all_the_colours():
    values = np.append(np.linspace(0, 1, 5000), 100.0)
    scale = colours.linear_scale([values])
    assert scale.extend == "max"
    assert scale.norm.vmax < 1.01


def test_a_dozen_points_around_loads_do_not_take_all_the_colours_of_a_coarse_picture():
    scale = colours.linear_scale([np.append(np.linspace(0, 1, 800), np.full(10, 50.0))])
    assert scale.extend == "max"
    assert scale.norm.vmax < 1.01
    hot = colours.linear_scale([np.append(np.zeros(800), np.linspace(0, 1, 40))])  # a spot that is resolved stays
    assert hot.norm.vmax == 1


def test_not_finite_values_are_left_out():
    scale = colours.linear_scale([np.array([1.0, np.nan, 2.0, np.inf])])
    assert (scale.norm.vmin, scale.norm.vmax) == (1, 2)
    assert isinstance(colours.log_scale([np.array([np.nan, 0.0])]).norm, LogNorm)


def test_one_corner_does_not_turn_a_residual_map_black():
    """Colours stop where the last points are decades beyond the others; else they reach the largest."""
    values = np.linspace(1e-8, 1e-6, 5000)
    assert colours.log_scale([values]).norm.vmax == values.max()
    cut = colours.log_scale([np.append(values, 1e4)])
    assert cut.norm.vmax == pytest.approx(1e-6, rel=0.01)
    assert cut.extend == "both"


def test_corners_do_not_turn_all_else_of_a_residual_map_black():
    """A hundredth of the points ten decades above the others: these have colours of their own."""
    values = np.append(np.linspace(1e-8, 1e-6, 9900), np.full(100, 1e3))
    norm = colours.log_scale([values]).norm
    assert norm.vmax == 1e3
    assert 1e-8 <= norm.vmin < 1e-7
    assert colours.log_scale([np.append(np.zeros(9900), np.full(100, 1.0))]).norm.vmin == pytest.approx(1e-5)


@pytest.mark.parametrize(("largest", "factor"), [(0.16, 1), (0.01, 10), (3e-4, 500), (0.05, 2), (8.0, 0.02)])
def test_deformation_is_enlarged_by_a_round_factor(largest, factor):
    """A body of size 2 moves 0.16 in the picture, or less by up to 5/2."""
    assert enlargement(2.0, largest) == pytest.approx(factor)


def test_the_deformed_body_is_drawn_over_its_outline():
    solution = fakes.kirsch_plate()
    solution.problem.spec.outputs.resolution = 12
    figure = figures.deformed_figure(solution, views(solution))
    assert figure is not None
    axes = figure.axes[0]
    assert axes.get_title() == "|displacement|, deformation × 0.05"
    deformed, undeformed = (np.vstack(lines.get_segments()) for lines in axes.collections[1:3])
    assert undeformed.max(axis=0) == pytest.approx([2, 2])
    corner = solution.functions["ux"](np.array([[2.0], [0.0]]))[0]
    assert deformed[:, 0].max() == pytest.approx(2 + 0.05 * corner)


def test_a_node_without_a_displacement_is_left_out_of_the_deformed_body():
    """As at a corner where 0*log(0) has no value: the rest of the picture stands."""
    solution = fakes.kirsch_plate()
    solution.problem.spec.outputs.resolution = 12
    ux = solution.functions["ux"]
    solution.functions["ux"] = lambda p: np.where((p[0] == 2) & (p[1] == 2), np.nan, ux(p))
    figure = figures.deformed_figure(solution, views(solution))
    assert figure is not None
    assert np.isfinite(figure.get_size_inches()).all()
    (triangles,) = (one for one in figure.axes[0].collections if isinstance(one, TriMesh))
    assert np.isfinite(triangles._triangulation.x).all()


def test_a_body_that_does_not_move_is_not_drawn_deformed():
    solution = fakes.kirsch_plate()
    solution.functions["ux"] = solution.functions["uy"] = lambda p: 0 * p[0]
    assert figures.deformed_figure(solution, views(solution)) is None


def test_the_error_map_spans_the_decades_of_the_error():
    solution = fakes.kirsch_plate()
    figure = figures.error_figure(views(solution), ["ux", "stress_xx"])
    assert figure is not None
    axes = figure.axes[0]
    assert axes.get_title() == r"|error| of $\sigma_{xx}$"
    assert axes.collections[0].norm.vmax == pytest.approx(1e-6, rel=0.01)


def test_convergence_shows_loss_heldout_residual_tolerance_and_stages():
    solution = fakes.kirsch_plate()
    figure = figures.convergence_figure(solution)
    assert figure is not None
    left, right = figure.axes
    assert left.get_yscale() == "log"
    labels = [text.get_text() for text in left.get_legend().get_texts()]
    assert labels == ["loss", "held-out residual", "tolerance"]
    assert len(left.lines[1].get_xdata()) == 12  # of 60 rows, every fifth measured the held-out residual
    assert [text.get_text() for text in left.texts] == ["least_squares", "gauss_newton"]
    assert [line.get_label() for line in right.lines] == ["equilibrium_x", "hole.traction_x"]


def test_a_summary_shows_the_solution_the_body_the_error_and_the_convergence():
    solution = fakes.kirsch_plate()
    solution.problem.spec.outputs.resolution = 12
    figure = figures.summary_figure(solution, views(solution))
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == [
        r"von Mises $\sigma_\mathrm{v}$",
        "|displacement|, deformation × 0.05",
        r"|error| of $\sigma_{xx}$",
    ]
    assert figure.axes[-1].get_xlabel() == "seconds"
    assert figure.texts[0].get_text() == solution.problem.title


def test_the_name_of_a_late_stage_stays_inside_the_picture():
    history = [
        {"stage": "least_squares", "seconds": 1.0, "loss": 1.0},
        {"stage": "least_squares", "seconds": 99.0, "loss": 0.1},
        {"stage": "gauss_newton", "seconds": 100.0, "loss": 0.01},
    ]
    figure = matplotlib.figure.Figure()
    axes = figure.subplots()
    panels.draw_convergence(axes, history, None)
    first, late = axes.texts
    assert first.xy[0] == 0
    assert late.xy[0] + 0.02 * 100 * len("gauss_newton") <= 100
    assert [line.get_xdata()[0] for line in axes.lines[1:]] == [0, 99]  # where each stage began


def test_one_iteration_makes_a_picture_without_a_warning():
    figure = figures.convergence_figure(fakes.curve())
    assert figure is not None
    assert len(figure.axes) == 1


def test_a_boundary_edge_belongs_to_one_triangle():
    edges = outline(np.array([[0, 1, 2], [0, 2, 3]]))
    assert {tuple(edge) for edge in edges.tolist()} == {(0, 1), (1, 2), (2, 3), (0, 3)}


@pytest.mark.parametrize(("verdict", "across"), [("solved", 0), ("useful", 0), ("not_solved", 1)])
def test_a_picture_of_what_is_not_solved_says_so(verdict, across):
    solution = fakes.curve()
    solution.metrics["verdict"] = verdict
    figure = plot(solution, "w")
    assert [text.get_text() for text in figure.texts].count("NOT SOLVED") == across


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("stress_xx", r"$\sigma_{xx}$"),
        ("stress_xy", r"$\tau_{xy}$"),
        ("ux", "$u_{x}$"),
        ("von_mises", r"von Mises $\sigma_\mathrm{v}$"),
        ("safety", "safety"),
    ],
)
def test_components_are_written_by_their_letters(name, shown):
    assert written(fakes.kirsch_plate().problem, name) == shown


def test_the_largest_value_of_a_map_is_marked_where_it_is_one():
    """Of Kirsch's plate 3 at the top of the hole; nothing where colours stop before it, or all is the same."""
    seen = views(fakes.kirsch_plate(), quantities=["von_mises"])
    view, values = seen.representative, seen.sample.values["von_mises"]
    axes = matplotlib.figure.Figure().add_subplot()
    mark_largest(axes, view, values, colours.linear_scale([values]))
    (mark,), (text,) = axes.lines, axes.texts
    assert mark.get_xydata()[0] == pytest.approx([0, 0.5])
    assert text.get_text() == "3.00"
    for others in (np.where(values == values.max(), 1e9, values), np.full(len(values), 7.0)):
        mark_largest(axes, view, others, colours.linear_scale([others]))
    mark_largest(axes, view, values, colours.linear_scale([50 * values]))  # another map has fifty times as much
    assert len(axes.lines) == len(axes.texts) == 1
