"""The table of references: which function makes which, how well they agree between levels, and their file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.truth.references import elements, ordinary, series
from benchmarks.truth.references.rows import Reference, Row, Solutions

FILE = Path(__file__).with_name("references.json")
LEVELS = (0, 1)
ROUNDING = 1e-12  # levels that agree better are no better known
SERIES = (
    "point_source_2d", "two_spots", "well_in_a_plate", "unit_square", "jumping_coefficient", "narrow_flux",
    "needle_on_the_edge", "lid_temperature_step", "initial_step", "hot_start", "thin_insulation", "table_initial",
    "kuramoto_sivashinsky",
)  # fmt: skip
ORDINARY = (
    "radiating_fin", "michaelis", "steep_exponent", "electrostatic_gap", "arrhenius", "buckled_rod", "doublewell",
    "log_conductivity", "cooling_ignition", "lotka_volterra", "van_der_pol", "decades_of_time", "lorenz",
    "two_parabolas",
)  # fmt: skip
ELEMENTS = (
    "robin_on_half_a_side", "mixed_plate", "l_shape_plain", "table_coefficient", "cantilever_clamped", "sheared_square",
    "four_holes",
)  # fmt: skip
REFERENCES: dict[str, Reference] = {
    **{name: getattr(series, name) for name in SERIES},
    **{name: getattr(ordinary, name) for name in ORDINARY},
    **{name: getattr(elements, name) for name in ELEMENTS},
    "s1_cubic": ordinary.power_law(1e6, 3),
    "fifth_power": ordinary.power_law(1e8, 5),
    "weak_cubic": ordinary.power_law(1e-6, 3),
}


def difference(coarse: Solutions, fine: Solutions) -> float:
    """The largest difference of a row, relative to the largest value of its quantity in that solution."""
    worst = ROUNDING
    for ours, theirs in zip(coarse, fine, strict=True):
        size: dict[str, float] = {}
        for row in theirs:
            size[row.quantity] = max(size.get(row.quantity, 0.0), abs(row.value))
        for a, b in zip(ours, theirs, strict=True):
            if (a.quantity, a.at) != (b.quantity, b.at):
                raise ValueError(f"levels differ in their rows: {a} and {b}")
            worst = max(worst, abs(a.value - b.value) / (size[a.quantity] or 1.0))
    return worst


def made(name: str) -> dict[str, Any]:
    """A reference as its file holds it: rows of every solution, and within what the levels agree."""
    coarse, fine = (REFERENCES[name](level) for level in LEVELS)
    return {"within": difference(coarse, fine), "solutions": [[list(row) for row in solution] for solution in fine]}


def read() -> dict[str, tuple[float, Solutions]]:
    """Name -> (within, solutions) from the file."""
    content = json.loads(FILE.read_text(encoding="utf-8"))
    return {
        name: (
            entry["within"],
            [[Row(quantity, tuple(at), value) for quantity, at, value in solution] for solution in entry["solutions"]],
        )
        for name, entry in content.items()
    }


def write(names: list[str]) -> None:
    """Make references again and write the file, the others as they are."""
    content = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}
    for name in names:
        content[name] = made(name)
        print(f"{name}: levels agree within {content[name]['within']:.1e}", flush=True)
    lines = [f" {json.dumps(name)}: {json.dumps(content[name])}" for name in sorted(content)]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
