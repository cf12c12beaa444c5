"""The committed comparisons of activations, results/compare: python -m benchmarks.hardness_walk [NAME …]

Each is one call of `pinn compare`; docs/curvature.md reads from them. Budgets are steps, so that a slower machine takes
longer and finds the same. The runs stay in results/comparisons, where a second call finds them.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from pinn.cli.main import run

ROOT = Path(__file__).parent.parent
RUNS, RESULTS = ROOT / "results/comparisons", ROOT / "results/compare"
KEPT = ("comparison.json", "comparison.csv", "comparison.md", "*.png")

# A small deep network, the same for all; the limit is there to stop what hangs.
DEEP = ("--style", "deep", "--set", "network.hidden=[24, 24, 24]", "--set", "sampling.interior=600")
DEEP += ("--set", "solver.time_limit=1200")


def steps(adam: int, lbfgs: int) -> tuple[str, str]:
    return "--set", f"solver.method=[{{adam: {{iterations: {adam}}}}}, {{lbfgs: {{iterations: {lbfgs}}}}}]"


WALK = ("--activations", "gelu,relu", "--seeds", "1", "--hardness", "1,2,5,10,20,50,160", *DEEP)
FIVE = ("--activations", "gelu,lambda_gelu,tanh,silu,relu", "--seeds", "3")
COMPARISONS: dict[str, tuple[str, ...]] = {
    "walk-poisson": ("problems/heat/poisson_2d.yaml", *WALK, *steps(300, 700)),
    "walk-plate": ("problems/elasticity/plate_with_hole.yaml", *WALK, *steps(300, 1000)),
    "walk-burgers": ("problems/transport/burgers.yaml", *WALK, *steps(500, 2500)),
    "poisson-auto": ("problems/heat/poisson_2d.yaml", *FIVE, "--set", "solver.time_limit=15"),
    "poisson-deep": ("problems/heat/poisson_2d.yaml", *FIVE, *DEEP, *steps(300, 700)),
}


def compare(name: str) -> None:
    """Run one comparison and keep its tables and pictures."""
    spec, *options = COMPARISONS[name]
    out = RUNS / name
    if code := run(["compare", str(ROOT / spec), *options, "--out", str(out)]):
        sys.exit(code)
    folder = RESULTS / name
    folder.mkdir(parents=True, exist_ok=True)
    for pattern in KEPT:
        for file in out.glob(pattern):
            shutil.copy(file, folder / file.name)


if __name__ == "__main__":
    for chosen in sys.argv[1:] or COMPARISONS:
        compare(chosen)
