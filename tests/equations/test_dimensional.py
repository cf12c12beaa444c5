"""Dimensional analysis: every page of physics is consistent; users are told only what is certain."""

from __future__ import annotations

import pytest

from pinn.equations.dimensional import Dimensions, Inconsistent
from pinn.equations.meanings import read_meaning
from pinn.physics import PHYSICS
from pinn.spec.schema import load_schema
from pinn.spec.yaml.source import parse_spec

SOLID = "youngs_modulus: 1, poissons_ratio: 0.3"
HEATED = f"{SOLID}, thermal_expansion: 1, temperature: 2, reference_temperature: 1"
PAGES = [  # physics, coordinates, parameters, quantity -> its unit in mm, N, s, K
    (
        "linear_elasticity",
        "xy",
        f"{HEATED}, plane: strain",
        {"ux": "mm", "stress_out_of_plane": "MPa", "strain_xy": ""},
    ),
    ("linear_elasticity", "xyz", f"{SOLID}, body_force: [0, 0, 1]", {"traction_z": "MPa", "principal_stress_3": "MPa"}),
    ("incompressible_elasticity", "xy", f"{SOLID}, plane: strain", {"p": "MPa", "compressibility": "1/MPa"}),
    (
        "orthotropic_elasticity",
        "xy",
        "youngs_modulus_1: 2, youngs_modulus_2: 1, shear_modulus_12: 1, poissons_ratio_12: 0.3, plane: stress",
        {"stress_12": "MPa"},
    ),
    (
        "orthotropic_elasticity",
        "xyz",
        "youngs_modulus_1: 2, youngs_modulus_2: 1, shear_modulus_12: 1, poissons_ratio_12: 0.3, poissons_ratio_23: 0.3",
        {"stiffness_13": "MPa", "stress_xz": "MPa"},
    ),
    ("neo_hookean", "xyz", SOLID, {"piola_stress_xy": "MPa", "volume_ratio": "", "strain_energy": "MPa"}),
    (
        "elastodynamics",
        "xy",
        f"{SOLID}, density: 1, damping: 2, plane: stress",
        {"p_speed": "mm/s", "absorbing_x": "MPa"},
    ),
    ("axisymmetric_elasticity", "rz", HEATED, {"stress_hoop": "MPa", "axial_force": "N/mm"}),
    ("heat_conduction", "xy", "conductivity: 1, capacity: 2, source: 3", {"heat_flux_x": "mW/mm²", "temperature": "K"}),
    ("axisymmetric_heat", "rz", "conductivity: 1, capacity: 2", {"heat_loss": "mW/mm", "conductivity": "mW/(mm K)"}),
    (
        "mindlin_plate",
        "xy",
        f"{SOLID}, thickness: 1, load: 2",
        {"moment_xy": "N", "shear_x": "N/mm", "curvature_xx": "1/mm", "w": "mm", "rotation_x": ""},
    ),
    ("stokes", "xy", "viscosity: 1", {"vx": "mm/s", "stress_xy": "MPa", "vorticity": "1/s"}),
    ("navier_stokes", "xy", "viscosity: 1, density: 2", {"outflow_x": "MPa", "viscosity": "MPa s", "density": "t/mm³"}),
]
IN_TIME = ("elastodynamics", "heat_conduction", "axisymmetric_heat", "navier_stokes")


def dimensions(blocks: str) -> Dimensions:
    head = (
        "name: a\nunits: {length: mm, force: N}\ncoordinates: [x, y]\ndomain: {rectangle: {from: [0, 0], to: [1, 1]}}\n"
    )
    spec = load_schema(parse_spec(head + blocks))
    return Dimensions(spec, *read_meaning(spec))


def of_physics(name: str, coordinates: str, parameters: str) -> Dimensions:
    text = f"name: a\nunits: {{length: mm, force: N}}\ncoordinates: [{', '.join(coordinates)}]\n"
    text += f"domain: {{box: {{from: [0, 0], to: [1, 1]}}}}\nphysics: {{{name}: {{{parameters}}}}}\n"
    text += "time: {from: 0, to: 1}\n" if name in IN_TIME else ""
    spec = load_schema(parse_spec(text))
    return Dimensions(spec, *read_meaning(spec))


def test_every_physics_is_here():
    assert {name for name, *_ in PAGES} == PHYSICS.keys()


@pytest.mark.parametrize(("name", "coordinates", "parameters", "units"), PAGES)
def test_a_page_of_physics_is_consistent(name, coordinates, parameters, units):
    known = of_physics(name, coordinates, parameters)
    for quantity in (*known.physics.fields, *known.physics.definitions):
        assert known.of_name(quantity) is not None, quantity
    for equation, text in known.physics.equations.items():
        assert known.sides(text, trusted=True) is not None, equation
    for flux, source in filter(None, known.physics.balances.values()):
        assert known.of_name(source) * known.of_name(coordinates[0]) == known.of_name(flux)
    assert {quantity: known.scope.units.label(known.of_name(quantity)) for quantity in units} == units


OWN = """
fields: {T: {unit: K}, w: {}}
constants: {k: 45 W/(m K), q: 3 W/m^3, h: 2 mm, c: 7.5, scale: 3*c}
definitions: {flux: -k*T_x, doubled: 2*T, scaled: 25*T, gone: w*T, root: sqrt(h*x), far: h + 3}
equations: {heat: k*laplacian(T) = q, other: laplacian(w) = 0}
"""


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("flux", "mW/mm²"),
        ("flux_x", "mW/mm³"),
        ("d(flux, x, y)", "N/(mm³ s)"),
        ("doubled", "K"),
        ("scaled", None),  # 25 may be a measure of something
        ("25*(T - 293)", None),
        ("T - 293", "K"),
        ("T/(1 - c**2)", "K"),
        ("k*(1 - 0.3**2)", "mW/(mm K)"),
        ("T - (c + 1)", "K"),
        ("gone", None),
        ("c*T", None),
        ("root", "mm"),
        ("far", "mm"),
        ("h**3/12", "mm³"),
        ("sin(x/h)", ""),
        ("where(x > h, T, 0)", "K"),
        ("max(T, 0)", "K"),
        ("div(-k*grad(T))", "mW/mm³"),
        ("T_n", "K/mm"),
        ("x*(3 kN)", "mJ"),
        ("atan2(y, x)", ""),
        ("5", None),
        ("T*scale", None),
    ],
)
def test_what_a_text_measures(text, unit):
    known = dimensions(OWN)
    found = known.of(text)
    assert (None if found is None else known.scope.units.label(found)) == unit


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("T + h", r"T \[K\] and h \[mm\]"),
        ("x > T", r"x \[mm\] and T \[K\]"),
        ("y - 3 MPa*1", None),
        ("(3 MPa) + h", r"3 MPa \[MPa\] and h \[mm\]"),
        ("where(x > h, T, x)", r"T \[K\] and x \[mm\]"),
        ("[T, x]", r"T \[K\]"),
    ],
)
def test_what_does_not_go_together(text, said):
    if said is None:
        assert dimensions(OWN).of(text) is None
    else:
        with pytest.raises(Inconsistent, match=said):
            dimensions(OWN).of(text)


def test_sides_of_an_equation():
    known = dimensions(OWN)
    assert known.scope.units.label(known.sides("k*laplacian(T) = q")) == "mW/mm³"
    with pytest.raises(Inconsistent, match=r"k\*laplacian\(T\) \[mW/mm³\] and T \[K\]"):
        known.sides("k*laplacian(T) = T")
