"""Groups of a mesh's cells as subdomains: the problem of two materials on a mesh, against its exact solution."""

from pathlib import Path

import numpy as np
import pytest
import pyvista

import pinn
from pinn.cli.main import run
from pinn.errors import SpecError
from pinn.problem.contradictions import contradictions
from tests.geometry.meshes import core_and_block

pytestmark = pytest.mark.slow

SHAPES = (Path(__file__).resolve().parents[2] / "problems/heat/two_materials.yaml").read_text(encoding="utf-8")
BLOCKS = SHAPES[SHAPES.index("domain:") : SHAPES.index("definitions:")]
MESH = "domain: {mesh: {file: m.msh}}\n"
GROUPS = "subdomains: [core, block]\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mesh")
    core_and_block(folder / "m.msh")
    return folder


def spec(folder, blocks: str = MESH + GROUPS, *replacements: tuple[str, str]) -> Path:
    text = SHAPES.replace(BLOCKS, blocks)
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    (folder / "problem.yaml").write_text(text, encoding="utf-8")
    return folder / "problem.yaml"


@pytest.fixture(scope="module")
def solution(folder):
    # the interface is a chain of parabolas, whose normals turn a little from one to the next: 1e-6 is out of reach
    return pinn.solve(pinn.load(spec(folder), ["solver.tolerance=1e-4"]), seed=0, device="cpu")


def test_two_materials_on_a_mesh_have_the_solution_of_those_on_shapes(solution):
    assert solution.metrics["stop_reason"] == "tolerance"
    within = solution.metrics["subdomains"]
    assert set(within) == {"core", "block"}
    assert max(part["relative_l2"]["u"] for part in within.values()) < 1e-5


def test_the_exact_solution_meets_the_interface_up_to_the_chord_error(folder):
    """And does not where the materials are those of the other group."""
    slips = [float(line.rsplit(" ", 1)[1]) for line in contradictions(pinn.load(spec(folder)))]
    assert max(slips) < 2e-4  # normals of parabolas over 11 degrees
    swapped = ("{core: k_core, block: k_block}", "{core: k_block, block: k_core}")
    wrong = [float(line.rsplit(" ", 1)[1]) for line in contradictions(pinn.load(spec(folder, MESH + GROUPS, swapped)))]
    assert max(wrong) > 0.1


def test_rest_and_names_of_ones_own(folder):
    named = MESH + "subdomains: {core: {group: core}, block: rest}\n"
    problem = pinn.load(spec(folder, named))
    assert problem.subdomains.names == ("core", "block")
    assert [one.shape.measure for one in problem.subdomains] == pytest.approx([np.pi / 16, 1 - np.pi / 16], rel=1e-5)


def test_export_has_the_nodes_of_the_interface_once_for_each_side(solution, tmp_path):
    solution.export(tmp_path / "fields.vtu")
    grid = pyvista.read(tmp_path / "fields.vtu")
    assert grid.n_points == 289 + 17
    radius = np.linalg.norm(grid.points, axis=1)
    assert np.all(grid["subdomain"][radius < 0.49] == 0)
    assert np.all(grid["subdomain"][radius > 0.51] == 1)
    np.testing.assert_allclose(grid["u"], grid["exact_u"], atol=1e-5)
    solution.export(tmp_path / "again.vtu", mesh_file=tmp_path / "fields.vtu")
    assert pyvista.read(tmp_path / "again.vtu").n_points == 289 + 17


