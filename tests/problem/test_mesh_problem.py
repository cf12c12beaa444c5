"""Problems on meshes: the same answer as on the shape itself, in memory and from the command line."""

import numpy as np
import pytest
import pyvista

import pinn
from pinn.cli.main import run
from pinn.errors import SpecError
from tests.geometry.meshes import block, grouped, ring, write

POISSON = """
name: poisson-mesh
coordinates: [x, y]
fields: [u]
domain: DOMAIN
equations: {poisson: "-laplacian(u) = 2*pi**2*sin(pi*x)*sin(pi*y)"}
conditions:
  - {on: boundary, u: 0}
exact: {u: sin(pi*x)*sin(pi*y)}
network: {constraints: hard}
"""
SQUARE = "{rectangle: {from: [0, 0], to: [1, 1]}}"


def spec(folder, domain: str, text: str = POISSON):
    (folder / "problem.yaml").write_text(text.replace("DOMAIN", domain))
    return folder / "problem.yaml"


@pytest.fixture
def meshed(tmp_path):
    points, cells = block("triangle6", 4)
    write(tmp_path / "square.vtu", points, [("triangle6", cells)])
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("constraints", ["soft", "hard"])
def test_a_meshed_square_solves_as_the_square_does(constraints, meshed):
    found = {}
    for domain in (SQUARE, "{mesh: {file: square.vtu}}"):
        problem = pinn.load(spec(meshed, domain), [f"network.constraints={constraints}", "solver.tolerance=1e-6"])
        solution = pinn.solve(problem, seed=0, device="cpu")
        assert solution.metrics["relative_l2"]["u"] < 1e-8
        assert problem.geometry.measure == pytest.approx(1)
        found[domain] = solution(np.array([[0.3, 0.4], [0.5, 0.5]]))["u"]
    np.testing.assert_allclose(*found.values(), atol=1e-8)


@pytest.mark.slow
def test_a_run_is_exported_on_the_nodes_of_the_mesh(meshed, capsys):
    assert run(["solve", str(spec(meshed, "{mesh: {file: square.vtu}}")), "--out", str(meshed / "run")]) == 0
    read = pyvista.read(meshed / "run" / "fields.vtu")
    assert (read.n_points, read.n_cells) == (81, 32)
    assert set(read.celltypes) == {22}  # VTK's quadratic triangle
    exact = np.sin(np.pi * read.points[:, 0]) * np.sin(np.pi * read.points[:, 1])
    np.testing.assert_allclose(read["u"], exact, atol=1e-6)
    assert (meshed / "run" / "figures" / "summary.png").is_file()
    assert run(["export", str(meshed / "run"), "--resolution", "20"]) == 2
    assert "the domain is a mesh and keeps its own nodes" in capsys.readouterr().err


def test_what_is_wrong_with_a_mesh_is_said_at_its_place(meshed, capsys):
    text = POISSON.replace("on: boundary", "on: wall")
    assert run(["validate", str(spec(meshed, "{mesh: {file: square.vtu}}", text))]) == 2
    assert "unknown" in capsys.readouterr().err
    assert run(["validate", str(spec(meshed, "{mesh: {file: cube.vtu}}"))]) == 2
    said = capsys.readouterr().err
    assert "problem.yaml:5:23: domain.mesh.file" in said
    assert "there is no such file" in said
    interval = "name: a\ncoordinates: [x]\nfields: [u]\ndomain: DOMAIN\nequations: {line: u_xx = 0}\nconditions: []\n"
    assert run(["validate", str(spec(meshed, "{mesh: {file: square.vtu}}", interval))]) == 2
    assert "a mesh has two or three coordinates" in capsys.readouterr().err


def test_curved_patches_have_no_hard_constraints(tmp_path):
    points, cells = block("quad9", 3, ring)
    write(tmp_path / "ring.vtu", points, [("quad9", cells)])
    with pytest.raises(SpecError, match="patch 'rest' is of a kind that has no closed form"):
        pinn.load(spec(tmp_path, "{mesh: {file: ring.vtu}}"))


@pytest.mark.slow
def test_plane_patches_of_a_solid_have_hard_constraints(tmp_path):
    """u = z on a cube of tetrahedra: 0 and 1 on two faces, which are groups, insulated on the others."""
    points, cells = block("tetra", 2)
    flat = {level: _on_level(points, cells, level) for level in (0.0, 1.0)}
    grouped(
        tmp_path / "cube.msh",
        points,
        [("triangle", flat[0.0]), ("triangle", flat[1.0]), ("tetra", cells)],
        {"cold": (1, 2), "hot": (2, 2), "body": (3, 3)},
        [np.full(len(flat[0.0]), 1), np.full(len(flat[1.0]), 2), np.full(len(cells), 3)],
    )
    text = """
name: cube
coordinates: [x, y, z]
fields: [u]
domain: {mesh: {file: cube.msh}}
equations: {heat: laplacian(u) = 0}
conditions: [{on: cold, u: 0}, {on: hot, u: 1}, {on: rest, u_n: 0}]
exact: {u: z}
network: {constraints: hard}
"""
    solution = pinn.solve(pinn.load(spec(tmp_path, "", text), ["solver.tolerance=1e-4"]), seed=0, device="cpu")
    assert solution.metrics["relative_l2"]["u"] < 1e-3
    assert set(solution.problem.constructed)


def _on_level(points, cells, level):
    faces = np.vstack([cells[:, list(face)] for face in ((0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2))])
    return faces[np.all(points[faces][:, :, 2] == level, axis=1)]


def test_conditions_on_groups_that_share_facets_hold_on_all_of_them(tmp_path):
    lines = np.array([[0, 1], [1, 2], [2, 3], [3, 0], [1, 2]])
    cells = [("line", lines), ("quad", np.array([[0, 1, 2, 3]]))]
    names = {"walls": (1, 1), "inlet": (2, 1)}
    grouped(
        tmp_path / "m.msh", [[0, 0], [1, 0], [1, 1], [0, 1]], cells, names, [np.array([1] * 4 + [2]), np.array([0])]
    )
    text = POISSON.replace("{on: boundary, u: 0}", "{on: ON, u: 0}").replace("network: {constraints: hard}\n", "")
    (statement,) = pinn.load(spec(tmp_path, "{mesh: {file: m.msh}}", text.replace("ON", "walls"))).statements[1:]
    (shared,) = set(statement.place.patches) - {"walls_alone"}
    named = text.replace("ON", "side") + "boundaries: {side: {on: [inlet, walls]}}\n"
    (again,) = pinn.load(spec(tmp_path, "{mesh: {file: m.msh}}", named)).statements[1:]
    assert set(again.place.patches) == {shared, "walls_alone"}
    with pytest.raises(SpecError, match="nothing is said about the boundary patch 'walls_alone'"):
        pinn.load(spec(tmp_path, "{mesh: {file: m.msh}}", text.replace("ON", "inlet")))
    both = text.replace("  - {on: ON, u: 0}", "  - {on: walls, u: 0}\n  - {on: inlet, u: 1}")
    with pytest.raises(SpecError, match=f"u on '{shared}' is already stated by conditions"):
        pinn.load(spec(tmp_path, "{mesh: {file: m.msh}}", both))
