"""References and measurements of PINNacle's problems: python -m benchmarks.pinnacle.make [NAMES] [--out FOLDER]

Every reference is computed at two resolutions; their relative difference is printed, and the finer one is written, in
single precision where that difference is above its rounding errors.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.pinnacle import steady, transient
from benchmarks.references import ROOT, Columns

SINGLE = 1e-6  # difference between resolutions, above which single precision suffices
AXES = ("x", "y", "z", "t")
REFERENCES: dict[str, tuple[Callable[[int], Columns], tuple[int, int]]] = {
    "poisson_2d_c": (steady.poisson_2d_c, (24, 40)),
    "poisson_2d_cg": (steady.poisson_2d_cg, (40, 64)),
    "kuramoto_sivashinsky": (transient.kuramoto_sivashinsky, (256, 512)),
}
NOISE = 0.1  # standard deviation of the measurements


def poisson_inverse() -> tuple[list[str], np.ndarray]:
    """u = sin(pi x) sin(pi y) on a grid of 50 x 50 points."""
    x, y = (axis.ravel() for axis in np.meshgrid(np.linspace(0, 1, 50), np.linspace(0, 1, 50)))
    return ["x", "y", "u"], np.column_stack([x, y, np.sin(np.pi * x) * np.sin(np.pi * y)])


def heat_inverse() -> tuple[list[str], np.ndarray]:
    """u = exp(-t) sin(pi x) sin(pi y) at 2,500 random points."""
    x, y, t = np.random.default_rng(1).uniform([-1, -1, 0], [1, 1, 1], (2500, 3)).T
    return ["x", "y", "t", "u"], np.column_stack([x, y, t, np.exp(-t) * np.sin(np.pi * x) * np.sin(np.pi * y)])


MEASUREMENTS = {"poisson_inverse": poisson_inverse, "heat_inverse": heat_inverse}


def write_reference(name: str, out: Path) -> None:
    solve, resolutions = REFERENCES[name]
    coarse, fine = (solve(resolution) for resolution in resolutions)
    largest = 0.0
    for quantity in sorted(fine.keys() - {*AXES}):
        difference = np.linalg.norm(coarse[quantity] - fine[quantity]) / np.linalg.norm(fine[quantity])
        print(f"{name}: {quantity} differs by {difference:.1e} between resolutions {resolutions}")
        largest = max(largest, float(difference))
    single = largest > SINGLE
    stored = {key: value if key in AXES or not single else value.astype(np.float32) for key, value in fine.items()}
    file = out / f"{name}_reference.npz"
    np.savez_compressed(file, **stored)  # type: ignore[arg-type]  # the stub takes `allow_pickle` for one of them
    print(f"{file}: {file.stat().st_size / 1024:.0f} kB")


def write_measurements(name: str, out: Path) -> None:
    names, table = MEASUREMENTS[name]()
    table[:, -1] += NOISE * np.random.default_rng(0).standard_normal(len(table))
    lines = [",".join(names), *(",".join(f"{value:.6g}" for value in row) for row in table)]
    (out / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    known = [*REFERENCES, *MEASUREMENTS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=known, metavar="NAME", choices=known)
    parser.add_argument("--out", type=Path, default=ROOT / "problems/pinnacle")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name in arguments.names:
        (write_reference if name in REFERENCES else write_measurements)(name, arguments.out)


if __name__ == "__main__":
    main()
