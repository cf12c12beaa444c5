"""Memory and time of large exports: python benchmarks/large_export.py [SIZES] [--formats vtu xdmf]

Trains the cantilever for a few seconds, writes meshes of SIZES nodes (quadrilaterals), and exports displacement and
stress at their nodes, each export in a process of its own. Writes results/benchmarks/large_export.md: the memory that
the process holds when the mesh is read, the peak while it exports, and the difference, which must not grow with the
mesh. Needs Linux (/proc) and about 0.3 GB of disk per million nodes; the files are removed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SPEC = ROOT / "problems" / "elasticity" / "cantilever.yaml"
TARGET = ROOT / "results" / "benchmarks" / "large_export.md"
QUANTITIES = ["displacement", "stress"]


def trained(folder: Path) -> Path:
    """A run of the cantilever; how exact it is plays no part here."""
    import pinn
    from pinn.run.directory import RunDirectory, save_run

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


def measured(run: Path, mesh: Path, file: Path) -> dict[str, float]:
    """Nodes, MB before and at the peak, seconds and bytes of one export in this process."""
    from pinn import Solution
    from pinn.analysis import request
    from pinn.analysis.export import export

    found: dict[str, float] = {}
    space_grid = request.space_grid

    def watched(*args, **options):
        grid = space_grid(*args, **options)
        found["nodes"], found["before"] = len(grid.points), status("VmRSS")
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # the peak counts from here
        return grid

    request.space_grid = watched
    solution = Solution.load(run)
    begun = time.perf_counter()
    export(solution, file, mesh_file=mesh, quantities=QUANTITIES)
    found["seconds"] = time.perf_counter() - begun
    found["peak"] = status("VmHWM")
    found["bytes"] = sum(each.stat().st_size for each in file.parent.iterdir())
    return found


def table(rows: list[tuple[str, dict[str, float]]]) -> str:
    lines = [
        "# Large exports",
        "",
        "`python benchmarks/large_export.py`: displacement and stress of the cantilever at the nodes of a mesh that",
        f"is read from a file, on {os.cpu_count()} cores, load average {os.getloadavg()[0]:.0f} at the end. MB of",
        "resident memory: when the mesh is read, at the peak while exporting, and how much more that is.",
        "",
        "| format | nodes | MB, mesh read | MB, peak | more | seconds | file, MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for format, row in rows:
        more, size = row["peak"] - row["before"], row["bytes"] / 1e6
        lines.append(
            f"| {format} | {row['nodes']:,.0f} | {row['before']:.0f} | {row['peak']:.0f} | {more:.0f} "
            f"| {row['seconds']:.0f} | {size:.0f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", type=lambda text: round(float(text)), default=[1_000_000, 5_000_000])
    parser.add_argument("--formats", nargs="+", default=["vtu"])
    parser.add_argument("--one", nargs=3, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measured(*options.one)))
        return
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = trained(folder)
        for size in options.sizes:
            mesh = mesh_file(folder, size)
            for format in options.formats:
                with tempfile.TemporaryDirectory(dir=folder) as place:
                    command = [sys.executable, __file__, "--one", str(run), str(mesh), f"{place}/x.{format}"]
                    process = subprocess.run(command, capture_output=True, text=True, check=True)
                rows.append((format, json.loads(process.stdout.splitlines()[-1])))
                print(format, rows[-1][1], flush=True)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(table(rows), encoding="utf-8")
    print(TARGET)


if __name__ == "__main__":
    main()