def test_validate_lists_groups_and_their_measures(folder, capsys):
    assert run(["validate", str(spec(folder))]) == 0
    said = capsys.readouterr().out
    assert "m.msh: 289 nodes, 128 triangle6" in said
    assert "groups of cells: core (measure 0.196349), block (measure 0.803651)" in said
    assert "groups of facets: left (measure 1), right (measure 1), bottom (measure 1), top (measure 1)" in said
    assert "subdomains   core (measure 0.196349), block (measure 0.803651)" in said


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        (MESH + "subdomains: {core: rest, block: {group: blok}}\n", "block.group: unknown group of cells 'blok'; did"),
        (MESH + "subdomains: [core]\n", "must name two or more"),
        (MESH + "subdomains: [core, block, core]\n", "subdomains: names 'core' twice"),
        (MESH + "subdomains: {core: {group: core}, block: {group: core}}\n", "subdomains.block.group: 'core' shares"),
        (MESH + "subdomains: {core: {group: [1]}, block: rest}\n", "core.group: must be a group of cells, or a list"),
        (
            MESH + "subdomains: {core: {disk: {center: [0, 0], radius: 1}}, block: rest}\n",
            "subdomains.core.disk: the domain is a mesh, which is cut by its groups of cells (core, block)",
        ),
        (
            "domain: {rectangle: {from: [0, 0], to: [1, 1]}}\nsubdomains: {core: {group: core}, block: rest}\n",
            "subdomains.core.group: takes cells of a mesh, but the domain is none",
        ),
        (
            "domain: {rectangle: {from: [0, 0], to: [1, 1]}}\nsubdomains: {core: {mesh: {file: m.msh}}, block: rest}\n",
            "subdomains.core.mesh: a mesh cannot cut a domain; make it the domain",
        ),
        (
            "domain: {difference: [{mesh: {file: m.msh}}, {disk: {center: [0, 0], radius: 0.1}}]}\n" + GROUPS,
            "domain.difference[0].mesh: a mesh cannot be combined with other shapes; make the cut in the program",
        ),
    ],
)  # fmt: skip
def test_refusals(blocks, message, folder):
    with pytest.raises(SpecError) as caught:
        pinn.load(spec(folder, blocks))
    assert message in str(caught.value)


def test_pinn_mesh_makes_the_groups_that_subdomains_are_named_by(tmp_path, capsys):
    """From the shapes of a spec to a mesh, and from the mesh to the same subdomains."""
    pytest.importorskip("gmsh")
    assert run(["mesh", str(spec(tmp_path, BLOCKS)), "--out", str(tmp_path / "m.msh"), "--size", "0.1"]) == 0
    assert "(core, block)" in capsys.readouterr().err
    problem = pinn.load(spec(tmp_path), ["solver.tolerance=1e-4"])
    assert [one.shape.measure for one in problem.subdomains] == pytest.approx([np.pi / 16, 1 - np.pi / 16], rel=1e-4)
    assert pinn.solve(problem, seed=0, device="cpu").metrics["relative_l2"]["u"] < 1e-5


def test_parts_of_a_mesh_that_share_no_facet_cannot_be_joined(folder, tmp_path):
    """Three layers, of which the outer two do not touch."""
    from tests.geometry.meshes import block, grouped

    points, cells = block("quad", 3)
    layer = 1 + np.floor(3 * points[cells].mean(axis=1)[:, 0]).astype(int)
    names = {"low": (1, 2), "mid": (2, 2), "high": (3, 2)}
    grouped(tmp_path / "m.msh", points, [("quad", cells)], names, [layer])
    text = """
name: layers
coordinates: [x, y]
fields: [u]
domain: {mesh: {file: m.msh}}
subdomains: [low, mid, high]
equations: {heat: laplacian(u) = 0}
conditions: [{on: boundary, u: x}]
interfaces:
  - {between: [low, mid], continuous: [u, u_x]}
  - {between: [mid, high], continuous: [u, u_x]}
"""
    (tmp_path / "p.yaml").write_text(text)
    assert len(pinn.load(tmp_path / "p.yaml").statements) == 3 + 3 + 4
    (tmp_path / "p.yaml").write_text(text + "  - {between: [high, low], continuous: [u, u_x]}\n")
    with pytest.raises(SpecError, match=r"interfaces\[2\].between: 'high' and 'low' do not touch"):
        pinn.load(tmp_path / "p.yaml")
