"""Memory and time of large exports: python benchmarks/large_export.py [SIZES] [--formats vtu xdmf] [--on nodes gauss]

Trains the cantilever for a few seconds, writes meshes of SIZES nodes (quadrilaterals), and exports displacement and
stress at their nodes, cells or Gauss points, each export in a process of its own with one thread. Writes
results/benchmarks/large_export.json and .md: the memory that the process holds when the mesh is read, the peak while
it exports, and the difference, which must not grow with the mesh; rows that are not measured again stay. Needs Linux
(/proc) and about 0.3 GB of disk per million points; the files are removed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SPEC = ROOT / "problems" / "elasticity" / "cantilever.yaml"
TARGET = ROOT / "results" / "benchmarks" / "large_export.json"
QUANTITIES = ["displacement", "stress"]
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def trained(folder: Path) -> Path:
    """A run of the cantilever; how exact it is plays no part here."""
    import pinn
    from pinn.run.directory import RunDirectory
    from pinn.solution.saved import save_run

    solution = pinn.solve(pinn.load(SPEC, ["solver.time_limit=5"]), seed=0, device="cpu")
    run = RunDirectory.create("cantilever", out=folder / "run")
    save_run(run, solution)
    return run.path


def mesh_file(folder: Path, size: int) -> Path:
    """About `size` nodes on the cantilever's rectangle."""
    import meshio
    import numpy as np

    import pinn

    lower, upper = pinn.load(SPEC).geometry.bounds
    length, height = upper - lower
    rows = max(2, round((size * height / length) ** 0.5))
    columns = round(size / rows)
    x, y = np.linspace(lower[0], upper[0], columns), np.linspace(lower[1], upper[1], rows)
    points = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)
    first = (np.arange(columns - 1)[:, None] * rows + np.arange(rows - 1)).ravel()
    quads = np.column_stack([first, first + rows, first + rows + 1, first + 1])
    meshio.Mesh(points, [("quad", quads)]).write(folder / "mesh.xdmf", compression=None)
    return folder / "mesh.xdmf"


def status(name: str) -> float:
    """A line of /proc/self/status in MB."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def measured(run: str, mesh: str, target: str, place: str) -> dict[str, float]:
    """Nodes, MB before and at the peak, seconds and bytes of one export in this process."""
    import torch

    from pinn import Solution
    from pinn.export.export import export
    from pinn.export.sampling import request

    found: dict[str, float] = {}
    space_grid = request.space_grid

    def watched(*args, **options):
        grid = space_grid(*args, **options)
        found["nodes"], found["before"] = len(grid.points), status("VmRSS")
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # the peak counts from here
        return grid

    request.space_grid = watched
    torch.set_num_threads(1)
    solution, file = Solution.load(run), Path(target)
    begun = time.perf_counter()
    export(solution, file, mesh_file=mesh, quantities=QUANTITIES, on=[place])
    found["seconds"] = time.perf_counter() - begun
    found["peak"] = status("VmHWM")
    found["bytes"] = sum(each.stat().st_size for each in file.parent.iterdir())
    return found


def table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "# Large exports",
        "",
        "`python benchmarks/large_export.py`: displacement and stress of the cantilever on a mesh of quadrilaterals",
        "that is read from a file, with one thread. MB of resident memory: when the mesh is read, at the peak while",
        "exporting, and how much more that is. The load is that of the machine when the row was written.",
        "",
        "| format | at | nodes | MB, mesh read | MB, peak | more | seconds | file, MB | load |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        more, size = row["peak"] - row["before"], row["bytes"] / 1e6
        lines.append(
            f"| {row['format']} | {row['on']} | {row['nodes']:,.0f} | {row['before']:.0f} | {row['peak']:.0f} "
            f"| {more:.0f} | {row['seconds']:.0f} | {size:.0f} | {row['load']:.0f} |"
        )
    return "\n".join(lines) + "\n"


def keep(row: dict[str, Any]) -> None:
    """Put a row among those that were measured before, in place of the one for the same export."""
    rows = json.loads(TARGET.read_text(encoding="utf-8")) if TARGET.is_file() else []

    def key(row: dict[str, Any]) -> tuple:
        return row["format"], row["on"], row["size"]

    rows = sorted([*(old for old in rows if key(old) != key(row)), row], key=key)
    TARGET.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n", encoding="utf-8")
    TARGET.with_suffix(".md").write_text(table(rows), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    sizes = [100_000, 1_000_000, 5_000_000]
    parser.add_argument("sizes", nargs="*", type=lambda text: round(float(text)), default=sizes)
    parser.add_argument("--formats", nargs="+", default=["vtu", "xdmf"])
    parser.add_argument("--on", nargs="+", default=["nodes"])
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measured(*options.one)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = trained(folder)
        for size in options.sizes:
            mesh = mesh_file(folder, size)
            for format, on in product(options.formats, options.on):
                with tempfile.TemporaryDirectory(dir=folder) as place:
                    command = [sys.executable, __file__, "--one", str(run), str(mesh), f"{place}/x.{format}", on]
                    process = subprocess.run(command, capture_output=True, text=True, check=True, env=ONE_THREAD)
                found = json.loads(process.stdout.splitlines()[-1])
                keep({"format": format, "on": on, "size": size, **found, "load": os.getloadavg()[0]})
                print(format, on, found, flush=True)
    print(TARGET)


if __name__ == "__main__":
    main()
