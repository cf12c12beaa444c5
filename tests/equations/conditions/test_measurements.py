"""Data of a spec as statements: values, points, noise, and what is refused about them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pinn.domain.domain import Domain
from pinn.equations.conditions.measurements import TOLERANCE, data_statements, noise_of, refuse_outside
from pinn.errors import NoDerivative, SpecError
from pinn.geometry.shapes.boxes import Interval
from pinn.spec.blocks.observations import Data
from pinn.spec.language.expressions import Scope

ROD = Domain(("x",), Interval(0.0, 2.0), (0.0, 1.0))
SCOPE = Scope(["x"], time=True, constants={"s": 0.5}, fields=["u"], definitions={"flux": "-3*u_x"})


def statements(folder, **options):
    (folder / "m.csv").write_text("place,t,T,q\n0.5,0.25,1.5,7\n2,1,2.5,8\n")
    given = {"file": "m.csv", "coordinates": {"x": "place"}, "quantities": {"u": "T", "flux": "q"}} | options
    return list(data_statements(Data(**given), SCOPE, ROD, folder, ("data", 0)))


def test_a_file_is_a_statement_for_each_quantity_at_its_points(tmp_path):
    temperature, flux = statements(tmp_path, weight=2.0, noise={"flux": "s/10"})
    assert [temperature.name, flux.name] == ["data u", "data flux"]
    assert [temperature.values.tolist(), flux.values.tolist()] == [[1.5, 2.5], [7, 8]]
    assert temperature.place == flux.place
    assert temperature.place.points == ((0.5, 0.25), (2.0, 1.0))
    assert (temperature.noise, flux.noise) == (None, 0.05)
    assert {temperature.weight, flux.weight} == {2.0}
    assert flux.path == ("data", 0, "quantities", "flux")


def test_the_residual_is_the_quantity_less_the_measurement(tmp_path):
    _, flux = statements(tmp_path)
    (slope,) = flux.expression.derivatives
    residual = flux.expression.value({"measured value": flux.values}, {slope: torch.tensor([1.0, -2.0]).double()})
    assert residual.tolist() == [-3.0 - 7, 6.0 - 8]


@pytest.mark.parametrize(
    ("noise", "value"), [(None, None), ("estimate", "estimate"), ("s", 0.5), ({"u": 0.1}, 0.1), ({"flux": 0.1}, None)]
)
def test_noise_is_of_all_quantities_or_of_each(noise, value):
    assert noise_of(Data(file="m.csv", quantities={"u": "T", "flux": "q"}, noise=noise), "u", SCOPE, ()) == value


@pytest.mark.parametrize(
    ("options", "path", "words"),
    [
        ({"quantities": {"flx": "q"}}, "data[0].quantities.flx", "unknown quantity 'flx'; did you mean 'flux'?"),
        ({"quantities": {"t": "q"}}, "data[0].quantities.t", "'t' does not depend on a field"),
        ({"noise": {"v": 1}}, "data[0].noise.v", "'v' is not measured here"),
        ({"noise": {"u": "-s"}}, "data[0].noise.u", "must be a positive standard deviation or 'estimate', got -0.5"),
    ],
)
def test_what_cannot_be_measured_is_refused_at_its_place(options, path, words, tmp_path):
    with pytest.raises(SpecError) as raised:
        statements(tmp_path, **options)
    assert str(raised.value).startswith(f"{path}: {words}")


def test_a_derivative_along_no_coordinate_says_which_there_are(tmp_path):
    with pytest.raises(NoDerivative, match="unknown quantity 'u_y'; a derivative of u has letters of x, t or n"):
        statements(tmp_path, quantities={"u_y": "q"})


@pytest.mark.parametrize(("share", "refused"), [(0.9, False), (1.1, True)])
@pytest.mark.parametrize("axis", [0, 1])
def test_points_lie_inside_up_to_the_rounding_of_a_table(axis, share, refused, tmp_path):
    points = np.array([[1.0, 0.5], [2.0, 1.0]])
    points[1, axis] += share * TOLERANCE * (ROD.shape.size, ROD.duration)[axis]
    if refused:
        with pytest.raises(SpecError, match=r"m\.csv: a point lies outside the domain, first .* in row 2"):
            refuse_outside(points, ROD, tmp_path / "m.csv", ())
    else:
        refuse_outside(points, ROD, tmp_path / "m.csv", ())
