"""The gallery: python benchmarks/gallery.py [NAMES]

Solves each problem as `pinn solve` would, draws one quantity of it into docs/gallery/, and writes docs/gallery.md with
its error and its time. Problems that are not named keep their pictures and figures (docs/gallery/gallery.json).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib

import pinn
from pinn.figures.names import written
from pinn.figures.panels import STYLE

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PICTURES = DOCS / "gallery"
LARGEST = 150_000  # bytes of a picture


@dataclass(frozen=True)
class Picture:
    """What is drawn of a problem, in which unit, and which error is told: a quantity's or a probe's."""

    quantity: str
    unit: str
    told: str
    length: str = "m"


ELASTICITY = {
    "plate_with_hole": Picture("von_mises", "S", "stress", "-"),
    "orthotropic_plate_with_hole": Picture("stress_xx", "S", "stress", "-"),
    "nafems_le1": Picture("stress_yy", "Pa", "probe:stress_yy_D"),
    "cook_membrane": Picture("von_mises", "E", "probe:tip", "-"),
    "bracket": Picture("von_mises", "MPa", "stress", "mm"),
    "inclusion": Picture("von_mises", "-", "stress", "-"),
    "hyperelastic_beam": Picture("uy", "-", "displacement", "-"),
    "hyperelastic_block": Picture("uy", "-", "displacement", "-"),
    "cantilever": Picture("stress_xx", "-", "stress", "-"),
    "pressurised_cylinder": Picture("von_mises", "Pa", "stress"),
    "pressurised_ring": Picture("principal_stress_1", "Pa", "stress"),
    "graded_ring": Picture("principal_stress_1", "Pa", "stress"),
    "heated_cylinder": Picture("principal_stress_1", "Pa", "stress"),
    "fuel_rod": Picture("stress_hoop", "Pa", "stress"),
    "pressure_vessel": Picture("von_mises", "Pa", "probe:centre_of_end"),
    "turbine_disc": Picture("stress_hoop", "Pa", "probe:hoop_at_bore"),
    "lug": Picture("von_mises", "Pa", "probe:tip"),
    "brazilian_disc": Picture("stress_xx", "Pa", "probe:splitting"),
    "plate_point_load": Picture("w", "m", "probe:middle"),
    "orthotropic_block": Picture("von_mises", "Pa", "displacement"),
    "mindlin_disk": Picture("moment_xx", "N", "w"),
    "incompressible_cylinder": Picture("von_mises", "Pa", "stress"),
    "manufactured_plate": Picture("uy", "-", "displacement", "-"),
    "cube_3d": Picture("uy", "-", "displacement", "-"),
    "beam_euler": Picture("bending_moment", "N m", "w"),
    "beam_on_foundation": Picture("bending_moment", "N m", "w"),
    "plate_kirchhoff": Picture("w", "-", "w", "-"),
    "vibrating_bar": Picture("u", "-", "u", "-"),
}
GALLERY = {f"elasticity/{name}": picture for name, picture in ELASTICITY.items()}


def solved(name: str, picture: Picture) -> dict[str, Any]:
    """Solve the problem and draw its picture. Returns what the page says of it."""
    begun, processor = time.perf_counter(), time.process_time()
    solution = pinn.solve(pinn.load(ROOT / "problems" / f"{name}.yaml"), device="cpu")
    seconds, processor = time.perf_counter() - begun, time.process_time() - processor
    metrics = solution.metrics
    if picture.told.startswith("probe:"):
        probe = picture.told.removeprefix("probe:")
        found = metrics["probes"][probe]
        told, error = f"{probe} {found['value']:.6g}", abs(found["value"] / found["expected"] - 1)
    else:
        told, error = picture.told, metrics["relative_l2"][picture.told]
    draw(solution, picture, PICTURES / f"{Path(name).name}.png")
    reason = metrics["stop_reason"]
    return {"told": told, "error": error, "seconds": seconds, "cpu_seconds": processor, "stop_reason": reason}


def draw(solution: pinn.Solution, picture: Picture, file: Path) -> None:
    with matplotlib.rc_context(STYLE):
        figure = solution.plot(picture.quantity)
        (heading,) = figure.texts
        heading.set_text(f"{written(solution.problem, picture.quantity)} [{picture.unit}]")
        for axes in figure.axes:
            for label, write in ((axes.get_xlabel(), axes.set_xlabel), (axes.get_ylabel(), axes.set_ylabel)):
                if label in solution.problem.coordinates:
                    write(f"{label} [{picture.length}]")
        for dpi in (110, 90, 75):
            figure.savefig(file, dpi=dpi, bbox_inches="tight", pil_kwargs={"optimize": True})
            if file.stat().st_size <= LARGEST:
                return
    raise SystemExit(f"{file.name} has {file.stat().st_size} bytes, more than {LARGEST}")


def page(content: dict[str, dict[str, Any]], machine: str) -> str:
    lines = [
        "# Gallery",
        "",
        "One picture per benchmark, made by `python benchmarks/gallery.py`: each problem is solved as its file says,",
        "seed 0. Errors are relative: in L2 over random points, or of a probe. Seconds are of `pinn.solve`, with those",
        f"that the processor itself worked in brackets. Machine: {machine}.",
    ]
    for name, entry in content.items():
        title = pinn.load(ROOT / "problems" / f"{name}.yaml").title
        lines += [
            "",
            f"## {title}",
            "",
            f"[{name}](../problems/{name}.yaml): error {entry['error']:.1e} ({entry['told']}), "
            f"{entry['seconds']:.0f} s ({entry['cpu_seconds']:.0f} s)",
            "",
            f"![{title}](gallery/{Path(name).name}.png)",
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="such as elasticity/nafems_le1; all by default")
    names = parser.parse_args().names or list(GALLERY)
    if unknown := sorted(set(names) - set(GALLERY)):
        parser.error(f"not in the gallery: {', '.join(unknown)}")
    PICTURES.mkdir(parents=True, exist_ok=True)
    file = PICTURES / "gallery.json"
    content = json.loads(file.read_text()) if file.exists() else {}
    for name in names:
        content[name] = solved(name, GALLERY[name])
        print(name, content[name], flush=True)
        content = {known: content[known] for known in GALLERY if known in content}
        file.write_text(json.dumps(content, indent=1) + "\n")
        machine = f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}"
        (DOCS / "gallery.md").write_text(page(content, machine), encoding="utf-8")


if __name__ == "__main__":
    main()
