"""Units of a solution: in metrics.json, in the summary, in files and pictures, and none where the spec has none."""

from __future__ import annotations

import json

import numpy as np
import pytest
import pyvista

import pinn
from pinn.problem.loading import build
from pinn.solution.report import report_metrics
from pinn.solution.units import with_units
from pinn.spec.yaml.source import parse_spec

WALL = """
name: wall
units: {length: mm, force: N}
coordinates: [x, y]
fields: {T: {unit: K}}
constants: {k: 45 W/(m K), inside: 20 degC}
domain: {rectangle: {from: [0, 0], to: [24 cm, 100 mm]}}
definitions: {heat_flux: -k*T_x, unknown: -45*T_x}
equations: {conduction: k*laplacian(T) = 0}
conditions:
  - {on: left, T: inside}
  - {on: right, T: 5 °C}
  - {on: [bottom, top], T_n: 0}
probes:
  middle: {quantity: T, at: [12 cm, 5 cm], expected: 12.5 degC}
  loss: {integral: heat_flux, on: right, expected: 45*15/24*10/100*100}
outputs: {resolution: 8}
network: {hidden: [32]}
sampling: {interior: 200, boundary: 80}
solver: {tolerance: 1e-3}
"""
PLAIN = WALL.replace("units: {length: mm, force: N}\n", "").replace("{T: {unit: K}}", "[T]").replace("5 °C", "278")
PLAIN = PLAIN.replace("45 W/(m K)", "45").replace("20 degC", "293").replace("24 cm", "240").replace("100 mm", "100")
PLAIN = PLAIN.replace("[12 cm, 5 cm], expected: 12.5 degC", "[120, 50]")


@pytest.fixture(scope="module")
def wall():
    return pinn.solve(pinn.load(WALL))


def test_values_are_numbers_of_the_system():
    problem = pinn.load(WALL)
    assert problem.scope.constants["k"] == 45  # mW/(mm K)
    assert problem.scope.constants["inside"] == 293.15
    assert problem.bounds[1].tolist() == [240, 100]
    assert problem.probes["middle"].points.tolist() == [[120, 50]]
    assert problem.probes["middle"].expected == (285.65,)


def test_without_units_a_value_with_one_is_of_the_SI():
    problem = pinn.load(WALL.replace("units: {length: mm, force: N}\n", ""))
    assert problem.bounds[1].tolist() == [0.24, 0.1]
    assert problem.unit_labels.quantities == {"x": "m", "y": "m", "T": "K", "heat_flux": "W/m²"}


def test_the_resolved_spec_keeps_units_and_values():
    problem = pinn.load(WALL)
    again = pinn.load(problem.to_yaml())
    assert "20 degC" in problem.to_yaml()
    assert again.spec == problem.spec
    assert again.unit_labels.quantities == problem.unit_labels.quantities


def test_changes_take_the_same_path():
    assert pinn.load(WALL, ["constants.k=30 W/(m K)"]).scope.constants["k"] == 30
    assert pinn.load(WALL, constants={"inside": "300 K"}).scope.constants["inside"] == 300


@pytest.mark.slow
def test_metrics_have_the_units(wall):
    units = wall.metrics["units"]
    assert units == {"x": "mm", "y": "mm", "T": "K", "heat_flux": "mW/mm²"}  # of `unknown` nobody said what 45 is
    assert wall.metrics["probes"]["middle"]["unit"] == "K"
    assert wall.metrics["probes"]["loss"]["unit"] == "mW/mm"
    assert wall.metrics["probes"]["loss"]["value"] == pytest.approx(45 * 15 / 240 * 100, rel=1e-6)
    assert wall.metrics["balance"]["conduction"]["unit"] == "mW/mm"
    json.dumps(wall.metrics)


@pytest.mark.slow
def test_the_summary_has_a_column_of_units(wall):
    text = report_metrics(wall.metrics)
    assert any(line.split()[:2] == ["probe", "value"] and "unit" in line.split() for line in text.splitlines())
    (row,) = [line.split() for line in text.splitlines() if line.startswith("middle ")]
    assert "K" in row
    (row,) = [line.split() for line in text.splitlines() if line.startswith("conduction ")]
    assert "mW/mm" in row


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".vtu", ".vtkhdf", ".csv", ".npz", ".xdmf"])
def test_names_in_files(wall, suffix, tmp_path):
    file = tmp_path / f"fields{suffix}"
    wall.export(file)
    if suffix == ".csv":
        assert file.read_text().splitlines()[0].split(",")[:4] == ["x [mm]", "y [mm]", "T [K]", "heat_flux [mW mm^-2]"]
    elif suffix == ".npz":
        assert {"T", "heat_flux"} <= {*np.load(file)}
    else:
        mesh = pyvista.read(file)
        names = set((mesh[0] if isinstance(mesh, pyvista.MultiBlock) else mesh).point_data.keys())
        assert {"T [K]", "heat_flux [mW mm^-2]", "unknown"} <= names


