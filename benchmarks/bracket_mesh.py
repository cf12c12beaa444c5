"""The mesh of problems/elasticity/bracket.yaml: an L-shaped bracket with a fillet and two bolt holes, in millimetres.

    python benchmarks/bracket_mesh.py [--size 6] [--out problems/elasticity/bracket.msh]

Quadratic triangles, curved on the fillet and the holes; patches fixed_hole, loaded_hole, edge. Needs the extra [mesh].
"""

from __future__ import annotations

import argparse
from pathlib import Path

LEG, WIDTH = 100.0, 30.0  # length and width of both legs
FILLET, HOLE = 15.0, 7.0  # radii
FIXED, LOADED = (15.0, 75.0), (75.0, 15.0)  # centres of the holes
PER_TURN = 28  # elements along a full circle
DEFAULT_OUT = Path(__file__).resolve().parent.parent / "problems/elasticity/bracket.msh"


def write_bracket(file: Path, size: float, per_turn: int = PER_TURN) -> None:
    import gmsh

    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        shapes = gmsh.model.occ
        inner = WIDTH + FILLET
        legs = [shapes.addRectangle(0, 0, 0, WIDTH, LEG), shapes.addRectangle(0, 0, 0, LEG, WIDTH)]
        corner = shapes.addRectangle(WIDTH, WIDTH, 0, FILLET, FILLET)
        ((_, web),), _ = shapes.cut([(2, corner)], [(2, shapes.addDisk(inner, inner, 0, FILLET, FILLET))])
        fused, _ = shapes.fuse([(2, legs[0])], [(2, legs[1]), (2, web)])
        holes = [(2, shapes.addDisk(x, y, 0, HOLE, HOLE)) for x, y in (FIXED, LOADED)]
        ((_, bracket),), _ = shapes.cut(fused, holes)
        shapes.synchronize()
        groups: dict[str, list[int]] = {"fixed_hole": [], "loaded_hole": [], "edge": []}
        for _, curve in gmsh.model.getBoundary([(2, bracket)], oriented=False):
            x, y, _ = shapes.getCenterOfMass(1, curve)
            for name, centre in (("fixed_hole", FIXED), ("loaded_hole", LOADED)):
                if abs(x - centre[0]) + abs(y - centre[1]) < HOLE:
                    groups[name].append(curve)
                    break
            else:
                groups["edge"].append(curve)
        for name, curves in groups.items():
            gmsh.model.addPhysicalGroup(1, curves, name=name)
        gmsh.model.addPhysicalGroup(2, [bracket], name="steel")
        gmsh.option.setNumber("Mesh.MeshSizeMax", size)
        gmsh.option.setNumber("Mesh.MeshSizeFromCurvature", per_turn)
        gmsh.model.mesh.generate(2)
        gmsh.model.mesh.setOrder(2)
        gmsh.write(str(file))
    finally:
        gmsh.finalize()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=float, default=6.0, help="longest edges, in mm")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    given = parser.parse_args()
    write_bracket(given.out, given.size)


if __name__ == "__main__":
    main()