@pytest.mark.slow
def test_pictures_have_the_units(wall):
    figure = wall.plot("heat_flux")
    assert {axes.get_xlabel() for axes in figure.axes} == {"x [mm]", "mW/mm²"}
    assert figure.axes[0].get_ylabel() == "y [mm]"


def test_without_units_everything_is_as_it_was(tmp_path):
    problem = pinn.load(PLAIN)
    assert problem.unit_labels.quantities == {}
    assert problem.unit_labels.named("T") == "T"
    assert with_units(problem, {"probes": {"middle": {"value": 1.0}}}) == {"probes": {"middle": {"value": 1.0}}}
    assert "units" not in problem.to_yaml()
    assert "mm" not in problem.describe()


BEAM = """
name: beam
units: {length: mm, force: N}
coordinates: [x, y]
physics: {linear_elasticity: {youngs_modulus: 210 GPa, poissons_ratio: 0.3, plane: stress}}
domain: {rectangle: {from: [0, 0], to: [2, 1]}}
conditions: [{on: left, fixed: true}, {on: rest, traction: [0, 0]}]
modes: {count: 1, mass: 7850 kg/m^3}
"""


def test_of_modes_only_eigenvalues_have_units():
    problem = build(parse_spec(BEAM))
    labels = problem.unit_labels
    assert (labels.of("ux"), labels.of("x"), labels.eigenvalue, labels.frequency) == ("", "mm", "1/s²", "Hz")
    shorter = build(parse_spec(BEAM.replace("force: N", "force: N, time: ms")))
    assert (shorter.unit_labels.eigenvalue, shorter.unit_labels.frequency) == ("1/ms²", "kHz")
    text = report_metrics(
        {
            "units": {"eigenvalue": "1/ms²", "frequency": "kHz"},
            "modes": [{"number": 1, "eigenvalue": 4.0, "frequency": 0.3, "residual": 0, "error": 0, "multiplicity": 1}],
        }
    )
    assert "eigenvalue [1/ms²]" in text
    assert "0.3 kHz" in text


def test_measurements_have_the_unit_of_what_they_measure():
    content = {"data": {"data T": {"count": 3, "misfit": 0.1, "noise": 0.2, "chi_squared": 0.9}}}
    found = with_units(pinn.load(WALL), content)
    assert found["data"]["data T"]["unit"] == "K"
    rows = [line.split() for line in report_metrics(found).splitlines()]
    assert ["data", "values", "misfit", "noise", "unit", "chi^2", "per", "value"] in rows
    assert ["T", "3", "1.00e-01", "2.00e-01", "K", "0.90"] in rows


def test_balances_and_stress_intensities():
    labels = build(parse_spec(BEAM.replace("modes: {count: 1, mass: 7850 kg/m^3}\n", ""))).unit_labels
    assert labels.balance("equilibrium_x") == "N/mm"  # in the plane, for each unit of thickness
    assert labels.balance("moment_xy") == "N mm/mm"
    assert labels.intensity(0.5) == "MPa √mm"
    of_solid = BEAM.replace("[x, y]", "[x, y, z]").replace(", plane: stress", "").replace("modes:", "#")
    of_solid = of_solid.replace("{rectangle: {from: [0, 0], to: [2, 1]}}", "{cuboid: {from: [0, 0, 0], to: [2, 1, 1]}}")
    solid = build(parse_spec(of_solid.replace("traction: [0, 0]", "traction: [0, 0, 0]"))).unit_labels
    assert solid.balance("equilibrium_x") == "N"
    assert solid.balance("moment_xy") == "N mm"


def test_pure_numbers_and_whole_turns():
    text = """
name: disc
units: {length: m, force: N}
coordinates: [r, z]
physics:
  - axisymmetric_heat: {conductivity: 3 W/(m K)}
  - axisymmetric_elasticity:
      {youngs_modulus: 200 GPa, poissons_ratio: 0.3, thermal_expansion: 1e-5 1/K, reference_temperature: 20 degC}
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
conditions: [{on: bottom, symmetry: true, temperature: 80 degC}, {on: rest, traction: [0, 0], outward_heat_flux: 0}]
"""
    labels = build(parse_spec(text)).unit_labels
    assert labels.quantities["strain_rr"] == "1"
    assert labels.of("strain_rr") == ""
    assert labels.balance("heat") == "W"
    assert labels.balance("equilibrium_z") == "N"


def test_heat_is_no_force():
    """What is lost through a boundary over the whole duration is an energy, in the plane one per thickness."""
    text = """
name: bar
units: {length: mm, force: N}
coordinates: [x]
time: {from: 0, to: 2 min}
physics: {heat_conduction: {conductivity: 45 W/(m K), capacity: 3.6 MJ/(m^3 K)}}
domain: {interval: {from: 0, to: 10 cm}}
conditions: [{on: initial, temperature: 20 degC}, {on: [left, right], outward_heat_flux: 0}]
"""
    bar = build(parse_spec(text))
    assert bar.time == (0, 120)
    assert bar.unit_labels.balance("heat") == "mJ/mm²"
    plane = text.replace("[x]", "[x, y]").replace("interval: {from: 0, to: 10 cm}", "disk: {center: [0, 0], radius: 1}")
    assert build(parse_spec(plane.replace("[left, right]", "boundary"))).unit_labels.balance("heat") == "mJ/mm"


def test_terms_that_measure_different_things_are_warned_of():
    wrong = WALL.replace("k*laplacian(T) = 0", "k*laplacian(T) = k*T")
    (said,) = [line for line in pinn.load(wrong).describe().splitlines() if line.startswith("warning: equations")]
    assert said == ("warning: equations.conduction: the dimensions differ: k*laplacian(T) [mW/mm³] and k*T [mW/mm]")
    assert "dimensions" not in pinn.load(WALL).describe()
    load = WALL.replace("T: inside", "T: inside*inside")
    assert "conditions[0].T: must be a temperature (K); 'inside*inside' is in K²" in pinn.load(load).describe()


def test_columns_of_files_have_their_units(tmp_path):
    (tmp_path / "k.csv").write_text("T [degC],k [W/(m K)]\n0,40\n100,50\n")
    (tmp_path / "measured.csv").write_text("x [cm],y [mm],u [degC]\n12,50,12.5\n")
    text = WALL.replace("k*laplacian(T) = 0", "'d(of(T)*T_x, x) + d(of(T)*T_y, y) = 0'")
    text += "tables: {of: {file: k.csv, x: T, values: k, interpolation: cubic}}\n"
    text += "data: [{file: measured.csv, quantities: {T: u}, noise: 0.1 K}]\n"
    (tmp_path / "wall.yaml").write_text(text)
    problem = pinn.load(tmp_path / "wall.yaml")
    table = problem.spec.tables["of"].function
    assert float(table.at(323.15)) == pytest.approx(45, rel=1e-12)  # mW/(mm K)
    (stated,) = [one for one in problem.statements if one.name == "data T"]
    assert (stated.values.tolist(), stated.noise) == ([285.65], 0.1)
    (tmp_path / "measured.csv").write_text("x [cm],y [mm],u [m]\n12,50,12.5\n")
    with pytest.raises(pinn.SpecError, match=r"column 'u \[m\]' must be in a unit such as K"):
        pinn.load(tmp_path / "wall.yaml")
    (tmp_path / "k.csv").write_text("T [degC],k [W/(m Kk)]\n0,40\n100,50\n")
    with pytest.raises(pinn.SpecError, match="column 'k \\[W/\\(m Kk\\)\\]': 'Kk' is no unit"):
        pinn.load(tmp_path / "wall.yaml")


def test_values_of_pint_are_values_with_units():
    pint = pytest.importorskip("pint")
    units = pint.UnitRegistry()
    problem = pinn.load(WALL, constants={"k": units.Quantity(3.0, "kW/m/K"), "inside": units.Quantity(300, "K")})
    assert (problem.scope.constants["k"], problem.scope.constants["inside"]) == (3000, 300)
    corners = {"from": units.Quantity(np.zeros(2), "m"), "to": units.Quantity(np.array([0.2, 0.1]), "m")}
    again = pinn.load(WALL, domain={"rectangle": corners}, probes={"middle": {"at": [0, 0]}})
    assert again.bounds[1].tolist() == [200, 100]
